#!/bin/sh
# Makes a folder the root of a read-only file system, with /proc, four devices and an empty /tmp, or one that has another
# folder as /tmp/volume, and executes a command, which is to change its root: container.sh ROOT VOLUME COMMAND…
# Needs a mount and a PID namespace of its own, and root.
set -e
root=$1 volume=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ "$volume" ]; then
  mkdir "$root/tmp/volume"
  mount --bind "$volume" "$root/tmp/volume"
fi
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
mount -o remount,bind,ro "$root"
exec "$@"
