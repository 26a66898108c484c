# To be sourced by scripts/test-faults.sh: every way in which a rank or a host can fail to answer, on one host and on two.
#
# Faults come from outside: signals to a rank's process; a link set down; a daemon killed; or fault.c, preloaded into one rank by the wrapper
# that is started in supcon's place. Nothing of it is in the product.

stall_timeout=10
one_host_cases=(SIGKILL SIGSEGV "exit 0" "early finalise" SIGSTOP "SIGSTOP of rank 0" "endless loop" "endless loop of rank 0" "other options" "other data")
two_host_cases=("${one_host_cases[@]}" "link down" "remote daemon killed")

# Writes what is started as supcon: rank $1 gets the lines of standard input before it starts.
write_wrapper() {
  {
    echo '#!/usr/bin/env bash'
    echo 'rank=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}'
    echo "echo \$\$ >'$folder/process.'\$rank"
    echo "cd '$folder'"
    echo "if [ \"\$rank\" = $1 ]; then"
    echo "  :" && cat
    echo 'fi'
    echo "exec '$supcon' \"\$@\""
  } >"$folder/supcon"
  chmod +x "$folder/supcon"
}

preload() {
  echo "export LD_PRELOAD='$folder/fault.so' FAULT_RANK='$2' FAULT_KIND='$1' FAULT_CALL=\${FAULT_CALL:-400}"
}

# The processes of a case that are still there.
leftovers() {
  if [ "$hosts" = 2 ]; then
    for name in "${host_names[@]}"; do processes_on "$name"; done
  else
    pgrep -f "^$supcon .*--output $folder/run" || true
  fi
}

