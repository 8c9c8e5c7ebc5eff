#!/usr/bin/env bash
# Builds every package alone, then each of its features alone: none may lean on what another one brings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One line per build: the package and a feature, or the package alone.
builds() {
    cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
for package in json.load(sys.stdin)["packages"]:
    for feature in ["", *package["features"]]:
        print(package["name"], feature)
'
}

builds | while read -r package feature; do
    echo "$package ${feature:-without features}"
    cargo clippy --quiet --package "$package" --no-default-features --features "$feature" -- -D warnings </dev/null
done
