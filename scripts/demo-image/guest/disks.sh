# Sourced: block devices, and what is on them.
say() { echo "novacow: $*"; }

# text DEVICE OFFSET COUNT: what can be printed of those bytes.
text() { dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | tr -cd ' -~' | sed 's/ *$//'; }

# kind DEVICE: sets kind and label to those of what is on it, empty where that is not known.
kind() {
  kind= label=
  if [ "$(dd if="$1" bs=1 skip=1080 count=2 2>/dev/null | xxd -p)" = 53ef ]; then
    kind=ext4 label=$(text "$1" 1144 16)
  elif [ "$(text "$1" 4086 10)" = SWAPSPACE2 ]; then
    kind=swap label=$(text "$1" 1052 16)
  elif [ "$(text "$1" 32769 5)" = CD001 ]; then
    kind=iso9660 label=$(text "$1" 32808 32)
  fi
}

# tell_disk NAME: "/dev/vdb 64 MiB serial ephemeral0 type ext4 label ephemeral0", as far as known.
tell_disk() {
  local serial line="/dev/$1 $(($(cat "/sys/class/block/$1/size") / 2048)) MiB"
  serial=$(cat "/sys/class/block/$1/serial" 2>/dev/null)
  kind "/dev/$1"
  say "$line${serial:+ serial $serial}${kind:+ type $kind}${label:+ label $label}"
}

tell_disks() {
  local disk
  for disk in /sys/class/block/vd* /sys/class/block/sd* /sys/class/block/sr*; do
    [ -e "$disk" ] && tell_disk "${disk##*/}"
  done
}

grow_root() {
  local root
  root=$(awk '$2 == "/" && $1 != "rootfs" { print $1 }' /proc/mounts)
  resize2fs "$root" > /dev/null 2>&1 || say "$root cannot grow"
  say "root $root of $(df -m / | awk 'END { print $2 }') MiB"
}

# The local storage labelled ephemeral0, with a file that grows by a line each boot.
use_ephemeral() {
  local device
  device=$(findfs LABEL=ephemeral0 2>/dev/null) || return
  mount -t ext4 "$device" /mnt/ephemeral0 || { say "$device cannot be mounted"; return; }
  echo "boot $boot" >> /mnt/ephemeral0/boots
  sync
  say "ephemeral0 $device mounted, $(grep -c . /mnt/ephemeral0/boots) boots written"
}

use_swap() {
  local disk device
  for disk in /sys/class/block/vd*; do
    device=/dev/${disk##*/}
    kind "$device"
    [ "$kind" = swap ] && swapon "$device"
  done
  awk 'NR > 1 { print "novacow: swap " $1 " " int(($3 + 4) / 1024) " MiB" }' /proc/swaps
}

# value FILE KEY: of a line of YAML, or of JSON on as many lines as it likes.
value() { sed -nE "s/.*\"?\b$2\"?: *\"?([^\",}]*).*/\1/p" "$1" 2>/dev/null | head -n 1; }

# cloud-init's disk: whom the guest is said to be. Its user data is not run.
read_seed() {
  local disk meta name=local-hostname id=instance-id data
  wait_for_scsi
  for disk in /sys/class/block/vd* /sys/class/block/sd* /sys/class/block/sr*; do
    [ -e "$disk" ] || continue
    kind "/dev/${disk##*/}"
    case $kind/$label in
      iso9660/cidata) meta=meta-data data=user-data && break ;;
      iso9660/config-2) meta=openstack/latest/meta_data.json data=openstack/latest/user_data
        name=hostname id=uuid && break ;;
    esac
  done
  [ -n "$meta" ] && mount -t iso9660 -o ro "/dev/${disk##*/}" /mnt/seed || return
  name=$(value /mnt/seed/$meta $name)
  say "seed $label /dev/${disk##*/} hostname $name instance-id $(value /mnt/seed/$meta $id)" \
    "keys $(grep -oE 'ssh-(rsa|ed25519) |ecdsa-[a-z0-9-]+ ' /mnt/seed/$meta | grep -c .)"
  [ -z "$name" ] || hostname "$name"
  cat /mnt/seed/$data > /run/user-data 2>/dev/null
}

# Disks behind a controller come a moment after it.
wait_for_scsi() {
  local tries=0
  [ -e /sys/class/scsi_host/host0 ] || return
  until [ -e /dev/sr0 ] || [ -e /dev/sda ] || [ $tries -ge 20 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
}
