#!/usr/bin/env python3
"""Compares the functions of charts with those of helm's own engine, on generated expressions.

    functions.py [--count N] [--seed S] [--only NAME,…] [--functions FILE] [--keep FILE] [-v]

Needs Go 1.26 and cargo. Each function is called with random arguments: of the types that it takes, of others, too few and too many, as a
command or at the end of a pipeline, and its result is printed in one of several ways. Go's builtins and printf with all verbs take part.
Both sides get the same templates; a difference is any other output or error text. What helm draws at random (passwords, certificates, the
order of `keys`) is compared as far as it is determined. Exit status 1 if there is a difference.
"""
import argparse, base64, collections, json, os, pathlib, random, re, shutil, subprocess, sys, tempfile, time

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--count", type=int, default=20000)
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--only", default="", help="only these functions, separated by commas")
ap.add_argument("--functions", help="a file with the functions' names, one a line; the default is every function that is known here")
ap.add_argument("--keep", help="write the differing cases there, one JSON a line")
ap.add_argument("-v", "--verbose", action="store_true", help="print all differences, not three a function")
a = ap.parse_args()
r = random.Random(a.seed)

VALUES = """
s: hello
e: ""
i: 42
f: 3.5
fi: 3.0
big: 12345678901234567890
exp: 1e21
small: 0.0000001
neg: -7
t: true
b: false
n: null
l: [c, a, b, a]
li: [3, 1, 2]
lm: [1, "a", true, 2.5, {k: v}, [x], null, ""]
el: []
m: {b: 2, a: 1, c: {d: x}, z: null, e: ""}
m2: {a: over, c: {d: y, q: [1]}, new: {x: 1}}
em: {}
u: "héllo wörld ☃ 日本 ǅ ß İ"
ml: "line1\\nline2\\n\\n  line4"
num: "123"
nested: {x: {y: {z: deep}}}
tplstr: "{{ .Values.s }}-{{ .Release.Name }}"
date: 2024-01-02
"""
CHART = {"Chart.yaml": "apiVersion: v2\nname: t\nversion: 0.1.0\nappVersion: \"1.2\"\n", "values.yaml": VALUES, "files/a.txt": "one\ntwo\n",
         "templates/_h.tpl": '{{- define "h" -}}h:{{ .Values.s }}{{- end -}}{{- define "fails" -}}{{ fail "boom" }}{{- end -}}{{- define "nil" -}}{{ .Values.a.b }}{{- end -}}'}


def q(text):
    """A Go string constant of the text."""
    if r.random() < 0.2 and "`" not in text and "\r" not in text and text.isprintable():
        return "`" + text + "`"
    return json.dumps(text, ensure_ascii=r.random() < 0.3 and all(ord(c) < 0x10000 for c in text)).replace("\x7f", "\\x7f")


WORDS = ["", "a", "hello", "Hello World", "foo bar baz", "foo_bar-baz.qux", "HTTPServer", "fooBarBaz", "FOO_BAR", "v1beta1Foo", "a1b2c3", "  padded  ", "x  y\tz\n",
         "héllo wörld", "日本語 text", "☃ snow", "ß İ ǅ ŉ", "e\u0301 combining", "😀 emoji 👩‍👩", "a,b,,c", "a:b:c", "/usr/local/../lib/x.tar.gz", "it's \"quoted\"", "<b>&amp;</b>",
         "line1\nline2\n\nline4\n", "\t tab", "\u00a0nbsp\u00a0", "100%", "%d %s", "--dash--", "..", "0", "1", "-1", "1.5", "true", "false", "null", "nil", "~", "yes", "0x1F", "010", "1e3",
         "1_000", "NaN", "inf", "+5", " 5", "9223372036854775807", "9223372036854775808", "1.0", "5.00", "the quick brown fox jumps over the lazy dog", "antidisestablishmentarianism-supercali",
         "a.b.c", "\\d+", "key=value", "k: v", "- x", "{}", "[]", "\u2028sep", "\ufeffbom", "A", "Z z", "x" * 90, "word " * 20, "ÀÉÎ õü", "ⅷ ⓐ", "ΑΣ σς", "K", "\x01\x7f"]
