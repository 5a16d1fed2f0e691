#!/usr/bin/env python3
"""Runs hydrant on conformance cases and compares with what the real tools printed.

    run.py --hydrant BINARY --cases CASES [--suite kustomize] [--every N] [--show N]
    run.py --hydrant BINARY --fixtures fixtures

kustomize and helm: the same bytes. skaffold: the same documents in the same order. Where the tool refused the input, hydrant must
refuse it too and print nothing. --fixtures takes the cases of this repository whose file `about` names the tool that wrote the
expectation. differences.txt beside this program lists intended differences; each is counted by itself.

Exits with 1 if a case fails that is not listed there, or if there is no case at all.
"""
import argparse
import difflib
import os
import pathlib
import shlex
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

import cases

VERBS = {"kustomize": ["kustomize"], "skaffold": [], "helm": ["helm"]}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads dates and `=` as text, so that values compare as they are written."""


Loader.yaml_implicit_resolvers = {
    letter: [row for row in rows if row[0] not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")]
    for letter, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text):
    """Returns the documents of a YAML stream that are not empty."""
    return [document for document in yaml.load_all(text, Loader=Loader) if document is not None]


def failure(case, suite, root, hydrant, variables):
    """Returns why hydrant's result is not the tool's; an empty text if it is."""
    done = cases.execute([hydrant, *VERBS[suite]], case.arguments, root / case.directory, variables)
    if case.expected is None:
        if done.status in (0, 124) or done.status < 0 or done.status == 70:
            return f"not refused (exit status {done.status})"
        return "output despite an error" if done.stdout else ""
    if done.status != 0:
        return f"exit status {done.status}: {done.stderr.decode(errors='replace').strip()[:300]}"
    expected = (root / case.expected).read_bytes()
    if suite == "skaffold":
        return "" if documents(done.stdout) == documents(expected) else "other documents\n" + difference(expected, done.stdout)
    return "" if done.stdout == expected else "other bytes\n" + difference(expected, done.stdout)


def difference(expected, found):
    """Returns the first lines of a unified diff."""
    sides = [text.decode(errors="replace").splitlines() for text in (expected, found)]
    return "\n".join(list(difflib.unified_diff(*sides, "expected", "found", lineterm="", n=1))[:20])


def fixtures(folder):
    """Returns the cases of the repository's fixtures by suite."""
    found = {"kustomize": [], "helm": []}
    for about in sorted(folder.rglob("about")):
        case = about.parent
        suite = case.relative_to(folder).parts[0]
        if suite not in found or "\nfrom: " not in about.read_text() or not (case / "in").is_dir():
            continue
        if suite == "helm":
            arguments = ["template", *shlex.split((case / "arguments").read_text())]
        else:
            below = case / "folder"
            arguments = [below.read_text().strip().lstrip("/") if below.exists() else "."]
        expected = case / "expected.yaml"
        text = str(expected.relative_to(folder)) if expected.exists() else None
        found[suite].append(cases.Case(str(case.relative_to(folder)), str((case / "in").relative_to(folder)), arguments, text))
    return found


def intended(path):
    """Returns the names of cases with an intended difference; each line is `SUITE NAME: REASON`."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {line.split(": ", 1)[0] for line in lines if line.strip() and not line.startswith("#")}


def run_suite(suite, found, root, given):
    """Runs the cases of a suite, prints the failures and the counts, and returns how many passed and how many failed."""
    known = intended(pathlib.Path(__file__).parent / "differences.txt")
    hydrant, variables = str(given.hydrant.resolve()), cases.environment()
    passed, listed, failed = 0, 0, []
    with ThreadPoolExecutor(given.jobs) as pool:
        for case, why in zip(found, pool.map(lambda case: failure(case, suite, root, hydrant, variables), found)):
            if not why:
                passed += 1
            elif f"{suite} {case.name}" in known:
                listed += 1
            else:
                failed.append((case, why))
    for case, why in failed[:given.show]:
        print(f"FAIL {suite} {case.name}: {why}")
    refused = sum(case.expected is None for case in found)
    print(f"{suite}: {passed} of {len(found)} equal ({refused} of them refused), {listed} intended differences, {len(failed)} failed")
    return passed + listed, len(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hydrant", required=True, type=pathlib.Path)
    parser.add_argument("--cases", type=pathlib.Path)
    parser.add_argument("--fixtures", type=pathlib.Path)
    parser.add_argument("--suite", choices=VERBS, action="append")
    parser.add_argument("--every", type=int, default=1, help="take each Nth case only")
    parser.add_argument("--show", type=int, default=10, help="describe at most this many failures of a suite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if (given.cases is None) == (given.fixtures is None):
        parser.error("give either --cases or --fixtures")
    root = (given.cases or given.fixtures).resolve()
    if given.cases:
        suites = {suite: cases.load(root, suite) for suite in VERBS if (root / (suite + ".json")).exists()}
    else:
        suites = fixtures(root)
    passed = failed = 0
    for suite, found in suites.items():
        if not given.suite or suite in given.suite:
            one, other = run_suite(suite, found[:: given.every], root, given)
            passed, failed = passed + one, failed + other
    print(f"{passed} passed, {failed} failed")
    if passed + failed == 0:
        print(f"no cases in {root}", file=sys.stderr)
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        tempfile.tempdir = scratch
        main()
