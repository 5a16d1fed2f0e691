#!/usr/bin/env bash
# Installs the real tools that conformance cases are rebuilt with into a folder: tools.sh FOLDER
# kustomize and helm are built with Go. Skaffold's module cannot be installed by `go install`, so its release is downloaded and
# its checksum compared.
set -euo pipefail
mkdir -p "$1"
GOBIN=$(cd "$1" && pwd)
export GOBIN
go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
go install helm.sh/helm/v4/cmd/helm@v4.3.1
release=https://github.com/GoogleContainerTools/skaffold/releases/download/v2.24.0/skaffold-linux-amd64
curl --fail --silent --show-error --location --output "$GOBIN/skaffold" "$release"
curl --fail --silent --show-error --location "$release.sha256" |
  awk -v file="$GOBIN/skaffold" '{print $1 "  " file}' | sha256sum --check --strict
chmod +x "$GOBIN/skaffold"
