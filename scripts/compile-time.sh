#!/usr/bin/env bash
# How long `cargo check` takes for an application with the attributes, against the same written by hand:
# twenty states of ten fields, twenty guards and a hundred guarded handlers, with warm dependencies.
#
# Usage: scripts/compile-time.sh [RUNS]          (10)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
runs=${1:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/compile-time

# A crate of twenty modules, each a copy of the part that is measured.
prepare() {
    local kind=$1 crate=$work/$1 n
    mkdir -p "$crate/src"
    cat >"$crate/Cargo.toml" <<EOF
[package]
name = "compile-$kind"
version = "0.0.0"
edition = "2024"

[dependencies]
rocket = { version = "0.5.2", default-features = false }
rocket_session_state = { path = "$root/rocket-integration" }

[workspace]
EOF
    cp Cargo.lock "$crate/"
    for n in $(seq -w 20); do
        cp "bench/compile/$kind/part.rs" "$crate/src/part_$n.rs"
        echo "pub mod part_$n;" >>"$crate/src/lib.rs"
    done
    (cd "$crate" && cargo check --quiet --offline)
}

# Milliseconds of one check of the crate alone.
once() {
    local start
    touch "$work/$1/src/lib.rs"
    start=$(date +%s%N)
    (cd "$work/$1" && cargo check --quiet --offline)
    echo $((($(date +%s%N) - start) / 1000000))
}

median() {
    sort -n "$1" | awk '{ all[NR] = $1 } END { print (all[int((NR + 1) / 2)] + all[int((NR + 2) / 2)]) / 2 }'
}

prepare macro
prepare hand
# In turns, so that what else the machine does meets both.
for _ in $(seq "$runs"); do
    once macro >>"$work/macro.times"
    once hand >>"$work/hand.times"
done
macro=$(median "$work/macro.times") hand=$(median "$work/hand.times")
awk -v macro="$macro" -v hand="$hand" -v runs="$runs" 'BEGIN {
    ratio = macro / hand
    printf "macro %d ms, by hand %d ms, ratio %.2f (median of %d, at most 1.15)\n", macro, hand, ratio, runs
    exit ratio > 1.15
}'
