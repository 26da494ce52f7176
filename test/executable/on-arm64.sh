#!/bin/sh
# Runs a command where programs for arm64 run by QEMU: on-arm64.sh QEMU COMMAND…
# In a user namespace of its own, which has a list of interpreters of its own (Linux 6.7).
set -eu
if [ -z "${ON_ARM64:-}" ]; then
  ON_ARM64=1 exec unshare --user --map-root-user --mount sh "$0" "$@"
fi
qemu=$1
shift
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
# ELF, 64 bits, little endian, a program, aarch64. O: the kernel opens the file, which for the keeper has no name; F: QEMU now.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":aarch64:M::$magic:$mask:$qemu:OF" >/proc/sys/fs/binfmt_misc/register
unset ON_ARM64
exec "$@"
