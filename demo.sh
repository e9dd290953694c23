#!/usr/bin/env bash
# demo.sh [IMAGE] [--keep]: builds NovaCow, starts a cluster of three hosts on this machine, launches
# 60 instances of IMAGE and shows what copy-on-write gained. Without IMAGE it makes a small bootable
# disk from Debian's packages, kept in .demo/ for the next time.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
. "$here/scripts/prerequisites.sh"
require_dotnet
require qemu-img=qemu-utils mke2fs=e2fsprogs mkswap=util-linux prlimit=util-linux \
  setpriv=util-linux

image=
options=()
for argument in "$@"; do
  case $argument in
    -*) options+=("$argument") ;;
    *) image=$argument ;;
  esac
done
if [ -z "$image" ]; then
  image=$here/.demo/demo.qcow2
  [ -f "$image" ] || "$here/scripts/demo-image/make.sh" "$image"
fi
exec "$here/novacow" demo "$image" "${options[@]}"
