#!/usr/bin/env python3
"""Mutates charts, values and flags, and compares `hydrant helm template` with helm: stdout, stderr and exit status.

    helm.py --helm helm --hydrant target/release/hydrant [--semantics 4.3] [--cases ../shared/conformance/helm] [--count 1000] [--seed 1] [--jobs 2] [--keep DIR]

A case is a chart that this script brings (subcharts with conditions, tags, aliases and import-values, a library, hooks, tests, CRDs, notes,
files) or, with --cases, one of the corpus of the conformance suite, with one to three mutations and up to three flags. Lines of stderr are
compared in any order, since helm's order of warnings is random; a case whose output changes between runs of helm is left out. With --keep
the differing charts are written there, each with its command line. Exit status 1 if there is a difference.
"""
import argparse, collections, concurrent.futures, os, pathlib, random, re, shlex, shutil, subprocess, sys, tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--helm", required=True)
ap.add_argument("--hydrant", required=True)
ap.add_argument("--semantics", default="4.3")
ap.add_argument("--cases")
ap.add_argument("--count", type=int, default=1000)
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--jobs", type=int, default=2)
ap.add_argument("--keep")
ap.add_argument("-v", "--verbose", action="store_true")
a = ap.parse_args()
a.helm, a.hydrant = (shutil.which(p) and os.path.abspath(shutil.which(p)) or os.path.abspath(p) for p in (a.helm, a.hydrant))

CHART = {
    "Chart.yaml": """apiVersion: v2
name: app
version: 1.2.3
appVersion: "2.0"
description: An app
type: application
kubeVersion: ">=1.20.0-0"
keywords: [one, two]
dependencies:
- name: sub
  version: 0.1.x
  condition: sub.enabled,global.sub
  tags: [back, all]
- name: sub
  version: ">=0.1.0"
  alias: second
  import-values:
  - data
  - child: conf
    parent: imported
- name: lib
  version: 1.0.0
""",
    "values.yaml": """# values
replicas: 2
name: web
image:
  repository: nginx
  tag: "1.25"
  pullPolicy: IfNotPresent
enabled: true
list: [a, b, c]
ports:
- name: http
  port: 80
- name: https
  port: 443
labels: {app: web, tier: "front"}
annotations: {}
nothing: null
big: 12345678901
ratio: 0.5
text: |
  line one
  line two
anchored: &base
  x: 1
  y: two
merged:
  <<: *base
  y: three
global:
  domain: example.com
tags:
  back: true
sub:
  enabled: true
  size: 5
second:
  size: 9
""",
    "templates/_helpers.tpl": """{{- define "app.name" -}}
{{- default .Chart.Name .Values.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "app.labels" }}
app: {{ include "app.name" . }}
release: {{ .Release.Name | quote }}
{{- end }}
{{- define "shared" -}}parent{{- end -}}
""",
    "templates/deployment.yaml": """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "app.name" . }}
  labels: {{- include "app.labels" . | nindent 4 }}
  {{- with .Values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
      - name: main
        image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        ports:
        {{- range $i, $p := .Values.ports }}
        - name: {{ $p.name }}
          containerPort: {{ $p.port }}
        {{- end }}
        {{- if and .Values.enabled (gt (int .Values.replicas) 1) }}
        args: {{ .Values.list | toJson }}
        {{- else }}
        args: []
        {{- end }}
""",
    "templates/service.yaml": """{{- if .Values.enabled }}
apiVersion: v1
kind: Service
metadata:
  name: {{ printf "%s-svc" (include "app.name" .) }}
  namespace: {{ .Release.Namespace }}
spec:
  ports:
  {{- toYaml .Values.ports | nindent 2 }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  domain: {{ .Values.global.domain | quote }}
  ratio: "{{ .Values.ratio }}"
  text: {{ .Values.text | quote }}
  merged: {{ .Values.merged | toJson | squote }}
  file: {{ .Files.Get "files/a.txt" | quote }}
  shared: {{ include "shared" . }}
  {{- (.Files.Glob "files/*").AsConfig | nindent 2 }}
{{- end }}
""",
    "templates/hooks.yaml": """apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    "helm.sh/hook": pre-install,pre-upgrade
    "helm.sh/hook-weight": "-5"
spec: {}
---
apiVersion: v1
kind: Secret
metadata:
  name: hook-secret
  annotations:
    helm.sh/hook: pre-install
    helm.sh/hook-weight: "1"
data:
  a: {{ "x" | b64enc }}
""",
    "templates/tests/test.yaml": """apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations:
    helm.sh/hook: test
spec: {}
""",
    "templates/webhook.yaml": "kind: ValidatingWebhookConfiguration\napiVersion: admissionregistration.k8s.io/v1\nmetadata: {name: w}\n---\nkind: Certificate\napiVersion: cert-manager.io/v1\nmetadata: {name: c}\n",
    "templates/NOTES.txt": "Release {{ .Release.Name }} of {{ .Chart.Name }}\n",
    "crds/crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\n",
    "files/a.txt": "hello\nworld\n",
    "files/b.txt": "b",
    "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.5\n",
    "charts/sub/values.yaml": "size: 1\nenabled: false\nconf: {k: v, n: 2}\nexports:\n  data:\n    shared: from-sub\n    replicas: 7\nnested: {a: {b: 1}}\n",
    "charts/sub/templates/cm.yaml": """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Chart.Name }}-{{ .Values.size }}
data:
  values: {{ .Values | toJson | quote }}
  shared: {{ include "shared" . }}
  path: {{ .Template.BasePath }}
""",
    "charts/sub/templates/_h.tpl": '{{ define "shared" }}child{{ end }}',
    "charts/sub/crds/s.yaml": "kind: CustomResourceDefinition\nmetadata: {name: sub}\n",
    "charts/lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n",
    "charts/lib/values.yaml": "libvalue: 1\n",
    "charts/lib/templates/_lib.tpl": '{{- define "lib.cm" -}}lib: {{ .Values.name }}{{- end -}}',
}
SCALARS = ["null", "~", "", "1", "0", "-7", "1.5", "1e3", "1e21", "0.1", "12345678901234567890", "0755", "0o17", "0x1F", "yes", "no", "on", "true", "False", "[]", "{}", '"x"', "'it''s'", '""', "text", "héllo ☃", "2020-01-01", "1_000", ".inf", ".nan", "-.inf",
           "[1, a, null]", "{a: 1, b: {c: d}}", "*base", "&new 5", "!!str 5", "!!int \"7\"", "!custom x", "|\n  block\n  text", ">-\n  folded\n  text", '"a\\tb\\u00e9\\n"', "a: b", "- x", "{{ .Values.name }}", "'{{ .Release.Name }}'", "@x", "`x`", "%x", "# comment", "x # comment", "1:30", "=", "<<", "\"unclosed", "'unclosed", "[1,", "{a", "\ttab", "!!binary aGk=", "99999999999999999999999", "08", "1.10", "~x", "null null"]
