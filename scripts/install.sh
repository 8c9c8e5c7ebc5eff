#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: servers and tools by apt, Flask by pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "$*" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null
}

install_packages() {
    has apt-get || fail "Install these first (the names are Debian's): $*"
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        has sudo || fail "As root, run: apt-get install -y --no-install-recommends $*"
        as_root=(sudo)
    fi
    echo "Installing $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

has cargo || fail "The Rust toolchain is missing: install rustup; rust-toolchain.toml names the release."

missing=()
has cc || missing+=(gcc libc6-dev)
has c++ || missing+=(g++)
has openssl || missing+=(openssl)
has redis-server || missing+=(redis-server)
has valgrind || missing+=(valgrind)
# Debian keeps it where only root looks for programs.
has nginx || has /usr/sbin/nginx || missing+=(nginx)
has chromium || missing+=(chromium)
has chromedriver || missing+=(chromium-driver)
has python3 || missing+=(python3)
# Debian keeps what `python3 -m venv` needs in a package of its own.
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
((${#missing[@]} == 0)) || install_packages "${missing[@]}"

environment=tests/.venv
requirements=tests/flask/requirements.txt
if ! cmp -s "$requirements" "$environment/installed.txt" ||
    ! "$environment/bin/python" -c 'import flask, flask_session, redis' 2>/dev/null; then
    echo "Installing $requirements into $environment"
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/installed.txt"
fi
