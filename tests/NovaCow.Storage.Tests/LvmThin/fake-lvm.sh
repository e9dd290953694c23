#!/usr/bin/env bash
# Stands for lvm, dmsetup and thin_ls, by the name it is called by, where there is no device mapper:
# a volume group in the folder that it lies in. It knows the commands and options that the driver
# gives, and refuses any other. Its state:
#   state/group, state/pool   settings, as shell assignments; a test may change them
#   state/lv/NAME             a volume, as shell assignments
#   data/NAME                 its bytes; dev/GROUP/NAME links there while it is active
#   state/open/NAME           somebody has it open
#   state/log                 every call, its arguments each ended by \x1f
#   state/fault               "N MODE": what becomes of the Nth call from now, see below
set -u
dir=${0%/*} state=${0%/*}/state
exec 9>>"$state/lock"
flock 9
. "$state/group"
. "$state/pool"

complain() {
  echo "  WARNING: This metadata update is NOT backed up." >&2
  echo "  $1" >&2
  exit "${2:-5}"
}

printf '%s\x1f' "${0##*/}" "$@" >> "$state/log"
echo >> "$state/log"
[ ! -e "$state/dead" ] || kill -KILL $$

# fail: refused, without effect. fail-after: done, and called a failure. die and die-after: the
# whole host dies before or after the call, and no later call does anything.
mode=none
if [ -e "$state/fault" ]; then
  read -r left mode < "$state/fault"
  if [ "$left" -gt 0 ]; then
    echo "$((left - 1)) $mode" > "$state/fault"
    mode=none
  else
    rm "$state/fault"
  fi
fi
case $mode in
  fail) complain "injected failure" ;;
  die) : > "$state/dead"; kill -KILL $$ ;;
esac

finish() {
  case $mode in
    fail-after) complain "injected failure" ;;
    die-after) : > "$state/dead"; kill -KILL $$ ;;
  esac
  exit 0
}

load() {
  local name=${1#"$group"/}
  [ -e "$state/lv/$name" ] || complain "Failed to find logical volume \"$group/$name\""
  lv=$name size=0 tags= perm=rw active= skip= origin= pool= id=
  . "$state/lv/$name"
}

save() {
  printf '%s=%q\n' size "$size" tags "$tags" perm "$perm" active "$active" skip "$skip" \
    origin "$origin" pool "$pool" id "$id" > "$state/lv/$lv"
  if [ -n "$active" ]; then
    ln -sfn "../../data/$lv" "$dir/dev/$group/$lv"
  else
    rm -f "$dir/dev/$group/$lv"
  fi
}

add_tag() {
  case ",$tags," in *",$1,"*) ;; *) tags=${tags:+$tags,}$1 ;; esac
}

del_tag() {
  local kept= tag
  for tag in ${tags//,/ }; do [ "$tag" = "$1" ] || kept=${kept:+$kept,}$tag; done
  tags=$kept
}

whole_extents() {
  local bytes=${1%b}
  echo $(((bytes + extent - 1) / extent * extent))
}

check_open() {
  [ ! -e "$state/open/$1" ] || complain "Logical volume $group/$1 in use."
}

lvcreate() {
  local name= bytes= snapshot= new_tags=() target=
  while [ $# -gt 0 ]; do
    case $1 in
      -y | -ay | -Wn | -kn | -prw) ;;
      -s) snapshot=1 ;;
      -V) bytes=$2; shift ;;
      --thinpool) [ "$2" = "$pool_name" ] || complain "no pool $2"; shift ;;
      -n) name=$2; shift ;;
      --addtag) new_tags+=("$2"); shift ;;
      -*) complain "unknown option $1" 3 ;;
      *) target=$1 ;;
    esac
    shift
  done
  case $name in
    *[!a-zA-Z0-9+_.-]* | '' | -* | *_tdata* | *_tmeta*) complain "bad name $name" 3 ;;
  esac
  [ ! -e "$state/lv/$name" ] || complain "Logical Volume \"$name\" already exists in $group"
  if [ -n "$snapshot" ]; then
    load "$target"
    cp --sparse=always "$dir/data/$lv" "$dir/data/$name"
    origin=$lv
  else
    [ "$target" = "$group" ] || complain "Volume group \"$target\" not found"
    size=$(whole_extents "$bytes") origin=
    truncate -s "$size" "$dir/data/$name"
  fi
  lv=$name tags= perm=rw active=1 skip= pool=$pool_name id=$((++last_id))
  for tag in "${new_tags[@]}"; do add_tag "$tag"; done
  sed -i "s/^last_id=.*/last_id=$id/" "$state/pool"
  save
}

lvchange() {
  local names=() act= perms= skips= adds=() dels=()
  while [ $# -gt 0 ]; do
    case $1 in
      -y | -K) ;;
      -ay) act=on ;;
      -an) act=off ;;
      -pr | -prw) perms=${1#-p} ;;
      -ky) skips=1 ;;
      --addtag) adds+=("$2"); shift ;;
      --deltag) dels+=("$2"); shift ;;
      -*) complain "unknown option $1" 3 ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  local name tag
  for name in "${names[@]}"; do
    if [ "$name" = "$group/$pool_name" ]; then
      sed -i "s/^pool_active=.*/pool_active=1/" "$state/pool"
      continue
    fi
    load "$name"
    [ "$act" != off ] || check_open "$lv"
    [ "$act" != off ] || active=
    [ "$act" != on ] || active=1
    [ -z "$perms" ] || perm=$perms
    [ -z "$skips" ] || skip=1
    for tag in "${dels[@]}"; do del_tag "$tag"; done
    for tag in "${adds[@]}"; do add_tag "$tag"; done
    save
  done
}

