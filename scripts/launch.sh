#!/usr/bin/env bash
# Starts supcon under the launcher of its MPI (Open MPI 4 or 5, MPICH) with settings that were tested, on this machine or on the hosts of a hostfile:
#
#   scripts/launch.sh -np 2 pretrain --epochs 10 --output runs/local
#   scripts/launch.sh -np 16 --hostfile hostfiles/two-nodes pretrain --dataset cifar10 --data DIR --shard-size 16 \
#     --output runs/two
#
# Every host is checked first; a problem is reported with the host's name and the remedy. docs/launching.md gives the reasons of the settings.
set -euo pipefail

usage() {
  cat <<USAGE
USAGE: $(basename "$0") [options] SUBCOMMAND [options of supcon]

  -np N               ranks (default: the slots of the hostfile, the tasks of the Slurm job, or the CPUs that this machine,
                      its container or its control group allows)
  --auto              ranks, threads and binding as supcon plan --propose chooses them for this machine
  --hostfile FILE     where ranks run; see hostfiles/ (default: this machine, or the hosts of the Slurm allocation)
  --interface NAMES   the interfaces or networks that lead to the other hosts, such as eth0 or 10.0.0.0/24
  --bind              tie each rank to cores of its own, its part of those of this machine or, with a hostfile or under Slurm, one for
                      each of --threads: for hosts that run nothing else
  --oversubscribe     allow more ranks than slots of the hostfile, or than 16 on each core of this machine
  --agent PROGRAM     what starts programs on other hosts (default: ssh)
  --grace SECONDS     how long ranks may save after a SIGTERM (default: 60)
  --no-check          do not look at the hosts first

The program is \$SUPCON, else the one that this script was built or installed with; it must be at the same path on all hosts.
The launcher is \$SUPCON_MPIRUN, else the mpirun or mpiexec of the PATH that belongs to the program's MPI.
USAGE
}

fail() {
  echo "launch: $2" >&2 || true
  exit "$1"
}

# Open MPI's programs crash (4) or end (5) for a user who has neither HOME nor a name.
[ -n "${HOME:-}" ] || export HOME=/
root=$(cd "$(dirname "$(realpath "$0")")/.." && pwd)
ranks='' hostfile='' interface='' binding=none oversubscribe='' agent='' check=yes grace=60 auto=''
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage && exit 0 || exit 74 ;;
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
    --auto) auto=yes && shift ;;
    --bind) binding=core && shift ;;
    --oversubscribe) oversubscribe=yes && shift ;;
    --no-check) check='' && shift ;;
    -*)
      usage >&2 || true
      fail 64 "unknown option $1; options of supcon stand behind its subcommand"
      ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || {
  usage >&2 || true
  fail 64 "no subcommand of supcon was given"
}
[[ $grace =~ ^[0-9]+$ ]] || fail 64 "--grace $grace: expected a whole number of seconds"
launcher_wait=${SUPCON_LAUNCHER_WAIT:-30}
[[ $launcher_wait =~ ^[1-9][0-9]{0,8}$ ]] || fail 64 "SUPCON_LAUNCHER_WAIT=$launcher_wait: expected a whole number of seconds above 0"
[ -z "$ranks" ] || [[ $ranks =~ ^[1-9][0-9]{0,8}$ ]] || fail 64 "-np $ranks: expected a whole number above 0, of 9 digits at most"

# In a checkout the build's program, in an installation the one in lib/supcon beside this script's folder.
supcon=${SUPCON:-}
if [ -z "$supcon" ]; then
  supcon=$root/.build/release/supcon
  [ -x "$supcon" ] || [ ! -x "$root/lib/supcon/supcon" ] || supcon=$root/lib/supcon/supcon
fi
supcon=$(realpath -m "$supcon")
[ -x "$supcon" ] || fail 66 "$supcon: no such program; build it with: swift build -c release"

# MARK: launcher

