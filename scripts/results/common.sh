# Sourced by the scripts of docs/results.md: trainings that continue where they stopped, their tests, and rows of tables.
#
# DATA names the folder of CIFAR's binary files, OUT the folder of runs. SUPCON names the program (default: the release build), RANKS and
# THREADS the processes and their threads (default: 1 rank with a thread for each processor). Everything runs at the lowest priority, in the
# caller's folder, from which relative paths count. Needs arguments.sh.

# Numbers have a decimal point: awk and printf would read and write that of the user's language.
export LC_ALL=C
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
. "$root/scripts/mpi-environment.sh"
supcon=${SUPCON:-$root/.build/release/supcon}
[ -f "$supcon" ] && [ -x "$supcon" ] ||
  fail 66 "$supcon: there is no such program: build it with $root/scripts/quickstart.sh, or name one with SUPCON"
supcon=$(realpath -e -- "$supcon")
"$supcon" --version >/dev/null || fail 69 "$supcon: does not start: build it with $root/scripts/quickstart.sh, or name another with SUPCON"
ranks=${RANKS:-1}
whole RANKS 1 2 "$ranks"
[ "$ranks" = 1 ] || command -v "$mpirun" >/dev/null ||
  fail 69 "$mpirun: is not on the PATH: install it, name another with SUPCON_MPIRUN, or leave RANKS out"
threads=${THREADS:-$((processors / ranks > 0 ? processors / ranks : 1))}
whole THREADS 1 2 "$threads"

# What waited has started; nothing while it starts no command. Whether a signal has asked the script to stop since.
child='' asked=''
stopping() {
  [ -n "$child" ] || fail 75 "stopped; start this script again to continue"
  asked=yes
}
# The terminal sends Ctrl-C to what runs, too. The others are passed on as SIGUSR1: launch.sh would take a second SIGTERM, as from systemd and timeout,
# which send it to all processes, for an order to kill.
trap stopping INT
trap 'stopping; kill -USR1 "$child" 2>/dev/null || true' TERM USR1
# A command in the background would ignore Ctrl-C.
heeding=(env --default-signal=INT,QUIT)
"${heeding[@]}" true 2>/dev/null || heeding=()

# A pipe to which nobody writes.
pipe=$(mktemp -u)
mkfifo "$pipe"
exec {pause}<>"$pipe"
rm "$pipe"

# waited COMMAND…: runs a command, which a stop of the script stops too, and returns its exit code once it has ended.
waited() {
  local code=0
  child=starting asked=''
  ${heeding[@]+"${heeding[@]}"} "$@" &
  child=$!
  [ -z "$asked" ] || kill -USR1 "$child" 2>/dev/null || true
  # If a trapped signal ends a wait for the command just when it exits, bash loses its code. So it is asked for at the end only.
  while kill -0 "$child" 2>/dev/null; do read -rt 0.1 -u "$pause" || true; done
  wait "$child" || code=$?
  child=''
  # It was at its end already, or at its start, where a signal ends it.
  [ -z "$asked" ] || case $code in 0 | 130 | 138 | 143) code=75 ;; esac
  return "$code"
}

# job COMMAND OPTIONS…: runs supcon on all ranks.
job() {
  local start=("$supcon")
  # mpirun alone would leave ranks two seconds to save.
  [ "$ranks" = 1 ] || start=(env SUPCON="$supcon" "$root/scripts/launch.sh" -np "$ranks")
  waited nice -n 19 "${start[@]}" "$@"
}

# alone OUT: makes OUT, and ends the script if another one works there, whose table it would replace. What a script has started keeps the lock, too.
alone() {
  mkdir -p "$1" || fail 73 "OUT $1: cannot be made: name a folder that you may write"
  command -v flock >/dev/null || return 0
  exec {lock}>>"$1/.scripts-lock"
  flock -n "$lock" || [ $? != 1 ] || fail 75 "OUT $1: another script, or a training that it began, works there: wait until it ends, or name another OUT"
}

# logged LOG COMMAND…: appends what a command prints to a log, and repeats the last lines of it if the command fails.
logged() {
  local log=$1 size=0 code=0
  shift
  [ ! -e "$log" ] || size=$(stat -c %s "$log")
  "$@" >>"$log" 2>&1 || code=$?
  [ "$code" = 0 ] || tail -c "+$((size + 1))" "$log" | tail -n 3 >&2
  return "$code"
}

# ended RUN CODE: ends the script with the code of a command whose log is RUN.log, and says what to do, unless the script that started this one will.
ended() {
  # 64 to 78 are errors that would come again, but for 75, a stop on request.
  [ -n "${WITHIN_RESTARTS:-}" ] || case $2 in
    64 | 65 | 66 | 69 | 73 | 78) echo "$1: ended with $2; see $1.log" >&2 ;;
    *) echo "$1: ended with $2; start this script again to continue" >&2 ;;
  esac
  exit "$2"
}

# value FILE FIELD: a number or text of a JSON file, one field a line; nothing if there is none.
value() {
  [ -e "$1" ] || return 0
  sed -n "s/^ *\"$2\" *: *\"\{0,1\}\([^\",]*\)\"\{0,1\},*$/\1/p" "$1" | head -n 1
}

# percent NUMBER: 0.9351 as 93.51; a dash for nothing.
percent() { [ -n "${1:-}" ] && awk -v number="$1" 'BEGIN { printf "%.2f", 100 * number }' || printf -- "-"; }