LINES = ["---", "--- # c", "---\n---", "...", "----", " ---", "---x: 1", "# only a comment", "", "\t", "  ", "a: 1", "- item", "replicas: 3", "  extra: 1", "image: null", "sub: null", "sub: 5", "global: null", "global: {sub: false}", "tags: {back: false}", "? complex\n: value", "<<: {q: 1}", "x: &a [1]\ny: *a", "x: *undefined", "1: one", "true: yes", "null: x", "[a]: b", "dup: 1\ndup: 2", "\ufeff", "key with spaces: 1", '"quoted key": 1', "nested: {a: {b: null}}"]
SNIPPETS = ["{{ .Values.nope }}", "{{ .Values.nope.deep }}", "{{ .Values.image }}", "{{ .Values }}", "{{ .Values.list }}", "{{ toYaml .Values.image | indent 2 }}", "{{ range .Values.list }}{{ . }}{{ end }}", "{{ range $k, $v := .Values.labels }}{{ $k }}={{ $v }},{{ end }}", "{{ range .Values.nothing }}x{{ else }}none{{ end }}", "{{ with .Values.image }}{{ .tag }}{{ $.Release.Name }}{{ end }}", "{{ if .Values.enabled }}on{{ else if .Values.name }}off{{ end }}",
            "{{ include \"app.name\" . }}", "{{ include \"nope\" . }}", "{{ template \"app.labels\" . }}", "{{ template \"nope\" }}", "{{ tpl .Values.text . }}", "{{ tpl \"{{ .Values.name }}\" . }}", "{{ tpl \"{{ .x\" . }}", "{{ fail \"stop here\" }}", "{{ required \"need it\" .Values.nope }}", "{{ required \"need it\" .Values.name }}", "{{ $x := 1 }}{{ $x = add $x 1 }}{{ $x }}", "{{ $y }}", "{{ break }}", "{{ range until 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}",
            "{{/* comment */}}", "{{- /* trimmed */ -}}", "{{ define \"inner\" }}x{{ end }}", "{{ define \"shared\" }}mine{{ end }}", "{{ block \"blk\" . }}default{{ end }}", "{{ .Release }}", "{{ .Chart }}", "{{ .Chart.Dependencies | toJson }}", "{{ .Capabilities.KubeVersion }}", "{{ .Capabilities.APIVersions.Has \"apps/v1\" }}", "{{ .Capabilities.HelmVersion.Version }}", "{{ .Subcharts | toJson | len }}", "{{ .Subcharts.sub.Values.size }}", "{{ .Files.Get \"nope\" }}", "{{ .Files.Lines \"files/a.txt\" }}", "{{ (.Files.Glob \"**\").AsSecrets }}", "{{ .Template.Name }}", "{{ lookup \"v1\" \"Pod\" \"\" \"\" }}",
            "{{ add 1 \"x\" }}", "{{ add1 .Values.replicas }}", "{{ eq .Values.replicas 2 }}", "{{ eq .Values.name \"web\" }}", "{{ lt .Values.replicas 3 }}", "{{ gt 1 \"a\" }}", "{{ len .Values.nothing }}", "{{ index .Values.list 9 }}", "{{ index .Values.list 1 }}", "{{ index .Values \"image\" \"tag\" }}", "{{ printf \"%d %s %v\" .Values.replicas .Values.name .Values.list }}", "{{ .Values.replicas | quote }}", "{{ .Values.nothing | quote }}", "{{ .Values.big }} {{ .Values.big | int64 }}", "{{ .Values.name | upper | repeat 2 }}", "{{ nope .Values.name }}", "{{ .Values.name | nope }}", "{{ .Values.name.first }}", "{{ .Values.enabled | ternary \"a\" \"b\" }}", "{{ dict \"a\" 1 | toYaml }}", "{{ set .Values \"added\" 1 | len }}", "{{ merge .Values.image .Values.labels | toJson }}", "{{ if }}", "{{ end }}", "{{ if true }}", "{{ else }}", "{{", "}}", "{{ }}", "{{ \"unclosed }}", "{{ 'c' }}", "{{ 'ab' }}", "{{ 1x }}", "{{ . | . }}", "{{ nil }}", "{{ print nil }}", "{{ .Values.name }", "{{- .Values.name -}}", "{{ - 1 }}", "{{-1}}", "{{ (1) }}", "{{ ((.Values)).name }}", "{{ .Values.\"name\" }}", "{{ $.Values.name }}", "{{ . }}", "{{ true | not }}", "{{ and }}", "{{ or .Values.nope .Values.name }}", "{{ default }}", "{{ semverCompare \">=1.20\" .Capabilities.KubeVersion.Version }}", "{{ regexMatch \"[\" \"a\" }}", "{{ mustRegexMatch \"[\" \"a\" }}", "{{ fromYaml \"a: [\" }}", "{{ \"<no value>\" }}", "<no value>", "{{ .Values.text | nindent 2 }}", "{{ range $i := .Values.replicas }}{{ $i }}{{ end }}", "{{ include \"lib.cm\" . }}", "{{ with $x := .Values.name }}{{ $x }}{{ end }}{{ $x }}", "{{ range 3 }}{{ . }}{{ end }}", "{{ with .Values.nope }}a{{ else with .Values.name }}{{ . }}{{ end }}"]