# Prints the kind of a launcher: orte (Open MPI up to 4), prrte (Open MPI 5 and later), hydra (MPICH, Intel MPI), or nothing.
launcher_kind() {
  case $("$1" --version 2>&1 | head -n 2) in
    *'Open MPI'*' '[1-4].*) echo orte ;;
    *'Open MPI'*) echo prrte ;;
    *HYDRA* | *'Intel(R) MPI'*) echo hydra ;;
  esac
}

# Prints which MPI a program needs, given what it says of an MPI that it cannot load.
missing_mpi() {
  case $1 in
    *'compiled for MPICH'*) echo "MPICH 3.2 or later, Intel MPI or Cray MPICH (Debian: mpich): $1" ;;
    *) echo "Open MPI 4 or 5 (Debian: openmpi-bin): $1" ;;
  esac
}

# Prints which package has what the loader of programs did not find, given its words.
missing_library() {
  local name
  case $1 in
    *libdnnl.so.2* | *DNNL_2*) echo 'oneDNN 2, the minor version that the program was built with or a later one (Debian 12: libdnnl2)' ;;
    *libdnnl.so.3* | *'undefined symbol: dnnl_'*)
      echo 'oneDNN, the minor version that the program was built with or a later one (Debian 12: libdnnl2; Debian 13: libdnnl3.6)'
      ;;
    *libOpenCL.so*) echo 'the loader of OpenCL, which oneDNN of Debian 12 needs (Debian: ocl-icd-libopencl1)' ;;
    *libcrypto.so.3* | *OPENSSL_3*) echo 'OpenSSL 3 (Debian: libssl3 or libssl3t64)' ;;
    *libturbojpeg.so* | *'undefined symbol: tj'*) echo 'TurboJPEG 2 or 3 (Debian: libturbojpeg0)' ;;
    *libpng16.so* | *'undefined symbol: png_'*) echo 'libpng 1.6 (Debian: libpng16-16 or libpng16-16t64)' ;;
    *libgomp.so* | *OMP_[1-9]* | *GOMP_[1-9]*) echo "GNU's OpenMP as new as that of the host on which it was built (Debian: libgomp1)" ;;
    *libswift* | *libFoundation* | *libdispatch*) echo 'the Swift runtime that it was built with; a program of scripts/package.sh or scripts/install.sh needs none' ;;
    *GLIBCXX* | *CXXABI* | *libstdc++.so*) echo "GNU's C++ library as new as that of the host on which it was built (Debian: libstdc++6)" ;;
    *GLIBC*) echo 'a C library as new as that of the host on which it was built: build the package on the oldest host' ;;
    *)
      name=$(sed -n 's/.*loading shared libraries: \([^ :]*\).*/\1/p' <<<"$1" | head -n 1)
      echo "${name:-a library}: ${1%%$'\n'*}"
      ;;
  esac
}

# True if a text is the loader's: a program lacks a library, or has one that is too old.
is_loader_error() {
  case $1 in
    *'error while loading shared libraries'* | *' not found (required by '* | *'symbol lookup error'*) ;;
    *) return 1 ;;
  esac
}

version=$("$supcon" --version 2>&1 </dev/null) || ! is_loader_error "$version" ||
  fail 69 "$supcon does not start on $(uname -n): it lacks $(missing_library "$version")"

# The first launcher that belongs to the MPI of the program: one of another MPI would start N jobs of one rank.
mpi=$(sed -n 's/^MPI *//p' <<<"$version")
[[ $mpi != 'not found: '* ]] || fail 69 "$supcon finds no MPI on $(uname -n): it lacks $(missing_mpi "$mpi")"
mpirun=${SUPCON_MPIRUN:-} kind=''
candidates=(mpirun mpirun.openmpi mpiexec mpiexec.mpich mpiexec.hydra)
[ -z "$mpirun" ] || candidates=("$mpirun")
for candidate in "${candidates[@]}"; do
  command -v "$candidate" >/dev/null || continue
  kind=$(launcher_kind "$candidate")
  case $mpi:$kind in
    *'Open MPI'*:orte | *'Open MPI'*:prrte | *MPICH*:hydra | *Intel*:hydra | :?*) mpirun=$candidate && break ;;
  esac
  kind=''
