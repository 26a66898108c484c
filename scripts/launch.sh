#!/usr/bin/env bash
# Starts supcon under mpirun with settings that were tested, on this machine or on the hosts of a hostfile:
#
#   scripts/launch.sh -np 2 pretrain --epochs 10 --output runs/local
#   scripts/launch.sh -np 16 --hostfile hostfiles/two-nodes pretrain --dataset cifar10 --data DIR --output runs/two
#
# Every host is looked at first; what is wrong is said with the host's name and what to do. docs/launching.md has the settings' reasons.
set -euo pipefail

usage() {
  cat <<'USAGE'
USAGE: scripts/launch.sh [options] SUBCOMMAND [options of supcon]

  -np N               ranks (default: the slots of the hostfile, or the cores of this machine)
  --hostfile FILE     where ranks run; see hostfiles/ (default: this machine, or the hosts of the Slurm allocation)
  --interface NAMES   the interfaces or networks that lead to the other hosts, such as eth0 or 10.0.0.0/24
  --bind              tie each rank to cores of its own, one for each of --threads: for hosts that run nothing else
  --oversubscribe     allow more ranks than slots
  --agent PROGRAM     what starts programs on other hosts (default: ssh)
  --grace SECONDS     how long ranks may save after a SIGTERM (default: 60)
  --no-check          do not look at the hosts first

The program is $SUPCON, else .build/release/supcon of this folder; it must stand at the same path on all hosts.
USAGE
}

fail() {
  echo "launch: $2" >&2
  exit "$1"
}

root=$(cd "$(dirname "$0")/.." && pwd)
ranks='' hostfile='' interface='' binding=none oversubscribe='' agent='' check=yes grace=60
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage && exit 0 ;;
    -np | -n | --hostfile | --interface | --agent | --grace)
      [ $# -ge 2 ] || fail 64 "$1: needs a value"
      case $1 in
        -np | -n) ranks=$2 ;;
        --hostfile) hostfile=$2 ;;
        --interface) interface=$2 ;;
        --agent) agent=$2 ;;
        --grace) grace=$2 ;;
      esac
      shift 2
      ;;
    --bind) binding=core && shift ;;
    --oversubscribe) oversubscribe=yes && shift ;;
    --no-check) check='' && shift ;;
    -*) usage >&2 && fail 64 "unknown option $1; options of supcon stand behind its subcommand" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { usage >&2 && fail 64 "no subcommand of supcon was given"; }
[[ $grace =~ ^[0-9]+$ ]] || fail 64 "--grace $grace: expected a whole number of seconds"
[ -z "$ranks" ] || [[ $ranks =~ ^[1-9][0-9]*$ ]] || fail 64 "-np $ranks: expected a whole number above 0"
command -v mpirun >/dev/null || fail 69 "there is no mpirun; scripts/install-dependencies.sh installs it"

supcon=${SUPCON:-$root/.build/release/supcon}
supcon=$(realpath -m "$supcon")
[ -x "$supcon" ] || fail 66 "$supcon: no such program; build it with: swift build -c release"

