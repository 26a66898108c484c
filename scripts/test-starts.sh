#!/usr/bin/env bash
# Starts lone processes again and again under hard conditions, and compares exit codes and files with what they should be.
#
#   scripts/test-starts.sh [BIN [PARTS]]      about five minutes; PARTS, such as "3", are some of the following
#
# 1. 200 starts in four streams side by side: all end with 0.
# 2. 100 starts each with a full standard output and with a closed one: 74 for results on the standard output, 75 for a run,
#    which is saved and can be resumed.
# 3. 100 starts into a folder that cannot be written to, for root a read-only mount: 73 or 74, and nothing is left behind.
set -uo pipefail
bin=$(realpath "${1:-.build/release/supcon}") parts=" ${2:-1 2 3} "
work=$(mktemp -d)
trap '[ -d "$work/locked" ] && { umount "$work/locked" 2>/dev/null; chmod 755 "$work/locked"; }; rm -rf "$work"' EXIT
cd "$work" || exit 1
small="--shapes-train 64 --shapes-test 32 --batch-size 32 --shard-size 16"
failures=0

# report TITLE CODES FILE…: how many of the codes in the files are among CODES, which a | divides; others are a failure.
report() {
  local title=$1 expected=$2
  shift 2
  local all good
  all=$(cat "$@" | wc -l)
  good=$(cat "$@" | grep -cE "^($expected)$")
  echo "$title: $good of $all ended with ${expected//|/ or }"
  if [ "$good" != "$all" ]; then
    failures=$((failures + 1))
    sort "$@" | uniq -c
  fi
}

# 1. Four streams.
stream() {
  local number
  for number in $(seq 50); do
    # shellcheck disable=SC2086
    "$bin" pretrain $small --steps 0 --output "stream-$1/$number" >"stream-$1.log" 2>&1
    local code=$?
    echo $code >>"stream-$1.codes"
    [ $code = 0 ] || cat "stream-$1.log"
  done
}
if [[ $parts = *" 1 "* ]]; then
  for number in 1 2 3 4; do
    mkdir "stream-$number"
    stream "$number" &
  done
  wait
  report "starts side by side" 0 stream-?.codes
fi

# 2. Standard outputs that cannot be written.
outputs() {
  local number command kind code run
  for number in $(seq 100); do
    case $((number % 4)) in
      0) command="recipe cifar10-resnet20-supcon" ;;
      1) command="pretrain --help" ;;
      2) command="dataset info --dataset shapes --json" ;;
      3) command="pretrain $small --steps 3 --output stopped-$number" ;;
    esac
    for kind in full closed; do
      # shellcheck disable=SC2086
      if [ $kind = full ]; then
        "$bin" ${command/stopped/full} >/dev/full 2>/dev/null
      else
        "$bin" ${command/stopped/closed} >&- 2>/dev/null
      fi
      code=$?
      if [ $((number % 4)) = 3 ]; then echo $code >>"$kind-runs.codes"; else echo $code >>"$kind.codes"; fi
    done
  done
  for kind in full closed; do
    report "results to a $kind standard output" 74 $kind.codes
    report "runs with a $kind standard output" 75 $kind-runs.codes
    for run in "$kind"-[0-9]*; do
      if "$bin" pretrain --resume --output "$run" >resumed.log 2>&1; then echo 0; else cat resumed.log >&2; echo 1; fi
    done >$kind-resumed.codes
    report "these runs, resumed" 0 $kind-resumed.codes
    if grep -rlE "views/s|parameters," "$kind"-[0-9]*/.lock "$kind"-[0-9]*/config.yaml; then
      echo "lines for people are in files of runs"
      failures=$((failures + 1))
    fi
  done
}
[[ $parts != *" 2 "* ]] || outputs

# 3. A folder that cannot be written to.
[[ $parts = *" 3 "* ]] || exit $((failures > 0))
mkdir locked
"$bin" pretrain $small --steps 1 --output run >/dev/null
"$bin" dataset synthesize --train 8 --test 4 --output images >/dev/null
if [ "$(id -u)" = 0 ]; then
  mount --bind locked locked && mount -o remount,bind,ro locked || { echo "no read-only mount here: left out"; exit $((failures > 0)); }
else
  chmod 555 locked
fi
before=$(find . | sort)
for number in $(seq 100); do
  case $((number % 4)) in
    0) command="pretrain $small --steps 1 --output locked/run" ;;
    1) command="embed --run run --output locked/e.npy" ;;
    2) command="export --run run --output locked/e.safetensors" ;;
    3) command="dataset pack --data images --output locked/pack" ;;
  esac
  # shellcheck disable=SC2086
  "$bin" $command >locked.log 2>&1
  echo $? >>locked.codes
done
report "starts into a read-only folder" "73|74" locked.codes
after=$(find . | grep -v -e locked.log -e locked.codes -e supcon-dataset.json | sort)
if [ "$(grep -v -e locked.log -e supcon-dataset.json <<<"$before")" != "$after" ]; then
  echo "files were left behind:"
  diff <(echo "$before") <(echo "$after")
  failures=$((failures + 1))
fi
exit $((failures > 0))