done
[ -n "$kind" ] ||
  fail 69 "no launcher of ${mpi:-the MPI of $supcon} is on the PATH${mpirun:+ ($mpirun is none)}: install it (openmpi-bin or mpich), or name it with SUPCON_MPIRUN"

# MARK: proposal

scratch=$(mktemp -d "${TMPDIR:-/tmp}/supcon-launch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

if [ -n "$auto" ]; then
  case $1 in
    pretrain | supervised | bench) ;;
    *) fail 64 "--auto: chooses for pretrain, supervised and bench, not for $1; give -np instead" ;;
  esac
  [ -z "$ranks$hostfile" ] && [ "$binding" = none ] ||
    fail 64 "--auto: chooses ranks and binding on this machine; leave out -np, --hostfile and --bind"
  [ "${SLURM_JOB_NUM_NODES:-1}" -le 1 ] ||
    fail 64 "--auto: chooses for this machine alone, and the Slurm job has $SLURM_JOB_NUM_NODES nodes; give -np and --threads"
  # The options of the run that decide its memory: all but those of its files, its end and its measurements.
  deciding=() skipped=0 output='' resume='' previous=''
  for argument in "${@:2}"; do
    case $previous in --output) output=$argument ;; esac
    previous=$argument
    if [ "$skipped" -gt 0 ]; then skipped=$((skipped - 1)) && continue; fi
    case $argument in
      --output | --extend-epochs | --max-time | --json | --compare | --check-ranks | --reduction) skipped=1 ;;
      --dump-step) skipped=2 ;;
      --output=*) output=${argument#*=} ;;
      --extend-epochs=* | --max-time=* | --json=* | --compare=* | --check-* | --reduction=*) ;;
      --resume) resume=yes ;;
      --quiet | --verbose | --layers) ;;
      *) deciding+=("$argument") ;;
    esac
  done
  if [ -n "$resume" ]; then
    [ -n "$output" ] || fail 64 "--auto: chooses by the options of the run; give --output with the run to resume"
    # They are those of the run, but for its threads; the encoder that it began with need not be there any more.
    if [ -e "$output/config.yaml" ] && [[ " ${deciding[*]-} " != *" --config"[\ =]* ]]; then
      sed -e '/^threads:/d' -e '/^init:/d' "$output/config.yaml" >"$scratch/config.yaml" ||
        fail 74 "--auto: $output/config.yaml cannot be read; give -np and --threads"
      deciding=(--config "$scratch/config.yaml" ${deciding[@]+"${deciding[@]}"})
    fi
  fi
  proposal=$("$supcon" plan --propose --json ${deciding[@]+"${deciding[@]}"} </dev/null) ||
    fail $? "--auto: supcon plan --propose found nothing for this run; give -np and --threads"
  # The first one in the JSON is the best.
  first() { sed -n "s/^ *\"$1\" : \"\{0,1\}\([a-z0-9]*\)\"\{0,1\},\{0,1\}\$/\1/p" <<<"$proposal" | head -n 1; }
  ranks=$(first ranks) binding=$(first binding)
  [ -n "$ranks" ] && [ -n "$binding" ] || fail 70 "--auto: cannot read the proposal: $proposal"
  set -- "$@" --threads "$(first threads_per_rank)"
fi

