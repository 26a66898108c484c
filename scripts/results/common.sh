# Sourced by the scripts of docs/results.md: trainings that continue where they stopped, their tests, and rows of tables.
#
# DATA names the folder of CIFAR's binary files, OUT the folder of runs. SUPCON names the program (default: the release build), RANKS and
# THREADS the processes and their threads (default: 1 rank with a thread for each processor). Everything runs at the lowest priority.

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/mpi-environment.sh
supcon=$(realpath "${SUPCON:-.build/release/supcon}") || exit 66
ranks=${RANKS:-1}
threads=${THREADS:-$(($(nproc) / ranks > 0 ? $(nproc) / ranks : 1))}

# job COMMAND OPTIONS…: runs supcon on all ranks.
job() {
  if [ "$ranks" -gt 1 ]; then
    nice -n 19 "$mpirun" -np "$ranks" "$supcon" "$@"
  else
    nice -n 19 "$supcon" "$@"
  fi
}

# value FILE FIELD: a number or text of a JSON file, one field a line; nothing if there is none.
value() {
  [ -e "$1" ] || return 0
  sed -n "s/^ *\"$2\" *: *\"\{0,1\}\([^\",]*\)\"\{0,1\},*$/\1/p" "$1" | head -n 1
}

# percent NUMBER: 0.9351 as 93.51; a dash for nothing.
percent() { [ -n "${1:-}" ] && awk -v number="$1" 'BEGIN { printf "%.2f", 100 * number }' || printf -- "-"; }

# train RUN COMMAND OPTIONS…: trains, continues what was begun, and does nothing for a run that is finished.
train() {
  local run=$1 command=$2
  shift 2
  [ "$(value "$run/summary.json" status)" = finished ] && return 0
  mkdir -p "$(dirname "$run")"
  local options=("$@")
  [ ! -e "$run/config.yaml" ] || options=(--resume)
  echo "training $run" >&2
  job "$command" --output "$run" --threads "$threads" "${options[@]}" >>"$run.log" 2>&1 || {
    local code=$?
    tail -n 3 "$run.log" >&2
    # 64 to 78 are errors that would come again, but for 75, a stop on request.
    case $code in
      64 | 65 | 66 | 69 | 73 | 78) echo "$run: ended with $code; see $run.log" >&2 ;;
      *) echo "$run: ended with $code; start this script again to continue" >&2 ;;
    esac
    exit "$code"
  }
}

# tested RUN SPLIT [WEIGHTS]: the linear stage of a contrastive run and the measures of every run, unless they are there.
tested() {
  local run=$1 split=$2 weights=${3:-raw} ending=""
  [ "$weights" = raw ] || ending=-$weights
  [ "$split" = test ] || ending=$ending-$split
  local options=(--run "$run" --split "$split" --weights-of "$weights" --threads "$threads")
  if [ "$(value "$run/summary.json" command)" = pretrain ] && [ ! -e "$run/linear$ending/summary.json" ]; then
    job linear "${options[@]}" >>"$run.log" 2>&1 || { tail -n 3 "$run.log" >&2 && exit 1; }
  fi
  [ -e "$run/evaluation$ending/summary.json" ] || job evaluate "${options[@]}" >>"$run.log" 2>&1 ||
    { tail -n 3 "$run.log" >&2 && exit 1; }
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
# Of runs with views of one size.
petaflop() {
  local run=$1 plan
  plan=$(mktemp)
  "$supcon" plan --config "$run/config.yaml" --json >"$plan" 2>/dev/null || true
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
