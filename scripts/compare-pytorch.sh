#!/usr/bin/env bash
# Measures the training step against the same step in PyTorch, in turns on this machine, and prints the ratios.
#
#   scripts/compare-pytorch.sh --peer pytorch_supcon.py --data cifar-10-batches-bin
#
# Each round runs supcon on --ranks ranks, the peer as one process with as many threads, and the peer on as many ranks over
# gloo. Ratios are taken within a round, so that a machine whose speed drifts slows both; the median over the rounds counts.
set -euo pipefail

usage() {
  cat <<'USAGE'
USAGE: scripts/compare-pytorch.sh --data DIR [options] [-- options of supcon bench]

  --data DIR               folder of CIFAR-10's binary version, for both
  --peer FILE              the PyTorch script: `FILE bench --data … --model … --batch … --precision bf16|fp32 --threads … --steps …`
                           prints `RESULT {"views_per_second": …, "peak_rss_bytes": …}`
                           (default: $SUPCON_PEER, else scripts/peers/pytorch_supcon.py)
  --python BIN             a Python with torch and numpy (default: makes one in .build/peer)
  --case MODEL:PRECISION   what to compare, any number of times
                           (default: resnet20:bfloat16 resnet20:float32 resnet18:bfloat16)
  --pairs N                rounds (default: 5)
  --ranks N                ranks, or threads of the peer's one process (default: 2)
  --batch-size N           samples in a global batch, two views each (default: 256)
  --size N                 pixels of a view, as which the images are scaled up (default: 32)
  --steps N                steps of each run that count (default: 8, resnet18: 3)
  --json FILE              receives every number as JSON

The program is $SUPCON, else the release build of this folder, which is brought up to date first.
USAGE
}

fail() {
  echo "compare-pytorch: $2" >&2
  exit "$1"
}

caller=$PWD
peer=${SUPCON_PEER:-} python='' data='' json='' pairs=5 ranks=2 batch=256 size=32 steps=''
cases=() extra=()
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage && exit 0 || exit 74 ;;
    --) shift && extra=("$@") && break ;;
    --peer | --python | --data | --json | --pairs | --ranks | --batch-size | --size | --steps | --case)
      [ $# -ge 2 ] || fail 64 "$1: needs a value"
      case $1 in
        --peer) peer=$2 ;;
        --python) python=$2 ;;
        --data) data=$2 ;;
        --json) json=$2 ;;
        --pairs) pairs=$2 ;;
        --ranks) ranks=$2 ;;
        --batch-size) batch=$2 ;;
        --size) size=$2 ;;
        --steps) steps=$2 ;;
        --case) cases+=("$2") ;;
      esac
      shift 2
      ;;
    *)
      usage >&2 || true
      fail 64 "unknown option $1"
      ;;
  esac
