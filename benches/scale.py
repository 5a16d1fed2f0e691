#!/usr/bin/env python3
"""Measure how the cost of `hydrant deliver` grows with the number of units and with the length of the source's history.

    benches/scale.py [--hydrant PROGRAM] units   [--sizes 600,1000,3000,10000] [--layout branches|shared|folder] [--digests kept|locked]
    benches/scale.py [--hydrant PROGRAM] history [--commits 200000] [--units 250] [--commit-graph]

`units` makes a source repository of SIZE / 2 services with two overlays each (base: Deployment, Service, HorizontalPodAutoscaler) and a local
bare repository as the destination. No registry is needed: digests stand beside the images, or in hydrant.lock with `--digests locked`. It measures four deliveries: the first
one, one where nothing changed, one where the source has a new commit and one service changed, and one where the source has a new commit
and no output changed. `--layout` chooses the destination: a branch for each unit, one branch for each environment (a folder for each unit),
or a branch for each unit with a file for each object.

`history` makes a source of COMMITS commits with `git fast-import` (one in ten is a merge) and delivers UNITS units, each recorded at
another commit. It compares a delivery from the newest commit with git's own walk over the history.

Printed: CPU seconds (user and system), wall seconds, peak memory, and the exponent that a least-squares fit over the sizes gives.
Needs git; reads nothing but the clone it makes in a temporary folder.
"""
import argparse
import hashlib
import math
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ENVIRONMENTS = ("staging", "production")
GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.com",
}
DESTINATIONS = {
    "branches": 'branch: "{service}/{environment}"\n  path: manifest.yaml',
    "shared": 'branch: "environments/{environment}"\n  path: "{service}/manifest.yaml"',
    "folder": 'branch: "{service}/{environment}"\n  path: manifests/',
}


def run(arguments, cwd=None, stdin=None, check=True):
    """Run a program; return its CPU seconds, wall seconds, peak memory in MB and output."""
    start = time.monotonic()
    process = subprocess.Popen(arguments, cwd=cwd, env=os.environ | GIT, stdin=stdin,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if check and process.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit {process.returncode}\n{output.decode(errors='replace')[-2000:]}")
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, output


def git(folder, *arguments):
    return run(["git", "-C", str(folder), *arguments])[3].decode().strip()


def commit(source, message):
    git(source, "add", "-A")
    git(source, "commit", "-q", "--allow-empty", "-m", message)


def image(number, tag):
    digest = hashlib.sha256(f"{number} {tag}".encode()).hexdigest()
    return f"registry.example.com/team/svc-{number}:{tag}", f"sha256:{digest}"


def write_lock(source, tags):
    images = sorted(image(number, tag) for number, tag in enumerate(tags))
    entries = (f'- reference: "{reference}"\n  digest: {digest}\n  resolved: "2026-11-21T22:00:00Z"\n  from: registry.example.com\n'
               for reference, digest in images)
    (source / "hydrant.lock").write_text("apiVersion: hydrant/v1\nkind: Lock\nimages:\n" + "".join(entries))


def write_service(folder, number, tag, digests):
    reference, digest = image(number, tag)
    text = reference if digests == "locked" else f"{reference}@{digest}"
    base = folder / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "kustomization.yaml").write_text("resources:\n- deployment.yaml\n- service.yaml\n- autoscaler.yaml\n")
    (base / "deployment.yaml").write_text(f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: svc-{number}
  labels:
    app: svc-{number}
spec:
  selector:
    matchLabels:
      app: svc-{number}
  template:
    metadata:
      labels:
        app: svc-{number}
    spec:
      containers:
      - name: main
        image: {text}
        ports:
        - containerPort: 8080
        env:
        - name: LOG_LEVEL
          value: info
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
        readinessProbe:
          httpGet:
            path: /healthz
            port: 8080
""")
    (base / "service.yaml").write_text(f"""apiVersion: v1
kind: Service
metadata:
  name: svc-{number}
spec:
  selector:
    app: svc-{number}
  ports:
  - port: 8080
    targetPort: 8080
""")
    (base / "autoscaler.yaml").write_text(f"""apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: svc-{number}
spec:
  minReplicas: 1
  maxReplicas: 5
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: svc-{number}
""")
    for environment in ENVIRONMENTS:
        overlay = folder / "overlays" / environment
        overlay.mkdir(parents=True, exist_ok=True)
        (overlay / "kustomization.yaml").write_text(f"""namespace: {environment}
resources:
- ../../base
labels:
- pairs:
    environment: {environment}
patches:
- path: replicas.yaml
""")
        (overlay / "replicas.yaml").write_text(f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: svc-{number}
spec:
  replicas: {2 + number % 3}
""")


