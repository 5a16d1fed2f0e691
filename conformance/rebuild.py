#!/usr/bin/env python3
"""Rebuilds conformance cases from a checkout of an upstream project and the output of the real tool.

    rebuild.py kustomize --checkout DIR --tag kustomize/v5.8.1 --tool 'kubectl kustomize' --out CASES
    rebuild.py skaffold  --checkout DIR --tag v2.24.0 --tool skaffold --out CASES
    rebuild.py helm      --checkout DIR --tag v0.34.1 --tool helm --out CASES

DIR is a clone or a git directory; it is not changed. Running it again with another checkout adds to the cases. The input of a
case is not written by hydrant's authors and keeps its licence, so cases are not part of this repository.

kustomize: each folder with a kustomization file, and each test in api/krusty that writes its files as literals.
skaffold:  each skaffold*.yaml, without a profile and with each of its profiles, as `render --offline --digest-source=tag`.
helm:      each chart, with its own values, with each other values*.yaml, and with each file in its folder ci/.
"""
import argparse
import pathlib
import re
import shlex
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

import cases
import checkout
import go_tests

# Errors that depend on the network or on programs of the machine say nothing about an input.
OUTSIDE = re.compile(
    rb"https?://|dial tcp|no such host|executable file not found|hit \d+s? timeout|git fetch|git clone|ssh://|git@|evalsymlink.*tmp")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
SKIPPED = re.compile(r"(^|/)(vendor|node_modules|docs-v1|docs-v2|site|static)/|\.(tar|gz|tgz|png|svg|gif|jpg|mp4)$")


def kustomize(tree, name):
    """Yields the inputs of a checkout for `kustomize build`."""
    for path in sorted(tree.rglob("*")):
        if path.name in KUSTOMIZATIONS and path.is_file():
            folder = path.parent.relative_to(tree)
            yield candidate(f"{name}/{folder}", tree / folder, ["."])
    tests, left_out = go_tests.read(tree / "api" / "krusty")
    if tests:
        print(f"{name}: {left_out} Go tests left out: they compute their files or use plugins")
    for test in tests:
        root = tree.parent / (tree.name + "-tests") / test.name
        for path, text in test.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        root.mkdir(parents=True, exist_ok=True)
        yield candidate(f"{name}/{test.name}", root, [test.folder])


def skaffold(tree, name):
    """Yields the inputs of a checkout for `skaffold`."""
    for path in sorted(tree.rglob("skaffold*.y*ml")):
        try:
            profiles = {profile["name"] for config in yaml.safe_load_all(path.read_text()) for profile in config.get("profiles") or []}
        except (yaml.YAMLError, AttributeError, KeyError, TypeError):
            continue
        for profile in [None, *sorted(profiles)]:
            arguments = ["render", "-f", path.name, "--offline", "--digest-source=tag", "-t", "v1.2.3"]
            arguments += ["-p", profile] if profile else []
            title = f"{name}/{path.relative_to(tree)}" + (f" -p {profile}" if profile else "")
            yield candidate(title, path.parent, arguments)


def helm(tree, name):
    """Yields the inputs of a checkout for `helm template`."""
    for path in sorted(tree.rglob("Chart.yaml")):
        chart = path.parent
        if any(parent.name == "charts" and (parent.parent / "Chart.yaml").exists() for parent in chart.parents):
            continue
        if re.search(r"^type: *library", path.read_text(errors="replace"), re.M):
            continue
        others = sorted([*chart.glob("values?*.yaml"), *chart.glob("ci/*.yaml")])
        for values in [None, *others]:
            arguments = ["template", "release", "."] + (["-f", str(values.relative_to(chart))] if values else [])
            title = f"{name}/{chart.relative_to(tree)}" + (f" -f {values.name}" if values else "")
            yield candidate(title, chart, arguments)


def candidate(name, directory, arguments):
    """Returns a case whose output is not known yet."""
    return cases.Case(name, str(directory), arguments, None)


def record(case, tool, out, variables):
    """Returns the case with the tool's output, or the reason why it says nothing."""
    first = cases.execute(tool, case.arguments, case.directory, variables)
    if first.status == 124 or (first.status != 0 and OUTSIDE.search(first.stderr)):
        return "the tool needs the network or another program"
    case = cases.Case(case.name, str(pathlib.Path(case.directory).relative_to(out)), case.arguments, None)
    if first.status != 0:
        return case
    if not first.stdout.strip():
        return "the tool prints nothing"
    if cases.execute(tool, case.arguments, out / case.directory, variables).stdout != first.stdout:
        return "the tool prints something else each time"
    case.expected = "expected/" + re.sub(r"[^A-Za-z0-9.@-]", "_", case.name) + ".yaml"
    (out / case.expected).write_bytes(first.stdout)
    return case


SUITES = {"kustomize": kustomize, "skaffold": skaffold, "helm": helm}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--name", help="the name of the project in the cases [default: the folder's]")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--tool", required=True, help="the real tool's command, without the arguments of a case")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    out = given.out.resolve()
    name = given.name or given.checkout.resolve().name
    tree = out / "trees" / given.suite / re.sub(r"\W", "_", name)
    for folder in (tree, tree.parent / (tree.name + "-tests")):
        shutil.rmtree(folder, ignore_errors=True)
    (out / "expected").mkdir(parents=True, exist_ok=True)
    missing = checkout.export(given.checkout, given.tag, tree, skip=SKIPPED.search)
    variables, tool = cases.environment(), shlex.split(given.tool)
    found, left_out = [], {}
    with ThreadPoolExecutor(given.jobs) as pool:
        candidates = list(SUITES[given.suite](tree, name))
        for result in pool.map(lambda case: record(case, tool, out, variables), candidates):
            if isinstance(result, str):
                left_out[result] = left_out.get(result, 0) + 1
            else:
                found.append(result)
    if not candidates:
        raise SystemExit(f"{given.checkout} {given.tag}: no input for {given.suite}")
    try:
        others = [case for case in cases.load(out, given.suite) if not case.name.startswith(name + "/")]
    except FileNotFoundError:
        others = []
    cases.save(out, given.suite, others + found)
    refused = sum(case.expected is None for case in found)
    print(f"{name} {given.tag} ({checkout.commit(given.checkout, given.tag)[:12]}): {len(found)} cases of {given.suite}, "
          f"{refused} of them refused by the tool; {missing} files missing in the checkout")
    for reason, count in sorted(left_out.items()):
        print(f"  left out, {reason}: {count}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        tempfile.tempdir = scratch
        main()
