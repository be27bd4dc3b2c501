#!/bin/sh
# debian13.sh LINK: makes a Debian 13 with docker and buildx, for the tests of BuildKit, and lets LINK
# point at it. It is kept in the user's cache and used again while it has what is asked; whoever
# empties the cache has it made anew.
set -eu
link=$1
include=docker.io,docker-cli,docker-buildx,ca-certificates
cache=${XDG_CACHE_HOME:-$HOME/.cache}/drydock
tree=$cache/debian13

mkdir -p "$cache"
exec 9>"$cache/debian13.lock"
flock 9
if [ "$(cat "$tree/include" 2>/dev/null)" != "$include" ]; then
  command -v debootstrap >/dev/null || {
    echo "debian13.sh: debootstrap is missing; install it with: apt-get install debootstrap" >&2
    exit 1
  }
  new=$(mktemp -d "$cache/debian13.XXXXXX")
  trap 'rm -rf --one-file-system "$new" "$new.log"' EXIT
  trap 'exit 130' INT TERM
  debootstrap --variant=minbase --include="$include" trixie "$new" >"$new.log" 2>&1 || {
    tail -n 30 "$new.log" >&2
    echo "debian13.sh: debootstrap failed (see above)" >&2
    exit 1
  }
  rm -rf "$new/var/cache/apt/archives" "$new/var/lib/apt/lists"
  mkdir -p "$new/etc/docker"
  touch "$new/etc/hosts"
  chmod 755 "$new"
  echo "$include" >"$new/include"
  rm -rf --one-file-system "$tree"
  mv -T "$new" "$tree"
fi
ln -sfnT "$tree" "$link"
