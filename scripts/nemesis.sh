#!/usr/bin/env bash
# nemesis.sh [--schedules N] [--seed N] [--minutes N] [--store sqlite|postgres]
#            [--network proxies|namespaces] [--verbose]
# Runs N (50) schedules of faults, one for each seed, over fleets of real processes: three control
# nodes, three hosts and their store, which are killed, paused, stopped and cut off from each other
# while clients launch and delete. Prints each seed with its violations, and a line with the sum.
# Ends within the minutes (60), however slow the machine. Exits 1 when something was violated.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")/.."
. scripts/prerequisites.sh
require_dotnet
require qemu-img=qemu-utils mkfs.ext4=e2fsprogs mount=mount losetup=mount kill=procps ip=iproute2 \
  mkswap=util-linux
require_postgres
build tests/NovaCow.Nemesis || exit 70
exec tests/NovaCow.Nemesis/bin/Release/net10.0/NovaCow.Nemesis \
  --schedules 50 --minutes 60 "$@"
