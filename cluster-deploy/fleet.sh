#!/usr/bin/env bash
# fleet.sh [--keep] [--folder DIR]: a fleet on this machine: PostgreSQL, three control nodes and four
# hosts, over mutual TLS. Launches instances, kills the control node that leads and shows who takes
# over, empties a host and shows where its instances went. Ends everything it started; with --keep it
# leaves all running, and says how to use it and how to end it.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(dirname "$here")
. "$root/scripts/prerequisites.sh"
require_dotnet
require qemu-img=qemu-utils mke2fs=e2fsprogs mkswap=util-linux prlimit=util-linux \
  setpriv=util-linux
require_postgres

keep=
folder=
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=1 ;;
    --folder) folder=$(realpath -m "$2"); shift ;;
    *) echo "fleet.sh [--keep] [--folder DIR]" >&2; exit 64 ;;
  esac
  shift
done
folder=${folder:-$(mktemp -d /tmp/novacow-fleet-XXXXXX)}
mkdir -p "$folder"
chmod 711 "$folder"
. "$here/lib.sh"

trap 'end_fleet $?' EXIT
trap 'exit 130' INT TERM

say "image"
image=$root/.demo/demo.qcow2
[ -f "$image" ] || "$root/scripts/demo-image/make.sh" "$image"
mkdir -p "$folder/images"
cp "$image" "$folder/images/debian.qcow2"
"$root/novacow" --version >/dev/null

say "PostgreSQL, the cluster's authority, three control nodes"
start_postgres
run novacow ca init "$folder/ca" --name fleet
novacow ca issue "$folder/ca" --role operator --name admin --out "$folder/admin" >/dev/null
run novacow store migrate --store "$(store_url owner)" --role novacow
for n in 1 2 3; do start_control $n; done
export NOVACOW_API NOVACOW_CA=$folder/ca/ca.crt
NOVACOW_API=$(seeds)
export NOVACOW_CERT=$folder/admin/admin.crt NOVACOW_KEY=$folder/admin/admin.key
until_ready

say "four hosts, each joining with a token"
for n in 1 2 3 4; do start_host $n; done
until_hosts_up 4
run novacow host list

say "an image on two hosts, then 40 instances"
run novacow image import debian "$folder/images/debian.qcow2"
run novacow precache debian --copies 2
until_cached debian 2
run novacow launch debian --flavor m1.tiny --count 40 --name vm --wait --json >/dev/null
run novacow host list
run novacow explain vm-1

say "the control node that leads is killed while 20 launches begin"
leader=$(leader)
echo "leading: $leader (kill -9)"
before=$(date +%s%N)
kill -9 "$(cat "$folder/$leader.pid")"
novacow launch debian --flavor m1.tiny --count 20 --name after --wait --json >/dev/null
took=$((($(date +%s%N) - before) / 1000000))
echo "20 launches were active ${took} ms after the kill; leading now: $(leader)"
start_control "${leader##*-}"

say "host-4 is emptied"
run novacow host drain host-4 --move
run novacow host list
run novacow store check --config "$folder/control-1.conf"
total=$(novacow instance list --json | grep -o '"state": *"active"' | wc -l)
echo
echo "$total of 60 instances are active"
[ "$total" -eq 60 ]