# How many threads each rank has, which decides how many cores it is tied to.
threads=1 previous=''
for argument in "$@"; do
  [ "$previous" != --threads ] || threads=$argument
  case $argument in --threads=*) threads=${argument#*=} ;; esac
  previous=$argument
done
[[ $threads =~ ^[1-9][0-9]*$ ]] || fail 64 "--threads $threads: expected a whole number above 0"

# MARK: hosts

names=() slots=() here=$(hostname)
if [ -n "$hostfile" ]; then
  [ -f "$hostfile" ] || fail 66 "$hostfile: no such hostfile; hostfiles/ has examples"
  line_number=0
  while IFS= read -r line || [ -n "$line" ]; do
    line_number=$((line_number + 1))
    line=${line%%#*}
    read -r name rest <<<"$line" || true
    [ -n "$name" ] || continue
    count=1
    for setting in $rest; do
      case $setting in
        slots=*[!0-9]* | slots= | slots=0) fail 64 "$hostfile, line $line_number: host $name: $setting: expected slots= and a whole number above 0" ;;
        slots=*) count=${setting#slots=} ;;
        max_slots=* | max-slots=*) ;;
        *) fail 64 "$hostfile, line $line_number: host $name: $setting: expected slots= and a whole number" ;;
      esac
    done
    names+=("$name") slots+=("$count")
  done <"$hostfile"
  [ ${#names[@]} -gt 0 ] || fail 64 "$hostfile: names no host; hostfiles/ has examples"
elif [ -n "${SLURM_JOB_ID:-}" ]; then
  : "${ranks:=${SLURM_NTASKS:-1}}"
  check=''
else
  names=("$here") slots=("$(nproc)")
fi
total=0 described=''
for index in "${!names[@]}"; do
  total=$((total + slots[index]))
  described+="${described:+, }${names[index]} ${slots[index]}"
done
: "${ranks:=$total}"
if [ ${#names[@]} -gt 0 ] && [ "$ranks" -gt "$total" ] && [ -z "$oversubscribe" ]; then
  if [ -n "$hostfile" ]; then
    fail 64 "$hostfile: $ranks ranks, but $total slots ($described): start at most $total ranks, raise slots=, or say --oversubscribe"
  fi
  oversubscribe=yes
fi

# Runs a command on a host.
on() {
  local host=$1
  shift
  case $host in
    localhost | 127.0.0.1 | ::1 | "$here" | "${here%%.*}") sh -c "$*" ;;
    *)
      if [ -n "$agent" ]; then
        "$agent" "$host" "$*"
      else
        ssh -x -o BatchMode=yes -o ConnectTimeout=10 "$host" "$*"
      fi
      ;;
  esac
}

if [ -n "$check" ] && [ -n "$hostfile" ]; then
  own=$(sha256sum "$supcon" | cut -d ' ' -f 1)
  for name in "${names[@]}"; do
    getent hosts "$name" >/dev/null ||
      fail 68 "$hostfile: host $name has no address: is the name right? (getent hosts $name finds none)"
    answer=$(on "$name" "echo reached; sha256sum '$supcon'; command -v orted mpirun" 2>&1 </dev/null) || true
    case $answer in
      *reached*) ;;
      *) fail 69 "host $name cannot be reached with ${agent:-ssh} without a password: ${answer:-no answer}; try: ${agent:-ssh} $name true" ;;
    esac
    other=$(sed -n 's/^\([0-9a-f]\{64\}\) .*/\1/p' <<<"$answer")
    [ -n "$other" ] || fail 66 "host $name has no $supcon: build or copy it to the same path there"
    [ "$other" = "$own" ] || fail 78 "host $name has another build of $supcon than $here: copy one to all hosts"
    grep -q '/orted' <<<"$answer" || fail 69 "host $name has no Open MPI (orted): scripts/install-dependencies.sh installs it"
  done
fi

# MARK: settings

settings=(
  # A host or link that is gone is noticed in seconds; without these mpirun waits for ever.
  --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3
)
if [ "$binding" = core ]; then
  settings+=(--map-by "slot:PE=$threads" --bind-to core)
else
  # Open MPI would tie a rank and all its threads to one core, and two jobs on one machine to the same one.
  settings+=(--bind-to none)
fi
[ -z "$hostfile" ] || settings+=(--hostfile "$hostfile")
# Ranks that wait give their core to those that work.
[ -z "$oversubscribe" ] || settings+=(--oversubscribe --mca mpi_yield_when_idle 1)
[ -z "$interface" ] || settings+=(--mca btl_tcp_if_include "$interface" --mca oob_tcp_if_include "$interface")
[ -z "$agent" ] || settings+=(--mca plm_rsh_agent "$agent")
if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
  # Containers refuse a rank the memory of another one; the way through shared memory always works.
  settings+=(--mca btl_vader_single_copy_mechanism none)
fi
if [ "$(id -u)" = 0 ]; then
  # Open MPI refuses root unless told twice.
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# MARK: start

# mpirun ends its ranks two seconds after a SIGTERM, too soon for them to save. So it gets SIGUSR1 first, which it passes on to all ranks and
# which asks them to save and stop; what still runs when the grace time is over, or at a second SIGTERM, gets SIGTERM.
# Should this shell be killed, mpirun ends too.
setpriv --pdeathsig TERM mpirun -np "$ranks" "${settings[@]}" "$supcon" "$@" </dev/null &
job=$! timer=''

stop() {
  if [ -n "$timer" ]; then
    kill -TERM "$job" 2>/dev/null || true
    return
  fi
  kill -USR1 "$job" 2>/dev/null || true
  { sleep "$grace" && kill -TERM "$job"; } >/dev/null 2>&1 &
  timer=$!
}
trap stop TERM
trap 'kill -USR1 "$job" 2>/dev/null || true' USR1
# The terminal sends it to mpirun as well, which ends its ranks.
trap : INT

# A trapped signal ends the wait, while mpirun still runs.
while true; do
  code=0
  wait "$job" || code=$?
  kill -0 "$job" 2>/dev/null || break
done
if [ -n "$timer" ]; then
  pkill -P "$timer" 2>/dev/null || true
fi
exit "$code"
