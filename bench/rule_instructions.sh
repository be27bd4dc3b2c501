#!/bin/sh
# What a hundred armed fault rules cost a manifest GET that none of them matches, in instructions
# counted by callgrind, which no busy machine changes: of the whole process, in process, with rules,
# registry and journal. Fails when it is more than 5 %.
#   rule_instructions.sh HANDLE-REQUESTS-PROGRAM
set -eu
program=$(realpath "$1")
most=50 # per mille
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# count REQUESTS RULES MISS: instructions of all.
count() {
  valgrind --tool=callgrind --callgrind-out-file="$work/out" "$program" "$@" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
  sed -n 's/.*Collected : //p' "$work/log"
}

# each RULES MISS: instructions of one request.
each() {
  few=$(count 200 "$@")
  many=$(count 1200 "$@")
  echo $(((many - few) / 1000))
}

status=0
without=$(each 0 0)
[ "$without" -gt 0 ] || { echo "rule_instructions: nothing was counted" >&2; exit 1; }
miss=0
for how in "for another operation" "for another repository" "for another reference" \
  "at a byte of another operation"; do
  with=$(each 100 $miss)
  more=$(((with - without) * 1000 / without))
  verdict=holds
  [ "$more" -le "$most" ] || { verdict="MORE THAN 5 %"; status=1; }
  printf 'instructions of a manifest GET: %d; with 100 rules %s: %d (+%d.%d %%): %s\n' \
    "$without" "$how" "$with" $((more / 10)) $((more % 10)) "$verdict"
  miss=$((miss + 1))
done
exit "$status"