INTS = ["0", "1", "2", "3", "5", "10", "-1", "-3", "7", "64", "100", "-100"]
WIDE = INTS + ["1000000", "2147483648", "9223372036854775807", "-9223372036854775808", "0x1F", "0b11", "0o17", "017", "1_000", "'a'", "'é'", "'\\n'"]
FLOATS = ["0.0", "1.5", "-2.5", "2.5", "0.125", "1e3", "1e-7", "1e21", "3.0", "123456789.125", "-0.0", "0.1", "1e300", "1e6", "999999.5", "100000.0", "0x1p-2", ".5", "1.", "2.675", "1e20", "1e100"]
ANY_TEXT = ["1", "true", "0", "5.00", "1.9", "abc", "1e3", "-7", ""]
LISTS = ["(list)", "(list 1 2 3)", "(list \"a\" \"b\" \"c\")", "(list 1 \"a\" nil 2.5 true)", ".Values.l", ".Values.li", ".Values.lm", ".Values.el", "(list (list 1 2) (list 3))",
         "(until 4)", "(splitList \",\" \"b,a,,c\")", "(list \"\" 0 nil false (list) (dict) \"x\")", "(rest (list))", "(list 1 1 2 \"1\" 1.0 1.0)", "(untilStep 10 0 -3)", "(list \"b\" \"a\" \"C\" \"é\" \"10\" \"9\")",
         "(concat (list 1) .Values.l)", "(list (dict \"a\" 1) (dict \"a\" 1))", "(.Files.Lines \"files/a.txt\")", "(keys (dict \"one\" 1))", "(regexSplit \",\" \"x,y,z\" -1)", "(list nil nil)"]
MAPS = ["(dict)", "(dict \"a\" 1 \"b\" \"two\")", ".Values.m", ".Values.m2", ".Values.em", "(dict \"a\" (dict \"b\" (dict \"c\" 1)))", "(split \",\" \"a,b\")", ".Values", ".Values.nested", "(dict \"k\" nil \"e\" \"\" \"z\" 0)",
        "(dict 1 2 nil 3 true 4)", "(dict \"odd\")", "(deepCopy .Values.m)", "(dict \"a10\" 1 \"a2\" 2 \"B\" 3 \"_\" 4)", "(urlParse \"http://u:p@h:80/p?q#f\")", ".Release", "(pick .Values.m \"a\")", "(dict \"é\" 1 \"<\" \"&\")"]
TIMES = ["(toDate \"2006-01-02\" \"2020-02-29\")", "(toDate \"2006-01-02T15:04:05Z07:00\" \"2021-07-04T13:14:15+05:30\")", "(toDate \"2006-01-02 15:04:05.999\" \"1999-12-31 23:59:59.123\")", "(toDate \"x\" \"y\")",
         "(toDate \"2006-01-02\" \"0001-01-01\")", "(toDate \"Jan 2 2006 MST\" \"Mar 9 2024 CET\")", "(dateModify \"36h\" (toDate \"2006-01-02\" \"2024-02-28\"))"]
