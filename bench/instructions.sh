#!/bin/sh
# Instructions of the hash, counted by callgrind, which no busy machine changes: in drydock's own code
# (without libcrypto, libc and the kernel), for each file and each byte. Fails when they grew by more
# than the tolerance against bench/instructions.txt; --update writes that file anew.
#   instructions.sh DRYDOCK-PROGRAM [--update]
set -eu
drydock=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
tolerance=10 # percent: compilers and their libraries differ a little
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# count FILES BYTES: instructions inside the program's own object.
count() {
  "$drydock" tree "$work/$1-$2" --files "$1" --bytes "$2"
  sleep 0.1 # the files settle: what was written a moment ago is read with more care
  valgrind --tool=callgrind --callgrind-out-file="$work/out" --fair-sched=yes \
    "$drydock" hash "$work/$1-$2" --no-cache --readers 1 >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
  callgrind_annotate --threshold=100 "$work/out" |
    awk -v program="$drydock" 'index($0, "[" program "]") { gsub(",", "", $1); sum += $1 }
      END { printf "%d\n", sum }'
}

few=$(count 1000 1000000)
many=$(count 5000 1000000)
large=$(count 1000 41000000)
per_file=$(((many - few) / 4000))
per_mib=$(((large - few) * 1048576 / 40000000))
[ "$per_file" -gt 0 ] || { echo "instructions: nothing was counted" >&2; exit 1; }

if [ "${2:-}" = --update ]; then
  printf '# drydock'\''s own instructions, Release; see instructions.sh\nper-file %d\nper-MiB %d\n' \
    "$per_file" "$per_mib" >"$here/instructions.txt"
fi
status=0
# judge NAME COUNT
judge() {
  known=$(sed -n "s/^$1 //p" "$here/instructions.txt")
  most=$((known + known * tolerance / 100))
  if [ "$2" -le "$most" ]; then
    verdict=holds
  else
    verdict="MORE THAN $most"
    status=1
  fi
  echo "instructions $1: $2 (known: $known, at most +$tolerance %): $verdict"
}
judge per-file "$per_file"
judge per-MiB "$per_mib"
exit "$status"
