# To be sourced by scripts/test-faults.sh: a Slurm of one node on this machine, from Debian's packages, started and stopped here.
#
# It listens on the loopback address alone and keeps all its files in $folder. Needs root: slurmd does.

slurm_processes=()

# Why there can be no Slurm here; nothing if there can.
slurm_problem() {
  [ "$(id -u)" = 0 ] || { echo "needs root" && return; }
  command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && return
  [ -n "${install_slurm:-}" ] || { echo "needs Slurm: apt-get install slurmctld slurmd slurm-client munge, or --install-slurm" && return; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    slurmctld slurmd slurm-client munge; } >"$folder/log" 2>&1 || echo "Slurm cannot be installed: $(tail -n 1 "$folder/log")"
}

start_slurm() {
  local slurm=$folder/slurm
  mkdir -p "$slurm/state" "$slurm/spool" "$slurm/munge"
  # munged insists on folders that only their owner writes.
  chmod 755 "$folder" "$slurm" "$slurm/munge"
  head -c 1024 /dev/urandom >"$slurm/munge/key"
  chmod 400 "$slurm/munge/key"
  munged --foreground --force --key-file "$slurm/munge/key" --socket "$slurm/munge/socket" --pid-file "$slurm/munge/pid" \
    --log-file "$slurm/munge/log" --seed-file "$slurm/munge/seed" >"$slurm/munge.log" 2>&1 &
  slurm_processes+=($!)
  cat >"$slurm/slurm.conf" <<CONFIGURATION
ClusterName=supcon
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.log
SlurmctldPort=26817
SlurmdPort=26818
ReturnToService=2
KillWait=10
MinJobAge=600
SchedulerParameters=sched_interval=2
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
CONFIGURATION
  export SLURM_CONF=$slurm/slurm.conf
  slurmctld -D >"$slurm/slurmctld.out" 2>&1 &
  slurm_processes+=($!)
  slurmd -D >"$slurm/slurmd.out" 2>&1 &
  slurm_processes+=($!)
  local waited
  for ((waited = 0; waited < 60; waited++)); do
    ! sinfo --noheader --format %T 2>/dev/null | grep -q '^idle$' || return 0
    sleep 0.5
  done
  return 1
}

stop_slurm() {
  [ ${#slurm_processes[@]} -gt 0 ] || return 0
  scancel --user=root >/dev/null 2>&1 || true
  sleep 1
  kill "${slurm_processes[@]}" 2>/dev/null || true
  wait "${slurm_processes[@]}" 2>/dev/null || true
  slurm_processes=()
}

# Waits for the end of a job: sets state and code of its last run.
wait_for_job() {
  local job=$1 limit=$2 waited
  for ((waited = 0; waited < limit; waited++)); do
    state=$(scontrol show job "$job" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p')
    case $state in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) break ;; esac
    sleep 1
  done
  code=$(scontrol show job "$job" 2>/dev/null | sed -n 's/.*ExitCode=\([0-9]*\):.*/\1/p')
}

# submit OPTIONS of sbatch… SCRIPT ARGUMENTS…: submits a job and waits for its end; its output is in $folder/log.
submit() {
  local job limit=${job_seconds:-120}
  job=$(sbatch --parsable --output "$folder/log" "$@") || { state="not submitted" code='' && return; }
  wait_for_job "$job" "$limit"
}

test_slurm() {
  local reason recipe alone state code requeues
  reason=$(slurm_problem)
  [ -z "$reason" ] || { skip "Slurm" "$reason" && return; }
  start_slurm || {
    check "Slurm starts" "it does not" "$folder/slurm/slurmctld.log"
    return
  }
  check "Slurm starts" ''
  recipe=(--batch-size 32 --shard-size 8 --shapes-train 320 --steps 20 --checkpoint-steps 5)
  "$supcon" pretrain "${recipe[@]}" --output "$folder/slurm-alone" >"$folder/log" 2>&1
  alone=$(weights "$folder/slurm-alone")
  export SUPCON=$supcon SUPCON_ROOT=$root

  cat >"$folder/srun.sbatch" <<SCRIPT
#!/bin/sh
exec srun --mpi=pmix "\$@"
SCRIPT
  submit --ntasks 2 "$root/scripts/slurm/train.sbatch" "${recipe[@]}" --output "$folder/slurm-mpirun"
  check "sbatch with mpirun: the bits of one rank" \
    "$([ "$state" = COMPLETED ] && [ "$(weights "$folder/slurm-mpirun")" = "$alone" ] || echo "$state $code")" "$folder/log"
  submit --ntasks 2 "$folder/srun.sbatch" "$supcon" pretrain "${recipe[@]}" --output "$folder/slurm-srun"
  check "srun --mpi=pmix: the bits of one rank" \
    "$([ "$state" = COMPLETED ] && [ "$(weights "$folder/slurm-srun")" = "$alone" ] && grep -q 'over 2 ranks' "$folder/log" || echo "$state $code")" "$folder/log"
  sed -i 's/--mpi=pmix/--mpi=none/' "$folder/srun.sbatch"
  submit --ntasks 2 "$folder/srun.sbatch" "$supcon" pretrain "${recipe[@]}" --output "$folder/slurm-singletons"
  check "srun without pmix is refused" \
    "$([ "$state" = FAILED ] && [ ! -e "$folder/slurm-singletons" ] && grep -q 'srun --mpi=pmix' "$folder/log" || echo "$state $code")" "$folder/log"

  # Slurm sends the signal up to a minute early, so it is sent here by hand, as Slurm does: to the script.
  recipe=(--batch-size 32 --shard-size 8 --shapes-train 320 --steps 400)
  "$supcon" pretrain "${recipe[@]}" --output "$folder/slurm-undisturbed" >/dev/null 2>&1
  local job waited
  job=$(sbatch --parsable --ntasks 2 --output "$folder/log" "$root/scripts/slurm/train.sbatch" "${recipe[@]}" --log-steps 1 \
    --output "$folder/slurm-requeued")
  for ((waited = 0; waited < 600; waited++)); do
    [ "$(cat "$folder/slurm-requeued/metrics.jsonl" 2>/dev/null | wc -l)" -lt 30 ] || break
    sleep 0.1
  done
  scancel --batch --signal=USR1 "$job"
  # A requeued job waits for two minutes unless told that it may begin.
  for ((waited = 0; waited < 60; waited++)); do
    ! scontrol show job "$job" | grep -q 'JobState=PENDING' || break
    sleep 0.5
  done
  scontrol update JobId="$job" StartTime=now >/dev/null 2>&1 || true
  wait_for_job "$job" 300
  requeues=$(scontrol show job "$job" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p')
  check "the time limit's signal: saved, requeued, finished with the undisturbed bits" \
    "$([ "$state" = COMPLETED ] && [ "$requeues" = 1 ] && [ "$(weights "$folder/slurm-requeued")" = "$(weights "$folder/slurm-undisturbed")" ] || echo "$state $code, $requeues restarts")" \
    "$folder/log"
  stop_slurm
}
