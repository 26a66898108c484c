#!/usr/bin/env bash
# A step on two test hosts of this machine, predicted by supcon plan before supcon bench measures it: how near the model of docs/scaling.md
# comes where the network is most of the step.
#
#   scripts/check-scaling.sh [ROUNDS [MEGABITS [OPTIONS of supcon bench…]]]
#
# tc gives the links this speed, 1,000 Mb/s if not given, of which TCP in packets of 1,500 bytes leaves 0.95 to messages. Prints each prediction
# before the measurement, then a row for each kind of overlap: medians of the rounds. Needs root and iproute2 (tc).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/given-program.sh"
cd "$root"
rounds=${1:-3} megabits=${2:-1000}
[ $# -eq 0 ] || shift
[ $# -eq 0 ] || shift
options=(--model resnet18 --image-size 16 --batch-size 8 --shard-size 2 --shapes-train 64 --loader-threads 0 "$@")

. scripts/mpi-environment.sh
. scripts/faults/test-hosts.sh
two_hosts check-scaling
limit_links "${megabits}mbit" 128kb
link=$((megabits * 95 / 100))Mb/s,50us
for ((round = 0; round < rounds; round++)); do
  for overlap in off on; do
    name=$folder/$overlap-$round
    # On both hosts at once: they are cores of one machine, and each computes more slowly while the other one does.
    plans=()
    for host in "${host_names[@]}"; do
      on_host "$host" "$supcon" plan "${options[@]}" --overlap "$overlap" --hosts 2 --ranks 1 --link "$link" --json \
        >"$name-$host-plan.json" </dev/null &
      plans+=($!)
    done
    code=0
    for index in "${!plans[@]}"; do
      wait "${plans[index]}" || { code=$? && echo "check-scaling: supcon plan --overlap $overlap failed on ${host_names[index]} with $code" >&2; }
    done
    [ "$code" = 0 ] || exit "$code"
    python3 -c '
import json, sys
plans = [json.load(open(path))["scaling"] for path in sys.argv[2:]]
plan = max(plans, key=lambda plan: plan["seconds_per_step"])
print("--overlap %s, predicted: %.0f ms a step, %.0f ms of them for messages" % (
    sys.argv[1], 1e3 * plan["seconds_per_step"], 1e3 * plan["network_share"] * plan["seconds_per_step"]), flush=True)
json.dump(plan, open(sys.argv[2].rsplit("-supcon", 1)[0] + "-plan.json", "w"))
' "$overlap" "$name"-supcon-*-plan.json
    on_host "${host_names[0]}" env SUPCON="$supcon" scripts/launch.sh --agent "$folder/agent" --hostfile "$folder/hostfile" -np 2 \
      bench "${options[@]}" --overlap "$overlap" --steps 5 --json "$name-bench.json" >"$folder/log" 2>&1 </dev/null ||
      { cat "$folder/log" >&2 && exit 1; }
  done
done
python3 - "$folder" "$rounds" "$link" <<'PYTHON'
import json, statistics, sys
folder, rounds, link = sys.argv[1], int(sys.argv[2]), sys.argv[3]
print(f"\nlink {link}; medians of {rounds} rounds\n")
print("| overlap | part | predicted | measured | measured ÷ predicted |")
print("|---|---|---|---|---|")
for overlap in ("off", "on"):
    plans = [json.load(open(f"{folder}/{overlap}-{index}-plan.json")) for index in range(rounds)]
    benches = [json.load(open(f"{folder}/{overlap}-{index}-bench.json")) for index in range(rounds)]
    parts = {
        "step": (lambda plan: plan["seconds_per_step"], lambda bench: bench["step_seconds"]),
        "gather and reduction": (
            lambda plan: plan["seconds"]["gather"] + plan["seconds"]["reduce"],
            lambda bench: sum(bench["seconds_by_part"][part]["mean"] for part in ("gather", "reduce"))),
        "views, passes, loss, update": (
            lambda plan: plan["seconds_per_step"] - plan["seconds"]["gather"] - plan["seconds"]["reduce"],
            lambda bench: sum(bench["seconds_by_part"][part]["mean"] for part in ("data", "forward", "loss", "backward", "update"))),
    }
    for name, (of_plan, of_bench) in parts.items():
        predicted, measured = statistics.median(map(of_plan, plans)), statistics.median(map(of_bench, benches))
        print(f"| {overlap} | {name} | {1e3 * predicted:,.0f} ms | {1e3 * measured:,.0f} ms | {measured / predicted:.2f} |")
PYTHON