KINDS = ["Deployment", "Service", "ConfigMap", "Secret", "Namespace", "CustomResourceDefinition", "Job", "Pod", "Role", "RoleBinding", "Ingress", "HorizontalPodAutoscaler", "APIService", "MutatingWebhookConfiguration", "Unknown", "deployment", "List", "ConfigMapList", "ServiceAccount", "PriorityClass", "IngressClass", "StorageClass", "Zebra"]
HOOKS = ["pre-install", "post-install", "test", "test-success", "crd-install", "pre-install, post-install", "PRE-INSTALL", "", "nope", "pre-delete", "post-rollback", "test-failure", "pre-install,nope", "[a]", "5", "null", "true"]
FLAGS = [["--set", "replicas=3"], ["--set", "a.b[2].c=1"], ["--set", "list[1]=z"], ["--set", "list[5]=z"], ["--set", "a[-1]=1"], ["--set", "a={x,y,null}"], ["--set", "a={}"], ["--set", "a=b=c"], ["--set", "a\\.b=1"], ["--set", "a=x\\,y"], ["--set", "image=null"], ["--set", "image.tag=null"], ["--set", "nothing.x=1"], ["--set", "name.x=1"], ["--set", "a"], ["--set", "a,b=1"], ["--set", "a.=1"], ["--set", "=1"], ["--set", "a[0][1]=2,a[0][0]=1"], ["--set", "a[x]=1"], ["--set", "a[70000]=1"], ["--set", "a={1"], ["--set", "a=01,b=1.0,c=1e3,d=TRUE,e=Null"], ["--set", "sub.enabled=false"], ["--set", "second.enabled=true"], ["--set", "tags.back=false"], ["--set", "tags.all=true"], ["--set", "tags=1"], ["--set", "sub=null"], ["--set", "sub=1"], ["--set", "global.sub=false"], ["--set", "global=1"], ["--set", "global.domain=null"], ["--set", "enabled=false"], ["--set", "enabled=maybe"], ["--set", "sub.enabled=maybe"], ["--set", " a = 1 "], ["--set", "a= 1"], ["--set", ""], ["--set", "héllo=☃"], ["--set", "a.b.c.d.e=1,a.b.c.d.f=2"], ["--set", "ports[0].port=81"], ["--set", "ports[1]=null"], ["--set", "labels={a,b}"], ["--set", "a=1,a.b=2"], ["--set", "a[0]=1,a.b=2"], ["--set", "a\\[0\\]=1"], ["--set", "a=\\"],
         ["--set-string", "a=1,b=null,c=true"], ["--set-string", "list={1,2}"], ["--set-string", "replicas=2"], ["--set-json", "a={\"b\":[1,null,\"x\"]}"], ["--set-json", "{\"image\":{\"tag\":5}}"], ["--set-json", "a=[1"], ["--set-json", "a=1,b=\"x\""], ["--set-json", "a=1, b=2"], ["--set-json", "a="], ["--set-json", "[1]"], ["--set-json", "a.b={}"], ["--set-json", "a[0]=1"], ["--set-json", "a=1e400"], ["--set-literal", "a=x,y=z"], ["--set-literal", "a.b=\\,"], ["--set-literal", "a"], ["--set-file", "a=FILE"], ["--set-file", "a=/nope"], ["--set-file", "a={FILE,FILE}"], ["--set-file", "a"], ["-f", "FILE"], ["-f", "/nope.yaml"], ["-f", "VALUES"], ["-f", "VALUES,FILE"],
         ["--include-crds"], ["--no-hooks"], ["--skip-tests"], ["--is-upgrade"], ["--namespace", "other"], ["-n", ""], ["--kube-version", "1.25"], ["--kube-version", "v1.30.2-gke.1"], ["--kube-version", "x"], ["--kube-version", "1"], ["--api-versions", "a/v1,b/v1/Kind"], ["-s", "templates/service.yaml"], ["-s", "templates/nope.yaml"], ["-s", "templates/*.yaml"], ["-s", "charts/sub/templates/cm.yaml"], ["-s", "templates/hooks.yaml"], ["-s", "templates/service.yaml", "-s", "templates/deployment.yaml"], ["-s", "crds/crd.yaml"], ["-s", "templates/NOTES.txt"], ["-s", "["], ["-s", "templates/_helpers.tpl"], ["--skip-schema-validation"], ["--name-template", "n-{{ \"a\" | upper | lower }}"], ["--generate-name"], ["--debug"], ["--disable-openapi-validation"], ["--release-name"], ["--no-hooks=false"], ["--dry-run"], ["--render-subchart-notes"], ["--skip-crds"]]
