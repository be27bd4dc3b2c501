#!/bin/sh
# place.sh TREE FOLDER COMMAND…: runs COMMAND in the mount namespace that it was started in (unshare
# makes it), with FOLDER at /mnt. TREE "/" is this system with an /etc/hosts, /run and /etc/docker of
# the namespace's own; another TREE, read only, becomes the root. Nothing of it is seen outside.
set -eu
tree=$1
folder=$2
shift 2

if [ "$tree" = / ]; then
  mkdir -p /etc/docker
  mount -t proc proc /proc
  mount --bind "$folder" /mnt
  mount --bind "$folder/hosts" /etc/hosts
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /etc/docker
  cd /mnt
  exec "$@"
fi

mount --bind "$tree" "$tree"
mount -o remount,bind,ro "$tree"
cd "$tree"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
for folder_of_its_own in run tmp etc/docker root; do
  mount -t tmpfs tmpfs "$folder_of_its_own"
done
mount --bind "$folder" mnt
mount --bind "$folder/hosts" etc/hosts
# As root of the namespace, not of the process alone: what mounts further down must see no other.
pivot_root . .
umount -l .
cd /mnt
exec "$@"