DURATIONS = ["1h2m3s", "90s", "-5m", "1.5h", "100ms", "1us", "24h", "8760h", "0", "1h1", "x", "", "3000h15m", "1d", "-1.5s", ".5s", "1µs", "9223372036s", "99999999h", "+2m"]
LAYOUTS = ["2006-01-02", "15:04:05", "Mon, 02 Jan 2006 15:04:05 MST", "2006-01-02T15:04:05Z07:00", "Jan _2 06 3:04PM", "002 __2 2006", "Monday January 2 pm .000", "05.999999999 ,00", "Z0700 -07:00:00 -0700 Z07:00:00 -07", "January 1, 2006 at 03pm", "20060102150405", "",
           "plain", "2006-1-2", "Januaryx Janu Monx 22 0", "15h04m", "06/01/02 .9", "3 03 4 04 5 05", "MST-07", "Z070000 Z07"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Nowhere/Land", "", "Local"]
RES = ["a+", "[a-z]+", "(\\w+) (\\w+)", "^$", "", "[", "(", "\\d+", "(?i)HELLO", "\\bfoo\\b", "a|b", "[[:alpha:]]+", "\\pL+", "\\p{Greek}", "x*", "(a)(b)?", "(?P<n>o+)", "(?<m>l+)", "a{2,1}", "a{1001}", "a**", "\\Qa.b\\E", "[^a-z]", ".", "\\z", "\\Z",
       "(?s).+", "(?m)^\\w+$", "\\x41", "[\\d\\-x]", "*", "a++", "(?=a)", "\\1", "[z-a]", "\\C", "é+", "[é-ü]", "\\s+", "\\W", "(?U)a+", "(|a)*", "[]a]", "[^]a]", "\\8", "\\_", "(?:ab)+", "[a&&b]", "[[a]", "x{0}", "{1}", "a{,2}", "\\pN", "\\p{Nope}", "[[:nope:]]", "(?P<1>a)", "(?P<a>x)(?P<a>y)", ")", "a)", "[a-\\d]", "\\xZ", "(?z)"]
REPLACEMENTS = ["-", "$1", "${1}x", "$1W", "$2 $1", "$$", "$", "${", "${n}", "[$0]", "\\1", "", "$m$n", "${1", "$é", "$10"]
SEMVERS = ["1.2.3", "v1.2.3", "1.2", "1", "1.2.3-alpha.1", "1.2.3+build.5", "1.20.4-gke.100", "0.0.3", "01.2.3", "1.2.3.4", "x", "", "1.2.3-01", "v1", "2.0.0-rc.1+exp", "1.2.3-", "10.0.0", "0.2.5", "1.29.3-eks-1", " 1.2.3", "1.2.3 ", "99999999999999999999.0.0", "1.2.3-beta", "V1.2.3", "1.2.3+", "-1.2.3", "1..2"]
CONSTRAINTS = [">=1.2", "^1.2.3", "~1.2", "~> 1", "1.x", "*", "", ">1.2.3 <2", ">=1.0.0, <2.0.0", "1.2 - 1.4", "!=1.2.3", "=1.2.3", "1.2 || 3", ">=1.19-0", "^0.2", "^0.0.3", "<1", "<=1", ">1", ">>1", "=>1.2", "=<1", "x", "~>1.2.3-beta", "^1.2.3-alpha", "1.2.3 || ", ">= 1.2.3", "> =1", "v1.2.3", "1.2.3-1.3.4", "1.2.3 - 1.3", "!1", "~0", "^0", "^0.x", ">=1.x", "<1.2.x", "!=1.x", "=1", "1.2.3.4", "latest", ">=1.2 <1.3 || >=2", "1 2", "1,2", "~1.2.3", "~1", "^1", ">=0.0.0-0", "X", "1.*.2", "~*", "^*", ">*", "!=*", "<*"]
YAMLS = ["a: 1", "- x\n- y", "a: [1, 2\n", "{a: b, c: [d]}", "", "null", "plain", "1.0", "a:\n  b: |\n    x\n    y\n  c: >-\n    f\n    g", "a: 0777\nb: 0o17\nc: 0x1F\nd: 1_000\ne: 1e3\nf: .5", "y: yes\nn: no\non: off", "? a\n: b", "&a x: *a", "a: &x {b: 1}\nc: *x", "<<: {a: 1}\nb: 2", "a: b: c", "\ta: 1", "a: 'x\n  y'",
         "a: \"\\u00e9\\n\"", "1: a\ntrue: b\n2.5: c", "a: 1\na: 2", "---\na: 1\n---\nb: 2", "a: 2020-01-01", "a: !!str 5", "a: !!int \"5\"", "a: !x 1", "a: .inf", "a: -.NaN", "a: 12345678901234567890", "a: ~\nb:", "[", "{", "]", "a: \"x", "a: 'x", "*x", "a: %x", "a: @x", "a: `x`", "- a\nb: c", "a: |\n x\n  y\nz: 1", "a: !!binary aGk=", "a: !!float 3", "a: -0", "a: 0b11", "a: +1", "a: 1:30", "a: 1.5e300", "null: x", "[a]: b", "{a: 1}: b",
         "a: '''x'''", "a : b", "a:b", "a: #c", "a: b #c", "a: b#c", "%YAML 1.1\n---\na: 1", "...\na", "a: >\n\n  x\n\n   y\n\n", "a: |2\n   x", "a: |+\n x\n\n", "\ufeffa: 1", "a: \u2028", "a: \x01", "a: \"\\x\"", "a: \"\\/\"", "- - a\n  - b", "-\n- ", "a:\n- b\n- c", "'a': \"b\"", "a: 1e400", "a: 0.1", "a: 1.", "a: 09", "a: 08.5", "a: 0x", "a: 1e", "a: =", "a: <<", "a: 0o8", "a: 1__0"]
JSONS = ["{\"a\": 1}", "[1, \"a\", null, true, 1.5e3]", "null", "\"x\"", "1", "true", "", "{", "[1,]", "{\"a\": 1,}", "{a: 1}", "{\"a\":{\"b\":[{}]}}", "1e400", "\"\\u00e9\\ud83d\\ude00\"", "\"\\ud800\"", "[1] x", " {} ", "{\"a\":1,\"a\":2}", "nul", "-", "01", "1.", "\"a\nb\"", "12345678901234567890", "{\"<\":\"&\"}", "[[[]]]", "{\"a\" 1}", "tru", "\"x", "{\"a\":", "[", "'a'", "-0", "1E5", "\"\\x\"", "[1 2]", "{1:2}", "\u00e9", "\ufeff{}", "[1e999]", "{\"a\":1e400}", "-1e400"]
TOMLS = ["a = 1", "[t]\na = \"x\"\nb = [1, 2]", "a = 1979-05-27T07:32:00Z", "a = 1979-05-27", "a = 07:32:00", "a = 1.5e3\nb = inf\nc = nan", "[[x]]\na=1\n[[x]]\na=2", "a = 'lit'", "a = \"\"\"x\ny\"\"\"", "a.b.c = 1", "a = ", "= 1", "a = 1\na = 2", "[a]\n[a]", "a = [1, \"x\"]", "a = {b = 1, c = {d = 2}}", "a = 0x1F\nb = 0o17\nc = 0b11\nd = 1_000", "", "# c", "a = \"\\u00e9\\q\"", "a = tru", "[a", "a = 1 2", "\"q k\" = 1", "a = 9223372036854775808", "a = 01", "a = +5", "a b = 1", "a = [1,\n2,]", "a = '", "a = \"x", "[a.b]\nc=1\n[a]\nd=2", "a = 1\n[a]\nb=1", "a = 1979-05-27 07:32:00.5", "a = 1e", "a = .5", "a = 5.", "é = 1", "a = {b = 1,}", "[]", "[[a]\nb=1"]
URLS = ["http://user:pa%20ss@host.com:8080/p/a%2Fth?q=1&r=2#frag", "https://h", "/path?x", "mailto:a@b.c", "http://[::1]:80/", "http://h:port/", "://x", "", "http://h/%zz", "//h/p", "h:80", "http://h/a b", "HTTP://H/", "http://user@h", "http://h?", "http://h/#", "a%", "http://é.com/ü?ö=ä", "http://h\n/", "?q", "#f", "http://:80", "javascript:x", "1http://h", "http://u:@h/", "http://h/;x=1"]
GLOBS = ["*", "files/*", "**", "x"]
SIGNATURES = {
    "s": "trim upper lower title untitle swapcase nospace initials b64enc b64dec b32enc b32dec snakecase camelcase kebabcase base dir clean ext isAbs osBase osDir osClean osExt osIsAbs sha1sum sha256sum sha512sum adler32sum atoi",
    "ss": "trimAll trimall trimPrefix trimSuffix contains hasPrefix hasSuffix split splitList", "sss": "replace", "is": "trunc indent nindent repeat abbrev wrap", "iis": "substr abbrevboth", "iss": "wrapWith", "sis": "splitn", "ssi": "plural",
    "v": "quote squote toString toStrings typeOf kindOf int int64 float64 toDecimal empty toYaml mustToYaml toYamlPretty toJson mustToJson toPrettyJson mustToPrettyJson toRawJson mustToRawJson toToml mustToToml deepCopy mustDeepCopy ceil floor add1 add1f duration durationRound mustToDuration durationSeconds durationMinutes durationHours durationDays durationWeeks durationMilliseconds durationMicroseconds durationNanoseconds sortAlpha print println html js urlquery len not printv",
    "vv": "default add sub mul div mod max min biggest maxf minf addf subf mulf divf deepEqual cat coalesce all any durationRoundTo durationTruncateTo eq ne lt le gt ge and or list tuple print", "vvv": "add max addf mulf list coalesce cat all any eq min maxf minf",
    "vvb": "ternary", "sv": "typeIs typeIsLike kindIs join required fail", "vi": "round until", "i": "until seq", "ii": "seq", "iii": "untilStep seq",
    "l": "first last rest initial reverse uniq compact mustFirst mustLast mustRest mustInitial mustReverse mustUniq mustCompact toStrings sortAlpha", "lv": "append prepend without mustAppend mustPrepend mustWithout push mustPush", "vl": "has mustHas", "sl": "join", "li": "slice mustSlice index", "lii": "slice mustSlice index", "ll": "concat", "nl": "chunk mustChunk",
    "m": "keys values deepCopy toYaml toJson toToml", "mk": "get hasKey unset pick omit index", "mkv": "set", "km": "pluck", "kmm": "pluck", "mm": "merge mergeOverwrite mustMerge mustMergeOverwrite", "mmm": "merge mergeOverwrite mustMerge", "mkk": "pick omit index", "kvm": "dig", "kkvm": "dig", "kv": "dict", "kvkv": "dict",
    "rs": "regexMatch mustRegexMatch regexFind mustRegexFind", "rsi": "regexFindAll mustRegexFindAll regexSplit mustRegexSplit", "rsp": "regexReplaceAll mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral", "S": "semver", "CS": "semverCompare", "w": "regexQuoteMeta",
    "Lt": "date htmlDate", "LtZ": "dateInZone date_in_zone", "t": "htmlDate unixEpoch ago durationRound", "tZ": "htmlDateInZone", "LL": "toDate mustToDate", "dt": "dateModify date_modify mustDateModify must_date_modify", "d": "duration durationRound mustToDuration durationSeconds durationHours durationDays durationMilliseconds", "dd": "durationRoundTo durationTruncateTo",
    "y": "fromYaml fromYamlArray", "j": "fromJson fromJsonArray mustFromJson", "T": "fromToml", "U": "urlParse urlquery", "M": "urlJoin", "sm": "include tpl", "ssss": "lookup", "": "list dict hello uuidv4 now", "nsss": "derivePassword", "sS": "encryptAES decryptAES htpasswd bcrypt", "I": "randAlphaNum randAlpha randNumeric randAscii randBytes shuffle genPrivateKey getHostByName buildCustomCert", "F": "printf",
}
BY_NAME = collections.defaultdict(list)
for signature, names in SIGNATURES.items():
    for name in names.split():
        BY_NAME[name].append(signature)
del BY_NAME["printv"]
LISTED = pathlib.Path(a.functions).read_text().split() if a.functions else []
NAMES = [n for n in (a.only.split(",") if a.only else sorted({*BY_NAME, *LISTED}))]
RANDOM = {"randAlphaNum", "randAlpha", "randNumeric", "randAscii", "randBytes", "randInt", "shuffle", "uuidv4", "bcrypt", "htpasswd", "genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert",
          "genSignedCertWithKey", "encryptAES", "now", "ago", "buildCustomCert"}
CLOCK = {"date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "dateModify", "date_modify", "mustDateModify", "must_date_modify", "durationRound", "unixEpoch", "now", "ago"}
SLOW = {"derivePassword", "bcrypt", "htpasswd", "genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey"}
SMALL = {"until", "untilStep", "seq", "repeat", "indent", "nindent", "randAlphaNum", "randAlpha", "randNumeric", "randAscii", "randBytes"}


def any_value(small=False):
    k = r.random()
    if k < 0.22:
        return r.choice(INTS if small else WIDE)
    if k < 0.36:
        return r.choice(FLOATS[:8] if small else FLOATS)
    if k < 0.60:
        return q(r.choice(WORDS))
    if k < 0.68:
        return r.choice(LISTS)
    if k < 0.76:
        return r.choice(MAPS)
    if k < 0.80:
        return r.choice(["nil", ".Values.n", ".Values.nope", "(first (list))"])
    if k < 0.84:
        return r.choice(["true", "false"])
    if k < 0.92:
        return r.choice([".Values.s", ".Values.e", ".Values.f", ".Values.fi", ".Values.neg", ".Values.t", ".Values.b", ".Values.u", ".Values.num", ".Values.ml"] + ([] if small else [".Values.i", ".Values.big", ".Values.exp", ".Values.small"]))
    return r.choice(["(int64 5)", "(int 7)", "(float64 \"2.5\")", "(toDecimal \"17\")", "(duration \"90s\")", "(mustToDuration \"1h\")", "(semver \"1.2.3-a+b\")", r.choice(TIMES), "(b64enc \"x\")", "(.Files.GetBytes \"files/a.txt\")", ".Capabilities.KubeVersion", "(index \"abc\" 1)", "(len \"four\")",
                     "(int64 \"-9\")", "(atoi \"12\")", "(fromYaml \"a: 1\")", "(fromJson \"{\\\"a\\\":[1]}\")", "(mustFromJson \"5\")", ".Chart.Name", "(until 3)", "(toStrings (list 1 2))"] + ([] if small else ["(unixEpoch (toDate \"2006\" \"2020\"))", ".Template", "."]))


ATOMS = ["a", "b", ".", "\\w", "\\d", "\\s", "\\W", "[a-c]", "[^a]", "[[:alpha:]_]", "[\\d-]", "\\pL", "\\b", "^", "$", "é", "\\.", "(a|b)", "(?:x|ab*)", "(?i:B)", "(o)(l)", "(?P<n>l+)", "o", "l", " ", ",", "\\x6c", "[a-", "(", ")", "[z-a]", "\\", "|", "{", "}", "]", "\\n", "(?s)", "(?U)", "\\Q.*\\E", "\\z", "h"]
COUNTS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,1}?", "{2,}", "{,2}", "{1001}", "**", "{0}"]


def regular_expression():
    """What stands before a group of flags is not repeated: hydrant refuses that (docs/compatibility.md)."""
    atoms = [r.choice(ATOMS) for _ in range(r.randint(1, 5))]
    return "".join(atom + ("" if atom in ("(?s)", "(?U)") else r.choice(COUNTS)) for atom in atoms)


def damaged(texts):
    """One of the texts, changed at a place or two, or joined with another."""
    text = r.choice(texts)
    if r.random() < 0.2:
        text += "\n" + r.choice(texts)
    for _ in range(r.choice([0, 1, 1, 2])):
        at = r.randint(0, len(text))
        text = text[:at] + r.choice(["", "", " ", "\n", ":", ": ", "- ", "[", "]", "{", "}", ",", "\"", "'", "&a ", "*a", "!", "|", ">", "#", " #", "\t", "%", "?", "0", "e", "-", "\n  ", "\\", "=", ".", "é", "~"]) + text[at + r.choice([0, 0, 1, 2]):]
    return text


def argument(kind, name):
    small = name in SMALL
    if kind in "yjTUCS" and r.random() < 0.5:
        return q(damaged({"y": YAMLS, "j": JSONS, "T": TOMLS, "U": URLS, "C": CONSTRAINTS, "S": SEMVERS}[kind]))
    if kind == "r" and r.random() < 0.6:
        return q(regular_expression())
    if r.random() < 0.08:
        return any_value(small)
    pick = {"s": WORDS, "w": WORDS, "S": SEMVERS, "C": CONSTRAINTS, "r": RES, "p": REPLACEMENTS, "d": DURATIONS, "L": LAYOUTS, "Z": ZONES, "y": YAMLS, "j": JSONS, "T": TOMLS, "U": URLS}
    if kind in pick:
        if kind == "s" and r.random() < 0.1:
            return r.choice([".Values.s", ".Values.u", ".Values.ml", "(.Files.Get \"files/a.txt\")", "(toString 5)", ".Release.Name"])
        if kind == "d" and r.random() < 0.4:
            return r.choice(["5", "1.5", "(duration \"95s\")", "(mustToDuration \"36h\")", "-90", "(int64 3600000000000)", "(float64 \"0.1\")", "\"12.5\"", "0", "nil", "1e300"])
        if kind == "L" and r.random() < 0.15:
            return q(r.choice(["2020-02-29", "2020-02-30", "12:30:00", "Mon, 02 Jan 2006 15:04:05 MST", "2021-07-04T13:14:15+05:30", "1 pm"]))
        return q(r.choice(pick[kind]))
    if kind in "in":
        return r.choice(INTS if small or kind == "n" or r.random() < 0.7 else WIDE)
    if kind == "I":
        return r.choice(INTS[:6] + ["\"rsa\"", "nil", "1.5"])
    if kind == "l":
        return r.choice(LISTS)
    if kind == "m":
        return "." if name in ("include", "tpl") and r.random() < 0.7 else r.choice(MAPS)
    if kind == "M":
        return "(dict " + " ".join(f"{q(k)} {q(r.choice(WORDS[:20] + ['http', 'h:80', 'u:p', '/a b', 'x=1&y=2']))}" for k in ["scheme", "host", "path", "query", "opaque", "fragment", "userinfo"] if r.random() < 0.7) + ")"
    if kind == "k":
        return q(r.choice(["a", "b", "c", "d", "z", "nope", "x", "", "é"]))
    if kind == "b":
        return r.choice(["true", "false"])
    if kind == "t":
        return r.choice(TIMES + ["(int64 1600000000)", "0", "1600000000", "(int 86400)"])
    return any_value(small)


VERBS = "vdsqxXtbcoOUeEfFgGT"


def printf():
    text, args = "", []
    for _ in range(r.randint(1, 2)):
        text += r.choice(["", "a ", "|"]) + "%" + "".join(r.choice("+-# 0") for _ in range(r.choice([0, 0, 0, 1, 1, 2]))) + r.choice(["", "", "", "5", "12", "*", "[1]", "[2]"]) + r.choice(["", "", "", ".2", ".0", ".*", ".", ".10"])
        text += r.choice(VERBS) if r.random() < 0.97 else r.choice(["", "%", "!", "é", "p", "w", "z"])
        if r.random() < 0.93:
            args.append(any_value())
    return "printf " + " ".join([q(text), *args])


def call(name):
    if name == "printf":
        return printf()
    if name in ("include", "tpl") and r.random() < 0.7:
        return r.choice(['include "h" .', 'include "fails" .', 'include "nil" .', 'include "nope" .', 'tpl .Values.tplstr .', 'tpl "{{ .x.y }}" (dict)', 'tpl "{{ .x" .', 'tpl "{{ nope }}" .', 'include "h" (dict "Values" .Values.m)', 'tpl "{{ define \\"q\\" }}d{{ end }}{{ include \\"q\\" . }}" .', 'tpl "{{ include \\"fails\\" . }}" .', "include \"h\" nil", "tpl \"{{ .Values.nope }}x{{ printf \\\"%v\\\" nil }}\" ."])
    signature = r.choice(BY_NAME[name] or ["v", "vv", "s", "ss", "i", "l", "m"])
    args = [argument(kind, name) for kind in signature]
    if r.random() < 0.07:
        args = args[:-1] if r.random() < 0.5 else args + [any_value(name in SMALL)]
    if args and r.random() < 0.25 and args[-1] != "nil":
        return f"{args[-1]} | " + " ".join([name, *args[:-1]])
    return " ".join([name, *args])


def template(name):
    text = call(name)
    if name in ("keys", "values"):
        return "{{ " + text + " | sortAlpha }}"
    if name in RANDOM:
        return "{{ $x := " + text + " }}{{ kindOf $x }}" + ("{{ len $x }}" if name.startswith("rand") and r.random() < 0.5 else "")
    show = r.random()
    if show < 0.45:
        return "{{ " + text + " }}"
    if show < 0.6:
        return "{{ " + text + " | toJson }}"
    if show < 0.8:
        return "{{ printf \"%T|%v\" (" + text + ") (" + text + ") }}"
    return "{{ $x := " + text + " }}{{ " + r.choice(["printf \"%#v\" $x", "$x | quote", "kindOf $x", "toYaml $x", "$x", "len $x", "with $x }}y{{ else }}n{{ end", "range $i, $e := $x }}{{ $i }}={{ $e }},{{ else }}none{{ end"]) + " }}"


names = [r.choice(NAMES) for _ in range(a.count)]
names = [n if n not in SLOW or r.random() < 0.1 else r.choice(NAMES) for n in names]
templates = [template(n) for n in names]
text = "".join(json.dumps({"template": base64.b64encode(t.encode("utf-8", "surrogatepass")).decode()}) + "\n" for t in templates).encode()
target = os.environ.get("CARGO_TARGET_DIR", root / "target")
# In a copy, since Go completes the list of modules.
shutil.copytree(here / "helm-oracle", f"{target}/helm-oracle-source", dirs_exist_ok=True)
subprocess.run(["go", "build", "-mod=mod", "-o", f"{target}/helm-oracle", "."], cwd=f"{target}/helm-oracle-source", check=True)
subprocess.run(["cargo", "build", "-q", "-p", "render-core", "--example", "expressions"], cwd=root, check=True)
chart = pathlib.Path(tempfile.mkdtemp())
for path, content in CHART.items():
    (chart / path).parent.mkdir(parents=True, exist_ok=True)
    (chart / path).write_text(content)
env = {**os.environ, "TZ": "UTC"}


def answers(program):
    """One answer a template; None where the process ended (helm's does when a map that contains itself is printed)."""
    lines, found = text.splitlines(True), []
    while len(found) < len(lines):
        found += subprocess.run([program, chart, "4.3", str(int(time.time()))], input=b"".join(lines[len(found):]), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env).stdout.splitlines()
        if len(found) < len(lines):
            found.append(None)
    return found


want, got = answers(f"{target}/helm-oracle"), answers(f"{target}/debug/examples/expressions")
shutil.rmtree(chart)
ADDRESS = re.compile(rb"0x[0-9a-f]{6,}|0xc[0-9a-f]+")
differ, outputs, errors, ended, tried = collections.Counter(), 0, 0, 0, collections.Counter(names)
keep = open(a.keep, "w") if a.keep else None
for name, source, one, two in zip(names, templates, want, got):
    if one is None:
        ended += 1
        continue
    one, two = json.loads(one), json.loads(two or b'{"output": null, "error": null}')
    errors += one["error"] is not None
    outputs += one["error"] is None
    decode = lambda v: None if v is None else base64.b64decode(v)
    one, two = (decode(one["output"]), decode(one["error"])), (decode(two["output"]), decode(two["error"]))
    if one == two or (name in CLOCK and one[1] is None and two[1] is None and not any(t in source for t in TIMES)):
        continue
    if [v and ADDRESS.sub(b"@", v) for v in one] == [v and ADDRESS.sub(b"@", v) for v in two]:
        continue
    differ[name] += 1
    if keep:
        keep.write(json.dumps({"name": name, "template": source, "helm": [None if v is None else v.decode(errors="replace") for v in one], "here": [None if v is None else v.decode(errors="replace") for v in two]}, ensure_ascii=False) + "\n")
    if a.verbose or differ[name] <= 3:
        print(f"--- {source}\n  helm: {one}\n  here: {two}")
print(f"{len(templates)} expressions of {len(tried)} functions compared: {outputs} rendered and {errors} refused by helm, {ended} ended its process, {sum(differ.values())} differ")
if differ:
    print("by function: " + ", ".join(f"{n} {c}" for n, c in differ.most_common()))
sys.exit(bool(differ))