META = ["apiVersion: v1", "apiVersion: v3", "apiVersion: v4", "apiVersion: 2", "name: other", "name: a/b", "name: ..", 'name: ""', "version: 1", "version: v1.2", "version: x", "version: 1.0.0.0", "version: 01.2.3", "type: library", "type: Library", "type: nope", "kubeVersion: \">=9\"", "kubeVersion: \"<1.50 || >2\"", "kubeVersion: nope", "appVersion: 1.10", "appVersion: 0755", "appVersion: yes", "deprecated: true", "deprecated: yes", "deprecated: \"x\"", "keywords: x", "keywords: [1, null]", "maintainers: [null]", "maintainers: [{name: a}]", "maintainers: x", "annotations: {a: 1}", "annotations: [x]", "unknown: 1", "icon: 5", "sources: [a]", "dependencies: []", "dependencies: null", "dependencies: x", "description: \"tab\\tbell\\u0007\"", "home: ~", "NAME: upper", "engine: gotpl", "tillerVersion: x"]
DEPENDENCY = [("condition: sub.enabled,global.sub", ["condition: sub.enabled", "condition: nope", "condition: sub", "condition: \" sub.enabled\"", "condition: sub.enabled,", "condition: name", "condition: global.domain", "condition: sub.size"]), ("tags: [back, all]", ["tags: [nope]", "tags: []", "tags: back", "tags: [back]"]), ("alias: second", ["alias: sub", "alias: a.b", "alias: third", "alias: \"\"", "alias: lib"]), ("version: 0.1.x", ["version: \">=9\"", "version: \"\"", "version: nope", "version: \"*\"", "version: ^0.1"]),
              ("- data\n", ["- nope\n", "- data\n  - data\n", "- 5\n", "- {child: a}\n", "- {parent: b}\n", "- null\n"]), ("child: conf", ["child: nested", "child: nope", "child: .", "child: nested.a", "child: size"]), ("parent: imported", ["parent: .", "parent: image", "parent: a.b", "parent: name"]), ("- name: lib", ["- name: missing", "- name: sub"]), ("version: 1.0.0\n", ["version: 2.0.0\n"])]
