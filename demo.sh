#!/usr/bin/env bash
# demo.sh [IMAGE] [--keep] [--boot N]: builds NovaCow, starts a cluster of three hosts on this machine, launches
# 60 instances of IMAGE and shows what copy-on-write gained. Without IMAGE it makes a small bootable
# disk from Debian's packages, kept in .demo/ for the next time. Where libvirt is present, the
# demo's own as root and else the user's, NOVACOW_DEMO_LIBVIRT names it to the demo, so that
# guests are booted.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
. "$here/scripts/prerequisites.sh"
require_dotnet
require qemu-img=qemu-utils mke2fs=e2fsprogs mkswap=util-linux prlimit=util-linux \
  setpriv=util-linux setsid=util-linux

image=
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --boot | --libvirt | --data | --flavor)
      options+=("${@:1:2}")
      shift
      ;;
    -*) options+=("$1") ;;
    *) image=$1 ;;
  esac
  shift || break
done
if [ -z "$image" ]; then
  image=$here/.demo/demo.qcow2
  if ! [ -f "$image" ] || [ -n "$(find "$here/scripts/demo-image" -newer "$image")" ]; then
    "$here/scripts/demo-image/make.sh" "$image"
  fi
fi

has() {
  local tool
  for tool in "$@"; do command -v "$tool" >/dev/null 2>&1 || return 1; done
}

answers() { virsh -q -c "$1" version >/dev/null 2>&1; }

# Its processes are killed with the first of them, end after it, and write in its folder until then.
end_libvirt() {
  local tries=0
  kill -9 "$libvirt" 2>/dev/null || :
  wait "$libvirt" 2>/dev/null || :
  until rm -rf "$libvirt_folder" 2>/dev/null || [ $tries -ge 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
}

# A cluster that is kept outlives this, and with it a libvirt that is not of this.
find_libvirt() {
  local tries=0 uri
  has virsh qemu-system-x86_64 || return 0
  if [ "$(id -u)" -eq 0 ] && has libvirtd unshare && [[ " ${options[*]} " != *" --keep "* ]]; then
    libvirt_folder=$(mktemp -d)
    uri="qemu+unix:///system?socket=$libvirt_folder/run/libvirt-sock"
    setpriv --pdeathsig KILL -- "$here/scripts/libvirt-daemon.sh" "$libvirt_folder" &
    libvirt=$!
    trap end_libvirt EXIT
    until answers "$uri" || [ $tries -ge 600 ] || ! kill -0 "$libvirt" 2>/dev/null; do
      sleep 0.1
      tries=$((tries + 1))
    done
  elif [ "$(id -u)" -eq 0 ]; then
    uri=qemu:///system
  else
    # The system's would run guests as a user who cannot reach this user's disks.
    uri=qemu:///session
  fi
  if answers "$uri"; then export NOVACOW_DEMO_LIBVIRT=$uri; fi
}

if [ -z "${NOVACOW_DEMO_LIBVIRT+set}" ]; then find_libvirt; fi
"$here/novacow" demo "$image" "${options[@]}"
