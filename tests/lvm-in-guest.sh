#!/usr/bin/env bash
# Runs the tests of the lvm-thin driver on a thin pool of the kernel's, in a guest: User-Mode Linux,
# which sees this machine's files read-only below a file system in memory, and so uses its lvm2 and
# .NET; its disks are files. Nothing on this machine is changed but a temporary folder.
# Needs root and x86-64; installs what a bare Debian machine lacks. Closes with
# "N passed, N failed, N skipped" and exits 1 unless all that ran passed.
set -uo pipefail
readonly self=$(realpath "$0")
readonly root=${self%/tests/*}
readonly suite=$root/tests/NovaCow.Storage.Tests/bin/Release/net10.0/NovaCow.Storage.Tests
readonly limit_s=${NOVACOW_GUEST_LIMIT_S:-1800}
readonly memory_mib=1024

skip() {
  echo "skipped: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}

# On this machine: boots the guest, bounded, and reads what it said.
host() {
  [ "$(uname -m)" = x86_64 ] || skip "User-Mode Linux is there for x86-64 only"
  [ "$(id -u)" -eq 0 ] || skip "the guest reads this machine's files as root: run it as root"
  # shellcheck source=../scripts/prerequisites.sh
  . "$root/scripts/prerequisites.sh"
  require_dotnet
  require linux.uml=user-mode-linux lvm=lvm2 thin_ls=thin-provisioning-tools insmod=kmod \
    dmsetup=dmsetup qemu-img=qemu-utils mke2fs=e2fsprogs mkswap=util-linux setpriv=util-linux
  [ -x "$suite" ] || build "$root/tests/NovaCow.Storage.Tests" || exit 1

  work=$(mktemp -d "${TMPDIR:-/tmp}/novacow-guest.XXXXXX")
  guest=
  trap clean EXIT
  trap 'exit 130' INT TERM
  prepare
  # The guest's memory is a file: it must fit where it is.
  [ "$(df --output=avail -m /dev/shm 2>/dev/null | tail -1)" -gt "$memory_mib" ] 2>/dev/null \
    || export TMPDIR=$work
  timeout --kill-after=10 "$limit_s" linux.uml "mem=${memory_mib}M" rootfstype=hostfs \
    rootflags=/ ro "init=$work/init" "ubda=$work/disk" con=null con0=null,fd:1 quiet \
    "umid=guest" "uml_dir=$work/" > "$work/console" 2>&1 < /dev/null &
  guest=$!
  wait "$guest"
  local code=$?
  guest=
  tr -d '\r' < "$work/console" > "$work/log"
  report "$code"
}

prepare() {
  truncate -s 2G "$work/disk"
  cat > "$work/init" <<EOF
#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
export DOTNET_ROOT=$(dirname "$(realpath "$(command -v dotnet)")")
exec /bin/bash $self --guest-init
EOF
  chmod 0700 "$work/init"
}

clean() {
  if [ -n "$guest" ]; then
    kill "$guest" 2>/dev/null
    wait "$guest" 2>/dev/null
  fi
  rm -rf "$work"
}

report() {
  local line total bad skips
  line=$(grep -E 'Total: [0-9]+, Errors: ' "$work/log" | tail -1)
  number() { sed -nE "s/.*\b$1: ([0-9]+).*/\1/p" <<< "$line"; }
  grep -A 1 '\[SKIP\]' "$work/log"
  grep '^guest:' "$work/log"
  if [ -z "$line" ] || ! grep -q '^guest: done' "$work/log"; then
    if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
      echo "the guest did not end within $limit_s s; its last lines:"
    else
      echo "the guest ended with $1 before its tests did; its last lines:"
    fi
    tail -n 40 "$work/log"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
  fi
  total=$(number Total) bad=$(($(number Failed) + $(number Errors))) skips=$(number Skipped)
  [ "$bad" -eq 0 ] || grep -A 25 '\[FAIL\]' "$work/log" | head -n 200
  echo "$((total - bad - skips)) passed, $bad failed, $skips skipped"
  [ "$bad" -eq 0 ] && [ "$total" -gt "$skips" ]
  exit
}

# In the guest, as its first process: makes a root that can be written to.
guest_init() {
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t tmpfs tmpfs /run
  local modules=/usr/lib/uml/modules/$(uname -r)/kernel new=/run/root module
  mkdir -p /run/over/up /run/over/work $new
  insmod "$modules/fs/overlayfs/overlay.ko"
  for module in dm-mod dm-bufio persistent-data/dm-persistent-data dm-bio-prison dm-thin-pool \
    dm-snapshot; do
    insmod "$modules/drivers/md/$module.ko"
  done
  mount -t overlay -o lowerdir=/,upperdir=/run/over/up,workdir=/run/over/work overlay $new
  mount -t devtmpfs dev $new/dev
  mount -t proc proc $new/proc
  mount -t sysfs sysfs $new/sys
  mount -t tmpfs tmpfs $new/run
  mkdir -p $new/run/lock/lvm $new/run/lvm $new/dev/shm
  mount -t tmpfs tmpfs $new/dev/shm
  exec chroot $new /bin/bash "$self" --guest-tests
}

# In the guest: makes a group with a thin pool, runs the tests on it, and switches off.
guest_tests() {
  trap switch_off EXIT
  cat > /etc/lvm/lvmlocal.conf <<'EOF'
devices { types=["ubd",16] scan=["/dev"] global_filter=["a|^/dev/ubda$|","r|.*|"] }
activation { udev_sync=0 udev_rules=0 monitoring=0 }
global { use_lvmpolld=0 }
backup { backup=0 archive=0 }
EOF
  cd /
  # Small extents, so that the suite's sizes need no rounding.
  lvm pvcreate -q /dev/ubda && lvm vgcreate -q -s 64k novacow /dev/ubda \
    && lvm lvcreate -q --type thin-pool -L 800M --poolmetadatasize 16M -n pool novacow || return
  export NOVACOW_TEST_THIN_POOL=novacow/pool
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_TieredPGO=0
  echo "guest: Linux $(uname -r), thin pool after $(cut -d' ' -f1 /proc/uptime) s"
  # What is left out ends before a volume is made, or is about qemu-img's formats alone, or takes a
  # few hundred restarts: each starts several processes, which start slowly here.
  "$suite" -noColor -noLogo -reporter verbose -class NovaCow.Storage.Tests.LvmOnRealPoolTests \
    -method- "*.A_call_that_goes_wrong_is_got_over_by_a_restart" \
    -method- "*.Measuring_changes_nothing_and_passes_over_what_is_not_a_whole_disk" \
    -method- "*.Every_accepted_format_becomes_the_same_base" \
    -method- "*.An_image_that_qemu_sees_differently_is_refused" \
    -method- "*.An_image_that_refers_to_another_file_is_refused" \
    -method- "*.A_refused_image_leaves_nothing" -method- "*.A_disk_that_holds_an_image_is_refused"
  echo "guest: done after $(cut -d' ' -f1 /proc/uptime) s"
}

switch_off() {
  sync
  echo 1 > /proc/sys/kernel/sysrq
  echo o > /proc/sysrq-trigger
  sleep 60
}

case ${1:-} in
  --guest-init) guest_init ;;
  --guest-tests) guest_tests ;;
  *) host ;;
esac
