#!/usr/bin/env python3
"""Compare `hydrant kustomize` with a real kustomize on mutants of real inputs.

    kustomize.py --cases DIR [--cases DIR] --cmd 'BIN kustomize {dir}' --vs 'kubectl kustomize {dir}' [--count N] [--seed N]

A mutant is a copy of one case's folder with one to three random changes: fields of a kustomization.yaml are added,
taken away or given odd values; patches, replacements and generators are made of what the manifests hold; manifests get
odd scalars, lose or repeat lines, change names and kinds; rarer fields (components, crds, openapi, files of patches and replacements, odd selectors), other YAML
for the same thing, nulls, lists, anchors and files with nothing in them. Both programs build it. It agrees where both fail, or both
succeed with the same bytes. Every other mutant is kept in --keep for a look, with what each program said.

Both commands may hold {args} for the flags that are drawn too. Only the standard library and PyYAML are needed.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

# yaml.py beside this file is another comparison, not PyYAML
sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
import yaml  # noqa: E402

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
SCALARS = [
    "yes", "no", "on", "~", "null", "", "017", "0o17", "0x1F", "1_000", "1e3", "1.0", ".5", "1.", "08", "2020-01-01",
    "12:30:45", '"1"', "'yes'", "a: b", "'a: b'", '"a\\nb"', "true", "True", "-1", "+1", "1234567.5", "1e20", ".inf",
    "[]", "{}", "[a, b]", "{a: b}", "a#b", "'#a'", '"\\t"', "é", '"\\U0001F600"', "=", "<<", "'<<'", "*", "&a b", "!!str 1",
    "!!int 3", "- a", "a" * 90, "'" + "a b " * 30 + "'", "$(A)", "$$(A)", "|\n      x\n      y", ">-\n      x\n      y", "@a", "`a", "%a", "0.00001",
    "99999999999999999999", "\"\"", "' a'", "a ", "y", "n", "NaN", "1:2", "---", "...",
]
NAMES_OF_THINGS = ["a", "b-c", "x1", "1", "true", "web", "prod", "0o7", "A", "a.b"]
KINDS = ["ConfigMap", "Secret", "Deployment", "Service", "Namespace", "ServiceAccount", "ClusterRole", "RoleBinding",
         "CustomResourceDefinition", "Foo", "List", "StatefulSet", "Ingress", "CronJob"]


def kustomizations(root):
    return [os.path.join(d, f) for d, _, fs in os.walk(root) for f in fs if f in NAMES]


def manifests(root):
    found = []
    for d, _, fs in os.walk(root):
        found += [os.path.join(d, f) for f in fs if f.endswith((".yaml", ".yml")) and f not in NAMES]
    return found


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def objects(root, near):
    """The objects of the manifests of a tree, those nearest to a file first; of a large tree only these."""
    def away(path):
        return len(os.path.relpath(path, os.path.dirname(near)).split("/"))

    found = []
    for path in sorted(manifests(root), key=lambda path: (away(path), path))[:40]:
        try:
            docs = list(yaml.load_all(read(path), Loader=LOADER))
        except Exception:
            continue
        found += [d for d in docs if isinstance(d, dict) and isinstance(d.get("metadata"), dict) and "kind" in d]
    return found


def some_path(rng, value, depth=0):
    """A random path into a value, as a list of keys and indices."""
    if depth > 6 or rng.random() < 0.15:
        return []
    if isinstance(value, dict) and value:
        key = rng.choice(sorted(value, key=str))
        return [key] + some_path(rng, value[key], depth + 1)
    if isinstance(value, list) and value:
        index = rng.randrange(len(value))
        return [index] + some_path(rng, value[index], depth + 1)
    return []


def odd_value(rng):
    return rng.choice(["x", "1", 1, 0, True, None, 1.5, "yes", "", "a b", [], {}, ["a"], {"k": "v"}, [{"name": "n"}], "l1\nl2\n"])


def pairs(rng):
    keys = ["app", "a/b", "team", "x.y/z", "n", "1", "env"]
    values = ["v", "1", "true", "", "a b", 1, True, None, "2020-01-01"]
    return {rng.choice(keys): rng.choice(values[:5] if rng.random() < 0.85 else values) for _ in range(rng.randint(1, 3))}


def target(rng, objs):
    t = {}
    o = rng.choice(objs) if objs else {"kind": "Deployment", "metadata": {"name": "web"}}
    if rng.random() < 0.8:
        t["kind"] = o["kind"] if rng.random() < 0.8 else rng.choice([".*", "Deploy.*", "Config|Secret", "Foo"])
    if rng.random() < 0.6:
        name = o["metadata"].get("name")
        t["name"] = name if rng.random() < 0.7 else rng.choice([".*", "a.*", str(name)[:2] + ".*", "[a-z]+"])
    if rng.random() < 0.2:
        t["namespace"] = o["metadata"].get("namespace", "default")
    if rng.random() < 0.2:
        av = str(o.get("apiVersion", "v1"))
        t["version"] = av.split("/")[-1]
    if rng.random() < 0.15:
        t["labelSelector"] = rng.choice(["app", "app=v", "app in (a,web)", "!app", "app!=x", "team notin (x)"])
    if rng.random() < 0.1:
        t["annotationSelector"] = rng.choice(["a", "a=b", "!a"])
    return t


def nested(path, value):
    for key in reversed(path):
        value = [value] if isinstance(key, int) else {key: value}
    return value


def smp(rng, objs):
    if not objs:
        return None
    o = rng.choice(objs)
    patch = {"apiVersion": o.get("apiVersion"), "kind": o["kind"], "metadata": {"name": o["metadata"].get("name")}}
    if "namespace" in o["metadata"]:
        patch["metadata"]["namespace"] = o["metadata"]["namespace"]
    part = {k: v for k, v in o.items() if k not in ("apiVersion", "kind", "metadata")}
    for _ in range(rng.randint(1, 2)):
        path = some_path(rng, part)
        if not path:
            continue
        here = part
        for key in path:
            here = here[key]
        value = odd_value(rng) if rng.random() < 0.6 else here
        body = nested(path, value)
        # list elements need their keys to be merged
        cursor, source = body, part
        for key in path:
            source = source[key]
            cursor = cursor[0] if isinstance(key, int) else cursor[key]
            if isinstance(cursor, dict) and isinstance(source, dict) and isinstance(key, int) and rng.random() < 0.9:
                for k in ("name", "containerPort", "mountPath", "port"):
                    if k in source and isinstance(cursor, dict) and k not in cursor:
                        cursor[k] = source[k]
        if isinstance(cursor, dict) and rng.random() < 0.1:
            cursor["$patch"] = rng.choice(["delete", "replace", "merge"])
        for k, v in body.items():
            patch.setdefault(k, v)
    if rng.random() < 0.3:
        patch["metadata"][rng.choice(["labels", "annotations"])] = pairs(rng)
    if rng.random() < 0.05:
        patch["$patch"] = rng.choice(["delete", "replace"])
    return patch


def json_patch(rng, objs):
    o = rng.choice(objs) if objs else {"kind": "X", "metadata": {"name": "x"}}
    ops = []
    for _ in range(rng.randint(1, 2)):
        path = some_path(rng, o) or ["kind"]
        op = rng.choice(["add", "replace", "remove", "test", "copy", "move", "add", "replace"])
        parts = [str(p).replace("~", "~0").replace("/", "~1") for p in path]
        if op == "add" and rng.random() < 0.5:
            parts = parts[:-1] + [rng.choice(["-", "newKey", "0", "a~1b"])]
        entry = {"op": op, "path": "/" + "/".join(parts)}
        if op in ("add", "replace", "test"):
            entry["value"] = odd_value(rng)
        if op in ("copy", "move"):
            entry["from"] = entry["path"]
            entry["path"] = "/metadata/annotations/moved" if rng.random() < 0.5 else "/copied"
        ops.append(entry)
    return ops


def field_path(rng, o):
    path = some_path(rng, o) or ["kind"]
    out, here = [], o
    for key in path:
        here = here[key]
        if isinstance(key, int):
            if isinstance(here, dict) and "name" in here and rng.random() < 0.7:
                out.append("[name=%s]" % here["name"])
            else:
                out.append(rng.choice([str(key), "*", str(key)]))
        else:
            key = str(key)
            out.append("[%s]" % key if "." in key or "/" in key else key)
    return ".".join(out)


def replacement(rng, objs):
    if not objs:
        return None
    s, t = rng.choice(objs), rng.choice(objs)
    source = {"kind": s["kind"], "name": s["metadata"].get("name"), "fieldPath": field_path(rng, s)}
    goal = {"select": target(rng, [t]), "fieldPaths": [field_path(rng, t)]}
    if rng.random() < 0.3:
        goal["options"] = rng.choice([{"create": True}, {"delimiter": "-", "index": 0}, {"delimiter": ":", "index": 1},
                                      {"delimiter": "/", "index": -1}, {"delimiter": ".", "index": 9}])
    if rng.random() < 0.2:
        source["options"] = rng.choice([{"delimiter": "-"}, {"delimiter": ":", "index": 1}, {"delimiter": "/", "index": 0}])
    if rng.random() < 0.2:
        goal["reject"] = [target(rng, objs)]
    if rng.random() < 0.2:
        goal["fieldPaths"] = [rng.choice(["metadata.annotations.new", "metadata.labels.[a/b]", "spec.new.x", "data.new"])]
        goal.setdefault("options", {"create": True})
    return {"source": source, "targets": [goal]}


def images_of(objs):
    text = json.dumps(objs, default=str)
    return sorted(set(re.findall(r'"image": "([^"@:]+)', text))) or ["nginx"]


def generator(rng, objs):
    names = [o["metadata"].get("name") for o in objs if o["kind"] in ("ConfigMap", "Secret")] or ["conf"]
    g = {"name": rng.choice(names + ["gen"])}
    literal = ["A=1", "b=x y", "c='q'", 'd="q"', "e=", "f=a=b", "g=l1\nl2", "h=yes", "=x", "nokey", "é=ü", "k=<a>&b", "A=2"]
    g["literals"] = rng.sample(literal[:8] if rng.random() < 0.8 else literal, rng.randint(1, 3))
    if rng.random() < 0.4:
        g["behavior"] = rng.choice(["create", "merge", "replace", "odd"])
    if rng.random() < 0.3:
        g["namespace"] = rng.choice(["default", "other"])
    if rng.random() < 0.4:
        g["options"] = rng.choice([{"disableNameSuffixHash": True}, {"labels": pairs(rng)}, {"annotations": pairs(rng)}, {"immutable": True}])
    if rng.random() < 0.15:
        g["files"] = [rng.choice(["kustomization.yaml", "k=kustomization.yaml", "missing", "a=b=c", "=x"])]
    if rng.random() < 0.1:
        g["envs"] = ["kustomization.yaml"]
    return g


def plugin(rng, objs):
    fs = [{"path": "metadata/labels", "create": True}]
    return rng.choice([
        {"apiVersion": "builtin", "kind": "LabelTransformer", "metadata": {"name": "l"}, "labels": pairs(rng), "fieldSpecs": fs},
        {"apiVersion": "builtin", "kind": "AnnotationsTransformer", "metadata": {"name": "l"}, "annotations": pairs(rng),
         "fieldSpecs": [{"path": "metadata/annotations", "create": True}]},
        {"apiVersion": "builtin", "kind": "NamespaceTransformer", "metadata": {"name": "l", "namespace": "plug"},
         "fieldSpecs": [{"path": "metadata/namespace", "create": True}], "unsetOnly": rng.random() < 0.5,
         "setRoleBindingSubjects": rng.choice(["defaultOnly", "allServiceAccounts", "none"])},
        {"apiVersion": "builtin", "kind": "PrefixTransformer", "metadata": {"name": "l"}, "prefix": "p-", "fieldSpecs": [{"path": "metadata/name"}]},
        {"apiVersion": "builtin", "kind": "SuffixTransformer", "metadata": {"name": "l"}, "suffix": "-s", "fieldSpecs": [{"path": "metadata/name"}]},
        {"apiVersion": "builtin", "kind": "PrefixSuffixTransformer", "metadata": {"name": "l"}, "prefix": "p-", "suffix": "-s",
         "fieldSpecs": [{"path": "metadata/name"}]},
        {"apiVersion": "builtin", "kind": "ImageTagTransformer", "metadata": {"name": "l"},
         "imageTag": {"name": rng.choice(images_of(objs)), "newTag": "v9"}},
        {"apiVersion": "builtin", "kind": "ReplicaCountTransformer", "metadata": {"name": "l"},
         "replica": {"name": objs[0]["metadata"].get("name") if objs else "x", "count": 7}, "fieldSpecs": [{"path": "spec/replicas", "create": True}]},
        {"apiVersion": "builtin", "kind": "PatchTransformer", "metadata": {"name": "l"}, "patch": json.dumps(json_patch(rng, objs)),
         "target": target(rng, objs)},
        {"apiVersion": "builtin", "kind": "PatchStrategicMergeTransformer", "metadata": {"name": "l"}, "patches": yaml.safe_dump(smp(rng, objs))},
        {"apiVersion": "builtin", "kind": "PatchJson6902Transformer", "metadata": {"name": "l"}, "target": target(rng, objs),
         "jsonOp": json.dumps(json_patch(rng, objs))},
        {"apiVersion": "builtin", "kind": "ReplacementTransformer", "metadata": {"name": "l"}, "replacements": [replacement(rng, objs)]},
        {"apiVersion": "builtin", "kind": "ValueAddTransformer", "metadata": {"name": "l"}, "value": "v", "targets": [{"fieldPath": "metadata/namespace"}]},
        {"apiVersion": "builtin", "kind": "ConfigMapGenerator", "metadata": {"name": "pg"}, "literals": ["a=b"]},
        {"apiVersion": "builtin", "kind": "SecretGenerator", "metadata": {"name": "pg"}, "literals": ["a=b"], "behavior": "create"},
        {"apiVersion": "builtin", "kind": "Unknown", "metadata": {"name": "l"}},
    ])


def extend(k, field, value):
    if value is None:
        return
    if not isinstance(k.get(field), list):
        k[field] = []
    k[field].append(value)


def beside(path, name, text):
    """Writes a file beside a kustomization and gives its name."""
    os.makedirs(os.path.dirname(os.path.join(os.path.dirname(path), name)), exist_ok=True)
    write(os.path.join(os.path.dirname(path), name), text)
    return name


def openapi(rng, root, path, k, objs):
    kind = rng.choice(objs)["kind"] if objs else "Foo"
    schema = {"definitions": {"x.Foo": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "list": {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}}}},
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": kind}]}}}
    k["openapi"] = rng.choice([{"version": "v1.21.2"}, {"version": "v1.20.4"}, {"path": "schema.json"}, {}, {"path": "missing.json"},
                               {"path": "schema.json", "version": "v1.21.2"}])
    beside(path, "schema.json", json.dumps(schema))
    return k


def component(rng, root, path, k, objs):
    body = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    if rng.random() < 0.1:
        body["kind"] = "Kustomization"
    body.update(rng.choice([{"namePrefix": "c-"}, {"namespace": "comp"}, {"commonLabels": pairs(rng)}, {"configMapGenerator": [generator(rng, objs)]},
                            {"images": [{"name": rng.choice(images_of(objs)), "newTag": "c1"}]}, {"replacements": [replacement(rng, objs)]},
                            {"patches": [{"patch": yaml.safe_dump(smp(rng, objs)), "target": target(rng, objs)}]}, {}]))
    extend(k, rng.choice(["components", "components", "components", "resources"]), os.path.dirname(beside(path, "odd-component/kustomization.yaml", yaml.safe_dump(body))))
    return k


def crds(rng, root, path, k, objs):
    kind = rng.choice(objs)["kind"] if objs else "Foo"
    schema = {"github.com/x/v1.%s" % kind: {"Schema": {"properties": {"spec": {"properties": {
        "ref": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap", "x-kubernetes-object-ref-name-key": "name",
                "properties": {"name": {}}}, "labels": {"x-kubernetes-label-selector": ""}, "image": {"x-kubernetes-identity": ""}}}}}}}
    extend(k, "crds", beside(path, "odd-crd.json", json.dumps(schema)))
    return k


def replacement_file(rng, root, path, k, objs):
    several = [r for r in (replacement(rng, objs) for _ in range(2)) if r]
    extend(k, "replacements", {"path": beside(path, "odd-replacements.yaml", yaml.safe_dump(rng.choice([several, several[:1], several[0] if several else {}, []])))})
    return k


def patch_file(rng, root, path, k, objs):
    docs = [d for d in (smp(rng, objs) for _ in range(rng.randint(1, 3))) if d]
    text = rng.choice(["", "# c\n", "---\n"]) + rng.choice(["---\n", "---\n# c\n", "\n---\n\n"]).join(yaml.safe_dump(d) for d in docs)
    if rng.random() < 0.2:
        text = rng.choice(["", "---\n", "# nothing\n", "null\n", "[]\n", "{}\n", text.replace("  ", "\t", 1), text.replace("\n", "\r\n"), "\ufeff" + text])
    name = beside(path, "odd-patch.yaml", text)
    field = rng.choice(["patches", "patches", "patchesStrategicMerge"])
    entry = {"path": name}
    if rng.random() < 0.4:
        entry["target"] = target(rng, objs)
    extend(k, field, entry if field == "patches" else name)
    return k


def null(rng, root, path, k, objs):
    """A null, or nothing at all, somewhere in the kustomization."""
    where = some_path(rng, k)
    if not where:
        k[rng.choice(["resources", "patches", "commonLabels", "vars", "namePrefix", "sortOptions", "generatorOptions"])] = None
        return k
    here = k
    for key in where[:-1]:
        here = here[key]
    here[where[-1]] = rng.choice([None, None, "", [], {}, 0, False, "null", "~"])
    return k


def style(rng, root, path, k, objs):
    """The same kustomization, or nearly, in other YAML."""
    text = yaml.safe_dump(k, sort_keys=False, allow_unicode=True)
    lines = text.split("\n")
    i = rng.randrange(len(lines))
    return rng.choice([
        lambda: json.dumps(k, default=str),
        lambda: yaml.safe_dump(k, default_flow_style=True, sort_keys=False),
        lambda: "---\n" + text,
        lambda: "# c\n---\n" + text + "...\n",
        lambda: text + "---\n" + rng.choice(["", "namePrefix: second-\n", "# c\n"]),
        lambda: "%YAML 1.1\n---\n" + text,
        lambda: "\ufeff" + text,
        lambda: text.replace("\n", "\r\n"),
        lambda: "x: &x {app: a}\n" + text,
        lambda: text + "commonLabels: &l {app: a}\ncommonAnnotations: *l\n",
        lambda: text + "commonLabels: {<<: {app: a}, b: c}\n",
        lambda: "\n".join(lines[:i] + ["# between", "", "  # deeper"] + lines[i:]),
        lambda: "\n".join(lines[:i] + [lines[i] + "   # behind"] + lines[i + 1:]),
        lambda: "\n".join(lines[:i] + [" " + lines[i]] + lines[i + 1:]),
        lambda: "\n".join(lines[:i] + [lines[i] + "\t"] + lines[i + 1:]),
        lambda: "",
    ])()


def rare_target(rng, root, path, k, objs):
    o = rng.choice(objs) if objs else {"kind": "Deployment", "metadata": {"name": "web"}}
    name, kind = str(o["metadata"].get("name")), o["kind"]
    t = rng.choice([
        {"name": name[:1] + ".*"}, {"name": "^%s$" % name}, {"name": "(%s|x)" % name}, {"name": "["}, {"name": "(?i)" + name.upper()}, {"name": ""},
        {"kind": kind.lower()}, {"kind": "^" + kind}, {"kind": kind, "group": ""}, {"kind": kind, "group": ".*"}, {"kind": kind, "version": "v1|v1beta1"},
        {"namespace": ".*"}, {"namespace": "default"}, {"namespace": ""}, {"labelSelector": ""}, {"labelSelector": "a b"}, {"labelSelector": "a=="},
        {"labelSelector": "app,team"}, {"labelSelector": "app==x,!team"}, {"annotationSelector": "a in ()"}, {}, {"foo": "x"}, {"kind": kind, "name": name, "version": "nope"},
    ])
    patch = rng.choice([yaml.safe_dump(json_patch(rng, [o])), yaml.safe_dump(smp(rng, [o])),
                        json.dumps({"apiVersion": o.get("apiVersion"), "kind": kind, "metadata": {"name": "any", "labels": {"p": "q"}}})])
    extend(k, "patches", {"patch": patch, "target": t})
    return k


def rare_replacement(rng, root, path, k, objs):
    r = replacement(rng, objs)
    if not r:
        return None
    goal = r["targets"][0]
    change = rng.choice(["sourceValue", "noFieldPath", "noFieldPaths", "several", "regex", "originalName", "encoding", "missing", "deepCreate", "wildcard", "noSelect"])
    if change == "sourceValue":
        r.pop("source")
        r["sourceValue"] = rng.choice(["v", "1", "true", "", "a: b", "l1\nl2"])
    elif change == "noFieldPath":
        r["source"].pop("fieldPath")
    elif change == "noFieldPaths":
        goal.pop("fieldPaths")
    elif change == "several":
        more = replacement(rng, objs)
        r["targets"].append(more["targets"][0])
        goal["fieldPaths"] += more["targets"][0]["fieldPaths"]
    elif change == "regex":
        goal["select"] = {"kind": rng.choice([".*", "Deploy.*"]), "name": ".*"}
    elif change == "originalName":
        k["namePrefix"] = "renamed-"
    elif change == "encoding":
        goal["options"] = {"encoding": rng.choice(["base64", "hex", "odd"]), "create": True}
    elif change == "missing":
        r["source"][rng.choice(["name", "kind", "fieldPath", "namespace"])] = "nowhere"
    elif change == "deepCreate":
        goal["fieldPaths"] = [rng.choice(["spec.a.b.c", "spec.list.[name=x].value", "spec.list.0.x", "spec.list.*.x", "metadata.labels.a\\.b", "spec.template.spec.containers.[name=new].image"])]
        goal["options"] = {"create": True}
    elif change == "wildcard":
        goal["fieldPaths"] = [rng.choice(["spec.template.spec.containers.*.image", "spec.template.spec.containers.[image=.*].image", "spec.*", "*.name", "metadata.name"])]
    elif change == "noSelect":
        goal.pop("select")
    extend(k, "replacements", r)
    return k


def overlay(rng, root, path, k, objs):
    """The kustomization becomes the base of another in its place."""
    text = yaml.safe_dump(k, sort_keys=False, allow_unicode=True)
    folder = os.path.dirname(path)
    if os.path.exists(os.path.join(folder, "moved")):
        return None
    names = [n for n in os.listdir(folder)]
    os.makedirs(os.path.join(folder, "moved"))
    for name in names:
        os.rename(os.path.join(folder, name), os.path.join(folder, "moved", name))
    write(os.path.join(folder, "moved", os.path.basename(path)), text)
    k.clear()
    k.update({"resources": ["moved"]})
    k.update(rng.choice([{"namePrefix": "o-"}, {"namespace": "over"}, {"commonLabels": pairs(rng)}, {"nameSuffix": "-o", "namespace": "default"},
                         {"configMapGenerator": [generator(rng, objs)]}, {"patches": [{"patch": yaml.safe_dump(smp(rng, objs))}]},
                         {"replacements": [replacement(rng, objs)]}, {"buildMetadata": ["originAnnotations", "transformerAnnotations"]}, {"bases": ["moved"]}]))
    return k


def resource_file(rng, root, path, k, objs):
    """One more file of resources, of an odd kind."""
    again = yaml.safe_dump(rng.choice(objs)) if objs else ""
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: odd-%s\ndata:\n  a: b\n" % rng.choice("xyz")
    inner = "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: listed}\n  data: {a: '1', b: 2, c: 2020-01-01, d: yes}\n"
    text = rng.choice([
        "", "# only a comment\n", "---\n", "---\n---\n", "null\n", "[]\n", "{}\n", "x\n", again, one, one + "---\n" + one, one + "---\n" + again,
        "apiVersion: v1\nkind: List\nitems:\n" + inner, "apiVersion: v1\nkind: ConfigMapList\nmetadata: {name: l}\nitems:\n" + inner,
        "apiVersion: v1\nkind: List\nitems: []\n", "apiVersion: v1\nkind: List\n", "apiVersion: v1\nkind: List\nitems: {}\n", one + "---\napiVersion: v1\nkind: List\nitems:\n" + inner,
        "kind: List\napiVersion: v1\nitems:\n- kind: List\n  apiVersion: v1\n  items:\n  " + inner.replace("\n", "\n  ") + "\n",
        one.replace("data:", "data: &d") + "  c: &x y\nbinaryData:\n  z: *x\n", one + "---\n" + one.replace("odd-", "other-").replace("a: b", "<<: {a: c}\n  d: e"),
        one.replace("name:", "labels: &l {a: b}\n  annotations: *l\n  name:"), one.replace("a: b", "a: |\n    x\n     y\n\n    z"), one.replace("a: b", "a: >+\n    x\n    y\n\n"),
        one.replace("a: b", "? a\n  : b"), one.replace("a: b", "'a': \"b\\u00e9\""), one.replace("metadata:\n", "metadata: # c\n  # d\n"), one.replace("a: b", "a: b # c"),
        one.replace("  name", "\tname"), "%YAML 1.2\n---\n" + one, one + "...\n", one + "...\n---\n" + again, "\ufeff" + one, json.dumps(objs[0], default=str) if objs else "{}",
        one.replace("a: b", "a: b\n  a: c"), one.replace("kind: ConfigMap", "kind: ConfigMap\nkind: ConfigMap"), one.replace("data:\n  a: b", "data:"),
        one.replace("data:\n  a: b", "data: null"), one.replace("data:\n  a: b", "data: {}"), one.replace("name: odd", "generateName: odd"), one.replace("apiVersion: v1\n", ""),
        one.replace("apiVersion: v1", "apiVersion: ''"), one.replace("kind: ConfigMap", "kind:"), one.replace("name: odd-", "name: 1"), one.replace("metadata:", "metadata:\n  namespace: ns\n  annotations:\n    a: b\n    c: 'true'"),
    ])
    extend(k, "resources", beside(path, "odd-resource.%s" % rng.choice(["yaml", "yml", "json"]), text))
    return k


RARE = {"openapi": openapi, "component": component, "crds": crds, "replacementFile": replacement_file, "patchFile": patch_file, "null": null,
        "style": style, "rareTarget": rare_target, "rareReplacement": rare_replacement, "overlay": overlay, "resourceFile": resource_file}


def change_kustomization(rng, root, path):
    try:
        k = yaml.load(read(path), Loader=LOADER) or {}
    except Exception:
        return "unreadable"
    if not isinstance(k, dict):
        return "no mapping"
    objs = [o for o in objects(root, path) if isinstance(o["kind"], str)]
    what = rng.choice([
        "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels", "commonAnnotations", "images", "replicas",
        "configMapGenerator", "secretGenerator", "generatorOptions", "smp", "smp", "smp", "json6902", "json6902", "replacement", "replacement", "vars",
        "sortOptions", "buildMetadata", "transformers", "generators", "remove", "odd", "unknown", "repeat", "shuffle", "case", "empty",
        "patchesStrategicMerge", "patchesJson6902", "validators", "configurations", "openapi", "component", "crds", "replacementFile",
        "patchFile", "null", "style", "rareTarget", "rareReplacement", "overlay", "resourceFile",
    ])
    if what in RARE:
        done = RARE[what](rng, root, path, k, objs)
        if done is not None:
            write(path, done if isinstance(done, str) else yaml.safe_dump(k, sort_keys=False, allow_unicode=True))
        return what
    if what in ("namePrefix", "nameSuffix"):
        k[what] = rng.choice(["p-", "-s", "1", "0x", "a,b-", "yes", 1])
    elif what == "namespace":
        k[what] = rng.choice(["ns", "default", "1", "yes", "kube-system"])
    elif what in ("commonLabels", "commonAnnotations"):
        k[what] = pairs(rng)
    elif what == "labels":
        extend(k, "labels", {"pairs": pairs(rng), "includeSelectors": rng.random() < 0.4, "includeTemplates": rng.random() < 0.4})
        if rng.random() < 0.2:
            k["labels"][-1]["fields"] = [{"path": "spec/odd/labels", "create": rng.random() < 0.5, "kind": rng.choice(KINDS)}]
    elif what == "images":
        image = {"name": rng.choice(images_of(objs))}
        image.update(rng.choice([{"newTag": "v2"}, {"newName": "other/x"}, {"digest": "sha256:abc"}, {"newTag": "1.0"}, {"newTag": 1.0},
                                 {"newName": "r.io:5000/x", "newTag": "t"}, {"newTag": "a", "digest": "sha256:d"}, {"tagSuffix": "-s"}]))
        extend(k, "images", image)
    elif what == "replicas":
        name = rng.choice(objs)["metadata"].get("name") if objs else "web"
        extend(k, "replicas", {"name": name, "count": rng.choice([0, 1, 5, "2", -1])})
    elif what in ("configMapGenerator", "secretGenerator"):
        extend(k, what, generator(rng, objs))
        if what == "secretGenerator" and rng.random() < 0.3:
            k[what][-1]["type"] = "kubernetes.io/tls"
    elif what == "generatorOptions":
        k[what] = rng.choice([{"disableNameSuffixHash": True}, {"labels": pairs(rng)}, {"annotations": pairs(rng)}, {"immutable": True}])
    elif what == "smp":
        patch = smp(rng, objs)
        if patch:
            entry = {"patch": yaml.safe_dump(patch)}
            if rng.random() < 0.4:
                entry["target"] = target(rng, objs)
            if rng.random() < 0.15:
                entry["options"] = rng.choice([{"allowNameChange": True}, {"allowKindChange": True}])
                patch["metadata"]["name"] = rng.choice(NAMES_OF_THINGS)
                patch["kind"] = rng.choice(KINDS)
                entry["patch"] = yaml.safe_dump(patch)
            extend(k, "patches", entry)
    elif what == "json6902":
        ops = json_patch(rng, objs)
        text = json.dumps(ops) if rng.random() < 0.4 else yaml.safe_dump(ops)
        extend(k, "patches", {"patch": text, "target": target(rng, objs)})
    elif what == "patchesStrategicMerge":
        extend(k, what, yaml.safe_dump(smp(rng, objs)))
    elif what == "patchesJson6902":
        o = rng.choice(objs) if objs else {"kind": "Foo", "metadata": {"name": "x"}}
        av = str(o.get("apiVersion", "v1")).split("/")
        t = {"version": av[-1], "kind": o["kind"], "name": o["metadata"].get("name")}
        if len(av) > 1:
            t["group"] = av[0]
        extend(k, what, {"target": t, "patch": yaml.safe_dump(json_patch(rng, [o]))})
    elif what == "replacement":
        extend(k, "replacements", replacement(rng, objs))
    elif what == "vars" and objs:
        o = rng.choice(objs)
        var = {"name": rng.choice(["A", "B"]), "objref": {"apiVersion": o.get("apiVersion"), "kind": o["kind"], "name": o["metadata"].get("name")}}
        if rng.random() < 0.5:
            var["fieldref"] = {"fieldpath": field_path(rng, o)}
        extend(k, "vars", var)
    elif what == "sortOptions":
        k[what] = rng.choice([{"order": "fifo"}, {"order": "legacy"}, {"order": "odd"}, {},
                              {"order": "legacy", "legacySortOptions": {"orderFirst": rng.sample(KINDS, 3), "orderLast": rng.sample(KINDS, 2)}},
                              {"order": "fifo", "legacySortOptions": {"orderFirst": [], "orderLast": []}}])
    elif what == "buildMetadata":
        k[what] = rng.sample(["originAnnotations", "transformerAnnotations", "managedByLabel", "odd"], rng.randint(1, 3))
    elif what in ("transformers", "generators", "validators"):
        p = plugin(rng, objs)
        is_generator = p["kind"].endswith("Generator")
        if is_generator == (what == "generators") or rng.random() < 0.05:
            extend(k, what, yaml.safe_dump(p))
    elif what == "configurations":
        name = "odd-config.yaml"
        write(os.path.join(os.path.dirname(path), name), yaml.safe_dump(rng.choice([
            {"namePrefix": [{"path": "metadata/name"}, {"path": "spec/odd", "kind": rng.choice(KINDS)}]},
            {"commonLabels": [{"path": "spec/labels", "create": True, "kind": rng.choice(KINDS)}]},
            {"nameReference": [{"kind": "ConfigMap", "fieldSpecs": [{"path": "spec/ref/name", "kind": rng.choice(KINDS)}]}]},
            {"images": [{"path": "spec/image", "kind": rng.choice(KINDS)}]},
            {"varReference": [{"path": "data", "kind": "ConfigMap"}, {"path": "spec", "kind": "Service"}]},
            {"commonLabels": [{"path": "metadata/labels", "create": False}]},
            {"odd": []}, {"namespace": [{"path": "spec/ns", "create": True}]},
        ])))
        extend(k, what, name)
    elif what == "remove" and k:
        k.pop(rng.choice(sorted(k)))
    elif what == "odd" and k:
        k[rng.choice(sorted(k))] = odd_value(rng)
    elif what == "unknown":
        k[rng.choice(["foo", "Resource", "patch", "namePrefixes"])] = "x"
    elif what == "repeat":
        lists = [f for f in sorted(k) if isinstance(k[f], list) and k[f]]
        if lists:
            f = rng.choice(lists)
            k[f].append(rng.choice(k[f]))
    elif what == "shuffle":
        lists = [f for f in sorted(k) if isinstance(k[f], list)]
        if lists:
            rng.shuffle(k[rng.choice(lists)])
    elif what == "case" and k:
        f = rng.choice(sorted(k))
        k[f[0].upper() + f[1:]] = k.pop(f)
    elif what == "empty":
        k[rng.choice(["resources", "patches", "images", "namespace", "namePrefix", "labels", "metadata"])] = rng.choice([None, [], {}, ""])
    write(path, yaml.safe_dump(k, sort_keys=False, allow_unicode=True))
    return what


def change_manifest(rng, path):
    text = read(path)
    lines = text.split("\n")
    what = rng.choice(["scalar", "scalar", "scalar", "drop", "repeat", "name", "kind", "namespace", "annotation", "document", "key", "list", "comment", "crlf",
                       "anchor", "between", "tab", "unicode", "block", "blank", "twice"])
    spots = [i for i, line in enumerate(lines) if re.match(r"^\s*(- )?[\w./-]+:\s+\S", line)]
    if what == "scalar" and spots:
        i = rng.choice(spots)
        lines[i] = re.sub(r":\s+.*$", lambda _: ": " + rng.choice(SCALARS), lines[i])
    elif what == "drop" and lines:
        lines.pop(rng.randrange(len(lines)))
    elif what == "repeat" and lines:
        i = rng.randrange(len(lines))
        lines.insert(i, lines[i])
    elif what in ("name", "kind", "namespace"):
        found = [i for i, line in enumerate(lines) if re.match(r"^\s*%s:" % what, line)]
        if found:
            i = rng.choice(found)
            value = {"name": NAMES_OF_THINGS, "kind": KINDS, "namespace": ["ns", "default", "", "1"]}[what]
            lines[i] = re.sub(r":.*$", lambda _: ": " + rng.choice(value), lines[i])
    elif what == "annotation":
        found = [i for i, line in enumerate(lines) if re.match(r"^metadata:\s*$", line)]
        if found:
            i = rng.choice(found)
            extra = rng.choice(["  annotations: {a: 1, b: true}", "  annotations: {}", "  annotations:", "  labels: {a: 1}", "  labels: {}",
                                "  annotations: {config.kubernetes.io/local-config: 'true'}", "  namespace: odd", "  annotations: {1: a}",
                                "  annotations: {internal.config.kubernetes.io/x: a}", "  annotations: {y: z, n: ~}", "  generateName: g-"])
            lines.insert(i + 1, extra)
    elif what == "document":
        lines += ["---", rng.choice(["", "# c", "null", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\ndata:\n  a: b",
                                     "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: inlist}\n  data: {d: 2020-01-01, n: 017}",
                                     "a: b", "kind: X", "[]", "x"])]
    elif what == "key" and spots:
        i = rng.choice(spots)
        lines[i] = re.sub(r"[\w./-]+:", lambda _: rng.choice(['"quoted":', "yes:", "1:", "a10:", "a2:", "A:", "? x\n:", "'':", "<<:"]), lines[i], count=1)
    elif what == "list" and spots:
        i = rng.choice(spots)
        lines[i] = re.sub(r":\s+.*$", lambda _: ": [1, yes, {a: [b, ~]}, 'x']", lines[i])
    elif what == "anchor" and len(spots) > 1:
        i, j = sorted(rng.sample(spots, 2))
        lines[i] = re.sub(r":\s+", ": &anchor ", lines[i], count=1)
        lines[j] = re.sub(r":\s+.*$", ": *anchor", lines[j])
    elif what == "between" and lines:
        i = rng.randrange(len(lines))
        lines[i:i] = rng.sample(["# c", "    # deep", "", "   ", "#"], 2)
    elif what == "tab" and lines:
        i = rng.randrange(len(lines))
        lines[i] = rng.choice([lines[i] + "\t", lines[i].replace("  ", "\t", 1), lines[i].replace(": ", ":\t", 1)])
    elif what == "unicode" and spots:
        i = rng.choice(spots)
        lines[i] += rng.choice(["\u0085", "\u2028x", "\u00a0", " \u65e5\u672c", "\U0001f600", "\ufeff", "\u007f"])
    elif what == "block" and spots:
        i = rng.choice(spots)
        pad = re.match(r"^\s*(- )?", lines[i]).group(0).replace("-", " ")
        head = rng.choice(["|", "|-", "|+", ">", ">-", ">+", "|2", "|1-", ">3"])
        body = rng.choice([["a", "b"], ["a", "", "  b"], [" a", "b"], ["", "a", ""], ["a: b # c"], ["\ta"], ["a  "], []])
        lines[i:i + 1] = [re.sub(r":\s+.*$", lambda _: ": " + head, lines[i])] + [pad + "  " + line if line else "" for line in body]
    elif what == "blank":
        lines = rng.choice([[""], ["---"], ["# c"], ["---", "---"] + lines, lines + ["---", "---"], ["..."] + lines, lines + ["..."]])
    elif what == "twice":
        lines += ["---"] + lines
    elif what == "comment" and lines:
        i = rng.randrange(len(lines))
        lines[i] += " # comment"
    elif what == "crlf":
        write(path, text.replace("\n", "\r\n"))
        return what
    write(path, "\n".join(lines))
    return what


def run(template, folder, args, env):
    argv = []
    for word in shlex.split(template):
        if word == "{args}":
            argv += args
        else:
            argv.append(word.replace("{dir}", folder))
    try:
        p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, env=env)
        return p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired:
        return 124, b"", b"timeout"


def one(number, case, options):
    rng = random.Random("%s/%s" % (options.seed, number))
    tree, folder = case
    work = tempfile.mkdtemp(prefix="mutant-", dir=options.scratch)
    copy = os.path.join(work, "in")
    shutil.copytree(tree, copy, symlinks=True)
    changes = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        ks, ms = kustomizations(copy), manifests(copy)
        if ks and (not ms or rng.random() < 0.6):
            # the folder that is built is changed more often than its bases
            own = [p for p in ks if os.path.dirname(os.path.relpath(p, copy)) == folder.rstrip("/")]
            path = rng.choice(own if own and rng.random() < 0.6 else ks)
            changes.append("%s:%s" % (os.path.relpath(path, copy), change_kustomization(rng, copy, path)))
        elif ms:
            path = rng.choice(ms)
            changes.append("%s:%s" % (os.path.relpath(path, copy), change_manifest(rng, path)))
    args = rng.choice([[], [], [], ["--load-restrictor=LoadRestrictionsNone"], ["--enable-alpha-plugins"]])
    env = dict(os.environ, HOME=work)
    target_folder = os.path.join(copy, folder)
    theirs = run(options.vs, target_folder, args, env)
    ours = run(options.cmd, target_folder, args, env)
    if theirs[0] != 0 and ours[0] != 0:
        verdict = "both fail" if ours[0] == 1 else "exit %s" % ours[0]
    elif theirs[0] != 0:
        verdict = "only theirs fails"
    elif ours[0] != 0:
        verdict = "only ours fails"
    else:
        verdict = "equal" if theirs[1] == ours[1] else "differs"
    if verdict not in ("equal", "both fail") and options.keep:
        kept = os.path.join(options.keep, "%05d" % number)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(work, kept, symlinks=True)
        for name, (_, out, err) in (("theirs", theirs), ("ours", ours)):
            with open(os.path.join(kept, name + ".out"), "wb") as f:
                f.write(out)
            with open(os.path.join(kept, name + ".err"), "wb") as f:
                f.write(err)
        write(os.path.join(kept, "about.json"), json.dumps({"tree": tree, "folder": folder, "args": args, "changes": changes, "verdict": verdict}, indent=1))
    shutil.rmtree(work, ignore_errors=True)
    return number, verdict, changes, (ours[2] if ours[0] else theirs[2]).decode(errors="replace").strip()[:300]


def cases_of(root):
    """(tree to copy, folder to build in it) for each case below a conformance folder."""
    found = []
    index = os.path.join(root, "index.json")
    if os.path.exists(index):
        for entry in json.load(open(index)):
            repo, _, folder = entry["dir"].partition("/")
            found.append((os.path.join(root, repo), folder))
        return found
    for name in sorted(os.listdir(root)):
        about = os.path.join(root, name, "case.json")
        if os.path.exists(about) and os.path.isdir(os.path.join(root, name, "in")):
            found.append((os.path.join(root, name, "in"), json.load(open(about))["dir"]))
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cases", action="append", required=True, help="a folder of cases (with case.json, or index.json and trees)")
    p.add_argument("--cmd", required=True, help="the program under test")
    p.add_argument("--vs", required=True, help="the program to compare with")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    p.add_argument("--seed", default="1")
    p.add_argument("--keep", help="where to keep mutants that do not agree")
    p.add_argument("--scratch", help="where mutants are built")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--show", type=int, default=20)
    options = p.parse_args()
    for folder in (options.keep, options.scratch):
        if folder:
            os.makedirs(folder, exist_ok=True)
    cases = [case for root in options.cases for case in cases_of(root)]
    verdicts, shown = collections.Counter(), 0
    numbers = range(options.first, options.first + options.count)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        chosen = [(n, cases[random.Random("%s:%s" % (options.seed, n)).randrange(len(cases))]) for n in numbers]
        for number, verdict, changes, said in pool.map(lambda item: one(item[0], item[1], options), chosen):
            verdicts[verdict] += 1
            if verdict not in ("equal", "both fail") and shown < options.show:
                shown += 1
                print("%05d %s: %s\n      %s" % (number, verdict, ", ".join(changes), said.replace("\n", "\n      ")), flush=True)
    print(", ".join("%s: %d" % pair for pair in sorted(verdicts.items())))
    agreed = verdicts["equal"] + verdicts["both fail"]
    print("%d of %d mutants agree" % (agreed, options.count))
    return 0 if agreed == options.count else 1


if __name__ == "__main__":
    sys.exit(main())
