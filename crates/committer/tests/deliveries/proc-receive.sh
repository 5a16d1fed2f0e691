# As Gitea has it: one open request for a topic, which moves forward alone. Every request's commit is at refs/pull/N/head.
read_line() { n=$(dd bs=1 count=4 2>/dev/null); case $n in 0000|'') return 1;; esac; line=$(dd bs=1 count=$((0x$n - 4)) 2>/dev/null | tr -d '\0'); }
say() { printf '%04x%s' $((${#1} + 4)) "$1"; }
while read_line; do :; done
printf '%04xversion=1\0push-options' 26; printf 0000
refs=''; while read_line; do refs=$line; done
while read_line; do echo "$line" >> options; done
set -- $refs
old=$(git rev-parse -q --verify refs/pull/1/head)
if [ "$old" = "$2" ]; then say "ng $3 new commit is same with old commit"
elif [ -n "$old" ] && ! git merge-base --is-ancestor "$old" "$2"; then say "ng $3 request \`force-push\` push option"
elif [ -e broken ]; then say "ng $3 no requests today"
else git update-ref refs/pull/1/head "$2"; echo "Visit the request: https://x/pulls/1" >&2; say "ok $3"; fi
printf 0000