# How many threads each rank has.
threads=1 previous=''
for argument in "$@"; do
  [ "$previous" != --threads ] || threads=$argument
  case $argument in --threads=*) threads=${argument#*=} ;; esac
  previous=$argument
done
[[ $threads =~ ^[1-9][0-9]{0,8}$ ]] || fail 64 "--threads $threads: expected a whole number above 0"

# MARK: hosts

# Prints how many CPUs this script may run on. nproc takes OMP_NUM_THREADS, a number of threads, for that of CPUs.
allowed_processors() {
  env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc
}

# Prints the number of cores of these CPUs, some of which may be hardware threads of the same core; 0 if the kernel does not say.
usable_cores() {
  local range cpu files=(/dev/null)
  for range in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr , ' '); do
    for ((cpu = ${range%-*}; cpu <= ${range#*-}; cpu++)); do
      files+=("/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list")
    done
  done
  # CPUs that are not there may be allowed, too.
  { cat "${files[@]}" 2>/dev/null || true; } | sort -u | wc -l
}

# Prints how many CPUs this script may use, no more than the quotas of its control group (of a container, a job) and of those above it.
usable_processors() {
  local count folder limits quota
  count=$(allowed_processors)
  # The folders of the two versions of control groups.
  for folder in "$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null)" \
    "/cpu$(sed -nE 's/^[0-9]+:([^:]*,)?cpu(,[^:]*)?://p' /proc/self/cgroup 2>/dev/null)"; do
    folder=/sys/fs/cgroup$folder
    while [ "$folder" != /sys/fs ]; do
      # Microseconds of CPU time, and of the time in which they may be used; "max" or -1 for no quota.
      limits=$(cat "$folder/cpu.max" 2>/dev/null || cat "$folder/cpu.cfs_quota_us" "$folder/cpu.cfs_period_us" 2>/dev/null) || true
      if [[ $limits =~ ^([1-9][0-9]*)[[:space:]]([1-9][0-9]*)$ ]]; then
        quota=$((BASH_REMATCH[1] / BASH_REMATCH[2]))
        [ "$quota" -ge "$count" ] || count=$((quota > 0 ? quota : 1))
      fi
      folder=${folder%/*}
    done
  done
  echo "$count"
}

names=() slots=() limits=() here=$(uname -n)
declare -A place=()
if [ -n "$hostfile" ]; then
  [ -r "$hostfile" ] && [ ! -d "$hostfile" ] || fail 66 "$hostfile: no such hostfile, or it cannot be read; hostfiles/ has examples"
  line_number=0
  while IFS= read -r line || [ -n "$line" ]; do
    line_number=$((line_number + 1))
    line=${line%%#*}
    # Editors of Windows end lines with a carriage return.
    read -r name rest <<<"${line//$'\r'/}" || true
    [ -n "$name" ] || continue
    count=1 limit=''
    for setting in $rest; do
      case $setting in
        slots=*)
          count=${setting#slots=}
          [[ $count =~ ^[1-9][0-9]{0,8}$ ]] ||
            fail 64 "$hostfile, line $line_number: host $name: $setting: expected slots= and a whole number above 0"
          ;;
        max_slots=* | max-slots=*) limit=" $setting" ;;
        *) fail 64 "$hostfile, line $line_number: host $name: $setting: expected slots= and a whole number" ;;
      esac
    done
    # A name that stands there again adds its slots, as in a list with a line for each rank.
    at=${place[$name]-}
    if [ -n "$at" ]; then
      slots[at]=$((slots[at] + count))
    else
      place[$name]=${#names[@]}
      names+=("$name") slots+=("$count") limits+=("$limit")
    fi
  done <"$hostfile"
  [ ${#names[@]} -gt 0 ] || fail 64 "$hostfile: names no host; hostfiles/ has examples"
elif [ -n "${SLURM_JOB_ID:-}" ]; then
  : "${ranks:=${SLURM_NTASKS:-1}}"
  check=''
else
  names=("$here") slots=("$(usable_processors)")
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
  # A few ranks on a core are a trial, a thousand a slip.
  [ "$ranks" -le $((16 * total)) ] ||
    fail 64 "$ranks ranks, but $total CPUs here: start at most $((16 * total)) ranks, or say --oversubscribe"
  oversubscribe=yes
fi

# How many cores a rank is tied to.
bound=$threads
if [ ${#names[@]} -gt 0 ] && [ -z "$hostfile" ]; then
  cores=$(usable_cores)
  # All of them, so that ranks are spread over the sockets and threads that make views have cores, too.
  [ $((cores / ranks)) -le "$threads" ] || bound=$((cores / ranks))
  # Open MPI has a slot for each core, not for each of its hardware threads.
  [ "$cores" = 0 ] || [ "$ranks" -le "$cores" ] || oversubscribe=yes
  # A quota is time on any core: another container with one would tie its ranks to the same cores.
  [ -z "$auto" ] || [ "$total" -ge "$(allowed_processors)" ] || binding=none
fi
[ -z "$auto" ] || echo "launch: $ranks ranks × $threads threads, bound to: $binding" >&2

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

# Prints a text as one word of any shell's command.
one_word() {
  printf "'%s'" "${1//\'/\'\\\'\'}"
}

if [ -n "$check" ] && [ -n "$hostfile" ]; then
  own=$(sha256sum "$supcon" | cut -d ' ' -f 1)
  ours=$(echo $("$mpirun" --version 2>/dev/null | head -n 2))
  quoted=$(one_word "$supcon") launcher=$(one_word "$mpirun")
  for name in "${names[@]}"; do
    getent hosts "$name" >/dev/null ||
      fail 68 "$hostfile: host $name has no address: is the name right? (getent hosts $name finds none)"
    # One call for each name: some shells answer only the first.
    answer=$(on "$name" "echo reached; sha256sum $quoted; command -v orted; command -v prted; command -v hydra_pmi_proxy mpiexec.mpich; \
      echo launcher \$($launcher --version 2>/dev/null | head -n 2); $quoted --version" 2>&1 </dev/null) || true
    case $answer in
      *reached*) ;;
      *) fail 69 "host $name cannot be reached with ${agent:-ssh} without a password: ${answer:-no answer}; try: ${agent:-ssh} $name true" ;;
    esac
    other=$(sed -n 's/^\([0-9a-f]\{64\}\) .*/\1/p' <<<"$answer")
    [ -n "$other" ] || fail 66 "host $name has no $supcon: build or copy it to the same path there"
    [ "$other" = "$own" ] || fail 78 "host $name has another build of $supcon than $here: copy one to all hosts"
    case $kind in
      orte) daemon=orted ;;
      prrte) daemon=prted ;;
      hydra) daemon='hydra_pmi_proxy\|mpiexec.mpich' ;;
    esac
    grep -q "/\($daemon\)" <<<"$answer" ||
      fail 69 "host $name lacks the daemon of ${mpi:-this MPI} (${daemon%%\\*}): install the same MPI there as on $here"
    theirs=$(sed -n 's/^MPI  *not found/not found/p' <<<"$answer")
    [ -z "$theirs" ] || fail 69 "$supcon finds no MPI on host $name: it lacks $(missing_mpi "$theirs")"
    ! is_loader_error "$answer" || fail 69 "$supcon does not start on host $name: it lacks $(missing_library "$answer")"
    # Another PATH there may find no launcher; a daemon is enough.
    theirs=$(sed -n 's/^launcher \(..*\)/\1/p' <<<"$answer")
    [ -z "$theirs" ] || [ "$theirs" = "$ours" ] ||
      fail 69 "host $name has another version of the launcher ($theirs) than $here ($ours): install the same MPI on both"
    theirs=$(sed -n 's/^MPI  *//p' <<<"$answer")
    [ -z "$theirs" ] || [ "$theirs" = "$mpi" ] ||
      fail 69 "on host $name the program loads another MPI ($theirs) than on $here ($mpi): install the same MPI on both"
  done
fi

# MARK: settings

# Containers refuse a rank the memory of another one; the way through shared memory always works.
in_container=''
[ ! -e /.dockerenv ] && [ ! -e /run/.containerenv ] || in_container=yes

open_mpi_settings() {
  # Without a binding Open MPI would tie a rank and all its threads to one core, and two jobs on one machine to the same one.
  if [ "$binding" = core ]; then
    settings+=(--map-by "slot:PE=$bound" --bind-to core)
  else
    settings+=(--bind-to none)
  fi
  if [ -n "$hostfile" ]; then
    # What was counted: without slots= Open MPI takes all cores of a host, and it refuses a name that has them twice.
    for index in "${!names[@]}"; do echo "${names[index]} slots=${slots[index]}${limits[index]}"; done >"$scratch/hosts"
    settings+=(--hostfile "$scratch/hosts")
  fi
  # Ranks that wait give their core to those that work.
  [ -z "$oversubscribe" ] || settings+=(--oversubscribe --mca mpi_yield_when_idle 1)
  [ -z "$interface" ] || settings+=(--mca btl_tcp_if_include "$interface")
  # Two hosts that send each other long messages at once take turns otherwise: the answer to one's announcement waits behind the other's bytes.
  # So nothing needs answers once it flows, and little may wait in the kernel. (A second connection, btl_tcp_links, loses messages: jobs with
  # two ranks on each of two hosts hung in three of five starts, Open MPI 4.1.4.)
  if [ ${#names[@]} -gt 1 ] || [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ]; then
    export OMPI_MCA_btl_tcp_flags=${OMPI_MCA_btl_tcp_flags-send} OMPI_MCA_btl_tcp_sndbuf=${OMPI_MCA_btl_tcp_sndbuf-262144}
  fi
  if [ "$(id -u)" = 0 ]; then
    # Open MPI refuses root unless told twice.
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}

# A host or link that is gone is noticed in seconds; without the keepalive Open MPI 4 waits for ever, and 5 for minutes.
orte_settings() {
  settings+=(--mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3)
  [ -z "$interface" ] || settings+=(--mca oob_tcp_if_include "$interface")
  [ -z "$agent" ] || settings+=(--mca plm_rsh_agent "$agent")
  [ -z "$in_container" ] || settings+=(--mca btl_vader_single_copy_mechanism none)
}

prrte_settings() {
  settings+=(--prtemca oob_tcp_keepalive_time 5 --prtemca oob_tcp_keepalive_intvl 1 --prtemca oob_tcp_keepalive_probes 3)
  [ -z "$interface" ] || settings+=(--prtemca prte_if_include "$interface")
  [ -z "$agent" ] || settings+=(--prtemca plm_ssh_agent "$agent")
  [ -z "$in_container" ] || settings+=(--mca smsc ^cma)
  # Where interfaces have addresses of both families, 5.0 reports unreachable pairs of them once a rank.
  export OMPI_MCA_btl_tcp_disable_family=${OMPI_MCA_btl_tcp_disable_family-6}
}

hydra_settings() {
  if [ "$binding" = core ]; then settings+=(-bind-to "core:$bound"); else settings+=(-bind-to none); fi
  if [ -n "$hostfile" ]; then
    # Hydra's hostfiles have slots behind a colon.
    for index in "${!names[@]}"; do echo "${names[index]}:${slots[index]}"; done >"$scratch/hosts"
    settings+=(-f "$scratch/hosts")
  fi
  [ -z "$interface" ] || settings+=(-iface "$interface")
  [ -z "$agent" ] || settings+=(-launcher ssh -launcher-exec "$agent")
}

settings=()
case $kind in
  orte) open_mpi_settings && orte_settings ;;
  prrte) open_mpi_settings && prrte_settings ;;
  hydra) hydra_settings ;;
esac

# MARK: start

# True if a number is an exit code of supcon, which says why it ends with it.
is_told() {
  [[ $1 =~ ^[0-9]+$ ]] && [ "$1" -ge 64 ] && [ "$1" -le 78 ]
}

# True if a block of Open MPI, between two lines of dashes, only repeats that a rank has ended with an exit code of supcon, or has aborted the
# job with it. Keeps a block that does not name the code, until one that does or the end of the job.
is_repetition() {
  local words
  words=$(tr -s ' \n' ' ' <<<"$1")
  case $words in
    *' returned a non-zero exit code. Per user-direction'*) printf '%s\n' "$1" >>"$scratch/held" ;;
    *' exited with non-zero status'*)
      is_told "$(sed -n 's/.*Exit code: \([0-9]*\).*/\1/p' <<<"$words")" || return 1
      rm -f "$scratch/held"
      ;;
    *'MPI_ABORT was invoked on rank '*) is_told "$(sed -n 's/.*[Ee]rrorcode:* \([0-9]*\).*/\1/p' <<<"$words")" || return 1 ;;
    *) return 1 ;;
  esac
}