def write_config(source, layout, digests):
    (source / "hydrant.yaml").write_text(f"""apiVersion: hydrant/v1
kind: Delivery
services:
- path: services/*
  kustomize: overlays/{{environment}}
environments:
  staging: {{}}
  production: {{}}
destination:
  repository: ../manifests.git
  {DESTINATIONS[layout]}
commit:
  author: Bench <bench@example.com>
{"locked: true" if digests == "locked" else "policy: {digests: kept}"}
""")


def new_source(folder, services, layout, digests):
    source = folder / "source"
    source.mkdir()
    for number in range(services):
        write_service(source / "services" / f"svc-{number}", number, "1.0.0", digests)
    if digests == "locked":
        write_lock(source, ["1.0.0"] * services)
    write_config(source, layout, digests)
    git(source, "init", "-q", "-b", "main")
    commit(source, "services")
    return source


def row(label, size, measured):
    cpu, wall, memory, _ = measured
    print(f"{label:<28} {size:>8} {cpu:>9.2f} {wall:>9.2f} {memory:>9.1f}", flush=True)


def exponent(points):
    """The slope of a least-squares line through the logarithms; None where there are fewer than two sizes."""
    points = [(math.log(size), math.log(cpu)) for size, cpu in points if cpu > 0]
    if len(points) < 2:
        return None
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points))
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return above / sum((x - mean_x) ** 2 for x, _ in points)


def header(size):
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"load {load} on {os.cpu_count()} cores")
    print(f"{'':<28} {size:>8} {'CPU s':>9} {'wall s':>9} {'peak MB':>9}")


