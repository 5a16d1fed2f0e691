#!/usr/bin/env python3
"""Compares crates/gotemplate with Go's text/template on generated templates.

    benches/differential/gotemplate.py [--count N] [--seed S] [--keep FILE] [-v]

Needs Go 1.26 and cargo. Templates are made of a small grammar (pipelines, fields, variables, control structures, printf with every verb
and flag, trim markers, definitions), over data with every kind of JSON; a third of them is damaged at random places, so that parse errors
are compared, too. Both sides get the same lines; a difference is any other output or error text. Exit status 1 if there is one.
"""
import argparse, base64, json, os, pathlib, random, re, subprocess, sys

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--count", type=int, default=20000)
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--keep", help="write the differing cases there, one JSON a line")
ap.add_argument("-v", "--verbose", action="store_true")
a = ap.parse_args()
r = random.Random(a.seed)

DATA = {
    "s": "hello", "e": "", "n": None, "t": True, "f": False, "i": 3, "x": 2.5, "neg": -7, "big": 12345678901234567890, "sm": 1e-7,
    "l": ["c", "a", None, 2, {"k": "v"}, []], "ls": ["x", "y"], "el": [], "m": {"b": 2, "a": "one", "c": {"d": {"e": "deep"}}, "nul": None},
    "em": {}, "u": "héllo ☃ 日本", "q": "a\"b'<&>\n\t", "nested": [[1, [2]], {"a": [1]}],
}
FIELDS = [".s", ".e", ".s", ".x", ".i", ".l", ".m", ".u", ".t", ".ls", ".q", ".em", ".m.a", ".m.c", ".nested"] * 3 + [".s", ".e", ".n", ".t", ".f", ".i", ".x", ".neg", ".big", ".sm", ".l", ".ls", ".el", ".m", ".em", ".u", ".q", ".nested", ".nope",
          ".m.a", ".m.b", ".m.c.d", ".m.c.d.e", ".m.nul", ".m.nul.x", ".nope.a", ".s.a", ".n.a", ".l.a", ".", "$", "$.m.c", "$.nope.y"]
LITERALS = ["1", "0", "-3", "2.5", "3.0", "1e3", "0x1F", "017", "1_000", "'a'", "'\\n'", "\"str\"", "\"\"", "`raw`", "\"a\\tb\\u00e9\"", "true",
            "false", "nil", "1i", ".5", "1.", "0b11", "0o17", "0x1p4", "\"%d\"", "\"k\"", "\"a\""]
UNARY = ["not", "html", "js", "urlquery", "print", "println"] * 8 + ["len", "text", "num", "i64", "flo", "yes", "bytes", "fail", "index", "slice", "call"]
BINARY = ["and", "or", "print", "list"] * 6 + ["eq", "ne", "lt", "le", "gt", "ge", "index", "slice", "smap", "dict", "strings"]
SAME = ["{c} 1 2", "{c} .s \"x\"", "{c} .x .i", "{c} (len .s) 5", "{c} .u .q", "index .l {n}", "index .m \"a\"", "index .s {n}", "slice .s {n}", "slice .ls 0 1",
        "slice .u 1 {n}", "text .s", "flo .x", "flo 3", "num 3.0", "i64 'a'", "yes .t", "bytes .u", "len .l", "len .m", "smap .s .u", "dict \"a\" .l", "strings .s .e", "index .l 4 \"k\"",
        "eq .n nil", "eq nil .nope", "ne .s .u", "eq 1 2 1", "print nil .n 1 2 \"a\" 3.5", "println .l .m nil 1"]
VERBS = "vdsqxXtbcoOUeEfFgGTpwz"