# Copies the launcher's errors but for blocks that only repeat what supcon has said, and remembers that it has lost a host: the mpirun of Open
# MPI 5 then ends with 0. Takes out what ranks report.
copy_errors() {
  local line block='' lines=0 dashes='^-{60,}$' previous=''
  : >"$scratch/reports"
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      'launch-report '*) echo "${line#* }" >>"$scratch/reports" && continue ;;
      *'lost communication with'*) : >"$scratch/lost" ;;
      *'sent help message help-mpi-api.txt / mpi-abort') previous=abort && continue ;;
      *'Set MCA parameter "orte_base_help_aggregate" to 0'*) [ "$previous" != abort ] || continue ;;
    esac
    previous=''
    if [[ $line =~ $dashes ]] || [ -n "$block" ]; then
      block+=${block:+$'\n'}$line lines=$((lines + 1))
      # A line of dashes that nothing ends is not Open MPI's.
      if [ $lines -le 30 ] && { [ $lines = 1 ] || ! [[ $line =~ $dashes ]]; }; then continue; fi
      is_repetition "$block" || printf '%s\n' "$block" >&2 || true
      block='' lines=0
    else
      printf '%s\n' "$line" >&2 || true
    fi
  done
  [ -z "$block" ] || printf '%s\n' "$block" >&2 || true
}

