#!/usr/bin/env bash
# Rebuilds the cases of every line of upstream.txt, and runs hydrant on them.
#
#   conformance/all.sh HYDRANT CASES [CHECKOUTS]
#
# CASES is a folder for the cases. CHECKOUTS has clones or git directories as OWNER+NAME/repo or OWNER+NAME; what it lacks is
# cloned into CASES/checkouts from GitHub. The real tools are `kubectl` (or $KUSTOMIZE, such as `kustomize build`), `skaffold`
# ($SKAFFOLD) and `helm` ($HELM); the versions that the counts are held to are in docs/conformance.md. $SUITES limits the run to
# some suites, such as "kustomize helm".
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hydrant=$1 cases=$2 checkouts=${3:-$2/checkouts}
mkdir -p "$cases"

# checkout REPOSITORY TAG: prints the folder with a clone that has the tag.
checkout() {
  local folder=$checkouts/${1/\//+}
  if [ -d "$folder/repo" ]; then folder=$folder/repo; fi
  if [ ! -d "$folder" ]; then
    git clone --quiet --bare --depth 1 --branch "$2" "https://github.com/$1.git" "$folder" >&2
  fi
  echo "$folder"
}

tool() {
  case $1 in
    kustomize) echo "${KUSTOMIZE:-kubectl kustomize}" ;;
    skaffold) echo "${SKAFFOLD:-skaffold}" ;;
    helm) echo "${HELM:-helm}" ;;
  esac
}

while read -r suite repository tag; do
  case " ${SUITES:-kustomize skaffold helm} " in *" $suite "*) ;; *) continue ;; esac
  python3 "$here/rebuild.py" "$suite" --checkout "$(checkout "$repository" "$tag")" --name "${repository#*/}" --tag "$tag" \
    --tool "$(tool "$suite")" --out "$cases"
done < <(grep -v '^#' "$here/upstream.txt")
python3 "$here/run.py" --hydrant "$hydrant" --cases "$cases" --show 50
