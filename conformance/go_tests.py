"""Reads kustomize's own tests (api/krusty/*_test.go) as cases: the files that a test writes, and the folder that it builds.

Only tests whose files and folders are literals, constants or calls of such helpers are read. Tests of plugins and tables of
tests are left out; `read` counts them.
"""
import dataclasses
import pathlib
import re

HEADERS = {
    "WriteF": None,
    "WriteK": "\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
    "WriteC": "\napiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
}
LITERAL = r'(?:`[^`]*`|"(?:[^"\\\n]|\\.)*")'
FUNCTION = re.compile(r"^func (\w+)\(([^)]*)\) *\{\n(.*?)^\}", re.M | re.S)
CONSTANT = re.compile(r"^\s*(?:const |var )?(\w+)\s*:?=\s*(" + LITERAL + r"(?:\s*\+\s*" + LITERAL + r")*)\s*$", re.M)
STEP = re.compile(
    r"\bth\.(WriteF|WriteK|WriteC|Run|RunWithErr)\(\s*|\bth\.Reset\(|\bth\s*:?=\s*kusttest_test\.Make|^\s*(\w+)\(th\)", re.M)
UNSUPPORTED = re.compile(r"t\.Run\(|PluginsEnabled|MakeEnhancedHarness|ErrIfNoHelm|WriteLegacyConfigs|GetFSys|LoadRestrictions|"
                         r"MakeFsOnDisk|AddManagedbyLabel|Reorder")
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class NotLiteral(Exception):
    """An argument that is computed."""


@dataclasses.dataclass
class GoTest:
    """The files that a test wrote when it built `folder`; paths are relative to the root of the test's file system."""

    name: str
    folder: str
    files: dict


def read(folder):
    """Returns the cases of all tests below `folder`, and the number of tests that are left out."""
    sources = [path.read_text() for path in sorted(pathlib.Path(folder).glob("*_test.go"))]
    functions = {match[1]: match[3] for text in sources for match in FUNCTION.finditer(text)}
    constants = {match[1]: match[2] for text in sources for match in CONSTANT.finditer(FUNCTION.sub("", text))}
    found, left_out = [], 0
    for name, body in sorted(functions.items()):
        if not name.startswith("Test"):
            continue
        try:
            found += cases(name, body, functions, constants)
        except NotLiteral:
            left_out += 1
    return found, left_out


def cases(name, body, functions, constants):
    """Returns one case for each build of a test."""
    if UNSUPPORTED.search(body):
        raise NotLiteral(name)
    found, files = [], {}
    for step in steps(body, functions, constants):
        if step["verb"] == "reset":
            files = {}
        elif step["verb"] in HEADERS:
            path = step["path"] if step["verb"] == "WriteF" else step["path"] + "/kustomization.yaml"
            files[clean(path)] = (HEADERS[step["verb"]] or "") + step["content"]
        else:
            suffix = "-%d" % (len(found) + 1) if found else ""
            found.append(GoTest(name + suffix, clean(step["path"]), dict(files)))
    if not found:
        raise NotLiteral(name)
    return found


def steps(body, functions, constants):
    """Yields what a test does, in order, with the calls of its helpers expanded."""
    local = {**constants, **{match[1]: match[2] for match in CONSTANT.finditer(body)}}
    for match in STEP.finditer(body):
        verb, helper = match[1], match[2]
        if helper:
            if helper in functions:
                yield from steps(functions[helper], functions, constants)
        elif verb is None:
            yield {"verb": "reset"}
        else:
            path, end = value(body, match.end(), local)
            content = value(body, body.index(",", end) + 1, local)[0] if verb in HEADERS else None
            yield {"verb": verb, "path": path, "content": content}


def value(text, at, constants):
    """Returns the string that the expression at this place has, and where it ends."""
    parts = []
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        match = re.compile(LITERAL + r"|\w+(?:\.\w+\(\))?").match(text, at)
        if not match:
            raise NotLiteral(text[at:at + 40])
        parts.append(constant(match[0], constants))
        at = match.end()
        following = re.compile(r"\s*\+").match(text, at)
        if not following:
            return "".join(parts), at
        at = following.end()


def constant(word, constants):
    """Returns the value of a literal, or of the name of one."""
    if word.startswith("`"):
        return word[1:-1]
    if word.startswith('"'):
        return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[0]), word[1:-1])
    if word not in constants:
        raise NotLiteral(word)
    pieces = re.findall(LITERAL, constants[word])
    return "".join(constant(piece, constants) for piece in pieces)


def clean(path):
    """Returns a path of the test's file system relative to its root."""
    parts = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts) or "."
