#!/usr/bin/env bash
# libvirt-daemon.sh FOLDER [--default-user]: a libvirtd of its own, in the foreground, that keeps
# all it knows in FOLDER. Several at a time are several hosts. Its clients reach it at
# qemu+unix:///system?socket=FOLDER/run/libvirt-sock; it and its machines end when this is killed.
# Needs root: it lives in a name space of mounts, where libvirt's folders are FOLDER's, and in one
# of processes, whose first waits for what machines leave, so that libvirtd sees them end.
# While FOLDER/hold exists, a daemon that ended is not started again.
# Emulators are root's; with --default-user they are those of the user whom Debian's packages
# choose, or nobody's where these made none.
set -euo pipefail
[ $# -eq 1 ] || { [ $# -eq 2 ] && [ "$2" = --default-user ]; } \
  || { echo "usage: libvirt-daemon.sh FOLDER [--default-user]" >&2; exit 64; }
folder=$(realpath -m "$1")
mkdir -p "$folder"/{etc,run,lib,cache,log}

# With a /dev/kvm that works and that the emulator's user cannot read libvirt would forget what the
# emulator can do after each use, and take a minute for each definition: no user but root sees one.
user='user = "root"
group = "root"' hidden=""
if [ $# -eq 2 ]; then
  user=""
  getent passwd libvirt-qemu >/dev/null || user='user = "+65534"
group = "+65534"'
  if [ -e /dev/kvm ]; then
    hidden=$folder/no-kvm
    install -m 0000 /dev/null "$hidden"
  fi
fi
cat > "$folder/etc/qemu.conf" <<CONF
$user
dynamic_ownership = 1
remember_owner = 1
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
CONF
cat > "$folder/etc/libvirtd.conf" <<CONF
unix_sock_dir = "$folder/run"
unix_sock_rw_perms = "0700"
auth_unix_rw = "none"
auth_unix_ro = "none"
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
log_outputs = "3:file:$folder/log/libvirtd.log"
CONF

# shellcheck disable=SC2016  # for the shell inside
exec unshare --mount --propagation slave --pid --fork --kill-child=KILL --mount-proc sh -c '
  folder=$1 hidden=$2
  [ -z "$hidden" ] || mount --bind "$hidden" /dev/kvm || exit 1
  for name in etc:/etc run:/run lib:/var/lib cache:/var/cache log:/var/log; do
    mkdir -p "${name#*:}/libvirt"
    mount --bind "$folder/${name%%:*}" "${name#*:}/libvirt" || exit 1
  done
  while :; do
    while [ -e "$folder/hold" ]; do sleep 0.05; done
    libvirtd --config "$folder/etc/libvirtd.conf" --pid-file "$folder/run/libvirtd.pid" \
      </dev/null >>"$folder/log/output" 2>&1 &
    echo $! > "$folder/daemon"
    wait
  done' first "$folder" "$hidden"
