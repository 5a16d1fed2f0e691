"""The JSON output in the transcripts of fixtures/ against docs/output-v1.schema.json.

    python3 .ci/output_schema.py ROOT

The check is stricter than the schema: a field that the schema does not name fails. A command without a definition fails, too.
"""
import json
import pathlib
import re
import sys

import jsonschema

# The definition for each command; promote has another one without a selection.
DEFINITIONS = {
    "plan": "plan", "deliver": "delivery", "promote": "delivery", "rollback": "delivery", "hold": "delivery", "release": "delivery",
    "retire": "delivery", "diff": "diff", "update": "update", "status": "status", "verify": "verify", "images": "images",
    "artifact": "artifact",
}
COMMAND = re.compile(r"hydrant (\w+)\b[^|;&]*--format[ =]json(?![\w-])[^|;&]*$")


def strict(schema):
    """Returns the schema with unknown fields refused wherever fields are named."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {name: strict(value) for name, value in schema.items()}
    if isinstance(copy.get("properties"), dict) and copy.get("type") in ("object", ["object", "null"]):
        copy["additionalProperties"] = False
    return copy


def outputs(root):
    """Yields the file, the command and the JSON of each transcript that ends with `--format json`."""
    for path in sorted((root / "fixtures").rglob("expected")):
        for block in re.split(r"^\$ ", path.read_text(), flags=re.M)[1:]:
            command, _, text = block.partition("\n")
            found = COMMAND.search(command)
            lines = [line for line in text.splitlines() if not line.startswith(("! ", "status ", "the registry "))]
            if found and lines:
                yield path.relative_to(root), found[1], json.loads("\n".join(lines))


root = pathlib.Path(sys.argv[1])
schema = strict(json.loads((root / "docs/output-v1.schema.json").read_text()))
jsonschema.Draft202012Validator.check_schema(schema)
count = 0
for path, command, value in outputs(root):
    name = "candidates" if command == "promote" and "candidates" in value else DEFINITIONS[command]
    errors = list(jsonschema.Draft202012Validator({**schema, "$ref": "#/$defs/" + name}).iter_errors(value))
    for error in errors:
        print(f"{path}: {command}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
    if errors:
        sys.exit(1)
    count += 1
print(f"{count} outputs fit")
sys.exit(count < 10)