def operand(depth, vars):
    k = r.random()
    if k < 0.3:
        return r.choice(FIELDS)
    if k < 0.55:
        return r.choice(LITERALS)
    if k < 0.62 and vars:
        return r.choice(vars) + r.choice(["", "", ".a", ".a.b"])
    if k < 0.67:
        return r.choice(["nothing", "nilmap", "nillist", "list"])
    if depth <= 0:
        return r.choice(FIELDS)
    chain = r.choice([""] * 12 + [".a", ".b.c", ".k"])
    return "(" + pipeline(depth - 1, vars) + ")" + chain


def printf(depth, vars):
    text, args = "", []
    for _ in range(r.randint(1, 3)):
        text += r.choice(["", "a ", "|"]) + "%"
        text += "".join(r.choice("+-# 0") for _ in range(r.choice([0, 0, 0, 1, 1, 2])))
        text += r.choice(["", "", "", "", "", "", "5", "12", "*", "[1]", "[2]", "[9]", "[x]"])
        text += r.choice(["", "", "", ".2", ".0", ".*", ".", ".10"])
        text += r.choice(VERBS) if r.random() < 0.97 else r.choice(["", "%", "!", "é"])
        if r.random() < 0.93:
            args.append(operand(depth, vars))
    return "printf " + json.dumps(text, ensure_ascii=False) + " " + " ".join(args)


def command(depth, vars):
    k = r.random()
    if k < 0.2:
        return operand(depth, vars)
    if k < 0.4:
        return r.choice(SAME).format(c=r.choice(["eq", "ne", "lt", "le", "gt", "ge"]), n=r.choice([0, 1, 2, 3, 5, 9]))
    if k < 0.55:
        return r.choice(UNARY) + " " + operand(depth, vars)
    if k < 0.7:
        return r.choice(BINARY) + " " + " ".join(operand(depth, vars) for _ in range(r.choice([1, 2, 2, 2, 3])))
    if k < 0.88:
        return printf(depth, vars)
    if k < 0.92:
        return "set " + r.choice([".m", ".em", "nilmap", ".s", "(dict)"]) + " \"a\" " + operand(depth, vars)
    return "include " + r.choice(['"d"', '"e"', '"missing"']) + " " + operand(depth, vars)


def pipeline(depth, vars):
    text = command(depth, vars)
    while r.random() < 0.25:
        text += r.choice([" | ", "|"]) + r.choice([r.choice(UNARY), r.choice(BINARY) + " " + operand(0, vars), "printf \"%v\"", command(0, vars)])
    return text


def delimiters(inner):
    return r.choice(["{{", "{{ ", "{{- ", "{{"]) + inner + r.choice(["}}", " }}", " -}}", "}}"])


def block(depth, vars, loops):
    out = ""
    for _ in range(r.choice([1, 1, 2, 3])):
        out += r.choice(["", " ", "\n", "text ", "a: ", " \n\t"])
        k = r.random()
        if depth <= 0 or k < 0.5:
            out += delimiters(pipeline(2, vars))
        elif k < 0.58:
            name = r.choice(["$a", "$b"])
            out += delimiters(f"{name} := {pipeline(1, vars)}")
            vars = vars + [name]
            if r.random() < 0.3:
                out += delimiters(f"{name} = {pipeline(1, vars)}")
        elif k < 0.68:
            out += delimiters("if " + pipeline(1, vars)) + block(depth - 1, vars, loops)
            if r.random() < 0.3:
                out += delimiters("else if " + pipeline(1, vars)) + block(depth - 1, vars, loops)
            if r.random() < 0.5:
                out += delimiters("else") + block(depth - 1, vars, loops)
            out += delimiters("end")
        elif k < 0.78:
            declared = r.choice(["", "$w := "])
            out += delimiters("with " + declared + pipeline(1, vars)) + block(depth - 1, vars + (["$w"] if declared else []), loops)
            if r.random() < 0.3:
                out += delimiters("else with " + pipeline(1, vars)) + block(depth - 1, vars, loops)
            if r.random() < 0.5:
                out += delimiters("else") + block(depth - 1, vars, loops)
            out += delimiters("end")
        elif k < 0.9:
            declared, names = r.choice([("", []), ("$v := ", ["$v"]), ("$k, $v := ", ["$k", "$v"]), ("$v = ", [])])
            body = block(depth - 1, vars + names, True)
            if r.random() < 0.2:
                body += "{{if " + operand(0, vars + names) + "}}{{" + r.choice(["break", "continue"]) + "}}{{end}}"
            source = r.choice([".l", ".ls", ".m", ".el", "3", ".i", "(len .s)", ".n", ".nope", "(list 1 2.5 nil)", operand(1, vars)])
            out += delimiters("range " + declared + source) + body
            if r.random() < 0.3:
                out += delimiters("else") + block(depth - 1, vars, loops)
            out += delimiters("end")
        elif k < 0.95:
            out += delimiters("template " + r.choice(['"d"', '"e" .', '"e" .m', '"missing" .', '"d" ' + operand(0, vars)]))
        else:
            out += r.choice(["{{/* c */}}", "{{- /* c\n */ -}}", "{{/* c */ -}}"])
    return out


