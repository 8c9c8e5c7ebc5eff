#!/usr/bin/env bash
# Fuzzes everything that reads what a client or a store sends. Without options: a minute in all.
# `scripts/fuzz.sh --keep` also puts what was found worth keeping into fuzz/corpus.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VERSION=0.13.2
MEMORY_MB=512

minutes=${SESSION_TESTS_MINUTES:-${SESSION_TESTS_LONG:+10}}
targets=(fuzz/fuzz_targets/*.rs)
targets=("${targets[@]##*/}")
targets=("${targets[@]%.rs}")
seconds=$((${minutes:-1} * 60 / ${#targets[@]}))

built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$built/fuzz
host=$(rustc --print host-tuple)
mkdir -p "$work/found"
export PATH=$built/tools/bin:$PATH
[[ $(cargo fuzz --version 2>/dev/null) == "cargo-fuzz $VERSION" ]] ||
    cargo install --quiet cargo-fuzz --version "$VERSION" --locked --root "$built/tools" --target-dir "$built/tools/build"
# No sanitizer: they need a nightly compiler, and there is no unsafe code to watch. Debug assertions and
# overflow checks are on.
cargo fuzz build --sanitizer none --target-dir "$work"

# Runs a target's binary with the stack of a server's thread and with no more memory than it may need. A
# length that is believed before it was checked fails even if nothing is ever written there.
limited() {
    local binary=$work/$host/release/$1 dictionary=fuzz/dictionaries/$1.dict
    local options=(-rss_limit_mb=$MEMORY_MB -timeout=10 -print_final_stats=1 -artifact_prefix="$work/found/$1-")
    [[ ! -e $dictionary ]] || options+=(-dict="$dictionary")
    shift
    (ulimit -s 2048 -v $((2 * MEMORY_MB * 1024)) && exec "$binary" "${options[@]}" "$@")
}

# One test: a name and the arguments of `limited`.
passed=0 failed=0
check() {
    local name=$1 log=$work/$1.log
    shift
    if limited "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "test $name ... ok"
        awk '/^stat::(number_of_executed_units|peak_rss_mb)/ { printf "    %s %s\n", substr($1, 7), $2 }' "$log"
    else
        failed=$((failed + 1))
        echo "test $name ... FAILED"
        # A stack that overflows leaves no file; the same seed finds it again (`--seed`).
        grep -aE -A1 'INFO: Seed|panicked at|memory allocation|ERROR: libFuzzer|Test unit written' "$log" || true
        echo "The whole log: $log; to see it again: $work/$host/release/$1 FILE"
    fi
}

for target in "${targets[@]}"; do
    corpus=$work/corpus/$target
    python3 fuzz/corpus.py unpack "$target" "$corpus"
    check "${target}_survives_its_corpus" "$target" -runs=0 "$corpus"
    check "${target}_survives_${seconds}_seconds" "$target" -max_total_time="$seconds" \
        -seed="${SESSION_TESTS_SEED:-0}" "$corpus"
    if [[ ${1-} == --keep ]]; then
        rm -rf "$corpus.kept"
        mkdir -p "$corpus.kept"
        made=("$corpus"/{vector,limit,plain}-*)
        [[ -z ${made[*]} ]] || cp "${made[@]}" "$corpus.kept"
        limited "$target" -set_cover_merge=1 -use_counters=0 "$corpus.kept" "$corpus" 2>"$work/merge.log"
        python3 fuzz/corpus.py pack "$target" "$corpus.kept"
    fi
done
result=$([[ $failed == 0 ]] && echo ok || echo FAILED)
echo "test result: $result. $passed passed; $failed failed; 0 ignored"
((failed == 0))