# Hydra names no rank, and may end with 0 after one was killed or has left: each rank runs below a shell that reports rank, host and exit code.
# Should Hydra kill the shell, its program ends too.
report_exit='
  guard="env --default-signal=INT,QUIT setpriv --pdeathsig KILL"
  $guard true 2>/dev/null || guard=
  $guard "$@" <&0 &
  child=$!
  for signal in TERM INT USR1; do trap "kill -$signal $child 2>/dev/null" $signal; done
  while :; do
    wait $child
    code=$?
    kill -0 $child 2>/dev/null || break
  done
  echo "launch-report ${PMI_RANK:-0} $(uname -n) $code" >&2
  exit $code'

# Reads the reports. The first rank that failed decides the exit code: Hydra ends with 0 or with that of a rank which it killed itself.
judge_reports() {
  local rank host ended left=$ranks first=''
  while read -r rank host ended; do
    if [ "$ended" != 0 ]; then
      code=$ended
      # Signals of a stop need no words.
      case $ended in
        130 | 143) ;;
        129 | 1[3-5][0-9] | 16[0-4]) echo "launch: rank $rank on host $host was ended by signal $((ended - 128)) ($(kill -l $((ended - 128))))" >&2 ;;
      esac
      return
    fi
    left=$((left - 1))
    first=${first:-"rank $rank on host $host"}
  done <"$scratch/reports"
  if [ "$left" -gt 0 ] && { [ "$code" = 0 ] || [ -n "$first" ]; }; then
    echo "launch: $left of $ranks ranks ended without a result${first:+ after $first had ended with 0}: the job is not done; continue it with --resume" >&2
    code=70
  fi
}

