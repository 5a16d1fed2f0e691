#!/usr/bin/env python3
"""Measures deliveries of remote charts beside the same work done with helm and git.

A chart repository is served from a folder over http, and Debian's docker-registry is filled by the real
`helm push`. Each chart is a service with two environments; every second one comes from the registry.

    benches/charts.py --hydrant target/release/hydrant --helm helm --charts FOLDER

FOLDER is searched for charts (Chart.yaml). Charts are used that helm renders to the same bytes twice and
that hydrant renders to the same bytes as helm. Needs git, docker-registry and PyYAML.
"""

import argparse
import collections
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import yaml

ENVIRONMENTS = ["staging", "production"]
LABEL = "{:<44} {:>9} {:>9} {:>9} {:>9}"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Repository:
    """Serves a folder of archives and counts requests."""

    def __init__(self, folder):
        self.requests = 0
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments, **options):
                super().__init__(*arguments, directory=str(folder), **options)

            def do_GET(self):
                outer.requests += 1
                super().do_GET()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


class Registry:
    """Debian's docker-registry on loopback."""

    def __init__(self, work):
        self.port = free_port()
        self.log = work / "registry.log"
        config = work / "registry.yml"
        config.write_text(
            f"version: 0.1\nlog: {{accesslog: {{disabled: false}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {work}/registry}}}}\nhttp: {{addr: '127.0.0.1:{self.port}'}}\n"
        )
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        sys.exit("docker-registry does not answer")

    @property
    def requests(self):
        text = self.log.read_bytes()
        return text.count(b'"GET /v2/') + text.count(b'"HEAD /v2/')


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="charts-bench-"))
        self.home = self.work / "home"
        self.home.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }
        self.archives = self.work / "archives"
        self.archives.mkdir()

    def run(self, arguments, folder=None, check=True):
        done = subprocess.run(
            [str(one) for one in arguments], cwd=folder or self.work, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600,
        )
        if check and done.returncode:
            sys.exit(f"{arguments} failed: {done.stderr.decode(errors='replace')[-2000:]}")
        return done

    def pack(self):
        """Packs charts that both programs render alike. Returns name and version of each."""
        chosen = {}
        helm, hydrant = self.options.helm, self.options.hydrant
        for file in sorted(self.options.charts.rglob("Chart.yaml")):
            if len(chosen) == self.options.count:
                break
            metadata = yaml.load(file.read_text(), yaml.CBaseLoader) or {}
            name, version = str(metadata.get("name")), str(metadata.get("version"))
            if name in chosen or not name.replace("-", "").isalnum() or "+" in version:
                continue
            packed = self.run([helm, "package", file.parent, "-d", self.archives], check=False)
            if packed.returncode:
                continue
            archive = pathlib.Path(packed.stdout.decode().split(": ", 1)[1].strip())
            template = ["template", name, archive, "--namespace", "apps", "--include-crds", "--skip-tests"]
            first, second = (self.run([helm, *template], check=False) for _ in range(2))
            own = self.run([hydrant, "helm", *template, "--semantics", self.options.semantics], check=False)
            outputs = {first.stdout, second.stdout, own.stdout}
            is_good = first.returncode == 0 and len(outputs) == 1 and len(first.stdout) > 3000
            kinds = collections.Counter(
                (one.get("kind"), (one.get("metadata") or {}).get("name"), (one.get("metadata") or {}).get("namespace"))
                for one in (yaml.load_all(first.stdout, yaml.CBaseLoader) if is_good else []) if isinstance(one, dict)
            )
            if is_good and max(kinds.values(), default=2) == 1:
                chosen[name] = version
            else:
                archive.unlink(missing_ok=True)
        return sorted(chosen.items())

    def publish(self, charts, registry):
        """Writes the index and pushes every second chart. Returns the names of the pushed ones."""
        entries = {}
        for file in sorted(self.archives.glob("*.tgz")):
            text = self.run(["tar", "-xOzf", file, "--wildcards", "--no-wildcards-match-slash", "*/Chart.yaml"]).stdout
            metadata = yaml.safe_load(text)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            entries.setdefault(metadata["name"], []).append({**metadata, "digest": digest, "urls": [file.name]})
        index = {"apiVersion": "v1", "entries": entries}
        (self.archives / "index.yaml").write_text(yaml.safe_dump(index))
        names = [name for name, _ in charts]
        for name, version in charts[1::2]:
            archive = self.archives / f"{name}-{version}.tgz"
            self.run([self.options.helm, "push", archive, f"oci://127.0.0.1:{registry.port}/charts", "--plain-http"])
        return set(names[1::2])

    def bump(self, charts):
        """Packs a newer version of the first chart of the repository."""
        name, version = charts[0]
        parts = version.split("-")[0].split(".")
        newer = ".".join([parts[0], parts[1], str(int(parts[2]) + 1)])
        folder = self.work / "bump"
        folder.mkdir()
        self.run(["tar", "-C", folder, "-xzf", self.archives / f"{name}-{version}.tgz"])
        chart = folder / name / "Chart.yaml"
        chart.write_text(chart.read_text().replace(version, newer))
        self.run([self.options.helm, "package", folder / name, "-d", self.archives])
        return name

    def source(self, charts, pushed, repository, registry):
        source = self.work / "source"
        (source / "values").mkdir(parents=True)
        lines = ["apiVersion: hydrant/v1", "kind: Delivery", "services:"]
        for name, version in charts:
            range_ = f">={version} <{int(version.split('.')[0]) + 1}"
            place = (
                f"chart: oci://127.0.0.1:{registry.port}/charts/{name}" if name in pushed
                else f"repository: {repository.url}, chart: {name}"
            )
            lines += [
                f"- service: {name}",
                f'  helm: {{{place}, version: "{range_}", values: "values/{{environment}}.yaml",'
                f' semantics: "{self.options.semantics}"}}',
                "  namespace: apps",
            ]
        lines += [
            "environments: {staging: {}, production: {}}",
            "policy: {images: any, secrets: allow}",
            f"destination: {{repository: {self.work}/manifests.git}}",
            "source: {repository: 'https://git.example/charts'}",
        ]
        (source / "hydrant.yaml").write_text("\n".join(lines) + "\n")
        for name in ENVIRONMENTS:
            (source / "values" / f"{name}.yaml").write_text(f"stage: {name}\n")
        self.run(["git", "init", "-q", "-b", "main"], source)
        self.commit(source)
        return source

    def commit(self, source):
        self.run(["git", "add", "-A"], source)
        self.run(["git", "commit", "-q", "--allow-empty", "-m", "change"], source)