def measure_units(options):
    header("units")
    found = {}
    for size in options.sizes:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hydrant-scale-", dir=options.work))
        try:
            source = new_source(folder, size // len(ENVIRONMENTS), options.layout, options.digests)
            deliver = [options.hydrant, "deliver", "--all", "--format", "json"]

            def measure(label):
                measured = run(deliver, source)
                row(label, size, measured)
                found.setdefault(label, []).append((size, measured[0]))

            measure("first delivery")
            measure("unchanged")
            measure("unchanged, again")
            write_service(source / "services" / "svc-0", 0, "1.0.1", options.digests)
            if options.digests == "locked":
                write_lock(source, ["1.0.1"] + ["1.0.0"] * (size // 2 - 1))
            commit(source, "change one service")
            measure("new commit, one changed")
            commit(source, "change nothing")
            measure("new commit, none changed")
            branches = git(folder / "manifests.git", "for-each-ref", "--format=%(refname)", "refs/heads").split()
            expected = len(ENVIRONMENTS) if options.layout == "shared" else size // 2 * 2
            assert len(branches) == expected, f"{len(branches)} branches instead of {expected}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    for label, points in found.items():
        slope = exponent(points)
        if slope is not None:
            print(f"{label}: exponent {slope:.2f}")


def import_into(repository, stream, *options):
    """Feed the lines of a generator to `git fast-import` through a file, so that this process stays small: what a child
    process is said to have used at most is never less than its parent had when it was started."""
    with tempfile.TemporaryFile() as file:
        for part in stream:
            file.write(part.encode())
        file.seek(0)
        run(["git", "-C", str(repository), "fast-import", "--quiet", *options], stdin=file)


def history(tip, commits):
    """Commits on top of `tip`, one in ten a merge."""
    for number in range(1, commits + 1):
        yield (f"commit refs/heads/main\nmark :{number}\n"
               f"committer Bench <bench@example.com> {1600000000 + number} +0000\ndata 2\nc\n"
               f"from {f':{number - 1}' if number > 1 else tip}\n")
        if number % 10 == 0 and number > 10:
            yield f"merge :{number - 7}\n"
        yield f"M 100644 inline log/{number % 50}.txt\ndata {len(str(number))}\n{number}\n\n"


def write_history(source, commits, units):
    """Add `commits` commits and return the ids of `units` of them, evenly spread."""
    marks = source.parent / "marks"
    import_into(source, history(git(source, "rev-parse", "HEAD"), commits), f"--export-marks={marks}")
    wanted = {f":{1 + index * (commits - 1) // units}": index for index in range(units)}
    ids = [None] * units
    with marks.open() as lines:
        for mark, commit_id in map(str.split, lines):
            if mark in wanted:
                ids[wanted[mark]] = commit_id
    git(source, "reset", "-q", "--hard", "main")
    return ids


def measure_history(options):
    header("commits")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hydrant-scale-", dir=options.work))
    try:
        source = new_source(folder, options.units // len(ENVIRONMENTS), "branches", "kept")
        recorded = write_history(source, options.commits, options.units)
        deliver = [options.hydrant, "deliver", "--all", "--format", "json"]
        row("first delivery", options.commits, run(deliver, source))
        rewrite_records(folder / "manifests.git", git(source, "rev-parse", "HEAD"), recorded)
        if options.commit_graph:
            git(source, "commit-graph", "write", "--reachable")
        walk = run(["git", "-C", str(source), "-c", f"core.commitGraph={str(options.commit_graph).lower()}",
                    "rev-list", "--count", "HEAD"])
        row("git rev-list --count HEAD", options.commits, walk)
        measured = run(deliver, source)
        row(f"{options.units} units, recorded apart", options.commits, measured)
        print(f"hydrant's CPU time is {measured[0] / walk[0]:.1f} times that of git's walk")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rewrite_records(repository, delivered, recorded):
    """Give each branch a commit whose record names another source commit."""
    names = git(repository, "for-each-ref", "--format=%(refname)", "refs/heads").split()

    def stream():
        for name, commit_id in zip(names, recorded, strict=True):
            record = git(repository, "show", f"{name}:hydrator.metadata").replace(delivered, commit_id)
            yield (f"commit {name}\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 2\nc\n"
                   f"from {name}^0\nM 100644 inline hydrator.metadata\ndata {len(record.encode())}\n{record}\n\n")

    import_into(repository, stream())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    parser.add_argument("--hydrant", default=str(target / "release" / "hydrant"), help="the program to measure")
    parser.add_argument("--work", default=None, help="the folder for temporary repositories (default: the system's)")
    commands = parser.add_subparsers(dest="command", required=True)
    units = commands.add_parser("units", help="measure against the number of units")
    units.add_argument("--sizes", default="600,1000,3000,10000", type=lambda text: [int(part) for part in text.split(",")])
    units.add_argument("--layout", default="branches", choices=sorted(DESTINATIONS))
    units.add_argument("--digests", default="kept", choices=["kept", "locked"])
    history = commands.add_parser("history", help="measure against the length of the history")
    history.add_argument("--commits", default=200_000, type=int)
    history.add_argument("--units", default=250, type=int)
    history.add_argument("--commit-graph", action="store_true", help="write a commit graph first, and let git use it")
    options = parser.parse_args()
    options.hydrant = os.path.abspath(options.hydrant)
    {"units": measure_units, "history": measure_history}[options.command](options)


if __name__ == "__main__":
    main()
