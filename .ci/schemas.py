"""Every hydrant.yaml and lock file of the repository against the schemas that the program prints.

    python3 .ci/schemas.py HYDRANT ROOT

A file that the program takes must fit, and one that it refuses for its form must not.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """Dates stay the strings that they are in JSON."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

WRONG = {
    "config": [
        "{}",
        "apiVersion: hydrant/v2\nkind: Delivery\nservices: a\nenvironments: {a: {}}",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: a\nenvironments: {}",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: []\nenvironments: {a: {}}",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: a\nenvironments: {a: {}}\nruels: []",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: a\nenvironments: {a: {}}\npolicy: {images: some}",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: a\nenvironments: {a: {profil: b}}",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: [{name: a}]\nenvironments: {a: {}}",
    ],
    "lock": [
        "{}",
        "apiVersion: hydrant/v1\nkind: Lock\nimage: []",
        "apiVersion: v1\nkind: ConfigMap\nimages: []",
        "apiVersion: hydrant/v1\nkind: Lock\nimages: [{reference: a, digest: abc, resolved: '', from: a}]",
        "apiVersion: hydrant/v1\nkind: Lock\nremotes: [{url: a}]",
    ],
}


def refused(hydrant, what, text):
    """What the program says of a file whose form is wrong; nothing where it is right."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "one.yaml").write_text("a: b\n")
        arguments = [hydrant, "pin", "--stdout", "one.yaml"]
        if what == "config":
            (path / "hydrant.yaml").write_text(text)
        else:
            (path / "hydrant.lock").write_text(text)
            arguments.append("--locked")
        said = subprocess.run(arguments, cwd=path, capture_output=True, text=True, env={}).stderr
        form = "`hydrant explain`" if what == "config" else "hydrant.lock"
        return said if form in said else ""


def main(hydrant, root):
    found, wrong = 0, []
    for what, names in {"config": ["hydrant.yaml"], "lock": ["hydrant.lock"]}.items():
        printed = subprocess.run([hydrant, "schema", what], capture_output=True, text=True, check=True).stdout
        schema = json.loads(printed)
        validator = jsonschema.Draft202012Validator(schema)
        validator.check_schema(schema)
        paths = [path for top in ("fixtures", "examples") for name in names for path in sorted((root / top).rglob(name))]
        cases = [(str(path), path.read_text(), True) for path in paths]
        cases += [(text, text, False) for text in WRONG[what]]
        for name, text, good in cases:
            found += 1
            errors = [error.message for error in validator.iter_errors(yaml.load(text, Loader))]
            said = refused(hydrant, what, text)
            if bool(errors) == good:
                wrong.append(f"{name}: the schema says {errors or 'nothing'}")
            if bool(said) == good:
                wrong.append(f"{name}: the program says {said or 'nothing'}")
    print(f"{found} files looked at", *wrong, sep="\n")
    return 1 if wrong or found < 20 else 0


sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