# Runs one case; sets code, seconds, message, problem.
run_case() {
  local name=$1 victim=1 kind='' start elapsed waited
  case $name in *'of rank 0') victim=0 ;; esac
  code=0 seconds='' message='' problem=''
  rm -rf "$folder/run" "$folder"/process.* "$folder/log"
  local arguments=(pretrain --dataset cifar10 --data data --batch-size 32 --shard-size 4 --epochs 1000 --log-steps 1
    --stall-timeout "$stall_timeout" --output "$folder/run")
  case $name in
    'exit 0') preload exit0 1 | write_wrapper 1 ;;
    'early finalise') preload finalise 1 | write_wrapper 1 ;;
    'endless loop'*) preload loop "$victim" | write_wrapper "$victim" ;;
    'other options') echo 'set -- "$@" --temperature 0.2' | write_wrapper 1 ;;
    'other data') echo "cd '$folder/other'" | write_wrapper 1 ;;
    *) : | write_wrapper -1 ;;
  esac
  local launch=(env SUPCON="$folder/supcon" "$root/scripts/launch.sh" -np 2 --oversubscribe)
  start=$(date +%s.%N)
  if [ "$hosts" = 2 ]; then
    on_host "${host_names[0]}" "${launch[@]}" --no-check --hostfile "$folder/hostfile" --agent "$folder/agent" \
      "${arguments[@]}" >"$folder/log" 2>&1 &
  else
    "${launch[@]}" "${arguments[@]}" >"$folder/log" 2>&1 &
  fi
  local job=$!
  case $name in
    SIG* | 'link down' | 'remote daemon killed')
      # Training is under way once steps were logged.
      for ((waited = 0; waited < 600; waited++)); do
        [ "$(cat "$folder/run/metrics.jsonl" 2>/dev/null | wc -l)" -lt 5 ] || break
        sleep 0.1
      done
      start=$(date +%s.%N)
      case $name in
        SIGSTOP*) kill -STOP "$(cat "$folder/process.$victim")" ;;
        SIG*) kill "-${name#SIG}" "$(cat "$folder/process.1")" || problem="there was no rank 1" ;;
        'link down') ip -n supcon-switch link set port2 down ;;
        'remote daemon killed')
          for process in $(processes_on "${host_names[1]}"); do
            case $(cat "/proc/$process/comm" 2>/dev/null) in orted | prted | hydra_pmi_proxy) kill -KILL "$process" ;; esac
          done
          ;;
      esac
      ;;
    'exit 0' | 'early finalise' | 'endless loop'*)
      # The preloaded library says when.
      for ((waited = 0; waited < 600; waited++)); do
        ! grep -q '^fault:' "$folder/log" || break
        kill -0 "$job" 2>/dev/null || break
        sleep 0.1
      done
      start=$(date +%s.%N)
      ;;
    other*)
      # The fault is there as soon as both ranks are.
      for ((waited = 0; waited < 600; waited++)); do
        [ ! -e "$folder/process.0" ] || [ ! -e "$folder/process.1" ] || break
        sleep 0.1
      done
      start=$(date +%s.%N)
      ;;
  esac
  for ((waited = 0; waited < 10 * (stall_timeout + 30); waited++)); do
    kill -0 "$job" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$job" 2>/dev/null; then
    problem="did not end within $((stall_timeout + 30)) s"
    kill -KILL "$job"
    wait "$job" 2>/dev/null || true
    code=none
  else
    wait "$job" || code=$?
  fi
  seconds=$(awk -v start="$start" -v end="$(date +%s.%N)" 'BEGIN { printf "%.1f", end - start }')
  awk -v seconds="$seconds" -v limit=$((stall_timeout + 15)) 'BEGIN { exit !(seconds <= limit) }' ||
    problem=${problem:-"took longer than $((stall_timeout + 15)) s"}
  [ "$code" != 0 ] || problem=${problem:-'exit code 0'}
  # The program's own word, else mpirun's.
  message=$(tr -d '\r' <"$folder/log" | awk -v folder="$folder/" '
    { gsub(folder, "") }
    /^(Error|launch): / && own == "" { own = $0 }
    # Open MPI 4 (mpirun) and 5 (prterun) break their sentence at different places; Hydra names process and host in a table.
    joined { launcher = launcher " " $0; joined = launcher !~ /(node|host) [^ ]/ && ++joinedLines < 3 }
    /(mpirun|prterun) (noticed|detected|has exited|has lost)|PRTE has lost communication/ && launcher == "" { launcher = $0; joined = 1; joinedLines = 0 }
    /^= +(PID|EXIT CODE)|KILLED BY SIGNAL|EXIT STRING/ { gsub(/^= +/, ""); daemons = daemons (daemons == "" ? "" : ", ") $0 }
    /daemon *:.* on node / { sub(/^ */, ""); daemons = daemons (daemons == "" ? "" : ", ") $0 }
    END { print own != "" ? own : launcher != "" ? launcher : daemons }') || true
  case $message in *rank*|*host*|*node*|*supcon-b*|*Process*) ;; *) problem=${problem:-'names neither rank nor host'} ;; esac
  # Daemons of a host that was cut off end by themselves; they get the same time.
  for ((waited = 0; waited < 150; waited++)); do
    [ -n "$(leftovers)" ] || break
    sleep 0.1
  done
  if [ -n "$(leftovers)" ]; then
    problem=${problem:-"left processes: $(for process in $(leftovers); do tr '\0' ' ' </proc/$process/cmdline | cut -c 1-60; done | paste -s -d ,)"}
    kill -KILL $(leftovers) 2>/dev/null || true
  fi
  [ "$name" != 'link down' ] || ip -n supcon-switch link set port2 up
}

# Runs all cases; appends lines of a Markdown table to $table.
test_hangs() {
  local case index
  "$([ "${SUPCON_MPI:-ompi}" = mpich ] && echo mpicc.mpich || echo mpicc)" -shared -fPIC -O1 -o "$folder/fault.so" "$root/scripts/faults/fault.c" -ldl
  write_cifar "$folder/data" 0
  mkdir -p "$folder/other"
  write_cifar "$folder/other/data" 1
  printf '%s\n' '| fault | hosts | exit code | seconds | who is named |' '|---|---|---|---|---|' >"$folder/table-hangs"
  local counts=(1)
  local reason
  if [ -n "$one_host" ]; then reason='--one-host was said'; else reason=$(hosts_problem); fi
  if [ -z "$reason" ]; then counts+=(2); else skip "hangs on two hosts" "$reason"; fi
  for hosts in "${counts[@]}"; do
    [ "$hosts" = 1 ] || make_hosts "$folder" 2
    local cases=("${one_host_cases[@]}")
    [ "$hosts" = 1 ] || cases=("${two_host_cases[@]}")
    for case in "${cases[@]}"; do
      [ -z "${only:-}" ] || [[ $case == $only ]] || continue
      run_case "$case"
      check "$hosts host(s), $case: exit $code after $seconds s" "$problem" "$folder/log"
      echo "| $case | $hosts | $code | $seconds | $message |" >>"$folder/table-hangs"
    done
    [ "$hosts" = 1 ] || remove_hosts
  done
}