# Ends a launcher all of whose processes have been dead for SUPCON_LAUNCHER_WAIT seconds: Open MPI 4.1.4 waits for ever if a rank is killed while it
# connects to its launcher.
end_stuck_launcher() {
  local dead=0 states
  while [ "$dead" -lt "$launcher_wait" ]; do
    # Whoever reads what this script writes must not wait for it.
    sleep 1 >/dev/null 2>&1
    kill -0 "$job" 2>/dev/null || return 0
    states=$(ps -o stat= --ppid "$job" 2>/dev/null) || states=''
    if [ -n "$states" ] && ! grep -qv '^Z' <<<"$states"; then dead=$((dead + 1)); else dead=0; fi
  done
  echo "launch: all ranks that $mpirun started here have ended, but it has not within $dead s, so it is ended too; continue the job with --resume" >&2
  : >"$scratch/stuck"
  kill -KILL "$job" 2>/dev/null || true
}

# The launcher ends its ranks two seconds after a SIGTERM, too soon for them to save. So it gets a signal first that it passes on to all ranks
# and that asks them to save and stop: SIGUSR1 for Open MPI, SIGTERM for Hydra, which ends with 0 after SIGUSR1 and leaves ranks their time
# after SIGTERM. What still runs when the grace time is over, or at a second SIGTERM, gets SIGTERM.
# Should this shell be killed, the launcher ends too.
request=USR1
[ "$kind" != hydra ] || request=TERM
program=("$supcon")
[ "$kind" != hydra ] || program=(sh -c "$report_exit" sh "$supcon")
# A signal that comes before the launcher has started is passed on once it has; it ends one that does not heed it yet.
job='' timer='' asked='' requested=''
send_request() {
  requested=yes
  kill "-$request" "$job" 2>/dev/null || true
}
stop() {
  if [ -z "$job" ]; then
    asked=stop
  elif [ -n "$timer" ]; then
    kill -TERM "$job" 2>/dev/null || true
  else
    send_request
    {
      trap 'kill "$!" 2>/dev/null; exit' TERM
      sleep "$grace" &
      wait "$!" && kill -TERM "$job"
    } >/dev/null 2>&1 &
    timer=$!
  fi
}
pass_on() {
  if [ -n "$job" ]; then send_request; else asked=${asked:-pass_on}; fi
}
trap stop TERM
trap pass_on USR1
# The terminal sends it to the launcher as well, at which all ranks save and stop after the step; Open MPI kills what still runs two seconds later.
trap : INT

