#!/usr/bin/env python3
"""Compares hydrant's YAML reader and printer with kustomize's on random input.

Each case is one object whose `spec` is made at random: scalars in every style, block and flow collections, anchors,
and mutated copies of real files. hydrant answers through the example `reprint` (cargo build -p manifest --example
reprint), kustomize through `kubectl kustomize` on a folder of many cases at once, split in halves where it fails.

    yaml.py --kubectl /opt/peers/kubectl --reprint target/release/examples/reprint --cases 2000 --seed 1 [--real DIR]

Prints each case on which the two differ, and a summary line. Exit status 0 if none does.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile

HEAD = "apiVersion: example.com/v1\nkind: Case\nmetadata:\n  name: {name}\n"

WORDS = ["a", "b", "key", "x y", "yes", "no", "on", "y", "N", "true", "null", "~", "0", "1", "-1", "+1", "08", "017", "0o17", "0x1F",
         "0b11", "1_000", "1.0", "1e3", "1.5e300", ".5", "5.", "-.5", ".inf", "-.INF", ".nan", "1:30", "12:30:45", "190:20:30.15",
         "2020-01-01", "2020-1-1", "2020-13-01", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10", "2020-02-30", "<<", "=", "-",
         "?", ":", "---", "...", "#", "# c", "a#b", "a #b", "a: b", "a:b", ":a", "-a", "?a", "!a", "!!str", "&a", "*a", "@a", "`a",
         "%a", "|", ">", "{", "}", "[", "]", ",", "a,b", "{a}", "[a]", "'", "\"", "it's", "\\", "\\n", "é", "日本", "\U0001F600",
         "\u0085", "\u2028", "\u00a0", "\ufeff", "\t", "  ", " ", "", "18446744073709551615", "18446744073709551616",
         "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "123456789.5", "1234567.5", "0.00001", "1e-7", "1e20",
         "1e21", "1e400", "0b-1", "._5", ".5_0", "1__0", "0x", "0o", "0b", "0o8", "NaN", "Null", "TRUE", "tRue", "-0", "-0.0", "+.5", "1e",
         "1.e5", "0.1.2", "1.2.3", "10.0.0.1", "word word word word word word word word word word word word word word word word word word",
         "longwordwithoutspaceslongwordwithoutspaceslongwordwithoutspaceslongwordwithoutspaceslongwordwithoutspaces"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def text(self, newlines=True):
        r = self.r
        joins = ["", " ", "  ", ": ", " #", ", "] + (["\n", "\n\n", "\n ", " \n", "\n\n  "] if newlines else [])
        parts = []
        for _ in range(r.choice([1, 1, 1, 2, 2, 3, 4, 6, 20])):
            parts.append(r.choice(WORDS))
            parts.append(r.choice(joins))
        return "".join(parts[:-1])

    def double(self):
        out = []
        for c in self.text():
            if c in "\"\\":
                out.append("\\" + c)
            elif c == "\n":
                out.append(self.r.choice(["\\n", "\\n", "\n    ", "\n\n    ", "\\\n    "]))
            elif self.r.random() < 0.02:
                out.append("\\x%02x" % ord(c) if ord(c) < 256 else "\\U%08x" % ord(c))
            else:
                out.append(c)
        if self.r.random() < 0.1:
            out.append(self.r.choice(["\\t", "\\r", "\\0", "\\e", "\\N", "\\L", "\\P", "\\_", "\\x7f", "\\u0080", "\\/", "\\q", "\\uFEFF", "\\uFFFF"]))
        return '"' + "".join(out) + '"'

    def single(self):
        return "'" + self.text().replace("'", "''").replace("\n", "\n    ") + "'"

    def tame(self):
        r = self.r
        return r.choice([" ", "  ", "\n    "]).join(r.choice(["a", "word", "1", "yes", "http://x:80/a", "a#b", "-x", "é", "x,y", "1.5", "long" * 12, "'q'", "a=b"]) for _ in range(r.choice([1, 1, 2, 3, 8, 25])))

    def plain(self):
        return self.text().replace("\n", "\n    ")

    def block(self, indent):
        r = self.r
        head = r.choice("|>") + r.choice(["", "", "", "-", "+", "2", "1", "-2", "2+"])
        lines = self.text().split("\n")
        lines += [r.choice(WORDS) for _ in range(r.choice([0, 0, 1, 3]))]
        body = "\n".join((" " * (indent + r.choice([2, 2, 2, 2, 3, 4])) + line) if line or r.random() < 0.2 else "" for line in lines)
        return head + r.choice(["", "", " # c"]) + "\n" + body + "\n" * r.choice([0, 0, 1, 2])

    def scalar(self, indent):
        r = self.r
        tag = r.choice([""] * 30 + ["!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!timestamp ", "!!binary ", "! ", "!x ", "&a ", "!<tag:x> "])
        return tag + r.choice([self.tame, self.tame, self.tame, self.plain, self.double, self.single, lambda: self.block(indent), lambda: r.choice(WORDS)])()

    def key(self):
        r = self.r
        return r.choice([lambda: "k%d" % r.randrange(40), lambda: "a%d" % r.randrange(20), lambda: r.choice(WORDS), lambda: '"%s"' % r.choice(WORDS).replace("\\", "").replace('"', ""),
                         lambda: "'" + r.choice(WORDS).replace("'", "''") + "'", lambda: self.text(False)])() if r.random() < 0.3 else "k%d" % r.randrange(1000)

    def flow(self, depth):
        r = self.r
        if depth > 3 or r.random() < 0.5:
            return r.choice([lambda: r.choice(WORDS), self.single, self.double, lambda: "a"])().replace("\n", "\n      ")
        if r.random() < 0.5:
            return "[" + r.choice([", ", ",", " , ", ",\n      "]).join(self.flow(depth + 1) for _ in range(r.randrange(4))) + "]"
        pair = r.choice([": ", ": ", ":", " : "])
        return "{" + ", ".join(self.key() + pair + self.flow(depth + 1) for _ in range(r.randrange(4))) + "}"

    def value(self, indent, depth):
        """What stands behind `key:` or `-`, with its own leading space or line break."""
        r = self.r
        kind = r.random()
        pad = " " * indent
        if depth > 4 or kind < 0.6:
            return " " + self.scalar(indent - 2) + r.choice(["", "", "", " ", " # c"])
        if kind < 0.75:
            return " " + self.flow(0)
        anchor = r.choice(["", "", "", " &m%d" % r.randrange(3), " # c", " !!map"])
        if kind < 0.9:
            entries = [pad + self.key() + ":" + self.value(indent + 2, depth + 1) for _ in range(r.randrange(1, 4))]
            if r.random() < 0.1:
                entries.insert(r.randrange(len(entries) + 1), pad + r.choice(["<<: *m0", "<<: [*m1, *m0]", "r: *m0", "# c", "\t# c", "? c\n" + pad + ": d"]))
            return anchor + "\n" + "\n".join(entries)
        less = pad if r.random() < 0.5 else pad[2:]
        return anchor.replace("map", "seq") + "\n" + "\n".join(less + "-" + self.value(len(less) + 2, depth + 1) for _ in range(r.randrange(1, 4)))

    def structure(self):
        return "spec:\n" + "\n".join("  " + self.key() + ":" + self.value(4, 0) for _ in range(self.r.choice([1, 1, 2, 4]))) + "\n"

    def mutate(self, text):
        r = self.r
        body = "\n".join("  " + line for line in text.split("\n"))
        chars = list(body)
        for _ in range(r.choice([0, 1, 1, 2, 3])):
            at = r.randrange(len(chars)) if chars else 0
            what = r.random()
            if what < 0.3 and chars:
                del chars[at]
            elif what < 0.8:
                chars.insert(at, r.choice([" ", "\n", ":", "-", "'", '"', "#", "\t", "{", "}", "[", "]", ",", "|", ">", "&a ", "*a", "!", "%", "?", "- ", ": ", "\\", "é", "\u0085", "0", "<<: "]))
            else:
                chars[at:at + 1] = r.choice(["  ", "\n\n", "''", '""'])
        return "spec:\n" + "".join(chars) + "\n"


def ours(reprint, cases):
    done = subprocess.run([reprint, "many"], input="\x01\n".join(cases).encode("utf-8", "surrogatepass"), capture_output=True)
    if done.returncode != 0:
        raise SystemExit("reprint failed: %r" % done.stderr[-2000:])
    answers = done.stdout.decode("utf-8").split("\x01\n")[:-1]
    return [(False, a[1:]) if a.startswith("\x02") else (True, a) for a in answers]


def kubectl(path, cases, names):
    """name → output, or name → error (prefixed with \\x02), by halving where the whole fails."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            with open(os.path.join(folder, name + ".yaml"), "wb") as f:
                f.write(cases[name].encode("utf-8", "surrogatepass"))
        with open(os.path.join(folder, "kustomization.yaml"), "w") as f:
            f.write("resources:\n" + "".join("- %s.yaml\n" % name for name in names))
        done = subprocess.run([path, "kustomize", folder], capture_output=True)
    if done.returncode != 0:
        if len(names) == 1:
            return {names[0]: "\x02" + done.stderr.decode("utf-8", "replace").strip()[-300:]}
        half = len(names) // 2
        return {**kubectl(path, cases, names[:half]), **kubectl(path, cases, names[half:])}
    text = done.stdout.decode("utf-8")
    found = {}
    for doc in re.split(r"(?m)^---\n", text):
        name = re.search(r"(?m)^  name: (c\d+)$", doc)
        if name:
            found[name.group(1)] = found.get(name.group(1), "") + doc
    return {name: found.get(name, "\x02missing in the output") for name in names}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kubectl", default="/opt/peers/kubectl")
    p.add_argument("--reprint", default="target/release/examples/reprint")
    p.add_argument("--cases", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=60)
    p.add_argument("--real", help="a folder whose YAML files are mutated")
    p.add_argument("--show", type=int, default=20)
    a = p.parse_args()
    maker = Maker(a.seed)
    real = []
    if a.real:
        for folder, _, files in sorted(os.walk(a.real)):
            real += [os.path.join(folder, f) for f in files if f.endswith((".yaml", ".yml"))]
        real = [open(f, encoding="utf-8", errors="replace").read() for f in maker.r.sample(sorted(real), min(len(real), 400))]
        real = [t for t in real if "\n---" not in t and len(t) < 4000]
    cases = {}
    for i in range(a.cases):
        name = "c%06d" % i
        body = maker.mutate(maker.r.choice(real)) if real and i % 2 else maker.structure()
        body = body.replace("\r", "")
        cases[name] = HEAD.format(name=name) + body
    names = list(cases)
    mine = dict(zip(names, ours(a.reprint, [cases[n] for n in names])))
    theirs = {}
    good = [n for n in names if mine[n][0]]
    bad = [n for n in names if not mine[n][0]]
    for group, size in ((good, a.batch), (bad, 1)):
        for i in range(0, len(group), size):
            theirs.update(kubectl(a.kubectl, cases, group[i:i + size]))
    counts = {"same": 0, "both refuse": 0, "different": 0, "only hydrant accepts": 0, "only kustomize accepts": 0}
    shown = 0
    for n in names:
        ok, text = mine[n]
        other = theirs[n]
        kind = ("both refuse" if not ok else "only hydrant accepts") if other.startswith("\x02") else (
            "only kustomize accepts" if not ok else "same" if text == other else "different")
        counts[kind] += 1
        if kind not in ("same", "both refuse") and shown < a.show:
            shown += 1
            print("=== %s %s\n%s\n--- hydrant\n%s\n--- kustomize\n%s" % (kind, n, repr(cases[n][len(HEAD.format(name=n)):]), text, other))
    print(counts)
    return 0 if sum(counts.values()) == counts["same"] + counts["both refuse"] else 1


if __name__ == "__main__":
    sys.exit(main())
