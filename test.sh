#!/usr/bin/env bash
# Builds everything and runs every test; installs what a bare Debian machine lacks when run as root.
# test.sh [SUITE…] runs the suites whose names contain one of the words. Closes with
# "N passed, N failed, N skipped" and exits 1 unless all that ran passed.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")"
. scripts/prerequisites.sh
require_dotnet
require qemu-img=qemu-utils mke2fs=e2fsprogs mkfs.xfs=xfsprogs mkfs.vfat=dosfstools \
  strace=strace mkfs.ext4=e2fsprogs mkfs.ntfs=ntfs-3g sfdisk=fdisk e2fsck=e2fsprogs \
  blkid=util-linux mkswap=util-linux prlimit=util-linux setpriv=util-linux mount=mount \
  kill=procps genisoimage=genisoimage losetup=mount mkfs.btrfs=btrfs-progs xfs_io=xfsprogs \
  chattr=e2fsprogs ip=iproute2 qemu-system-x86_64=qemu-system-x86 virsh=libvirt-clients \
  libvirtd=libvirt-daemon unshare=util-linux nsenter=util-linux busybox=busybox-static \
  grub-mkimage=grub-common cpio=cpio modprobe=kmod resize2fs=e2fsprogs \
  xmllint=libxml2-utils
libvirt_drivers=/usr/lib/$(uname -m)-linux-gnu/libvirt/connection-driver
require_files /usr/lib/grub/i386-pc/boot.img=grub-pc-bin \
  /usr/share/libvirt/schemas/domain.rng=libvirt0 \
  "$libvirt_drivers/libvirt_driver_qemu.so=libvirt-daemon-driver-qemu"
require_postgres
mkdir -p artifacts
echo "building"
build NovaCow.Actors.sln || exit 1

readonly suite_timeout_s=2700
passed=0 failed=0 skipped=0
count() { sed -nE "s/.*\b$1: ([0-9]+).*/\1/p" "$log" | tail -1; }

# A thin pool needs the kernel's device mapper, which few test machines have: see run_guest.
real_pool=NovaCow.Storage.Tests.LvmOnRealPoolTests
without=()
if ! [ -c /dev/mapper/control ] || ! (: < /dev/mapper/control) 2>/dev/null; then
  without=(-class- $real_pool) without_reason="no device mapper"
elif [ -z "${NOVACOW_TEST_THIN_POOL:-}" ]; then
  without=(-class- $real_pool) without_reason="NOVACOW_TEST_THIN_POOL names no GROUP/POOL"
fi

run_suite() {
  local name=$1 log=artifacts/$1.log total bad skips
  echo "running $name"
  [ "$name" != NovaCow.Storage.Tests ] || [ ${#without[@]} -eq 0 ] \
    || echo "  ${real_pool##*.} skipped: $without_reason; a guest runs them below"
  timeout --kill-after=60 $suite_timeout_s "tests/$name/bin/Release/net10.0/$name" \
    -noColor -noLogo "${without[@]}" > "$log" 2>&1 < /dev/null
  local exit=$?
  total=$(count Total) bad=$(count Failed) errors=$(count Errors) skips=$(count Skipped)
  grep -A 1 '\[SKIP\]' "$log"
  if [ -z "$total" ]; then
    echo "$name ended with exit code $exit and no summary; its last lines:"
    tail -n 40 "$log"
    failed=$((failed + 1))
    return
  fi
  bad=$((bad + errors))
  if [ $exit -ne 0 ]; then
    [ $bad -gt 0 ] || bad=1
    grep -A 25 '\[FAIL\]' "$log" | head -n 200
  fi
  echo "  $((total - bad - skips)) passed, $bad failed, $skips skipped"
  passed=$((passed + total - bad - skips)) failed=$((failed + bad)) skipped=$((skipped + skips))
}

# The tests of lvm-thin on a real pool, in a guest.
run_guest() {
  local log=artifacts/lvm-in-guest.log line good bad skips
  echo "running lvm-in-guest"
  tests/lvm-in-guest.sh > "$log" 2>&1 < /dev/null
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -1)
  read -r good _ bad _ skips _ <<< "${line:-0 passed, 1 failed, 0 skipped}"
  if [ -z "$line" ] || [ "$bad" -gt 0 ]; then
    tail -n 200 "$log"
  else
    grep '^skipped: ' "$log"
  fi
  echo "  $good passed, $bad failed, $skips skipped"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
}

# The fleet that README shows, with its failover.
run_fleet() {
  local log=artifacts/fleet.log
  echo "running fleet"
  if timeout --kill-after=30 900 cluster-deploy/fleet.sh > "$log" 2>&1 < /dev/null; then
    echo "  1 passed, 0 failed, 0 skipped"
    passed=$((passed + 1))
  else
    tail -n 60 "$log"
    echo "  0 passed, 1 failed, 0 skipped"
    failed=$((failed + 1))
  fi
}

wanted() {
  [ $# -gt 1 ] || return 0
  local name=$1 word
  shift
  for word in "$@"; do case $name in *"$word"*) return 0 ;; esac; done
  return 1
}

for project in tests/*.Tests; do
  name=$(basename "$project")
  wanted "$name" "$@" && run_suite "$name"
done
wanted fleet "$@" && run_fleet
wanted lvm-in-guest "$@" && run_guest
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
