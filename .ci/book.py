#!/usr/bin/env python3
"""Builds the documentation site: `book.py build FOLDER` needs mdbook on PATH, and fails on a broken link.

mdbook itself runs `book.py preprocess`, which makes links that leave docs/ lead to the repository.
"""
import json
import pathlib
import posixpath
import re
import shutil
import subprocess
import sys
import urllib.parse
from html.parser import HTMLParser

REPOSITORY = "https://github.com/hydrant-dev/hydrant/blob/main/"
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")


def preprocess():
    """Reads mdbook's context and book from stdin, and writes the book with absolute links to files outside of docs/."""
    if sys.argv[2:3] == ["supports"]:
        return
    _, book = json.load(sys.stdin)
    for section in book.get("items", book.get("sections")):
        rewrite(section)
    json.dump(book, sys.stdout)


def rewrite(section):
    """Changes the links of a chapter and those below it."""
    chapter = section.get("Chapter") if isinstance(section, dict) else None
    if chapter is None:
        return
    folder = posixpath.dirname(chapter.get("source_path") or "")

    def absolute(match):
        path = posixpath.normpath(posixpath.join("docs", folder, match[1]))
        if ":" in match[1]:
            return match[0]
        if path.startswith("docs/"):
            # mdbook writes README.md as index.html, and changes links to it only in the same folder.
            target = re.sub(r"(^|/)README\.md$", r"\1index.md", match[1])
            return f"]({target}{match[2] or ''})"
        return f"]({REPOSITORY}{path}{match[2] or ''})"

    chapter["content"] = LINK.sub(absolute, chapter["content"])
    for child in chapter["sub_items"]:
        rewrite(child)


class Page(HTMLParser):
    """The ids and the links of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.add(values.get("id"))
        self.links += [values[name] for name in ("href", "src") if values.get(name)]


def broken_links(site):
    """Returns each link of the site whose file or heading does not exist."""
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html") if path.name not in ("print.html", "404.html", "toc.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            known = target not in pages or not parts.fragment or urllib.parse.unquote(parts.fragment) in pages[target].ids
            if not target.exists() or not known:
                broken.append(f"{path.relative_to(site)}: {link}")
    return broken


def build(site):
    """Builds the site, and fails with a list of broken links."""
    site = pathlib.Path(site).resolve()
    result = subprocess.run(["mdbook", "build", "--dest-dir", str(site)], capture_output=True, text=True)
    sys.stderr.write(result.stderr)
    if result.returncode or re.search(r"\b(WARN|ERROR)\b", result.stderr):
        raise SystemExit("mdbook reports errors or warnings")
    if not list(site.glob("searchindex*.js*")):
        raise SystemExit("the site has no search index")
    # llms.txt links to the pages as Markdown.
    for page in pathlib.Path("docs").rglob("*.md"):
        shutil.copy(page, site / page.relative_to("docs"))
    broken = broken_links(site)
    pages = len(list(site.rglob("*.html")))
    print(f"{pages} pages in {site}")
    if broken:
        raise SystemExit("broken links:\n" + "\n".join(broken))


if __name__ == "__main__":
    preprocess() if sys.argv[1] == "preprocess" else build(sys.argv[2])
