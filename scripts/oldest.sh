#!/usr/bin/env bash
# Checks the library on the oldest Rust that its manifest names: with the default features, with all features whose
# dependencies are content with it, and below Rocket 0.5.1, as an application has it that uses rocket_okapi 0.9.
# The other checks build on the pinned toolchain; this one has a folder of its own below target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/oldest

versions=$(scripts/rust_versions.py)
oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
if [[ $versions != "default $oldest"$'\n'* ]]; then
    echo "Cargo.toml says Rust $oldest and its dependencies say otherwise: ${versions%%$'\n'*}" >&2
    exit 1
fi
toolchain=$oldest.0
rustup run "$toolchain" rustc --version 2>/dev/null ||
    rustup toolchain install "$toolchain" --profile minimal --no-self-update

on_the_oldest() {
    echo "Rust $oldest: $*"
    cargo "+$toolchain" check --quiet "$@"
}

features=$(awk -v oldest="$oldest" '$2 == oldest && $1 != "default" { print $1 }' <<<"$versions" | paste -sd,)
on_the_oldest --locked --package rocket_session_state
on_the_oldest --locked --package rocket_session_state --features "$features"

# Rocket's three crates have to be of one version: 0.5.1's do not compile with 0.5.2's.
on_the_oldest --locked --manifest-path tests/okapi/Cargo.toml --all-targets
