#!/usr/bin/env bash
# make.sh OUT.qcow2: a small real bootable disk from Debian's own packages: GRUB, the cloud kernel
# and busybox, in an MBR partition with ext4. Needs no root, mounts nothing, installs no kernel.
set -euo pipefail
out=$(realpath -m "$1")
here=$(dirname "$(realpath "$0")")
. "$here/../prerequisites.sh"
require busybox=busybox-static grub-mkimage=grub-common sfdisk=fdisk mke2fs=e2fsprogs \
  cpio=cpio modprobe=kmod qemu-img=qemu-utils
require_files /usr/lib/grub/i386-pc/boot.img=grub-pc-bin

readonly size_mib=128 first_sector=2048
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

make_initrd() {
  local file
  mkdir -p "$initrd"/{bin,proc,sys,dev,root,modules}
  cp "$(command -v busybox)" "$initrd/bin/busybox"
  cp "$here/initrd-init" "$initrd/init"
  chmod +x "$initrd/init"
  for module in virtio_pci virtio_blk; do
    modprobe -d "$work/kernel" -S "$version" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' > "$work/modules"
  while read -r file; do
    cp "$file" "$initrd/modules/"
    basename "$file"
  done < "$work/modules" > "$initrd/modules/order"

  (cd "$initrd" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -9n) > "$root/boot/initrd.gz"
}

make_root() {
  mkdir -p "$root"/{bin,sbin,boot,proc,sys,dev,tmp,etc,mnt}
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp "$here/init" "$root/sbin/init"
  chmod +x "$root/sbin/init"
  cp "$work/kernel/boot/vmlinuz-$version" "$root/boot/vmlinuz"
}

make_disk() {
  local disk=$work/disk.raw
  cat > "$work/grub.cfg" <<'CFG'
serial --unit=0 --speed=115200
terminal_output serial
set root=(hd0,msdos1)
linux /boot/vmlinuz console=ttyS0 panic=-1 quiet
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
  mke2fs -q -t ext4 -F -O '^has_journal,^metadata_csum_seed' \
    -E "offset=$((first_sector * 512)),root_owner=0:0" -d "$root" \
    "$disk" $((size_mib - 1))M 2>/dev/null
  qemu-img convert -f raw -O qcow2 -c "$disk" "$work/disk.qcow2"
}

unpack_kernel
make_root
make_initrd
make_disk
mkdir -p "$(dirname "$out")"
mv "$work/disk.qcow2" "$out.tmp"
mv "$out.tmp" "$out"
