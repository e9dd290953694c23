#!/usr/bin/env bash
# power-cuts.sh [ROUNDS [SEED]]: cuts the power of loop-mounted file systems ROUNDS times (1000),
# before each step of everything that a store does and while many work at once, and looks at what
# is left. Prints the seed, the rounds and the cuts by step; exits 1 when something acknowledged
# was lost or something else is wrong. Needs root.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")/.."
. scripts/prerequisites.sh
rounds=${1:-1000} seed=${2:-$RANDOM}
if ! [[ $rounds =~ ^[1-9][0-9]{0,6}$ && $seed =~ ^[0-9]{1,9}$ ]]; then
  echo "usage: $0 [ROUNDS [SEED]]" >&2
  exit 64
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "power-cuts.sh mounts file systems: run it as root" >&2
  exit 77
fi
require_dotnet
require qemu-img=qemu-utils mkfs.xfs=xfsprogs xfs_io=xfsprogs mkfs.ext4=e2fsprogs \
  mkswap=util-linux mount=mount
build tests/NovaCow.Storage.Tests || exit 70
echo "seed $seed, $rounds rounds"
started=$SECONDS
if NOVACOW_POWER_CUTS=$rounds NOVACOW_POWER_CUTS_SEED=$seed \
  tests/NovaCow.Storage.Tests/bin/Release/net10.0/NovaCow.Storage.Tests -noColor -noLogo \
  -class NovaCow.Storage.Tests.PowerCutTests; then
  echo "no violation in $rounds power cuts (seed $seed, $((SECONDS - started)) s)"
else
  echo "VIOLATIONS, see above; again with: $0 $rounds $seed"
  exit 1
fi
