#!/usr/bin/env python3
"""Compare the cost of `hydrant helm template` with helm's, in one run.

    benches/helm.py --hydrant PROGRAM --helm PROGRAM... corpus   [--cases DIR] [--runs 3] [--every N] [--repo TEXT] [--slowest 3]
    benches/helm.py --hydrant PROGRAM --helm PROGRAM... releases [--chart FOLDER] [--count 100]
    benches/helm.py --hydrant PROGRAM [--helm PROGRAM]  scale    [--sizes 10,100,1000,10000]

`corpus` runs one process for each case of the conformance corpus that renders (DIR holds index.json and charts/) and prints, for each
helm, the ratios of wall time, CPU time (user and system) and peak memory: helm's figure divided by hydrant's. A case's time is the
least of its runs, which alternate between the programs; its memory is the median of its runs.

`releases` renders COUNT releases of one chart: with hydrant as COUNT units of one `hydrant render --all`, with helm as COUNT processes.

`scale` renders a synthetic chart whose output has N documents, and fits the exponent of the CPU time of hydrant over N.

Times are those of the program alone. Peak memory is read in a second run from GNU time (`/usr/bin/time`), whose own few pages are the only ones
that count beside the program's. Output goes to /dev/null, and nothing outside of a temporary folder is written.
"""
import argparse
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

CHART_FILES = {
    "Chart.yaml": "apiVersion: v2\nname: scale\nversion: 1.0.0\n",
    "values.yaml": "count: 10\nlabels: {team: platform, tier: backend}\n",
    "templates/_helpers.tpl": """\
{{- define "scale.labels" -}}
app.kubernetes.io/name: {{ .name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- range $key, $value := .root.Values.labels }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
""",
    "templates/all.yaml": """\
{{- range $index := until (int .Values.count) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-%d" $.Release.Name $index | trunc 63 }}
  labels: {{- include "scale.labels" (dict "name" (printf "app-%d" $index) "root" $) | nindent 4 }}
data:
  settings.yaml: |
    {{- toYaml (dict "index" $index "labels" $.Values.labels "list" (list 1 2 3)) | nindent 4 }}
{{- end }}
""",
}


class Cost:
    """CPU seconds, wall seconds and peak KB of a process."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak


def run(words, cwd, env):
    """Run a program with its output to /dev/null: its status, the wall time and what it used."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    before = os.getcwd()
    os.chdir(cwd)
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, env, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    os.chdir(before)
    os.close(null)
    return os.waitstatus_to_exitcode(status), wall, used


def measure(words, cwd, env, expect=0):
    """Measure a program's times, and its memory in a second run under GNU time, which takes time itself."""
    code, wall, used = run(words, cwd, env)
    if expect is not None and code != expect:
        sys.exit(f"{' '.join(map(str, words))}: exit status {code}")
    with tempfile.NamedTemporaryFile() as report:
        run(["/usr/bin/time", "-q", "-f", "%M", "-o", report.name, *words], cwd, env)
        return Cost(wall, used.ru_utime + used.ru_stime, int(report.read().split()[-1]))


def environment(home):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "HYDRANT_"))}
    return kept | {"HOME": home, "KUBECONFIG": os.devnull, "TZ": "UTC", "LANG": "C.UTF-8"}


def summary(costs):
    """The least times and the median memory of some runs."""
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs), statistics.median(c.peak for c in costs))


