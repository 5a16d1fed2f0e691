#!/bin/sh
# Installs a release of hydrant, after checking its checksum and, with `gh`, its provenance.
#
#   curl --fail --location https://github.com/hydrant-dev/hydrant/releases/latest/download/install.sh | sh
#
# variable            meaning                                                               default
# HYDRANT_VERSION     the release, such as v0.1.0                                           the latest
# HYDRANT_SHA256      the SHA-256 of the archive, instead of the release's own file         -
# HYDRANT_PROVENANCE  required, auto (checked if gh is installed and logged in), or off     auto
# HYDRANT_BIN         the folder of the program                                             $HOME/.local/bin
# HYDRANT_RELEASES    the address of the releases, such as a mirror (https or file)         GitHub
set -eu

repository=hydrant-dev/hydrant
releases=${HYDRANT_RELEASES:-https://github.com/$repository/releases}
bin=${HYDRANT_BIN:-$HOME/.local/bin}
provenance=${HYDRANT_PROVENANCE:-auto}

fail() { echo "error: $1" >&2; exit 1; }

# download ADDRESS FILE
download() {
  case $1 in
    file://*) cp "${1#file://}" "$2" || fail "cannot read $1" ;;
    https://*)
      if command -v curl >/dev/null; then
        curl --proto '=https' --fail --silent --show-error --location --output "$2" "$1" || fail "cannot download $1"
      elif command -v wget >/dev/null; then
        wget --quiet --https-only --output-document="$2" "$1" || fail "cannot download $1"
      else
        fail "neither curl nor wget is installed"
      fi ;;
    *) fail "$1: expected https or file" ;;
  esac
}

# checksum FILE: prints its SHA-256
checksum() {
  if command -v sha256sum >/dev/null; then sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null; then shasum -a 256 "$1" | cut -d ' ' -f 1
  else fail "neither sha256sum nor shasum is installed"; fi
}

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) fail "hydrant has no release for $(uname -s) on $(uname -m): build it with cargo install" ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
version=${HYDRANT_VERSION:-}
if [ -z "$version" ]; then
  download "$releases/latest/download/VERSION" "$folder/VERSION"
  version=$(cat "$folder/VERSION")
fi
case $version in v[0-9]*) ;; *) fail "invalid version \"$version\", expected a tag such as v0.1.0" ;; esac
case $version in *[!v0-9A-Za-z.+-]*) fail "invalid version \"$version\"" ;; esac

name=hydrant-$version-$target
download "$releases/download/$version/$name.tar.gz" "$folder/$name.tar.gz"
expected=${HYDRANT_SHA256:-}
if [ -z "$expected" ]; then
  download "$releases/download/$version/$name.tar.gz.sha256" "$folder/sum"
  expected=$(cut -d ' ' -f 1 "$folder/sum")
fi
found=$(checksum "$folder/$name.tar.gz")
[ "$found" = "$expected" ] || fail "checksum mismatch of $name.tar.gz: expected $expected, found $found"

verify() {
  gh attestation verify "$folder/$name.tar.gz" --repo "$repository" \
    --signer-workflow "$repository/.github/workflows/release.yml" >&2 || fail "the provenance of $name.tar.gz is not verified"
}
case $provenance in
  off) ;;
  required) command -v gh >/dev/null || fail "gh is not installed: it verifies the provenance"; verify ;;
  auto)
    if command -v gh >/dev/null && gh auth status >/dev/null 2>&1; then verify
    else echo "note: the provenance was not verified, since gh is not installed or not logged in" >&2; fi ;;
  *) fail "invalid HYDRANT_PROVENANCE \"$provenance\", expected required, auto or off" ;;
esac

tar -xzf "$folder/$name.tar.gz" -C "$folder" "$name/hydrant"
mkdir -p "$bin"
# Renamed within the folder, so that a program that runs is not written to.
cp "$folder/$name/hydrant" "$bin/.hydrant.new"
chmod 755 "$bin/.hydrant.new"
mv "$bin/.hydrant.new" "$bin/hydrant"
"$bin/hydrant" --version
case ":$PATH:" in *":$bin:"*) ;; *) echo "note: add $bin to PATH" >&2 ;; esac
