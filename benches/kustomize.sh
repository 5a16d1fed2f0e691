#!/usr/bin/env bash
# Compares hydrant with kubectl (kustomize 5.8.1) in one run: podinfo's overlay, and make_scale's overlay of N services.
# usage: benches/kustomize.sh SHARED PEERS [BINARY]     SHARED: the folder with conformance/ and bench/; PEERS: the folder with kubectl
set -euo pipefail
shared=$(cd "$1" && pwd) peers=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")/.." && pwd)
bin=${3:-${CARGO_TARGET_DIR:-$here/target}/release/hydrant}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
podinfo=$shared/conformance/real/stefanprodan+podinfo/deploy/overlays/dev

peak() { # peak resident memory, by GNU time: a parent's own pages must not count
  /usr/bin/time -f '%M KB' "$@" 2>&1 >/dev/null | tail -1
}

echo "# podinfo, overlay dev"
hyperfine -N --warmup 5 --runs 100 --export-markdown "$work/podinfo.md" "$bin kustomize $podinfo" "$peers/kubectl kustomize $podinfo" >/dev/null
cat "$work/podinfo.md"
echo "peak: hydrant $(peak "$bin" kustomize "$podinfo"), kubectl $(peak "$peers/kubectl" kustomize "$podinfo")"

echo "# make_scale"
for n in 100 300 1000 3000 10000; do
  python3 "$shared/bench/make_scale.py" "$n" "$work/scale$n" >/dev/null
  runs=10; [ "$n" -gt 1000 ] && runs=3
  hyperfine -N --warmup 1 --runs "$runs" --export-json "$work/scale.json" "$bin kustomize $work/scale$n/overlay" >/dev/null
  mean=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["results"][0]["mean"])' "$work/scale.json")
  echo "$n services: $mean s, peak $(peak "$bin" kustomize "$work/scale$n/overlay")"
done
hyperfine -N --runs 2 "$peers/kubectl kustomize $work/scale100/overlay" "$bin kustomize $work/scale100/overlay" | grep -E "Time|Summary|times" || true
