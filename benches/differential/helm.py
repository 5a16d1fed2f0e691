#!/usr/bin/env python3
"""Mutates values and templates of the open charts of the conformance corpus and compares `hydrant helm template` with helm.

    helm.py --cases ../shared/conformance/helm --helm helm --hydrant target/release/hydrant [--count 200] [--seed 1]

Each mutation copies a chart, changes one line of a template or of values.yaml, and compares exit status and stdout. A chart
whose unchanged rendering differs between two runs of helm (random passwords) is left out.
"""
import argparse, json, os, pathlib, random, re, shutil, subprocess, tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--cases", required=True)
ap.add_argument("--helm", required=True)
ap.add_argument("--hydrant", required=True)
ap.add_argument("--count", type=int, default=200)
ap.add_argument("--seed", type=int, default=1)
a = ap.parse_args()
random.seed(a.seed)
root = pathlib.Path(a.cases).resolve()
charts = [p for p in root.glob("charts/*") if p.is_dir()]
charts = sorted({c.parent for p in charts for c in p.rglob("Chart.yaml") if "/charts/" not in str(c.relative_to(p))})
env = {**os.environ, "KUBECONFIG": "/dev/null", "TZ": "UTC"}


def run(command, chart):
    r = subprocess.run([*command, "template", "rel", str(chart)], capture_output=True, env=env, timeout=60)
    return r.returncode, r.stdout


def mutate(chart):
    files = [f for f in [chart / "values.yaml", *chart.glob("templates/*")] if f.is_file() and f.stat().st_size]
    if not files:
        return None
    path = random.choice(files)
    lines = path.read_text(errors="replace").split("\n")
    at = random.randrange(len(lines))
    line = lines[at]
    changes = [lambda: lines.pop(at), lambda: lines.insert(at, line)]
    if path.name == "values.yaml":
        changes += [lambda: lines.__setitem__(at, re.sub(r":.*", ": " + random.choice(["null", "1", "1.5", "yes", "[]", "{}", '"x"', "0755"]), line))]
    else:
        changes += [lambda: lines.__setitem__(at, line.replace("{{-", "{{", 1)), lambda: lines.__setitem__(at, line.replace("-}}", "}}", 1)),
                    lambda: lines.__setitem__(at, line.replace(".Values.", ".Values.x.", 1)), lambda: lines.__setitem__(at, line.replace("nindent", "indent", 1))]
    random.choice(changes)()
    path.write_text("\n".join(lines))
    return path.relative_to(chart), at + 1


compared = differ = 0
while compared < a.count:
    chart = random.choice(charts)
    work = pathlib.Path(tempfile.mkdtemp()) / chart.name
    shutil.copytree(chart, work)
    if run([a.helm], work) == run([a.helm], work):
        where = mutate(work)
        if where is None:
            shutil.rmtree(work.parent)
            continue
        want, got = run([a.helm], work), run([a.hydrant, "helm"], work)
        compared += 1
        if want != got:
            differ += 1
            print(f"DIFFERS {chart.relative_to(root)} {where[0]}:{where[1]} seed {a.seed}: exit {want[0]} and {got[0]}", flush=True)
    shutil.rmtree(work.parent)
print(f"{compared} compared, {differ} differ")
