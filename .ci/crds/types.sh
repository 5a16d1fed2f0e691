#!/usr/bin/env bash
# Writes the type declarations of Argo CD, of this version, to packages below argo in this folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
argo_cd=v3.1.8
folder_of() { (cd /tmp && go mod download -json "$1@$2") | sed -nE 's/^\t"Dir": "(.*)",$/\1/p'; }
root=$(folder_of github.com/argoproj/argo-cd/v3 $argo_cd)
engine_version=$(sed -nE 's|^\tgithub.com/argoproj/gitops-engine (v[^ ]+)$|\1|p' "$root/go.mod")
engine=$(folder_of github.com/argoproj/gitops-engine "$engine_version")
go run ./declarations "$engine/pkg/health" argo/health health
go run ./declarations "$engine/pkg/utils/kube/kube.go" argo/kube kube
go run ./declarations "$engine/pkg/sync/common" argo/sync common \
  github.com/argoproj/gitops-engine/pkg/utils/kube=crds/argo/kube
go run ./declarations "$root/pkg/apis/application/v1alpha1" argo argo \
  github.com/argoproj/gitops-engine/pkg/health=crds/argo/health \
  github.com/argoproj/gitops-engine/pkg/sync/common=crds/argo/sync