def template():
    text = block(2, [], False)
    text += r.choice(["", '{{define "d"}}[{{.}}]{{end}}', '{{define "d" -}} <{{ . }}{{ .a }}> {{- end}}{{define "e"}}{{ .a.b }}{{ template "d" .s }}{{end}}'])
    if r.random() < 0.1:
        text += '{{block "blk" .m}}{{.a}}{{end}}'
    if r.random() < 0.2:
        for _ in range(r.choice([1, 1, 2])):
            at = r.randint(0, len(text))
            piece = r.choice(["{{", "}}", "(", ")", "|", " ", ".", "$", "$z", "\"", "'", "`", "end", "{{end}}", "{{else}}", ":=", "=", ",", "-", "é", "\x00", "1", "if", "nil", "/*", "*/", "!", "\n"])
            text = text[:at] + piece + text[at + r.choice([0, 0, 1, 2, 5]):]
    return text


lines = [json.dumps({"template": base64.b64encode(template().encode()).decode(), "data": DATA, "missingkey": r.choice(["", "zero", "zero", "error"])})
         for _ in range(a.count)]
text = ("\n".join(lines) + "\n").encode()
target = os.environ.get("CARGO_TARGET_DIR", root / "target")
subprocess.run(["go", "build", "-o", f"{target}/differential-oracle", "."], cwd=here / "oracle", check=True)
subprocess.run(["cargo", "build", "-q", "-p", "gotemplate", "--example", "lines"], cwd=root, check=True)
want = subprocess.run([f"{target}/differential-oracle"], input=text, capture_output=True, check=True).stdout.splitlines()
got = subprocess.run([f"{target}/debug/examples/lines"], input=text, capture_output=True, check=True).stdout.splitlines()
ADDRESS = re.compile(rb"0x[0-9a-f]{6,}")
differ, errors, outputs = 0, 0, 0
keep = open(a.keep, "w") if a.keep else None
for line, one, two in zip(lines, want, got):
    one, two = json.loads(one), json.loads(two)
    errors += one["error"] is not None
    outputs += one["error"] is None
    decode = lambda v: None if v is None else base64.b64decode(v)
    one, two = (decode(one["output"]), decode(one["error"])), (decode(two["output"]), decode(two["error"]))
    if one == two:
        continue
    source = base64.b64decode(json.loads(line)["template"])
    # Addresses of maps, lists and functions differ from run to run.
    if re.search(rb"%[^a-zA-Z%]*p", source) or [v and ADDRESS.sub(b"@", v) for v in one] == [v and ADDRESS.sub(b"@", v) for v in two]:
        continue
    differ += 1
    if keep:
        keep.write(line + "\n")
    if a.verbose or differ <= 10:
        print(f"--- {source.decode(errors='replace')}\n  go:   {one}\n  here: {two}")
print(f"{len(lines)} templates compared: {outputs} rendered and {errors} refused by Go, {differ} differ")
sys.exit(differ > 0)