mkfifo "$scratch/errors"
copy_errors <"$scratch/errors" &
reader=$!
setpriv --pdeathsig TERM "$mpirun" -n "$ranks" "${settings[@]}" "${program[@]}" "$@" </dev/null 2>"$scratch/errors" &
job=$!
[ -z "$asked" ] || "$asked"
end_stuck_launcher </dev/null >/dev/null &
guard=$!

# If a trapped signal ends a wait for mpirun just when it exits, bash loses its code. So it is asked for at the end only; nobody writes to the pipe.
mkfifo "$scratch/pause"
exec {pause}<>"$scratch/pause"
while kill -0 "$job" 2>/dev/null; do read -rt 0.1 -u "$pause" || true; done
code=0
wait "$job" 2>/dev/null || code=$?
kill -TERM "$guard" 2>/dev/null || true
[ -z "$timer" ] || kill -TERM "$timer" 2>/dev/null || true
wait "$reader" || true
[ ! -e "$scratch/stuck" ] || code=70
if [ "$code" = 0 ] && [ -e "$scratch/lost" ]; then
  echo "launch: a host was lost, so the job is not done, though $mpirun ended with 0; continue it with --resume" >&2
  code=74
fi
[ "$kind" != hydra ] || judge_reports
# supcon saves at the signal that asks it to stop: what the signal ends has not begun, or was asked again while it saved.
if [ "$code" = $((128 + $(kill -l "$request"))) ] && [ -n "$requested" ]; then
  echo "launch: stopped on request before all ranks had started or saved; continue the job with --resume" >&2 || true
  code=75
fi
[ ! -e "$scratch/held" ] || is_told "$code" || cat "$scratch/held" >&2
exit "$code"
