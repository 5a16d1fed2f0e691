#!/usr/bin/env python3
"""Compare `hydrant kustomize` with a real kustomize on mutants of real inputs.

    kustomize.py --cases DIR [--cases DIR] --cmd 'BIN kustomize {dir}' --vs 'kubectl kustomize {dir}' [--count N] [--seed N]

A mutant is a copy of one case's folder with one to three random changes: fields of a kustomization.yaml are added,
taken away or given odd values; patches, replacements and generators are made of what the manifests hold; manifests get
odd scalars, lose or repeat lines, change names and kinds. Both programs build it. It agrees where both fail, or both
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


def objects(root):
    found = []
    for path in manifests(root):
        try:
            docs = list(yaml.safe_load_all(read(path)))
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


def change_kustomization(rng, root, path):
    try:
        k = yaml.safe_load(read(path)) or {}
    except Exception:
        return "unreadable"
    if not isinstance(k, dict):
        return "no mapping"
    objs = [o for o in objects(root) if isinstance(o["kind"], str)]
    what = rng.choice([
        "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels", "commonAnnotations", "images", "replicas",
        "configMapGenerator", "secretGenerator", "generatorOptions", "smp", "smp", "smp", "json6902", "json6902", "replacement", "replacement", "vars",
        "sortOptions", "buildMetadata", "transformers", "generators", "remove", "odd", "unknown", "repeat", "shuffle", "case", "empty",
        "patchesStrategicMerge", "patchesJson6902", "validators", "configurations",
    ])
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
    what = rng.choice(["scalar", "scalar", "scalar", "drop", "repeat", "name", "kind", "namespace", "annotation", "document", "key", "list", "comment", "crlf"])
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
    for _ in range(rng.randint(1, 3)):
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
                print("%05d %s: %s\n      %s" % (number, verdict, ", ".join(changes), said.replace("\n", "\n      ")))
    print(", ".join("%s: %d" % pair for pair in sorted(verdicts.items())))
    agreed = verdicts["equal"] + verdicts["both fail"]
    print("%d of %d mutants agree" % (agreed, options.count))
    return 0 if agreed == options.count else 1


if __name__ == "__main__":
    sys.exit(main())