class Measured:
    """One job: its time, its peak memory and the requests to repository and registry."""

    def __init__(self, bench, repository, registry):
        self.bench, self.repository, self.registry = bench, repository, registry

    def measure(self, label, arguments, folder):
        before = self.repository.requests + self.registry.requests
        start = time.monotonic()
        log = self.bench.work / "time"
        done = self.bench.run(["/usr/bin/time", "-o", log, "-f", "%M", *arguments], folder, check=False)
        seconds = time.monotonic() - start
        time.sleep(0.2)
        requests = self.repository.requests + self.registry.requests - before
        megabytes = int(log.read_text().split()[-1]) / 1024
        last = (done.stdout.decode().strip().splitlines() or [""])[-1]
        if done.returncode:
            sys.exit(f"{label} failed: {done.stderr.decode(errors='replace')[-2000:]}")
        print(LABEL.format(label, f"{seconds:.2f} s", f"{megabytes:.0f} MB", requests, ""), last[:60], flush=True)
        return seconds


def helm_script(bench, config, image):
    """The same job as a shell script: helm template and a commit for each unit, then one push."""
    lines = ["set -e", f"cd {bench.work}/clone"]
    for service in config["services"]:
        helm = service["helm"]
        place = (
            f"--repo {helm['repository']} {helm['chart']}" if "repository" in helm else f"{helm['chart']} --plain-http"
        )
        for environment in ENVIRONMENTS:
            branch = f"{service['service']}/{environment}"
            lines.append(
                f"git checkout -q -B {branch} $(git rev-parse -q --verify {branch} || echo main)\n"
                f"{bench.options.helm} template {service['service']} {place} --version '{helm['version']}'"
                f" -f {bench.work}/source/values/{environment}.yaml --namespace apps --include-crds --skip-tests"
                f" {image} > manifest.yaml\n"
                "git add -A; git diff --cached --quiet || git commit -q -m deliver"
            )
    lines.append("git push -q --all")
    script = bench.work / "helm.sh"
    script.write_text("\n".join(lines) + "\n")
    return ["bash", script]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hydrant", type=pathlib.Path, required=True)
    parser.add_argument("--helm", default="helm")
    parser.add_argument("--charts", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--semantics", default="3.17", help="the version of helm that the program has")
    options = parser.parse_args()
    options.hydrant = options.hydrant.resolve()
    bench = Bench(options)
    repository, registry = Repository(bench.archives), Registry(bench.work)
    try:
        measure_all(bench, repository, registry)
    finally:
        registry.process.terminate()
        repository.server.shutdown()
        shutil.rmtree(bench.work, ignore_errors=True)


def measure_all(bench, repository, registry):
    charts = bench.pack()
    pushed = bench.publish(charts, registry)
    source = bench.source(charts, pushed, repository, registry)
    hydrant = bench.options.hydrant
    measured = Measured(bench, repository, registry)
    print(f"{len(charts)} charts ({len(pushed)} in the registry), {2 * len(charts)} units")
    print(LABEL.format("job", "time", "memory", "requests", ""))
    measured.measure("hydrant: first delivery, locks", [hydrant, "deliver", "--all", "--lock"], source)
    bench.commit(source)
    measured.measure("hydrant: unchanged", [hydrant, "deliver", "--all"], source)
    measured.measure("hydrant: unchanged, --locked", [hydrant, "deliver", "--all", "--locked"], source)
    bumped = bench.bump(charts)
    bench.publish(charts, registry)
    measured.measure("hydrant: update of one chart", [hydrant, "update", bumped], source)
    bench.commit(source)
    measured.measure("hydrant: its new version", [hydrant, "deliver", "--all", "--locked"], source)
    values = source / "values" / "production.yaml"
    values.write_text(values.read_text() + "commonAnnotations: {changed: '1'}\n")
    bench.commit(source)
    measured.measure("hydrant: a change of values", [hydrant, "deliver", "--all", "--locked"], source)
    report = json.loads(bench.run([hydrant, "deliver", "--all", "--locked", "--format", "json"], source).stdout)
    image = next(image for unit in report["units"] for image in unit["images"])
    name = image.split("@")[0].rsplit(":", 1)[0]
    service = next(unit["service"] for unit in report["units"] if image in unit["images"])
    rotate = [hydrant, "deliver", "-s", service, "-e", "*", "--locked", "--image", f"{name}={name}:rotated"]
    measured.measure("hydrant: a rotated image (one service)", rotate, source)
    config = yaml.safe_load((source / "hydrant.yaml").read_text())
    bench.run(["git", "init", "-q", "--bare", "-b", "main", "helm.git"])
    bench.run(["git", "clone", "-q", "helm.git", "clone"])
    bench.run(["git", "commit", "-q", "--allow-empty", "-m", "x"], bench.work / "clone")
    bench.run(["git", "branch", "-M", "main"], bench.work / "clone")
    measured.measure("helm and git: first delivery", helm_script(bench, config, ""), bench.work)
    measured.measure("helm and git: unchanged", helm_script(bench, config, ""), bench.work)
    values.write_text(values.read_text() + "commonLabels: {changed: '2'}\n")
    measured.measure("helm and git: a change of values", helm_script(bench, config, ""), bench.work)


if __name__ == "__main__":
    main()