# train RUN COMMAND OPTIONS…: trains, or continues what was begun. supcon does nothing for a run that is finished, and refuses options that differ
# from those of the run.
train() {
  local run=$1 command=$2
  shift 2
  if [ "$(value "$run/summary.json" status)" != finished ]; then
    echo "training $run" >&2
  elif [ -z "$(ls -A "$run/checkpoints" 2>/dev/null)" ]; then
    # supcon refuses it, but what was measured stands.
    echo "$run: is finished and has no checkpoints any more: its options are not compared" >&2
    return 0
  fi
  mkdir -p "$(dirname "$run")"
  logged "$run.log" job "$command" --output "$run" --threads "$threads" --resume "$@" || ended "$run" $?
}

# measured RESULT RUN WEIGHTS: true if there is a result, and of the weights that the run has by now: one of --steps can have trained on.
measured() {
  local hash prefix=""
  [ -e "$1" ] || return 1
  [ "$3" = raw ] || prefix=$3_
  hash=$(value "$1" weights_sha256)
  [ -z "$hash" ] || [ "$hash" = "$(value "$2/summary.json" "${prefix}weights_sha256")" ]
}

# choices WORDS…: the options of supcon linear that decide its classifier, among all words of its command line; in one order.
choices() {
  local option
  while [ $# -gt 0 ]; do
    option=$1
    shift
    # All of its options have a value.
    if [[ $option == --* && $option != *=* && $# -gt 0 ]]; then option+="=$1" && shift; fi
    if decides "${option%%=*}"; then echo "$option"; fi
  done | sort | paste -s -d ' '
}

# tested RUN SPLIT [WEIGHTS [OPTIONS of supcon linear…]]: the linear stage of a contrastive run and the measures of every run, unless they are there.
tested() {
  local run=$1 split=$2 weights=${3:-raw} ending="" linear="" words=() was now
  shift $(($# < 3 ? $# : 3))
  [ "$weights" = raw ] || ending=-$weights
  [ "$split" = test ] || ending=$ending-$split
  local options=(--run "$run" --split "$split" --weights-of "$weights" --threads "$threads") measures=$run/evaluation$ending/summary.json
  if [ "$(value "$run/summary.json" command)" = pretrain ]; then
    linear=$run/linear$ending/summary.json
    if measured "$linear" "$run" "$weights"; then
      mapfile -t words < <(sed -n '/^ *"command_line" *:/,/^ *\]/s/^ *"\(.*\)",\{0,1\}$/\1/p' "$linear")
      was=$(choices ${words[@]+"${words[@]}"}) now=$(choices "$@")
      [ "$was" = "$now" ] || fail 78 "$(dirname "$linear"): was trained with ${was:-the default options}, not with ${now:-the default options}: \
remove the folder to train it again, or give reproduce.sh the same behind --"
    else
      logged "$run.log" job linear "${options[@]}" "$@" || ended "$run" $?
    fi
  fi
  # What evaluate says of a classifier is that of the linear stage: a newer one is measured again. Times of UTC, as text.
  if ! measured "$measures" "$run" "$weights" || [[ -n $linear && $(value "$linear" ended) > $(value "$measures" started) ]]; then
    logged "$run.log" job evaluate "${options[@]}" || ended "$run" $?
  fi
}

# top1 RUN SPLIT [WEIGHTS]: the accuracy of the linear classifier of a contrastive run, or of the classifier of a supervised one.
top1() {
  local run=$1 split=$2 weights=${3:-raw} ending=""
  [ "$weights" = raw ] || ending=-$weights
  [ "$split" = test ] || ending=$ending-$split
  if [ "$(value "$run/summary.json" command)" = pretrain ]; then
    value "$run/linear$ending/summary.json" linear_top1
  else
    value "$run/evaluation$ending/summary.json" top1
  fi
}

# epochs RUN FIELD: a field of each row of an epoch in metrics.jsonl.
epochs() { grep '"steps_counted":' "$1/metrics.jsonl" | sed -n "s/.*\"$2\":\([0-9.eE+-]*\).*/\1/p"; }

# seconds RUN: the training time of the epochs of all its invocations.
seconds() { epochs "$1" seconds | awk '{ sum += $1 } END { printf "%.0f", sum }'; }

# petaflop RUN: the operations of encoder and heads, two a multiply-add, of all views of all steps.
#
# Of runs with views of one size; a dash if there is no plan, as where the run that --init names has been removed.
petaflop() {
  local run=$1 plan
  plan=$(mktemp)
  "$supcon" plan --config "$run/config.yaml" --json >"$plan" 2>/dev/null || true
  [ -n "$(value "$plan" batch_size)" ] || { rm "$plan" && printf -- "-" && return; }
  awk -v forward="$(value "$plan" multiply_adds_forward_per_view)" -v backward="$(value "$plan" multiply_adds_backward_per_view)" \
    -v rows="$(($(value "$plan" batch_size) * $(value "$plan" views)))" -v steps="$(value "$run/summary.json" steps)" \
    'BEGIN { printf "%.2f", 2e-15 * (forward + backward) * rows * steps }'
  rm "$plan"
}

# mean NUMBERS…: the mean and, of several, the standard deviation (n − 1).
mean() {
  printf '%s\n' "$@" | awk 'NF { n++; sum += $1; squares += $1 * $1 }
    END { if (!n) { printf "-"; exit }
      printf "%.2f", 100 * sum / n
      if (n > 1) { spread = (squares - sum * sum / n) / (n - 1); printf " ± %.2f", 100 * sqrt(spread > 0 ? spread : 0) } }'
}