done
for number in "$pairs" "$ranks" "$batch" "$size" "${steps:-1}"; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || fail 64 "$number: expected a whole number above 0"
done
[ ${#cases[@]} -gt 0 ] || cases=(resnet20:bfloat16 resnet20:float32 resnet18:bfloat16)
for case in "${cases[@]}"; do
  [[ $case =~ ^[a-z0-9]+:(bfloat16|float32)$ ]] || fail 64 "--case $case: expected MODEL:bfloat16 or MODEL:float32"
done

# Paths are the caller's; the rest happens in the project's folder.
absolute() { case $1 in '' | /*) echo "$1" ;; *) echo "$caller/$1" ;; esac; }
peer=$(absolute "$peer") data=$(absolute "$data") json=$(absolute "$json")
case $python in */*) python=$(absolute "$python") ;; esac
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/given-program.sh"
cd "$root"
[ -n "$peer" ] || peer=$PWD/scripts/peers/pytorch_supcon.py
[ -f "$peer" ] || fail 66 "$peer: no such file; name the PyTorch script with --peer"
[ -n "$data" ] || fail 64 "--data: expected the folder of CIFAR-10's binary version"
[ -f "$data/data_batch_1.bin" ] || fail 66 "$data: holds no data_batch_1.bin; --data must name the folder of CIFAR-10's binary version"
# Told now, not after all rounds.
[ -z "$json" ] || { : >>"$json"; } 2>/dev/null || fail 73 "--json $json: cannot be written; name a file in a folder that is there"

# MARK: a Python with torch

if [ -z "$python" ]; then
  python=.build/peer/bin/python
  if ! "$python" -c 'import torch, numpy' 2>/dev/null; then
    echo "making a Python environment with torch in .build/peer (about 1 GB)"
    python3 -m venv .build/peer || fail 69 "python3 -m venv failed; install python3-venv, or give --python"
    # The builds for CPUs stand in an index of their own; what torch needs besides comes from the usual one.
    .build/peer/bin/pip install --quiet --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu numpy ||
      fail 69 "torch could not be installed from https://download.pytorch.org/whl/cpu; give --python with one that has it"
  fi
fi
"$python" -c 'import torch, numpy' || fail 69 "$python: cannot import torch and numpy"

# MARK: rounds

. scripts/mpi-environment.sh
[ -n "${SUPCON:-}" ] || swift build -c release --product supcon
supcon=${SUPCON:-$root/.build/release/supcon}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# Runs the peer and keeps its result; $1 is the file, the rest how it is started.
run_peer() {
  local file=$1
  shift
  "$@" bench --data "$data" --model "$model" --batch "$batch" --size "$size" --precision "$short" --steps "$count" --threads "$threads" \
    >"$results/log" 2>&1 || { cat "$results/log" >&2 && fail 70 "the peer failed: $*"; }
  sed -n 's/^RESULT //p' "$results/log" >"$file"
  [ -s "$file" ] || fail 70 "the peer printed no RESULT line: $*"
}

for case in "${cases[@]}"; do
  model=${case%:*} precision=${case#*:}
  count=$steps
  [ -n "$count" ] || { [ "$model" = resnet18 ] && count=3 || count=8; }
  [ "$precision" = bfloat16 ] && short=bf16 || short=fp32
  for ((round = 1; round <= pairs; round++)); do
    folder=$results/$case/$round
    mkdir -p "$folder"
    echo "$model $precision, round $round of $pairs"
    code=0
    "$mpirun" -np "$ranks" "$supcon" bench --dataset cifar10 --data "$data" --model "$model" --precision "$precision" \
      --batch-size "$batch" --image-size "$size" --augmentation crop-flip-jitter --steps "$count" --json "$folder/supcon.json" \
      ${extra[@]+"${extra[@]}"} >"$results/log" 2>&1 || code=$?
    if [ "$code" = 64 ]; then
      # An option that this version does not know yet.
      echo "skipped $model $precision: $(sed -n 's/^Error: //p' "$results/log" | head -n 1)"
      rm -r "${results:?}/$case"
      break
    fi
    [ "$code" = 0 ] || { cat "$results/log" >&2 && fail "$code" "supcon bench failed"; }
    threads=$ranks run_peer "$folder/one-process.json" "$python" "$peer"
    threads=1 run_peer "$folder/ranks.json" "$python" -m torch.distributed.run --nproc_per_node="$ranks" "$peer"
  done
done

# MARK: ratios

"$python" - "$results" "$ranks" "$json" "${cases[@]}" <<'PYTHON'
import json, os, sys
from statistics import median

results, ranks, target, cases = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
# Processes of each form of the peer: its memory is that of one of them.
forms = {"one-process": 1, "ranks": ranks}
labels = {"one-process": f"1 × {ranks} threads", "ranks": f"{ranks} ranks, gloo"}

def load(case, round, name):
    with open(f"{results}/{case}/{round}/{name}.json") as file:
        return json.load(file)

table = []
for case in cases:
    if not os.path.isdir(f"{results}/{case}"):
        continue
    rounds = sorted(os.listdir(f"{results}/{case}"), key=int)
    ours = [load(case, round, "supcon") for round in rounds]
    peers = {form: [load(case, round, form) for round in rounds] for form in forms}
    speed = {form: median(run["views_per_second"] for run in runs) for form, runs in peers.items()}
    best = max(speed, key=speed.get)
    memory = median(run["peak_rss_bytes_sum"] for run in ours)
    peer_memory = {form: median(run["peak_rss_bytes"] for run in runs) * forms[form] for form, runs in peers.items()}
    ratios = {form: [own["views_per_second"] / other["views_per_second"] for own, other in zip(ours, runs)]
              for form, runs in peers.items()}
    table.append({
        "model": case.split(":")[0], "precision": case.split(":")[1], "pairs": len(rounds),
        "views_per_second": median(run["views_per_second"] for run in ours),
        "peer_views_per_second": speed, "better_form": best,
        "speed_ratios": ratios, "speed_ratio": median(ratios[best]),
        "memory_bytes": memory, "peer_memory_bytes": peer_memory, "memory_ratio": memory / peer_memory[best],
        "runs": ours, "peer_runs": peers,
    })

if target:
    with open(target, "w") as file:
        json.dump(table, file, indent=2)
        file.write("\n")

row = "{:<10} {:<9} {:>12} {:>16} {:>16} {:>10} {:>15} {:>11} {:>11} {:>8}".format
print()
print("views per second: medians; ratio: median over the pairs against the peer's faster form, and its range; memory: all processes")
print(row("model", "precision", "supcon", *labels.values(), "ratio", "range", "supcon MB", "peer MB", "ratio"))
for line in table:
    best, ratios = line["better_form"], line["speed_ratios"][line["better_form"]]
    print(row(
        line["model"], line["precision"], f"{line['views_per_second']:.0f}",
        *(f"{line['peer_views_per_second'][form]:.0f}" for form in forms), f"{line['speed_ratio']:.2f}",
        f"{min(ratios):.2f} to {max(ratios):.2f}", f"{line['memory_bytes'] / 1e6:.0f}",
        f"{line['peer_memory_bytes'][best] / 1e6:.0f}", f"{line['memory_ratio']:.2f}"))
PYTHON
