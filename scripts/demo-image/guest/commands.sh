# Sourced: what the guest can be told to do, by lines of the seed's user data and of
# /etc/novacow/run on the root disk, "novacow: COMMAND WORD…", and then by
# novacow.run=COMMAND:WORD…,COMMAND… on the kernel's command line. Nothing else is run, and what is
# not known is said and left.

run_commands() {
  local line
  {
    sed -n 's/^novacow: //p' /run/user-data /etc/novacow/run 2>/dev/null
    tr ' ' '\n' < /proc/cmdline | sed -n 's/^novacow\.run=//p' | tr ',:' '\n '
  } > /run/commands
  while read -r line; do
    # shellcheck disable=SC2086  # words
    [ -z "$line" ] || run $line
  done < /run/commands
}

# at N COMMAND…: only in the guest's Nth boot.
run() {
  local command=$1
  shift
  case $command in
    at) [ "$1" != "$boot" ] || { shift; run "$@"; } ;;
    say) say "$@" ;;
    mark) mark "$1" ;;
    fill) fill "$1" ;;
    put) put "$1" "$2" "$3" ;;
    get) say "get $1 $2 \"$(dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | tr -c ' -~' .)\"" ;;
    sum) say "sum $1 $(sha256sum < "$1" | cut -d' ' -f1)" ;;
    header) header "$1" "$2" ;;
    deaf) touch /run/deaf; say deaf ;;
    poweroff) power_off ;;
    reboot) settle; reboot -f ;;
    crash) say crashing; echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger ;;
    *) say "unknown command $command" ;;
  esac
}

tell_marks() { [ ! -s /var/novacow/marks ] || say "marks $(tr '\n' ' ' < /var/novacow/marks)"; }

# mark WORD: kept on the root disk, and said at every boot.
mark() {
  echo "$1" >> /var/novacow/marks
  sync
  say "marked $1"
}

# fill MIB: a file of bytes that nothing shares.
fill() {
  dd if=/dev/urandom of=/var/novacow/fill bs=1M count="$1" conv=fsync 2>/dev/null
  say "filled $1 MiB"
}

# put DEVICE OFFSET WORD: synced.
put() {
  printf %s "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc,fsync 2>/dev/null
  say "put $1 $2 $3"
}

# header DEVICE PATH: makes the device's first bytes a whole qcow2 disk of 1 MiB whose every byte
# is that of another file: whoever believes them opens PATH.
header() {
  dd if=/dev/zero of="$1" bs=64k count=5 conv=notrunc 2>/dev/null
  {
    printf 'QFI\373\0\0\0\2\0\0\0\0\0\0\0\110\0\0\0'
    # shellcheck disable=SC2059  # the length, as a byte
    printf "\\$(printf %o ${#2})"
    printf '\0\0\0\20\0\0\0\0\0\20\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\3\0\0'
    printf '\0\0\0\0\0\1\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0'
    printf %s "$2"
  } > /run/header
  dd if=/run/header of="$1" bs=512 conv=notrunc,fsync 2>/dev/null
  printf '\0\0\0\0\0\2\0\0' | dd of="$1" bs=1 seek=65536 conv=notrunc,fsync 2>/dev/null
  printf '\0\1\0\1\0\1\0\1' | dd of="$1" bs=1 seek=131072 conv=notrunc,fsync 2>/dev/null
  say "header $1 $2"
}

# Devices say that they go when the power does: then there is nothing to run any more.
settle() {
  kill "$listener"
  sync
  tail -n +2 /proc/swaps | cut -d' ' -f1 | xargs -r swapoff
  umount /mnt/ephemeral0 2>/dev/null
  mount -o remount,ro / || say "root stays writable"
  sync
}

power_off() {
  say "powering off"
  settle
  poweroff -f
}
