#!/usr/bin/env bash
# How long the loss and its gradient take, against plain matrix products of as many operations on as many cores:
#
#     scripts/bench-loss.sh [ROWS [RANKS [PAIRS]]]
#
# The two are measured in turn, so that a machine that is slower for a while is so for both. Prints the medians and their ratio.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-65536}
ranks=${2:-2}
pairs=${3:-5}
width=128

. scripts/mpi-environment.sh
swift build -c release --product supcon
supcon=$(swift build -c release --show-bin-path)/supcon
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
for peer in sgemm unit-rows; do
  cc -O2 -Wall -Wextra -o "$files/$peer" "scripts/peers/$peer.c" -ldnnl -lm
done
"$files/unit-rows" "$rows" "$width" "$files/z.npy" "$files/y.npy"

# Appends the seconds that a command takes to a file.
measure() {
  local times=$1 start=$EPOCHREALTIME
  shift
  "$@" >"$files/output"
  awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", end - start }' >>"$times"
}

# The middle one of a file's numbers, of an even count the mean of the middle two.
median() {
  sort -n "$1" | awk '{ number[NR] = $1 } END { print (number[int((NR + 1) / 2)] + number[int(NR / 2) + 1]) / 2 }'
}

for pair in $(seq "$pairs"); do
  measure "$files/loss.times" mpirun -np "$ranks" "$supcon" loss --embeddings "$files/z.npy" --labels "$files/y.npy" \
    --gradient "$files/g.npy" --json
  measure "$files/sgemm.times" "$files/sgemm" "$rows" "$width" "$ranks"
  echo "pair $pair: supcon loss $(tail -n 1 "$files/loss.times") s, sgemm $(tail -n 1 "$files/sgemm.times") s ($(cat "$files/output"))"
done

echo
echo "$rows rows of $width, $ranks ranks, medians of $pairs pairs"
echo "supcon loss  $(median "$files/loss.times") s"
echo "sgemm        $(median "$files/sgemm.times") s"
awk -v loss="$(median "$files/loss.times")" -v sgemm="$(median "$files/sgemm.times")" \
  'BEGIN { printf "ratio        %.2f\n", loss / sgemm }'
