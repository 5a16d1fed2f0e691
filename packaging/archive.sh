#!/usr/bin/env bash
# Makes the archive of a release and its checksum: archive.sh BINARY TAG TARGET OUT
# The archive has the program, manual pages, completions, the schema and the example of the quick start. Equal inputs give equal bytes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=$1 name=hydrant-$2-$3 out=$(mkdir -p "$4" && cd "$4" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/$name
mkdir -p "$top/man" "$top/completions" "$top/examples"
cp "$binary" "$top/hydrant"
cp "$root/README.md" "$root/LICENSE" "$root/CHANGELOG.md" "$top"
cp -r "$root/examples/apps" "$top/examples/apps"
rm -rf "$top/examples/apps/manifests.git"
"$top/hydrant" man "$top/man"
for shell in bash zsh fish; do "$top/hydrant" completions "$shell" >"$top/completions/hydrant.$shell"; done
"$top/hydrant" schema >"$top/hydrant.schema.json"
find "$top" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
chmod 755 "$top/hydrant"
time=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
if tar --version 2>/dev/null | grep -q GNU; then
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" -cf - "$name" | gzip -n9 >"$out/$name.tar.gz"
else
  tar -C "$work" -cf - "$name" | gzip -n9 >"$out/$name.tar.gz"
fi
cd "$out"
if command -v sha256sum >/dev/null; then sha256sum "$name.tar.gz"; else shasum -a 256 "$name.tar.gz"; fi >"$name.tar.gz.sha256"
