#!/usr/bin/env bash
# The best CIFAR-10 encoder of docs/results.md in one command: the recipe cifar10-resnet20-supcon-200e, then trainings with AutoAugment that each
# begin with the encoder of the one before (warm restarts). Prints the rows of the table. Interrupted, it continues when it is started again.
#
#   scripts/results/restarts.sh DATA [OUT] [EPOCHS] [EPOCHS:LEARNING-RATE…]
#
# DATA is the folder of CIFAR-10's or CIFAR-100's binary files; OUT (default: runs/restarts) receives the runs. EPOCHS (default: 200) is the length of
# the first training; the pairs are the restarts (default: 60:0.05 120:0.1 150:0.1).
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
data=$(folder "${1:-}")
out=$(target "${2:-runs/restarts}")
epochs=${3:-200}
whole EPOCHS 1 200 "$epochs"
shift $(($# < 3 ? $# : 3))
restarts=("$@")
[ $# -gt 0 ] || restarts=(60:0.05 120:0.1 150:0.1)
for restart in "${restarts[@]}"; do
  [[ $restart =~ ^[1-9][0-9]{0,17}:([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$ ]] ||
    fail 64 "$restart: expected EPOCHS:LEARNING-RATE, a whole number of at least 1 and a number, such as 60:0.05"
done
. "$(dirname "$0")/common.sh"
alone "$out"

dataset=cifar10
[ ! -e "$data/train.bin" ] || dataset=cifar100
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

# The recipe's 5 epochs of warm-up, but 1 where they would be most of the training, and none of a single epoch.
warmup=$((epochs < 10 ? epochs > 1 : 5))
last=$out/$dataset-resnet20-supcon-200e
reproduce=(env WITHIN_RESTARTS=yes "$root/scripts/results/reproduce.sh")
waited "${reproduce[@]}" "$dataset-resnet20-supcon-200e" "$data" "$out" --epochs "$epochs" --warmup-epochs "$warmup" || ended "$last" $?
for index in "${!restarts[@]}"; do
  imported=$out/imported-$((index + 1))
  folder=$out/restart-$((index + 1))
  # An import that was interrupted has no summary yet, or a folder of checkpoints without the newest; supcon would refuse to write there again.
  if [ ! -e "$imported/summary.json" ] || { [ -d "$imported/checkpoints" ] && [ ! -e "$imported/checkpoints/latest" ]; }; then
    rm -rf "$imported"
    logged "$imported.log" job export "$last" --layout ge --part encoder --output "$imported.safetensors" || ended "$imported" $?
    logged "$imported.log" job import --weights "$imported.safetensors" --layout ge --model resnet20 --dataset "$dataset" --data "$data" \
      --output "$imported" || ended "$imported" $?
  fi
  IFS=: read -r epochs rate <<<"${restarts[index]}"
  last=$folder/$dataset-resnet20-supcon-autoaugment-200e
  # Representations have unit length from the first restart on.
  waited "${reproduce[@]}" "$dataset-resnet20-supcon-autoaugment-200e" "$data" "$folder" --init "$imported" \
    --normalize-encoder --epochs "$epochs" --learning-rate "$rate" --warmup-epochs "$((epochs > 1))" --weight-average 0.999 >"$rows" || ended "$last" $?
  # The head of the table is there already.
  tail -n +3 "$rows"
done
