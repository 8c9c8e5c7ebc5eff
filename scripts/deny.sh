#!/usr/bin/env bash
# Checks licences, sources and forbidden versions of all dependencies, as deny.toml says. What is known about holes in
# them has to be fetched from elsewhere and is not part of it: `cargo deny check advisories`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=0.20.2
root=${CARGO_TARGET_DIR:-target}/deny
[[ $("$root/bin/cargo-deny" --version 2>/dev/null) == "cargo-deny $version" ]] ||
    cargo install cargo-deny --version "$version" --quiet --locked --no-default-features --debug \
        --root "$root" --target-dir "$root/build"
"$root/bin/cargo-deny" --offline --log-level error check --allow duplicate licenses bans sources
