#!/usr/bin/env bash
# What messages cost on a slow network, before and after they cross while the backward pass runs: two test hosts on this machine, their links
# limited with tc.
#
#   scripts/bench-network.sh [ROUNDS] [OPTIONS of supcon bench…]
#
# Rounds of --overlap off and on alternate. Prints a row for each speed of the links, as in docs/performance.md: the step with the gradients reduced after
# the backward pass and during it, and the share of the step in which ranks only wait for the reduction. Needs root and iproute2 (tc).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/given-program.sh"
cd "$root"
rounds=${1:-5}
[ $# -eq 0 ] || shift
options=(--model resnet18 --batch-size 256 --steps 5 "$@")

. scripts/mpi-environment.sh
. scripts/faults/test-hosts.sh
two_hosts bench-network
echo "| link | overlap | step | reduction that nothing hides | its share |"
echo "|---|---|---|---|---|"
for speed in 1 10; do
  # A fifth of a millisecond of the link's speed may pass at once.
  limit_links "${speed}gbit" "$((speed * 128))kb"
  for ((round = 0; round < rounds; round++)); do
    for overlap in off on; do
      on_host "${host_names[0]}" env SUPCON="$supcon" scripts/launch.sh --agent "$folder/agent" --hostfile "$folder/hostfile" -np 2 \
        bench "${options[@]}" --overlap "$overlap" --json "$folder/$speed-$overlap-$round.json" >"$folder/log" 2>&1 </dev/null ||
        { cat "$folder/log" >&2 && exit 1; }
      echo "$speed Gb/s, round $((round + 1)) of $rounds, --overlap $overlap done" >&2
    done
  done
  python3 - "$folder" "$speed" <<'PYTHON'
import glob, json, statistics, sys
folder, speed = sys.argv[1:]
for overlap in ("off", "on"):
    rounds = [json.load(open(path)) for path in glob.glob(f"{folder}/{speed}-{overlap}-*.json")]
    steps = [one["step_seconds"] for one in rounds]
    reductions = [one["seconds_by_part"]["reduce"]["mean"] for one in rounds]
    step, reduction = statistics.median(steps), statistics.median(reductions)
    print(f"| {speed} Gb/s | {overlap} | {step * 1e3:,.0f} ms ({min(steps) * 1e3:,.0f} to {max(steps) * 1e3:,.0f}) "
          f"| {reduction * 1e3:,.0f} ms | {reduction / step:.0%} |", flush=True)
PYTHON
done
