#!/usr/bin/env python3
"""A table of stores and suites, made of the tests that ran.

Reads lines such as `ok  races  fields::increments::on_redis` (result, part, test). A test belongs to the store that its
name ends with, `…on_<store>` or `…[<store>]`, and to the innermost module, or else the part, that is the name of a suite; all tests
of the part `companion` to that. A cell is the number of tests that passed, `FAILED` if one did not, `-` if there is none, and
`n/a` if there can't be one. With
`--whole`, a cell that is `-` is an error: a store that was forgotten by a suite.
"""

import pathlib
import re
import sys
from collections import Counter

# The groups of stores, as the macro `on_stores!` lists them.
FIXTURES = pathlib.Path(__file__).parent.parent / "tests/src/storage/mod.rs"
GROUPS = {name: stores.replace("on_", "").split() for name, stores in re.findall(
    r"\((\w+), \$check:ident\) => \{\s*\$crate::on_stores!\(\[(.*?)\]", FIXTURES.read_text("utf-8"))}
STORES = GROUPS["all"]

SUITES = ["conformance", "races", "faults", "crash", "starting", "interop", "login_flow", "round_trips", "companion"]

TITLES = {"crash": "kill -9", "starting": "two start", "login_flow": "login flow", "round_trips": "round trips"}

NO_STORE = "the session is the cookie: nothing is loaded, swapped or asked for"
IN_PROCESS = "it is the process: it fails, ends and is asked with it"
BY_ITS_CLIENT = "Flask's client finds the master, and the companion gets the client; both meet in races and interop"
KEPT_BY_SERVER = "what was acknowledged is the server's to keep; its end and that of the application are among the faults"

NOT_APPLICABLE = {
    **{("cookie", suite): NO_STORE for suite in ["conformance", "races", "faults", "crash", "starting", "round_trips", "companion"]},
    **{("memory", suite): IN_PROCESS for suite in ["crash", "starting", "round_trips"]},
    **{("memory", suite): "Flask keeps no sessions in memory" for suite in ["interop", "companion"]},
    ("redis_sentinel", "companion"): BY_ITS_CLIENT,
    **{(store, "crash"): KEPT_BY_SERVER for store in GROUPS["servers"]},
}


def suite_of(words):
    # Its modules have names of their own.
    if words[0] == "companion":
        return "companion"
    return next((word for word in reversed(words) if word in SUITES), None)


def count(lines):
    passed, failed = Counter(), Counter()
    for line in lines:
        result, part, test = line.split(maxsplit=2)
        store = next((store for store in STORES if re.search(rf"(^|:|_)on_{store}$|[\[-]{store}[]-]", test)), None)
        cell = (store, suite_of([part, *test.split("::")[:-1]]))
        (passed if result == "ok" else failed)[cell] += 1
    return passed, failed


def main():
    passed, failed = count(sys.stdin)
    gaps = []

    def content(cell):
        if failed[cell]:
            return "FAILED"
        if passed[cell]:
            return str(passed[cell])
        if cell in NOT_APPLICABLE:
            return "n/a"
        gaps.append(cell)
        return "-"

    rows = [["", *(TITLES.get(suite, suite) for suite in SUITES)]]
    rows += [[store, *(content((store, suite)) for suite in SUITES)] for store in STORES]
    widths = [max(map(len, column)) for column in zip(*rows)]
    print("Tests of each store, by suite:")
    for row in rows:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    reasons = {}
    for (store, suite), reason in NOT_APPLICABLE.items():
        reasons.setdefault(reason, {}).setdefault(store, []).append(TITLES.get(suite, suite))
    for reason, cells in reasons.items():
        print(f"  n/a: {', '.join(cells)}: {reason}")
    stale = [cell for cell in NOT_APPLICABLE if passed[cell] or failed[cell]]
    for store, suite in stale:
        print(f"  {store} has tests of {suite}, and is listed as not applicable")
    return 1 if stale or (gaps and "--whole" in sys.argv) else 0


sys.exit(main())