def quantiles(ratios):
    ordered = sorted(ratios)
    return ordered[0], ordered[len(ordered) // 20], statistics.median(ordered), ordered[-1 - len(ordered) // 20]


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def header(cells):
    row(cells)
    row(["---"] + ["---:"] * (len(cells) - 1))


class Case:
    """A case of the corpus: its words, and what each program cost."""

    def __init__(self, case):
        self.name, self.chart, self.arguments = case["name"], case["chart"].removeprefix("charts/"), case["args"]
        self.costs = []


def corpus(options, env):
    folder = pathlib.Path(options.cases).resolve()
    index = json.loads((folder / "index.json").read_text())["cases"]
    cases = [Case(case) for case in index if case["expect"] == "ok" and options.repo in case["repo"]][:: options.every]
    programs = [[options.hydrant, "helm", "template"], *([helm, "template"] for helm in options.helm)]
    # A chart that one of the helms refuses is left out of the comparison with it.
    for case in cases:
        runs = [[] for _ in programs]
        for _ in range(options.runs):
            for program, costs in zip(programs, runs):
                costs.append(measure(program + case.arguments, folder, env, expect=None))
        case.costs = [summary(costs) for costs in runs]
    for number, helm in enumerate(options.helm, 1):
        version = subprocess.run([helm, "version", "--short"], capture_output=True, env=env).stdout.decode().strip()
        print(f"\n## {len(cases)} cases beside helm {version}, least of {options.runs} runs: helm's figure divided by hydrant's\n")
        header(["", "least", "5 %", "median", "95 %"])
        for name, figure in (("wall time", "wall"), ("CPU time", "cpu"), ("peak memory", "peak")):
            # The kernel counts CPU time exactly, but a process can finish below its resolution.
            ratios = [getattr(case.costs[number], figure) / max(getattr(case.costs[0], figure), 0.0001) for case in cases]
            row([name, *(f"{ratio:.1f}" for ratio in quantiles(ratios))])
        stack = [case for case in cases if case.chart.endswith("charts/kube-prometheus-stack")]
        for case in stack:
            print_case(f"kube-prometheus-stack {case.name}", case, number)
        print(f"\nThe {options.slowest} slowest of hydrant:\n")
        header(["case", "hydrant ms", "helm ms", "wall", "CPU", "hydrant MB", "helm MB", "memory"])
        seen = set()
        for case in sorted(cases, key=lambda case: -case.costs[0].cpu):
            if case.chart not in seen and len(seen) < options.slowest:
                seen.add(case.chart)
                print_row(case, number)
        print("\nThe cases with the least ratios (wall time, then memory):\n")
        header(["case", "hydrant ms", "helm ms", "wall", "CPU", "hydrant MB", "helm MB", "memory"])
        for figure in ("wall", "peak"):
            for case in sorted(cases, key=lambda case: getattr(case.costs[number], figure) / getattr(case.costs[0], figure))[:5]:
                print_row(case, number)
    total = [sum(case.costs[number].wall for case in cases) for number in range(len(programs))]
    print("\nSum of all cases: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in zip(["hydrant", *options.helm], total)))


def print_case(title, case, number):
    ours, theirs = case.costs[0], case.costs[number]
    print(f"{title}: {ours.wall * 1000:.1f} ms and {ours.peak / 1024:.1f} MB, helm {theirs.wall * 1000:.1f} ms and {theirs.peak / 1024:.1f} MB: "
          f"{theirs.wall / ours.wall:.1f} times faster (CPU {theirs.cpu / ours.cpu:.1f}), {theirs.peak / ours.peak:.1f} times less memory")


def print_row(case, number):
    ours, theirs = case.costs[0], case.costs[number]
    row([f"{case.name} {case.chart}", f"{ours.wall * 1000:.1f}", f"{theirs.wall * 1000:.1f}", f"{theirs.wall / ours.wall:.1f}", f"{theirs.cpu / max(ours.cpu, 0.0001):.1f}",
         f"{ours.peak / 1024:.1f}", f"{theirs.peak / 1024:.1f}", f"{theirs.peak / ours.peak:.1f}"])


def write_scale_chart(folder):
    for name, content in CHART_FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def releases(options, env):
    """COUNT releases of one chart: units of one hydrant run beside processes of helm."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = pathlib.Path(options.chart) if options.chart else folder / "scale"
        if not options.chart:
            write_scale_chart(source)
        chart = folder / "source" / "chart"
        shutil.copytree(source, chart)
        services = "".join(f"- service: release-{number}\n  helm: {{chart: chart}}\n" for number in range(options.count))
        (chart.parent / "hydrant.yaml").write_text(
            f"apiVersion: hydrant/v1\nkind: Delivery\nservices:\n{services}environments: {{production: {{}}}}\n"
            f"destination: {{repository: {folder}/manifests.git}}\n")
        identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
        for words in (["init", "-q", "--bare", folder / "manifests.git"], ["init", "-q", chart.parent],
                      ["-C", chart.parent, "add", "-A"], ["-C", chart.parent, *identity, "commit", "-q", "-m", "charts"]):
            subprocess.run(["git", *words], check=True, env=env)
        ours = summary([measure([options.hydrant, *options.render.split()], chart.parent, env) for _ in range(options.runs)])
        print(f"\n## {options.count} releases of {options.chart or 'the chart of `scale`'}\n")
        header(["", "wall s", "CPU s", "peak MB", "wall", "CPU"])
        row(["hydrant, one process", f"{ours.wall:.3f}", f"{ours.cpu:.3f}", f"{ours.peak / 1024:.0f}", "", ""])
        for helm in options.helm:
            names = range(options.count)
            costs = [measure([helm, "template", f"release-{name}", str(chart)], folder, env) for name in names]
            wall, cpu = sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs)
            row([f"{helm}, {options.count} processes", f"{wall:.2f}", f"{cpu:.2f}", f"{max(cost.peak for cost in costs) / 1024:.0f}",
                 f"{wall / ours.wall:.0f} times", f"{cpu / ours.cpu:.0f} times"])


def scale(options, env):
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder) / "scale"
        write_scale_chart(chart)
        print("\n## A chart of N documents\n")
        header(["N", "hydrant CPU ms", "hydrant MB", *(f"{helm} CPU ms" for helm in options.helm)])
        points = []
        for size in map(int, options.sizes.split(",")):
            words = ["release", str(chart), "--set", f"count={size}"]
            ours = summary([measure([options.hydrant, "helm", "template", *words], folder, env) for _ in range(5)])
            theirs = [summary([measure([helm, "template", *words], folder, env) for _ in range(2)]) for helm in options.helm]
            points.append((size, ours.cpu))
            row([size, f"{ours.cpu * 1000:.1f}", f"{ours.peak / 1024:.1f}", *(f"{cost.cpu * 1000:.0f}" for cost in theirs)])
        start = points[0][1]
        rest = [(math.log(size), math.log(max(cpu - start, 1e-4))) for size, cpu in points[1:]]
        if len(rest) > 1:
            print(f"\nexponent above the start (its {start * 1000:.1f} ms taken off): {slope(rest):.2f}")


def slope(points):
    x, y = statistics.mean(p[0] for p in points), statistics.mean(p[1] for p in points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hydrant", required=True)
    parser.add_argument("--helm", action="append", default=[])
    verbs = parser.add_subparsers(required=True)
    one = verbs.add_parser("corpus")
    one.add_argument("--cases", default="/work/shared/conformance/helm")
    one.add_argument("--runs", type=int, default=3)
    one.add_argument("--every", type=int, default=1)
    one.add_argument("--repo", default="")
    one.add_argument("--slowest", type=int, default=3)
    one.set_defaults(verb=corpus)
    one = verbs.add_parser("releases")
    one.add_argument("--chart")
    one.add_argument("--count", type=int, default=100)
    one.add_argument("--runs", type=int, default=5)
    one.add_argument("--render", default="render --all -o out")
    one.set_defaults(verb=releases)
    one = verbs.add_parser("scale")
    one.add_argument("--sizes", default="10,100,1000,10000")
    one.set_defaults(verb=scale)
    options = parser.parse_args()
    options.hydrant = os.path.abspath(options.hydrant)
    with tempfile.TemporaryDirectory() as home:
        options.verb(options, environment(home))


if __name__ == "__main__":
    main()
