# To be sourced: up to four test hosts on this machine, network namespaces joined by one bridge. Needs root and iproute2.
#
#   make_hosts FOLDER N   makes N hosts, named supcon-a, supcon-b, …; writes FOLDER/hostfile (slots from $slots, default 1) and FOLDER/agent
#   on_host HOST COMMAND  runs a command on a host
#   need_links NAME       ends the script NAME with 69 where there can be no test hosts with limited links
#   two_hosts NAME        two hosts for the script NAME, which measures their network: sets `supcon` (built unless SUPCON names one) and `folder`,
#                         and removes all at the end; ends with 69 where there can be none
#   limit_links RATE BURST  limits what each host sends, in tc's units
#   remove_hosts          ends what runs there and removes everything

host_names=()

# Why there can be no test hosts here; nothing if there can.
hosts_problem() {
  [ "$(id -u)" = 0 ] || { echo "needs root" && return; }
  command -v ip >/dev/null || { echo "needs iproute2 (apt-get install iproute2)" && return; }
  ip netns add supcon-probe 2>/dev/null && ip -n supcon-probe link set lo up 2>/dev/null || echo "network namespaces are not allowed"
  ip netns delete supcon-probe 2>/dev/null || true
}

make_hosts() {
  local folder=$1 count=$2 index name letters=abcd
  # One at a time on a machine: the names and addresses are fixed.
  exec 9>/run/lock/supcon-test-hosts
  flock -w 600 9 || { echo "test hosts are in use by another job" >&2 && return 1; }
  remove_hosts
  ip netns add supcon-switch
  ip -n supcon-switch link add switch type bridge
  ip -n supcon-switch link set switch up
  : >"$folder/hostfile"
  for ((index = 1; index <= count; index++)); do
    name=supcon-${letters:index-1:1}
    host_names+=("$name")
    ip netns add "$name"
    # The interface has the same name everywhere, as on a cluster.
    ip link add net0 netns "$name" type veth peer name "port$index" netns supcon-switch
    ip -n supcon-switch link set "port$index" master switch up
    ip -n "$name" addr add "10.213.7.$index/24" dev net0
    ip -n "$name" link set lo up
    ip -n "$name" link set net0 up
    echo "$name slots=${slots:-1}" >>"$folder/hostfile"
  done
  for name in "${host_names[@]}"; do
    mkdir -p "/etc/netns/$name"
    { echo "127.0.0.1 localhost" && for ((index = 1; index <= count; index++)); do
      echo "10.213.7.$index ${host_names[index - 1]}"
    done; } >"/etc/netns/$name/hosts"
  done
  # What mpirun starts in place of ssh: its first argument is the host.
  cat >"$folder/agent" <<'AGENT'
#!/bin/sh
host=$1
shift
ip netns list | grep -q "^$host\b" || { echo "ssh: Could not resolve hostname $host" >&2 && exit 255; }
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0" && exec sh -c "$*"' "$host" "$@"
AGENT
  chmod +x "$folder/agent"
}

need_links() {
  local name=$1 reason
  reason=$(hosts_problem)
  command -v tc >/dev/null || reason=${reason:-"needs tc (apt-get install iproute2)"}
  [ -z "$reason" ] || { echo "$name: $reason" >&2 && exit 69; }
}

two_hosts() {
  local name=$1
  need_links "$name"
  [ -n "${SUPCON:-}" ] || swift build -c release --product supcon
  supcon=$(realpath "${SUPCON:-.build/release/supcon}")
  folder=$(mktemp -d "${TMPDIR:-/tmp}/supcon-network.XXXXXX")
  trap 'remove_hosts; rm -rf "$folder"' EXIT
  make_hosts "$folder" 2
}

limit_links() {
  local rate=$1 burst=$2 name
  for name in "${host_names[@]}"; do
    tc -n "$name" qdisc replace dev net0 root tbf rate "$rate" burst "$burst" latency 50ms
  done
}

on_host() {
  local host=$1
  shift
  ip netns exec "$host" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$host" "$@"
}

# The processes on a host, but for this shell's own.
processes_on() { ip netns pids "$1" 2>/dev/null || true; }

# Only the names that are made here: other namespaces of this machine belong to others.
remove_hosts() {
  local name pid
  for name in supcon-{a..d} supcon-switch; do
    [ -e "/run/netns/$name" ] || continue
    for pid in $(processes_on "$name"); do
      kill -KILL "$pid" 2>/dev/null || true
    done
    ip netns delete "$name"
    rm -rf "/etc/netns/$name"
  done
  host_names=()
}
