# Sourced by fleet.sh: how each part of the fleet is started and ended. Everything is in $folder, and
# every process that was started has its id in a .pid file there.

say() { printf '\n== %s\n' "$*"; }

run() {
  printf '$ %s\n' "${*//$folder/FOLDER}" >&2
  "$@"
}

novacow() { "$root/novacow" "$@"; }

# A port that nobody listens at now, above those that the kernel gives to others.
next_port=$((20000 + RANDOM % 10000))
free_port() {
  while (: < /dev/tcp/127.0.0.1/$next_port) 2>/dev/null; do next_port=$((next_port + 1)); done
  port=$next_port
  next_port=$((next_port + 1))
}

# The server runs as an unprivileged user: it refuses to be root.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups "$@"
  else
    "$@"
  fi
}

start_postgres() {
  local bin
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  free_port
  pg_port=$port
  mkdir -p "$folder/pg"
  [ "$(id -u)" -ne 0 ] || chown postgres "$folder/pg"
  (cd / && as_postgres "$bin/initdb" -D "$folder/pg/data" -U postgres -A trust --no-instructions \
    >"$folder/pg.log" 2>&1)
  (cd / && exec setsid "$(command -v bash)" -c '
    port=$1 data=$2 sockets=$3 uid=$4 bin=$5
    run=()
    [ "$uid" -ne 0 ] || run=(setpriv --reuid=postgres --regid=postgres --init-groups)
    exec "${run[@]}" "$bin/postgres" -D "$data" -p "$port" -k "$sockets" \
      -c listen_addresses=127.0.0.1' \
    fleet-postgres "$pg_port" "$folder/pg/data" "$folder/pg" "$(id -u)" "$bin" \
    >>"$folder/pg.log" 2>&1 </dev/null) &
  echo $! > "$folder/postgres.pid"
  disown
  wait_for "PostgreSQL" "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"
  for role in owner novacow; do
    "$bin/psql" -q -h 127.0.0.1 -p "$pg_port" -U postgres -c "create role $role login"
  done
  "$bin/psql" -q -h 127.0.0.1 -p "$pg_port" -U postgres -c "create database fleet owner owner"
}

store_url() { echo "postgresql://$1@127.0.0.1:$pg_port/fleet?sslmode=disable"; }

control_ports=(0 0 0 0)

seeds() {
  local n all=
  for n in 1 2 3; do all+=${all:+,}https://127.0.0.1:${control_ports[$n]}; done
  echo "$all"
}

start_control() {
  local name=control-$1 conf=$folder/control-$1.conf
  if [ ! -f "$conf" ]; then
    free_port
    control_ports[$1]=$port
    novacow ca issue "$folder/ca" --role control --name "$name" --address 127.0.0.1 \
      --out "$folder/$name-tls" >/dev/null
    cat > "$conf" <<END
include "$root/hocon/control.conf"
novacow {
  name = $name
  data = "$folder/$name"
  api.listen = "https://127.0.0.1:$port"
  tls {
    ca = "$folder/ca/ca.crt"
    certificate = "$folder/$name-tls/$name.crt"
    key = "$folder/$name-tls/$name.key"
    authority-key = "$folder/ca/ca.key"
  }
  control.store = "$(store_url novacow)"
  images.file.roots = ["$folder/images"]
}
END
  fi
  start_node "$name" "$conf"
}

start_host() {
  local name=host-$1 conf=$folder/host-$1.conf
  novacow host token --host "$name" 2>/dev/null | novacow host join --seed "$(seeds)" \
    --token-file - --name "$name" --out "$folder/$name-tls" >/dev/null
  cat > "$conf" <<END
include "$folder/$name-tls/host.conf"
novacow {
  data = "$folder/$name"
  api.listen = "https://127.0.0.1:0"
  images.file.roots = ["$folder/images"]
  host { vcpus = 4, memory = 8GiB, labels { rack = "rack-$((1 + $1 % 2))" } }
}
END
  start_node "$name" "$conf"
}

start_node() {
  (cd / && exec setsid "$root/src/NovaCow.Cli/bin/Release/net10.0/novacow" node --config "$2" \
    >>"$folder/$1.log" 2>&1 </dev/null) &
  echo $! > "$folder/$1.pid"
  disown
}

# wait_for WHAT COMMAND…: until it succeeds, for at most three minutes.
wait_for() {
  local what=$1 until=$((SECONDS + 180))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $until ]; then
      echo "fleet.sh: $what was not there within three minutes; the logs are in $folder" >&2
      return 70
    fi
    sleep 0.2
  done
}

until_ready() { wait_for "a leader" novacow host list; }

until_hosts_up() {
  hosts_are_up() { [ "$(novacow host list | grep -c ' up ')" -eq "$1" ]; }
  wait_for "$1 hosts" hosts_are_up "$1"
}

until_cached() {
  is_cached() { [ "$(novacow base list | grep " $1 " | grep -c ' ready ')" -ge "$2" ]; }
  wait_for "$2 copies of $1" is_cached "$1" "$2"
}

# The name of the control node that holds the lease.
leader() {
  novacow store check --config "$folder/control-1.conf" --json \
    | grep -oE 'control-[1-3]' | head -1
}

# A process ends only when it is one that was started here and is there yet.
end_fleet() {
  local status=$1 file
  if [ -n "$keep" ] && [ "$status" -eq 0 ]; then
    cat <<END

It goes on. To use it:
  export NOVACOW_API=$NOVACOW_API
  export NOVACOW_CA=$NOVACOW_CA NOVACOW_CERT=$NOVACOW_CERT NOVACOW_KEY=$NOVACOW_KEY
To end it:
  kill \$(cat $folder/host-*.pid $folder/control-*.pid); kill -INT \$(cat $folder/postgres.pid)
  rm -r $folder
END
    return
  fi
  for file in "$folder"/host-*.pid "$folder"/control-*.pid "$folder"/postgres.pid; do
    [ ! -f "$file" ] || end_process "$(cat "$file")" "${file##*/}"
  done
  if [ "$status" -eq 0 ]; then
    rm -rf "$folder"
  else
    echo "fleet.sh: ended with $status; the logs are in $folder" >&2
  fi
}

end_process() {
  local signal=TERM tries=0
  [ "$2" != postgres.pid ] || signal=INT
  kill -$signal "$1" 2>/dev/null || return 0
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { kill -9 "$1" 2>/dev/null; return 0; }
    sleep 0.1
  done
}
