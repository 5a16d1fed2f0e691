#!/usr/bin/env bash
# 500 branches, one changed 20 KB file each, over smart HTTP: hydrant's committer compared with git.
#
#   benches/deliver.sh [BRANCHES]
#
# Needs git, nginx, fcgiwrap and GNU time. Both use the same repository (five commits per branch) from the same server, and push atomically
# with the old commit of every branch compared. Printed: wall time, requests to the server, peak memory.
set -euo pipefail
branches=${1:-500} bytes=20480
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
work=$(mktemp -d /tmp/hydrant-bench-XXXXXX)
port=$((20000 + RANDOM % 20000))
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin GIT_CONFIG_GLOBAL=/dev/null

cargo build --quiet --release --manifest-path "$here/Cargo.toml" -p committer --example many_branches
tool=$target/release/examples/many_branches

repository() { # name
  git init -q --bare "$work/$1.git"
  git -C "$work/$1.git" config http.receivepack true
  git -C "$work/$1.git" config uploadpack.allowFilter true
  python3 - "$branches" "$bytes" <<'PY' | git -C "$work/$1.git" fast-import --quiet
import random, sys
branches, size = int(sys.argv[1]), int(sys.argv[2])
out = sys.stdout
for number in range(branches):
    chance = random.Random(number)
    for commit in range(5):
        text = ""
        while len(text) < size:
            text += "  - name: setting-%x\n    value: \"%x\"\n" % (chance.getrandbits(16), chance.getrandbits(44))
        text = text[:size]
        out.write("commit refs/heads/svc-%d/prod\ncommitter A <a@b> %d +0000\ndata 2\nc\n" % (number, 1600000000 + commit))
        out.write("M 100644 inline manifest.yaml\ndata %d\n%s\n" % (size, text))
PY
}

serve() {
  for number in 0 1 2 3; do
    fcgiwrap -s "unix:$work/fcgi$number.sock" >/dev/null 2>&1 & pids+=($!)
  done
  cat >"$work/nginx.conf" <<CONF
user root; daemon off; pid $work/nginx.pid; error_log $work/nginx.log; events {}
http {
  access_log $work/access.log;
  client_body_temp_path $work/body; fastcgi_temp_path $work/fast; proxy_temp_path $work/p; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  upstream git { least_conn; server unix:$work/fcgi0.sock; server unix:$work/fcgi1.sock; server unix:$work/fcgi2.sock; server unix:$work/fcgi3.sock; }
  server {
    listen 127.0.0.1:$port; client_max_body_size 0;
    location / {
      fastcgi_pass git;
      fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_PROJECT_ROOT $work; fastcgi_param PATH_INFO \$uri; fastcgi_param QUERY_STRING \$query_string;
      fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type;
      fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param GIT_PROTOCOL \$http_git_protocol;
      fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding; fastcgi_param REMOTE_USER bench;
    }
  }
}
CONF
  nginx -c "$work/nginx.conf" -e /dev/null & pids+=($!)
  for _ in $(seq 100); do [ -S "$work/fcgi3.sock" ] && (echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return; sleep 0.05; done
  echo "the server does not start" >&2; exit 1
}

measure() { # label, command...
  local label=$1; shift
  : >"$work/access.log"
  /usr/bin/time -f '%e %M' -o "$work/time" "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
  sleep 0.1
  read -r wall memory <"$work/time"
  printf '%-34s %7.2f s %6d requests %7.1f MB  %s\n' "$label" "$wall" "$(wc -l <"$work/access.log")" \
    "$(awk "BEGIN { print $memory / 1024 }")" "$(tail -1 "$work/out" | cut -c1-70)"
}

by_git() { # url, source: depth 1, blob:none, fast-import, push --atomic with a lease for each branch
  rm -rf "$work/clone" && git init -q --bare "$work/clone" && cd "$work/clone"
  git remote add origin "$1"
  git config remote.origin.promisor true
  git config remote.origin.partialclonefilter blob:none
  git fetch -q --depth 1 --filter=blob:none origin '+refs/heads/*:refs/remotes/origin/*'
  python3 - "$branches" "$bytes" "$2" >"$work/stream" <<'PY'
import random, sys
branches, size, source = (int(text) for text in sys.argv[1:])
for number in range(branches):
    chance = random.Random(number * 7919 + source)
    text = ""
    while len(text) < size:
        text += "  - name: setting-%x\n    value: \"%x\"\n" % (chance.getrandbits(16), chance.getrandbits(44))
    text = text[:size]
    name = "svc-%d/prod" % number
    print("commit refs/heads/%s\ncommitter A <a@b> 1700000000 +0000\ndata 2\nc\nfrom refs/remotes/origin/%s^0" % (name, name))
    print("M 100644 inline manifest.yaml\ndata %d\n%s" % (size, text))
PY
  git fast-import --quiet <"$work/stream"
  git for-each-ref --format='--force-with-lease=%(refname:lstrip=3):%(objectname)' refs/remotes/origin |
    sed 's#--force-with-lease=#--force-with-lease=refs/heads/#' >"$work/leases"
  xargs -a "$work/leases" git push -q --atomic origin 'refs/heads/*:refs/heads/*'
}
export -f by_git; export work branches bytes

repository ours; repository theirs; serve
url=http://127.0.0.1:$port
git --version; echo "$branches branches, $bytes bytes each"
measure 'git: fetch, import, push' bash -c "by_git $url/theirs.git 2"
measure 'git: again' bash -c "by_git $url/theirs.git 3"
measure 'hydrant: first delivery (adopts)' "$tool" "$url/ours.git" "$branches" 2 "$bytes"
measure 'hydrant: all changed' "$tool" "$url/ours.git" "$branches" 4 "$bytes"
measure 'hydrant: newer source, same files' "$tool" "$url/ours.git" "$branches" 5 "$bytes"
measure 'hydrant: unchanged' "$tool" "$url/ours.git" "$branches" 5 "$bytes"
for name in ours theirs; do git -C "$work/$name.git" fsck --strict --no-dangling >/dev/null; done
echo "ghcp's way would be $((branches * 4 + branches)) requests: a blob, a tree, a commit, a ref and a look for each branch"