SCHEMAS = ['{"required":["nope"]}', '{"properties":{"replicas":{"type":"string"}}}', '{"properties":{"replicas":{"minimum":5},"name":{"pattern":"^x"}}}', '{"additionalProperties":false,"properties":{"name":{}}}', '{"type":"array"}', '{"properties":{"list":{"items":{"enum":["a","b"]}}}}', '{"properties":{"image":{"$ref":"#/definitions/i"}},"definitions":{"i":{"required":["tag","x"]}}}', '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"name":{"format":"ipv4"}}}', '{"allOf":[{"required":["a"]},{"required":["b"]}]}', '{"anyOf":[{"required":["a"]},{"required":["b"]}]}', '{"oneOf":[{"required":["name"]},{"required":["list"]}]}', '{"not":{"required":["name"]}}', '{"if":{"required":["name"]},"then":{"required":["zzz"]}}', '{', '[]', 'true', 'false', '5', '{"type":5}', '{"properties":{"ports":{"maxItems":1,"uniqueItems":true}}}', '{"properties":{"big":{"maximum":1000}}}', '{"properties":{"text":{"maxLength":3}}}', '{"patternProperties":{"^n":{"type":"number"}}}', '{"$ref":"#/nope"}', '{"properties":{"nothing":{"type":"string"}}}', '{"dependentRequired":{"name":["q"]}}', '{"propertyNames":{"pattern":"^[a-m]"}}', '{"const":1}', '{"properties":{"labels":{"minProperties":3}}}', '{"properties":{"ratio":{"multipleOf":0.3}}}', '{"$schema":"https://json-schema.org/draft/2019-09/schema","properties":{"replicas":{"type":["string","null"]}}}']
FUNCTIONS = ["toYaml", "toJson", "quote", "squote", "nindent", "indent", "default", "include", "trunc", "trimSuffix", "printf", "upper", "lower", "b64enc", "int", "toString", "title", "len", "first", "join", "keys", "fromYaml", "toToml", "toPrettyJson", "sha256sum", "nope", "required", "lookup", "tpl", "dict", "list"]


