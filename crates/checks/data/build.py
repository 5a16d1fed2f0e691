#!/usr/bin/env python3
"""Builds kubernetes.gz, the schemas of all known versions of Kubernetes, from the PyPI package kubernetes-validate.

usage: build.py [--check] [WHEEL]

Without WHEEL, the package is downloaded by pip. With --check, nothing is written, and the exit code is 1 if the file differs.

The file is text, compressed by gzip. Its first line names the package. Each other line is a definition, sorted by name:
NAME TAB VERSIONS TAB GROUP/VERSION/KIND TAB SCHEMA. VERSIONS is a hexadecimal number whose bit N stands for Kubernetes 1.(25 + N). The third
field is empty for what is no object. SCHEMA is JSON with short keys: t type, r reference, p properties, q required properties, i items,
a additional properties, f format, l list type, k keys of a list of type map.
"""

import gzip
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "kubernetes-validate==1.37.0"
FIRST = 25
TARGET = pathlib.Path(__file__).with_name("kubernetes.gz")
# Types that the API server reads by functions of their own; the schemas describe their form only in part.
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
}
PREFIX = re.compile(r"^.*#/\$defs/")


def short(schema):
    """The schema with short keys, without descriptions."""
    out = {}
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), None)
    if kind:
        out["t"] = kind[0]
    if "$ref" in schema:
        out["r"] = PREFIX.sub("", schema["$ref"])
    if schema.get("properties"):
        out["p"] = {name: short(one) for name, one in sorted(schema["properties"].items())}
    if schema.get("required"):
        out["q"] = sorted(schema["required"])
    if isinstance(schema.get("items"), dict):
        out["i"] = short(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        out["a"] = short(schema["additionalProperties"])
    if schema.get("format"):
        out["f"] = schema["format"]
    if schema.get("x-kubernetes-list-type") in ("map", "set"):
        out["l"] = schema["x-kubernetes-list-type"]
    if schema.get("x-kubernetes-list-map-keys"):
        out["k"] = schema["x-kubernetes-list-map-keys"]
    return out


def object_of(schema):
    """The group, version and kind of an object; empty for what is none, or what every group has."""
    found = schema.get("x-kubernetes-group-version-kind", [])
    if len(found) != 1:
        return ""
    return "/".join(found[0][key] for key in ("group", "version", "kind"))


def lines(wheel):
    """The lines of the definitions of all versions."""
    with zipfile.ZipFile(wheel) as archive:
        by_line = {}
        for name in archive.namelist():
            version = re.search(r"/v1\.(\d+)\.0-local/_definitions\.json$", name)
            if not version:
                continue
            bit = 1 << (int(version[1]) - FIRST)
            definitions = json.loads(archive.read(name))
            for key, schema in definitions["$defs"].items():
                text = {"f": SPECIAL[key]} if key in SPECIAL else short(schema)
                line = (key, object_of(schema), json.dumps(text, separators=(",", ":")))
                by_line[line] = by_line.get(line, 0) | bit
    for (key, object_, text), versions in sorted(by_line.items()):
        yield f"{key}\t{versions:x}\t{object_}\t{text}"


def build(wheel):
    """The compressed file."""
    text = "\n".join([f"# {PACKAGE} (PyPI): OpenAPI of Kubernetes, Apache-2.0", *lines(wheel)]) + "\n"
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0, filename="") as compressed:
        compressed.write(text.encode())
    return out.getvalue()


def main():
    arguments = [one for one in sys.argv[1:] if one != "--check"]
    with tempfile.TemporaryDirectory() as folder:
        if not arguments:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
            subprocess.run(command, check=True)
            arguments = [str(next(pathlib.Path(folder).glob("*.whl")))]
        built = build(arguments[0])
    if "--check" not in sys.argv:
        TARGET.write_bytes(built)
        return
    # Versions of zlib compress in different ways, so the texts are compared.
    if gzip.decompress(TARGET.read_bytes()) != gzip.decompress(built):
        sys.exit(f"{TARGET} differs from what {PACKAGE} gives: run {__file__}")


main()