lvextend() {
  [ "$1 $2" = "-y -L" ] || complain "unknown options $*" 3
  load "$4"
  local wanted
  wanted=$(whole_extents "$3")
  [ "$wanted" -gt "$size" ] || complain "New size given not larger than existing size"
  size=$wanted
  truncate -s "$size" "$dir/data/$lv"
  save
}

lvrename() {
  [ "$1" = -y ] || complain "unknown option $1" 3
  load "$3"
  [ ! -e "$state/lv/$4" ] || complain "Logical volume \"$4\" already exists"
  rm -f "$state/lv/$lv" "$dir/dev/$group/$lv"
  mv "$dir/data/$lv" "$dir/data/$4"
  [ ! -e "$state/open/$lv" ] || mv "$state/open/$lv" "$state/open/$4"
  lv=$4
  save
}

lvremove() {
  local guard=
  [ "$1 $2 $3" = "-y -f -S" ] || complain "unknown options $*" 3
  guard=${4#'lv_tags={'} guard=${guard%'}'}
  shift 4
  local name
  for name in "$@"; do
    load "$name"
    case ",$tags," in *",$guard,"*) ;; *) continue ;; esac
    check_open "$lv"
    rm -f "$state/lv/$lv" "$dir/dev/$group/$lv" "$dir/data/$lv"
  done
}

row() {
  local IFS=, out= pair
  printf '%s{' "$separator"
  for pair in "$@"; do
    out+=${out:+,}"\"${pair%%=*}\":\"${pair#*=}\""
  done
  printf '%s,"vg_extent_size":"%s"}' "$out" "$extent"
  separator=,
}

percent() {
  [ "$2" -gt 0 ] || { echo 0.00; return; }
  local hundredths=$(($1 * 10000 / $2))
  printf '%d.%02d' $((hundredths / 100)) $((hundredths % 100))
}

lvs() {
  [ "${!#}" = "$group" ] || complain "Volume group \"${!#}\" not found"
  local separator= file blocks total=0
  printf '{"report":[{"lv":['
  for file in "$state"/lv/*; do
    [ -e "$file" ] || continue
    load "${file##*/}"
    blocks=$(stat -c %b "$dir/data/$lv")
    total=$((total + blocks * 512))
    row "lv_name=$lv" "lv_size=$size" "lv_tags=$tags" "pool_lv=$pool" \
      "lv_permissions=$([ "$perm" = r ] && echo read-only || echo writeable)" \
      "lv_active=${active:+active}" \
      "lv_device_open=$([ -e "$state/open/$lv" ] && echo open)" \
      "data_percent=${active:+$(percent $((blocks * 512)) "$size")}" "metadata_percent=" \
      "thin_id=$id" "lv_layout=thin,sparse" "chunk_size=0" "zero=zero" "discards=passdown" \
      "lv_health_status=" "lv_check_needed=unknown"
  done
  [ -z "$pool_name" ] || row "lv_name=$pool_name" "lv_size=$pool_size" "lv_tags=" "pool_lv=" \
    "lv_permissions=writeable" "lv_active=${pool_active:+active}" "lv_device_open=open" \
    "data_percent=${pool_data:-$(percent "$total" "$pool_size")}" \
    "metadata_percent=$pool_metadata" "thin_id=" "lv_layout=$pool_layout" "chunk_size=65536" \
    "zero=$pool_zero" "discards=$pool_discards" "lv_health_status=$pool_health" \
    "lv_check_needed="
  printf ']}]}\n'
}

dmsetup() {
  local snap=$state/metadata-snapshot
  [ "$1 $2 $3" = "message $group-$pool_name-tpool 0" ] || complain "unknown message $*" 1
  case $4 in
    reserve_metadata_snap) [ ! -e "$snap" ] || complain "busy" 1; : > "$snap" ;;
    release_metadata_snap) rm "$snap" 2>/dev/null || complain "no such" 1 ;;
    *) complain "unknown message $4" 1 ;;
  esac
}

# What a volume has in common with its origin is taken for all that the origin has.
thin_ls() {
  [ -e "$state/metadata-snapshot" ] || complain "no metadata snapshot" 1
  local file mine theirs
  for file in "$state"/lv/*; do
    load "${file##*/}"
    mine=$(($(stat -c %b "$dir/data/$lv") * 512)) theirs=0
    [ -z "$origin" ] || [ ! -e "$dir/data/$origin" ] \
      || theirs=$(($(stat -c %b "$dir/data/$origin") * 512))
    [ "$theirs" -le "$mine" ] || theirs=$mine
    echo "$id $theirs $((mine - theirs))"
  done
}

case ${0##*/} in
  lvm)
    command=$1
    shift
    case $command in
      lvcreate | lvchange | lvextend | lvrename | lvremove | lvs) "$command" "$@" ;;
      vgs) printf '{"report":[{"vg":[{"vg_name":"%s"}]}]}\n' "$group" ;;
      *) complain "unknown command $command" 2 ;;
    esac
    ;;
  dmsetup | thin_ls) "${0##*/}" "$@" ;;
esac
finish
