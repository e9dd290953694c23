#!/usr/bin/env bash
# make.sh OUT.qcow2 [--kernel OUT] [--ramdisk OUT] [--filesystem OUT]: a small real bootable disk
# from Debian's own packages: GRUB, the cloud kernel and busybox, in an MBR partition with ext4.
# Beside it, where asked for, its kernel and ramdisk, to boot it with directly, and its root as a
# bare file system without GRUB. guest/ is what runs in it, and says what the guest understands.
# Needs no root, mounts nothing, installs no kernel.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
. "$here/../prerequisites.sh"

usage() {
  echo "usage: make.sh OUT.qcow2 [--kernel OUT] [--ramdisk OUT] [--filesystem OUT]" >&2
  exit 64
}

out='' kernel='' ramdisk='' filesystem=''
while [ $# -gt 0 ]; do
  case $1 in
    --kernel | --ramdisk | --filesystem)
      [ $# -gt 1 ] || usage
      declare "${1#--}=$(realpath -m "$2")"
      shift 2 ;;
    -*) usage ;;
    *) [ -z "$out" ] || usage
      out=$(realpath -m "$1")
      shift ;;
  esac
done
[ -n "$out" ] || usage
require busybox=busybox-static grub-mkimage=grub-common sfdisk=fdisk mke2fs=e2fsprogs \
  resize2fs=e2fsprogs cpio=cpio modprobe=kmod qemu-img=qemu-utils
require_files /usr/lib/grub/i386-pc/boot.img=grub-pc-bin

readonly size_mib=128 first_sector=2048
# For the first line as soon as may be the ramdisk has only what the root disk needs.
readonly root_modules="virtio_pci virtio_blk"
readonly later_modules="button evdev cdrom sr_mod sd_mod isofs virtio_scsi pvpanic-mmio pvpanic-pci"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root initrd=$work/initrd

unpack_kernel() {
  local package
  [ -n "$(apt-cache policy linux-image-cloud-amd64 2>/dev/null)" ] || apt-get update -qq
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
  (cd "$work" && apt-get download -qq "$package" >/dev/null 2>&1) || {
    echo "the package ${package:-linux-image-cloud-amd64} could not be downloaded with apt-get" >&2
    exit 69
  }
  dpkg -x "$work"/linux-image-*.deb "$work/kernel"
  version=${package#linux-image-}
  depmod -b "$work/kernel" "$version"
}

# add_modules FOLDER MODULE…: with what they need, and their order.
add_modules() {
  local folder=$1 file module
  shift
  mkdir -p "$folder"
  for module in "$@"; do
    modprobe -d "$work/kernel" -S "$version" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$folder/"
    basename "$file"
  done > "$work/order"
  mv "$work/order" "$folder/order"
}

make_initrd() {
  mkdir -p "$initrd"/{bin,proc,sys,dev,root}
  cp "$(command -v busybox)" "$initrd/bin/busybox"
  cp "$here/guest/initrd-init" "$initrd/init"
  # shellcheck disable=SC2086  # a list of words
  add_modules "$initrd/modules" $root_modules
  (cd "$initrd" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -9n) > "$root/boot/initrd.gz"
}

make_root() {
  local library
  mkdir -p "$root"/{bin,sbin,boot,proc,sys,dev,run,tmp,root,etc/novacow,lib/novacow} \
    "$root"/{var/novacow,mnt/ephemeral0,mnt/seed}
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp "$here/guest/init" "$root/sbin/init"
  cp "$here"/guest/{commands.sh,disks.sh,uevent} "$root/lib/novacow/"
  cp "$(command -v resize2fs)" "$root/sbin/"
  ldd "$(command -v resize2fs)" | grep -oE '/[^ ]+' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
  # shellcheck disable=SC2086  # a list of words
  add_modules "$root/lib/modules" $later_modules
  cp "$work/kernel/boot/vmlinuz-$version" "$root/boot/vmlinuz"
}

# make_filesystem FILE OFFSET: ext4 with the root's files from that byte on.
make_filesystem() {
  mke2fs -q -t ext4 -F -O '^metadata_csum_seed' -J size=4 \
    -E "offset=$2,root_owner=0:0" -d "$root" "$1" $((size_mib - 1))M 2>/dev/null
}

# An emulated machine on a busy host gets its clock's ticks late: then the kernel, which counts the
# first ten, would give up with "IO-APIC + timer doesn't work". Hence no_timer_check.
make_disk() {
  local disk=$work/disk.raw
  cat > "$work/grub.cfg" <<'CFG'
serial --unit=0 --speed=115200
terminal_output serial
set root=(hd0,msdos1)
linux /boot/vmlinuz console=ttyS0 panic=-1 quiet no_timer_check
initrd /boot/initrd.gz
boot
CFG
  grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot' -c "$work/grub.cfg" -o "$work/core.img" \
    biosdisk part_msdos ext2 linux serial terminal boot normal gzio
  truncate -s ${size_mib}M "$disk"
  printf 'label: dos\nlabel-id: 0x6e6f7661\nunit: sectors\nstart=%d, type=83, bootable\n' \
    $first_sector | sfdisk -q --no-reread --no-tell-kernel "$disk"
  dd if=/usr/lib/grub/i386-pc/boot.img of="$disk" conv=notrunc bs=440 count=1 status=none
  dd if="$work/core.img" of="$disk" conv=notrunc bs=512 seek=1 status=none
  make_filesystem "$disk" $((first_sector * 512))
  qemu-img convert -f raw -O qcow2 -c "$disk" "$work/disk.qcow2"
}

# give FILE OUT: whole or not at all.
give() {
  mkdir -p "$(dirname "$2")"
  cp --sparse=always "$1" "$2.tmp"
  mv "$2.tmp" "$2"
}

unpack_kernel
make_root
make_initrd
make_disk
[ -z "$kernel" ] || give "$root/boot/vmlinuz" "$kernel"
[ -z "$ramdisk" ] || give "$root/boot/initrd.gz" "$ramdisk"
if [ -n "$filesystem" ]; then
  truncate -s $((size_mib - 1))M "$work/root.raw"
  make_filesystem "$work/root.raw" 0
  give "$work/root.raw" "$filesystem"
fi
give "$work/disk.qcow2" "$out"
