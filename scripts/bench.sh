#!/usr/bin/env bash
# Measures what sessions cost, against the same pages without sessions and by hand, and prints tables.
# bench/README.md says how to read them.
#
# Usage: scripts/bench.sh [--quick] [--check]     the ratios; --quick: in under two minutes after the build
#        scripts/bench.sh --instructions [--write]  fails where an operation takes 5 % more instructions than
#                                                 bench/instructions.toml says; --write renews that file
#        scripts/bench.sh --growth [--quick]      how cost grows with keys, bytes, requests and sessions
#
# --check: exit status 1 if a limit is missed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for option in "$@"; do
    case $option in
        --quick | --check | --instructions | --write | --growth) ;;
        *)
            sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
            [[ $option == --help ]] && exit
            exit 2
            ;;
    esac
done

scripts/install.sh --bench
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/bench
build=(cargo build --quiet --locked --release --manifest-path bench/Cargo.toml --target-dir "$target")
"${build[@]}" --package bench-driver --package bench-operations
"${build[@]}" --package bench-app
# With other features of Rocket, so alone.
"${build[@]}" --package bench-app --features private-cookies --bin private-cookies
"$target/release/bench-driver" "$@"