class Case:
    """A chart as files, and flags."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        r = self.r
        if corpus and r.random() < 0.4:
            self.files = dict(r.choice(corpus))
        else:
            self.files = dict(CHART)
        self.binary = {}
        self.flags, self.log = [], []
        for _ in range(r.choice([1, 1, 1, 2, 2, 3])):
            r.choice([self.value, self.value, self.line, self.template, self.template, self.snippet, self.snippet, self.snippet, self.whitespace, self.chart, self.dependency, self.schema, self.hook, self.kind, self.encoding, self.file, self.function, self.token])()
        for _ in range(r.choice([0, 0, 1, 1, 2, 3])):
            self.flags += r.choice(FLAGS)

    def pick(self, match):
        names = sorted(n for n, t in self.files.items() if match(n) and t)
        return self.r.choice(names) if names else None

    def edit(self, match, change):
        name = self.pick(match)
        if name:
            lines = self.files[name].split("\n")
            at = self.r.randrange(len(lines))
            change(lines, at)
            self.files[name] = "\n".join(lines)
            self.log.append(f"{name}:{at + 1}")

    def value(self):
        def change(lines, at):
            if ":" in lines[at]:
                lines[at] = lines[at].split(":")[0] + ": " + self.r.choice(SCALARS).replace("\n", "\n" + " " * (len(lines[at]) - len(lines[at].lstrip())))
            else:
                lines[at] = self.r.choice(LINES)
        self.edit(lambda n: n.endswith("values.yaml"), change)

    def line(self):
        def change(lines, at):
            self.r.choice([lambda: lines.insert(at, self.r.choice(LINES)), lambda: lines.pop(at), lambda: lines.insert(at, lines[at]), lambda: lines.__setitem__(at, " " + lines[at]), lambda: lines.__setitem__(at, lines[at][1:]), lambda: lines.__setitem__(at, "\t" + lines[at])])()
        self.edit(lambda n: n.endswith("values.yaml") or "templates/" in n, change)

    def template(self):
        def change(lines, at):
            line = lines[at]
            lines[at] = self.r.choice([lambda: line.replace(".Values.", ".Values.x.", 1), lambda: line.replace("include", "template", 1), lambda: line.replace("| ", "", 1), lambda: line.replace("$", "", 1), lambda: line.replace("\"", "'", 1), lambda: line.replace("end", "else", 1), lambda: line.replace("if ", "with ", 1), lambda: line.replace("range ", "if ", 1), lambda: line.replace("(", "", 1), lambda: line.replace(")", "", 1), lambda: line.replace(" . ", " nil ", 1), lambda: line.replace(".", "", 1), lambda: line.replace("{{", "{ {", 1), lambda: line.replace("toYaml", "toJson"), lambda: line + "---", lambda: "---" + line, lambda: line.replace(":", "", 1), lambda: line.replace(": ", ":", 1), lambda: line.replace(" ", "\t", 1)])()
        self.edit(lambda n: "templates/" in n, change)

    def snippet(self):
        def change(lines, at):
            text = self.r.choice(SNIPPETS)
            lines.insert(at, self.r.choice(["", "x: ", "  y: ", "# ", "z: |\n  "]) + text)
        self.edit(lambda n: "templates/" in n, change)

    def whitespace(self):
        def change(lines, at):
            line = lines[at]
            lines[at] = self.r.choice([lambda: line.replace("{{-", "{{"), lambda: line.replace("-}}", "}}"), lambda: line.replace("{{ ", "{{- "), lambda: line.replace(" }}", " -}}"), lambda: line + "   ", lambda: "", lambda: line.rstrip(), lambda: line + "\r", lambda: line.replace("nindent", "indent"), lambda: re.sub(r"indent \d", "indent " + self.r.choice("0136"), line)])()
        self.edit(lambda n: "templates/" in n, change)

    def chart(self):
        def change(lines, at):
            entry = self.r.choice(META)
            key = entry.split(":")[0]
            index = next((i for i, l in enumerate(lines) if l.startswith(key + ":")), None)
            if index is None or self.r.random() < 0.1:
                lines.insert(0, entry)
            elif self.r.random() < 0.15:
                lines.pop(index)
            else:
                lines[index] = entry
        self.edit(lambda n: n == "Chart.yaml" or self.r.random() < 0.3 and n.endswith("/Chart.yaml"), change)

    def dependency(self):
        old, new = self.r.choice(DEPENDENCY)
        text = self.files.get("Chart.yaml", "")
        if old in text:
            self.files["Chart.yaml"] = text.replace(old, self.r.choice(new), 1)
            self.log.append("dependency " + old)
        elif self.r.random() < 0.5:
            self.chart()

    def schema(self):
        where = self.r.choice(["", "", "charts/sub/"]) + "values.schema.json"
        self.files[where] = self.r.choice(SCHEMAS)
        self.log.append(where)

    def hook(self):
        def change(lines, at):
            index = next((i for i, l in enumerate(lines) if "helm.sh/hook" in l), None)
            annotation = "    helm.sh/hook" + self.r.choice(["", "", "", "-weight", "-delete-policy"]) + ": " + self.r.choice(HOOKS)
            if index is not None and self.r.random() < 0.6:
                lines[index] = annotation
            else:
                index = next((i for i, l in enumerate(lines) if l.startswith("metadata:")), None)
                if index is not None:
                    lines.insert(index + 1, "  annotations:\n" + annotation)
        self.edit(lambda n: "templates/" in n, change)

    def kind(self):
        def change(lines, at):
            index = next((i for i, l in enumerate(lines) if l.startswith("kind:")), None)
            if index is not None:
                lines[index] = "kind: " + self.r.choice(KINDS + ["[x]", "null", "5", "", "{a: b}", '"Pod"'])
        self.edit(lambda n: "templates/" in n, change)

    def encoding(self):
        name = self.pick(lambda n: True)
        if not name:
            return
        text = self.files[name]
        self.files[name] = self.r.choice([lambda: "\ufeff" + text, lambda: text.replace("\n", "\r\n"), lambda: text.rstrip("\n"), lambda: text + "\n\n\n", lambda: "\n" + text, lambda: text.replace("  ", "\t", 1), lambda: text + "\x00", lambda: text.replace("e", "é", 2), lambda: "", lambda: " \n", lambda: "# c\n", lambda: "---\n" + text, lambda: text + "---\n", lambda: text + text, lambda: text + "\udcff", lambda: "%YAML 1.1\n" + text, lambda: text + "\u2028x\n"])()
        self.log.append(f"{name} encoding")

    def file(self):
        r = self.r
        names = sorted(self.files)
        choice = r.choice(["remove", "add", "move", "ignore", "ignore"])
        if choice == "remove":
            self.files.pop(r.choice(names))
        elif choice == "add":
            self.files[r.choice(["templates/zz.yaml", "templates/sub/a.yaml", "templates/aNOTES.txt", "templates/_x.tpl", "templates/.hidden.yaml", "charts/README.md", "charts/_skip/x", "crds/x.txt", "crds/sub/y.yaml", "templates/empty.yaml", "requirements.yaml", "Chart.lock", "charts/sub/charts/deep/Chart.yaml", "templates/a b.yaml", "templates/é.yaml", "values.yml", "templates/x.json", "charts/sub/NOTES.txt"])] = r.choice(["", "a: 1\n", "kind: Zebra\nmetadata: {name: z}\n", "{{ .Values.name }}\n", "apiVersion: v2\nname: deep\nversion: 1.0.0\n", "dependencies:\n- name: sub\n  version: 0.1.5\n", "{\"kind\": \"Pod\"}", "[1, 2]", "just text"])
        elif choice == "move":
            name = r.choice(names)
            self.files[name + r.choice([".bak", "", ".yaml", ".tpl"])] = self.files[name]
        else:
            self.files[".helmignore"] = r.choice(["*.txt", "templates/hooks.yaml", "!files/a.txt", "files/", "crds", "# c\n\n*.bak", "**/x", "[", "/values.yaml", "templates/*", "charts/sub", "charts/", "*.tpl", "te?ts/", "/templates/tests", "files/*\n!files/b.txt", "NOTES.txt", "Chart.yaml", "\\#x", " *.txt "])
        self.log.append("file " + choice)

    def function(self):
        def change(lines, at):
            known = [f for f in FUNCTIONS if f in lines[at]]
            if known:
                lines[at] = lines[at].replace(self.r.choice(known), self.r.choice(FUNCTIONS), 1)
            else:
                lines[at] = re.sub(r"\}\}", "| " + self.r.choice(FUNCTIONS) + " }}", lines[at], count=1)
        self.edit(lambda n: "templates/" in n, change)

    def token(self):
        def change(lines, at):
            line = lines[at]
            if line:
                place = self.r.randrange(len(line))
                lines[at] = line[:place] + self.r.choice(["", "", "{", "}", "(", ")", "\"", "'", "`", "|", "$", ".", ":", "-", "#", " ", "\t", "&", "*", "!", "%", ",", "[", "]", "é", "\\", "="]) + line[place + self.r.choice([0, 1, 1, 3]):]
        self.edit(lambda n: "templates/" in n or n.endswith(".yaml"), change)

    def write(self, folder):
        for name, text in self.files.items():
            path = folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode("utf-8", "surrogateescape"))
            except OSError:
                pass


def load(folder):
    return {str(p.relative_to(folder)): p.read_bytes().decode("utf-8", "surrogateescape") for p in folder.rglob("*") if p.is_file()}


corpus = []
if a.cases:
    root = pathlib.Path(a.cases).resolve() / "charts"
    for meta in sorted(root.rglob("Chart.yaml")):
        if "/charts/" in str(meta.relative_to(root)) or sum(f.stat().st_size for f in meta.parent.rglob("*") if f.is_file()) > 60_000:
            continue
        corpus.append(load(meta.parent))
home = tempfile.mkdtemp()
env = {"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": "/dev/null", "TZ": "UTC", "LANG": "C.UTF-8"}


def run(command, flags, folder):
    try:
        r = subprocess.run([*command, "template", "rel", "app", *flags], capture_output=True, cwd=folder, env=env, timeout=60)
    except subprocess.TimeoutExpired:
        return "time-out", b"", []
    return r.returncode, r.stdout, sorted(l for l in re.sub(rb"[a-z]+\.go:\d+: |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", b"", r.stderr).splitlines() if not l.startswith(b"level=DEBUG"))


def compare(number):
    case = Case(f"{a.seed}/{number}")
    folder = pathlib.Path(tempfile.mkdtemp())
    case.write(folder / "app")
    (folder / "text.txt").write_text("from: file\n")
    (folder / "extra.yaml").write_text("replicas: 5\nimage: {tag: null}\nlist: null\nsub: {size: null, nested: {a: null}}\nzz: null\n")
    flags = [f.replace("FILE", "text.txt").replace("VALUES", "extra.yaml") for f in case.flags]
    want, got = run([a.helm], flags, folder), run([a.hydrant, "helm"], [*flags, "--semantics", a.semantics], folder)
    verdict = "same"
    if b"doesnotexist.example.com" in b"".join(want[2]):
        return "network", want, got, case, flags, None
    if want != got:
        again = [run([a.helm], flags, folder) for _ in range(4)]
        verdict = "differs" if all(one == want for one in again) else "random"
    kept = None
    if verdict == "differs" and a.keep:
        kept = pathlib.Path(a.keep) / f"{a.seed}-{number}"
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        (kept / "flags").write_text(shlex.join(flags) + "\n")
    shutil.rmtree(folder)
    return verdict, want, got, case, flags, kept


verdicts, exits = collections.Counter(), collections.Counter()
with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
    for number, (verdict, want, got, case, flags, kept) in enumerate(pool.map(compare, range(a.count))):
        verdicts[verdict] += 1
        exits[want[0]] += 1
        if verdict == "differs":
            what = [n for n, one, two in zip(["exit", "stdout", "stderr"], want, got) if one != two]
            print(f"DIFFERS {a.seed}/{number} {', '.join(what)}: {'; '.join(case.log)} {shlex.join(flags)}", flush=True)
            if want[0] != got[0] or want[2] != got[2]:
                print(f"    helm {want[0]}: {b' | '.join(want[2]).decode(errors='replace')[:300]}\n    here {got[0]}: {b' | '.join(got[2]).decode(errors='replace')[:300]}", flush=True)
shutil.rmtree(home)
print(f"{a.count} compared ({exits[0]} rendered, {a.count - exits[0]} refused by helm): {verdicts['same']} the same, {verdicts['differs']} differ, {verdicts['random']} are random in helm, {verdicts['network']} need the network there")
sys.exit(bool(verdicts["differs"]))
