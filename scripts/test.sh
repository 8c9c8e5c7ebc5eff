#!/usr/bin/env bash
# Runs the tests, all or the parts that are named; `scripts/test.sh --help` says how.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "$*" >&2
    exit 2
}

# The test binaries below the packages given, as arguments of `cargo test`.
binaries_of() {
    local package file
    for package in "$@"; do
        for file in "$package"/tests/*.rs "$package"/tests/*/main.rs; do
            file=${file%/main.rs}
            echo "--test=$(basename "$file" .rs)"
        done
    done | sort -u
}

# The test binaries of one part.
binaries() {
    local crates
    case $1 in
        unit)
            mapfile -t crates < <(printf '%s\n' */Cargo.toml | sed 's|/Cargo.toml$||' | grep -vxE 'bench|fuzz|tests')
            binaries_of "${crates[@]}"
            ;;
        compile-fail) binaries_of tests/compile-fail ;;
        examples) binaries_of examples/* ;;
        companion) ;; # Python
        fuzz | okapi | pools) ;; # workspaces of their own
        *) echo "--test=$1" ;;
    esac
}

# The parts that exist in this checkout. Each test binary of the package `tests` is a part.
parts() {
    echo unit
    [[ -d tests/compile-fail ]] && echo compile-fail
    [[ -n $(binaries examples) ]] && echo examples
    binaries_of tests | sed 's/^--test=//'
    echo companion
    echo okapi
    echo pools
    echo fuzz
}

usage() {
    cat <<EOF
Usage: scripts/test.sh [PART …] [OPTION …]

Runs every test, or only the parts that are named, and ends with a list of them and their count. What is
missing is installed first: servers and tools by apt (as root or with sudo), Flask by pip into tests/.venv.

Parts: $(parts | paste -sd ' ')
  unit        the crates' own tests and the examples in their documentation
  companion   the Python package for the Flask processes: its tests, its types, its wheel
  okapi       an application with an OpenAPI document, on the one version of Rocket that rocket_okapi accepts
  pools       sessions in the pools of other drivers: rocket_db_pools, diesel-async, tokio-postgres, rusqlite, deadpool-redis
  fuzz        everything that reads a cookie or a record, with inputs that look for trouble; see fuzz/README.md

Options
  --long      lengthen what is shortened for CI     (SESSION_TESTS_LONG=1)
  --steps N   random steps, over all stores         (SESSION_TESTS_STEPS=N)
  --seed N    first seed of the random sequences    (SESSION_TESTS_SEED=N)
  --minutes N how long a part without an end runs   (SESSION_TESTS_MINUTES=N)
EOF
}

# The selection is always the whole workspace with all features, and only the targets differ: so no part
# makes cargo compile a dependency anew with other features.
cargo_test() {
    cargo test --workspace --all-features --no-fail-fast "$@"
}

run_part() {
    local selected status=0
    if [[ $1 == fuzz ]]; then
        scripts/fuzz.sh
        return
    fi
    if [[ $1 == companion ]]; then
        # The plugin writes the lines that cargo's tests write.
        (cd flask-companion && PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 ../tests/.venv/bin/python -m pytest \
            -q --no-header -p no:cacheprovider -p cargo_lines)
        return
    fi
    if [[ $1 == okapi || $1 == pools ]]; then
        cargo test --locked --manifest-path "tests/$1/Cargo.toml" --target-dir "${CARGO_TARGET_DIR:-target}/$1"
        return
    fi
    mapfile -t selected < <(binaries "$1")
    [[ $1 != unit ]] || selected+=(--lib --bins)
    cargo_test "${selected[@]}" || status=$?
    [[ $1 != unit ]] || cargo_test --doc || status=$?
    return "$status"
}

# The sum of one column (passed, failed, ignored) of cargo's `test result:` lines.
count() {
    awk -v what="$1" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" what ";?$") sum += $(i - 1) } END { print sum + 0 }' "$2"
}

wanted=()
while (($#)); do
    case $1 in
        -h | --help)
            usage
            exit
            ;;
        --long) export SESSION_TESTS_LONG=1 ;;
        --steps | --seed | --minutes)
            [[ ${2-} =~ ^[0-9]+$ ]] || fail "$1 needs a number"
            name=${1#--}
            export "SESSION_TESTS_${name^^}=$2"
            shift
            ;;
        -*) fail "There is no option $1; scripts/test.sh --help lists them." ;;
        *) wanted+=("$1") ;;
    esac
    shift
done

mapfile -t existing < <(parts)
# cargo picks test binaries by name, so one name in two parts would run both in each.
mapfile -t twice < <(for part in "${existing[@]}"; do binaries "$part"; done | sort | uniq -d)
((${#twice[@]} == 0)) || fail "Test binaries of one name in two parts: ${twice[*]#--test=}"
((${#wanted[@]})) || wanted=("${existing[@]}")
for part in "${wanted[@]}"; do
    [[ " ${existing[*]} " == *" $part "* ]] || fail "There is no part $part; there are: ${existing[*]}"
done

scripts/install.sh

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 complaints=()
for part in "${wanted[@]}"; do
    log=$logs/$part
    echo
    echo "== $part"
    ended_well=yes
    run_part "$part" 2>&1 | tee "$log" || ended_well=no
    part_passed=$(count passed "$log") part_failed=$(count failed "$log") ignored=$(count ignored "$log")
    if [[ $ended_well == no && $part_failed == 0 ]]; then
        complaints+=("$part: ended with an error, not by a failed test")
    elif ((part_passed + part_failed == 0)); then
        complaints+=("$part: ran no test")
    fi
    ((ignored == 0)) || complaints+=("$part: $ignored ignored, and no test may be")
    passed=$((passed + part_passed))
    failed=$((failed + part_failed))
done

echo
echo "All tests:"
for part in "${wanted[@]}"; do
    sed -n "s/^test \(.*\) \.\.\. \(ok\|FAILED\|ignored\).*/  \2  $part  \1/p" "$logs/$part"
done >"$logs/tests"
cat "$logs/tests"
echo
# Only a run of everything can tell that something is missing.
whole=()
((${#wanted[@]} < ${#existing[@]})) || whole=(--whole)
scripts/stores.py "${whole[@]}" <"$logs/tests" || complaints+=("the table of stores and suites has a gap")
((${#complaints[@]} == 0)) || printf '\n%s' "${complaints[@]}"
failed=$((failed + ${#complaints[@]}))
echo
echo "$passed passed, $failed failed"
((failed == 0))
