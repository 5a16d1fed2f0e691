"""The cases of a conformance suite on disk, and how a command is run on one.

A folder of cases has `SUITE.json`, a list of cases, and the trees and expected outputs that it names by paths relative to the
folder. Suites are `kustomize`, `skaffold` and `helm`.
"""
import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile


@dataclasses.dataclass
class Case:
    """An input, and what the reference tool made of it.

    `arguments` follow the tool's command and run in the folder `directory`. `expected` is the file with its standard output; it
    is None where the tool refused the input.
    """

    name: str
    directory: str
    arguments: list
    expected: str | None


@dataclasses.dataclass
class Result:
    """What a command did: its exit status (124 after the time limit), and its output."""

    status: int
    stdout: bytes
    stderr: bytes


def load(folder, suite):
    """Returns the cases of a suite."""
    return [Case(**row) for row in json.loads(pathlib.Path(folder, suite + ".json").read_text())]


def save(folder, suite, cases):
    """Writes the list of cases of a suite."""
    rows = [dataclasses.asdict(case) for case in sorted(cases, key=lambda case: case.name)]
    pathlib.Path(folder, suite + ".json").write_text(json.dumps(rows, indent=1) + "\n")


def environment():
    """Returns variables that make the tools independent of this machine: no clusters, caches, configuration or time zone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "SKAFFOLD_", "HYDRANT_", "KUBE"))}
    home = tempfile.mkdtemp(prefix="conformance-")
    fixed = {"HOME": home, "KUBECONFIG": "/dev/null", "TZ": "UTC", "LANG": "C.UTF-8", "SKAFFOLD_UPDATE_CHECK": "false",
             "SKAFFOLD_INTERACTIVE": "false", "NO_COLOR": "1"}
    return {**kept, **fixed}


def execute(command, arguments, directory, variables, limit=60):
    """Runs a command (a list) with the arguments of a case."""
    try:
        done = subprocess.run(command + arguments, cwd=directory, env=variables, capture_output=True, timeout=limit,
                              stdin=subprocess.DEVNULL)
        return Result(done.returncode, done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        return Result(124, b"", b"time limit exceeded")
