#!/usr/bin/env bash
# How long the loss and its gradient take, against plain matrix products of as many operations on as many cores:
#
#     scripts/bench-loss.sh [ROWS [RANKS [PAIRS]]]
#
# The two are measured in turn, so that a machine that is slower for a while is so for both. Prints the medians and their ratio.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/given-program.sh"
cd "$root"

rows=${1:-65536}
ranks=${2:-2}
pairs=${3:-5}
width=128

. scripts/mpi-environment.sh
# Seconds have a decimal point, whatever the user's language.
export LC_ALL=C
[ -n "${SUPCON:-}" ] || swift build -c release --product supcon
supcon=${SUPCON:-$root/.build/release/supcon}
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
for peer in sgemm unit-rows; do
  cc -O2 -Wall -Wextra -o "$files/$peer" "scripts/peers/$peer.c" -ldnnl -lm
done
"$files/unit-rows" "$rows" "$width" "$files/z.npy" "$files/y.npy"

# Appends the seconds that a command takes to one file, and its processes' CPU seconds to another.
measure() {
  local name=$1 TIMEFORMAT='%R %U'
  shift
  { time "$@" >"$files/output" 2>"$files/errors"; } 2>"$files/times" || { cat "$files/errors" >&2; exit 1; }
  cut -d ' ' -f 1 "$files/times" >>"$files/$name.elapsed"
  cut -d ' ' -f 2 "$files/times" >>"$files/$name.cpu"
}

# The middle one of a file's numbers, of an even count the mean of the middle two.
median() {
  sort -n "$files/$1" | awk '{ number[NR] = $1 } END { print (number[int((NR + 1) / 2)] + number[int(NR / 2) + 1]) / 2 }'
}

for pair in $(seq "$pairs"); do
  measure loss "$mpirun" -np "$ranks" "$supcon" loss --embeddings "$files/z.npy" --labels "$files/y.npy" \
    --gradient "$files/g.npy" --json
  measure sgemm "$files/sgemm" "$rows" "$width" "$ranks"
  echo "pair $pair: supcon loss $(tail -n 1 "$files/loss.elapsed") s, sgemm $(tail -n 1 "$files/sgemm.elapsed") s ($(cat "$files/output"))"
done

echo
echo "$rows rows of $width, $ranks ranks, medians of $pairs pairs, in seconds"
# CPU: seconds in user mode, which other programs on the machine disturb less.
printf '%-12s %9s %9s\n' "" elapsed CPU
printf '%-12s %9.2f %9.2f\n' "supcon loss" "$(median loss.elapsed)" "$(median loss.cpu)"
printf '%-12s %9.2f %9.2f\n' sgemm "$(median sgemm.elapsed)" "$(median sgemm.cpu)"
paste -d ' ' <(median loss.elapsed) <(median sgemm.elapsed) <(median loss.cpu) <(median sgemm.cpu) |
  awk '{ printf "%-12s %9.2f %9.2f\n", "ratio", $1 / $2, $3 / $4 }'
