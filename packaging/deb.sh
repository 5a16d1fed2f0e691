#!/usr/bin/env bash
# Makes a Debian package from the archive of a release: deb.sh ARCHIVE TAG ARCHITECTURE OUT
# ARCHITECTURE is Debian's name, such as amd64 or arm64.
set -euo pipefail
archive=$1 version=${2#v} architecture=$3 out=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/in" "$work/deb/DEBIAN" "$work/deb/usr/bin" "$work/deb/usr/share/man/man1" "$work/deb/usr/share/doc/hydrant" \
  "$work/deb/usr/share/bash-completion/completions" "$work/deb/usr/share/zsh/vendor-completions" \
  "$work/deb/usr/share/fish/vendor_completions.d"
tar -xzf "$archive" -C "$work/in" --strip-components=1
in=$work/in deb=$work/deb
install -m 755 "$in/hydrant" "$deb/usr/bin/hydrant"
for name in kubectl argocd flux; do ln -s hydrant "$deb/usr/bin/$name-hydrant"; done
for page in "$in"/man/*.1; do gzip -n9 <"$page" >"$deb/usr/share/man/man1/$(basename "$page").gz"; done
install -m 644 "$in/LICENSE" "$deb/usr/share/doc/hydrant/copyright"
install -m 644 "$in/README.md" "$in/hydrant.schema.json" "$deb/usr/share/doc/hydrant"
gzip -n9 <"$in/CHANGELOG.md" >"$deb/usr/share/doc/hydrant/changelog.gz"
install -m 644 "$in/completions/hydrant.bash" "$deb/usr/share/bash-completion/completions/hydrant"
install -m 644 "$in/completions/hydrant.zsh" "$deb/usr/share/zsh/vendor-completions/_hydrant"
install -m 644 "$in/completions/hydrant.fish" "$deb/usr/share/fish/vendor_completions.d/hydrant.fish"
cat >"$deb/DEBIAN/control" <<CONTROL
Package: hydrant
Version: $version
Architecture: $architecture
Maintainer: The hydrant authors <hydrant@users.noreply.github.com>
Installed-Size: $(du -sk "$deb/usr" | cut -f 1)
Recommends: ca-certificates
Suggests: git, openssh-client
Section: devel
Priority: optional
Homepage: https://github.com/hydrant-dev/hydrant
Description: render Kubernetes manifests and deliver them to git
 hydrant renders kustomize, Skaffold and Helm configuration, pins every image to
 its digest, and commits the result to the branches that Argo CD or Flux pulls.
CONTROL
mkdir -p "$out"
dpkg-deb --root-owner-group --build "$deb" "$out/hydrant_${version}_$architecture.deb" >/dev/null
echo "$out/hydrant_${version}_$architecture.deb"
