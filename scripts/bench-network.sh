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
cd "$root"
rounds=${1:-5}
[ $# -eq 0 ] || shift
options=(--model resnet18 --batch-size 256 --steps 5 "$@")

. scripts/mpi-environment.sh
. scripts/faults/test-hosts.sh
reason=$(hosts_problem)
command -v tc >/dev/null || reason=${reason:-"needs tc (apt-get install iproute2)"}
[ -z "$reason" ] || { echo "bench-network: $reason" >&2 && exit 69; }
[ -n "${SUPCON:-}" ] || swift build -c release --product supcon
supcon=$(realpath "${SUPCON:-.build/release/supcon}")
folder=$(mktemp -d "${TMPDIR:-/tmp}/supcon-network.XXXXXX")
trap 'remove_hosts; rm -rf "$folder"' EXIT

make_hosts "$folder" 2
echo "| link | overlap | step | reduction that nothing hides | its share |"
echo "|---|---|---|---|---|"
for speed in 1 10; do
  for host in "${host_names[@]}"; do
    # A fifth of a millisecond of the link's speed may pass at once.
    tc -n "$host" qdisc replace dev net0 root tbf rate "${speed}gbit" burst "$((speed * 128))kb" latency 50ms
  done
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
