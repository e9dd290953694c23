# Sourced. require COMMAND=PACKAGE…: as root installs the packages whose command is missing; else
# says exactly what to install and exits 69 (service unavailable).
PATH="$PATH:/usr/sbin:/sbin"

require() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}")
  done
  install_packages "${missing[@]}"
}

# require_files PATH=PACKAGE…: the same for files that no command stands for.
require_files() {
  local pair missing=()
  for pair in "$@"; do
    [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
  done
  install_packages "${missing[@]}"
}

# Debian would make a cluster and run it: what starts a server here starts one of its own.
require_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
  local settings=/etc/postgresql-common/createcluster.conf
  if [ "$(id -u)" -eq 0 ] && ! [ -e $settings ]; then
    install_packages postgresql-common
    sed -ri 's/^#?create_main_cluster .*/create_main_cluster = false/' $settings
  fi
  install_packages postgresql
}

install_packages() {
  [ $# -gt 0 ] || return 0
  local packages
  packages=$(printf '%s\n' "$@" | sort -u | tr '\n' ' ')
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing: $packages" >&2
    echo "install them with: sudo apt-get install $packages" >&2
    exit 69
  fi
  echo "installing: $packages" >&2
  # shellcheck disable=SC2086  # a list of words
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
      --no-install-recommends $packages; } >/tmp/novacow-apt.$$.log 2>&1 || {
    cat /tmp/novacow-apt.$$.log >&2
    echo "apt-get could not install: $packages" >&2
    exit 69
  }
  rm -f /tmp/novacow-apt.$$.log
}

require_dotnet() {
  if ! dotnet --version >/dev/null 2>&1; then
    echo "missing: the .NET SDK, version 10 (see global.json); https://dot.net has it" >&2
    exit 69
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
}

# build PROJECT…: quiet unless it fails.
build() {
  local output
  output=$(dotnet build "$@" -c Release --nologo -v quiet 2>&1) || {
    printf '%s\n' "$output" >&2
    return 70
  }
}
