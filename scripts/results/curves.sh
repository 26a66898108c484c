#!/usr/bin/env bash
# The curves of docs/results.md: accuracy against the number of contrastive epochs, of epochs of the linear stage and of layers, the time of an epoch,
# and the floor of the loss against its bound. Tested on the test set after the last epoch: nothing is chosen here. Interrupted, it continues.
#
#   scripts/results/curves.sh DATA [OUT] [EPOCHS…]
#
# DATA is the folder of CIFAR-10's or CIFAR-100's binary files; OUT (default: runs/curves) receives the runs and tables.md. EPOCHS (default:
# 25 50 100 200 400) are lengths of whole trainings, each with its own schedule; the last of them is that of the other tables.
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
data=$(folder "${1:-}")
out=$(target "${2:-runs/curves}")
shift $(($# < 2 ? $# : 2))
read -rd '' -a lengths <<<"${*:-25 50 100 200 400}" || true
whole EPOCHS 1 '"25 50"' ${lengths[@]+"${lengths[@]}"}
. "$(dirname "$0")/common.sh"

dataset=cifar10
[ ! -e "$data/train.bin" ] || dataset=cifar100
alone "$out"
exec > >(tee "$out/tables.md")

# begun NAME COMMAND RECIPE OPTIONS…: trains and tests a run.
begun() {
  local run=$out/$1 command=$2 recipe=$3
  shift 3
  train "$run" "$command" --recipe "$dataset-resnet20-$recipe-200e" --data "$data" --keep 1 "$@"
  tested "$run" test
}

# accuracy NAME: the cells of a row.
accuracy() { echo "$(percent "$(top1 "$out/$1" test)") | $(percent "$(value "$out/$1/evaluation/summary.json" knn_top1)") | $(seconds "$out/$1")"; }

echo "| epochs | supcon top-1 | k-NN | seconds | loss | bound | cross-entropy top-1 | k-NN | seconds |"
echo "|---|---|---|---|---|---|---|---|---|"
for length in "${lengths[@]}"; do
  warmup=$((length < 50 ? length > 1 : 5))
  begun "supcon-$length" pretrain supcon --epochs "$length" --warmup-epochs "$warmup"
  begun "cross-entropy-$length" supervised cross-entropy --epochs "$length" --warmup-epochs "$warmup"
  run=$out/supcon-$length
  floor=$(printf '%.4f | %.4f' "$(epochs "$run" loss | tail -n 1)" "$(epochs "$run" loss_lower_bound | tail -n 1)")
  echo "| $length | $(accuracy "supcon-$length") | $floor | $(accuracy "cross-entropy-$length") |"
done

last=$length
echo
echo "| epochs of the linear stage, after $last | top-1 |"
echo "|---|---|"
for length in 1 2 10 100; do
  result=$out/linear-$last-$length.json
  if ! measured "$result" "$out/supcon-$last" raw; then
    # In a copy, so that the run keeps the result of the default length.
    rm -rf "$out/linear-copy" && mkdir -p "$out/linear-copy"
    cp -r "$out/supcon-$last/config.yaml" "$out/supcon-$last/checkpoints" "$out/linear-copy/"
    logged "$out/linear.log" job linear --run "$out/linear-copy" --epochs "$length" --threads "$threads" || ended "$out/linear" $?
    mv "$out/linear-copy/linear/summary.json" "$result"
    rm -rf "$out/linear-copy"
  fi
  echo "| $length | $(percent "$(value "$result" linear_top1)") |"
done

echo
echo "| augmentation, $last epochs | supcon top-1 | k-NN | seconds | cross-entropy top-1 | k-NN | seconds |"
echo "|---|---|---|---|---|---|---|"
begun "supcon-autoaugment-$last" pretrain supcon-autoaugment --epochs "$last" --warmup-epochs "$warmup"
begun "cross-entropy-autoaugment-$last" supervised cross-entropy-autoaugment --epochs "$last" --warmup-epochs "$warmup"
echo "| as above | $(accuracy "supcon-$last") | $(accuracy "cross-entropy-$last") |"
echo "| AutoAugment | $(accuracy "supcon-autoaugment-$last") | $(accuracy "cross-entropy-autoaugment-$last") |"

echo
echo "| layers, $last epochs | supcon top-1 | k-NN | seconds | cross-entropy top-1 | k-NN | seconds |"
echo "|---|---|---|---|---|---|---|"
for layers in 8 14; do
  begun "supcon-$layers-layers-$last" pretrain supcon --epochs "$last" --warmup-epochs "$warmup" --model "resnet$layers"
  begun "cross-entropy-$layers-layers-$last" supervised cross-entropy --epochs "$last" --warmup-epochs "$warmup" --model "resnet$layers"
  echo "| $layers | $(accuracy "supcon-$layers-layers-$last") | $(accuracy "cross-entropy-$layers-layers-$last") |"
done
echo "| 20 | $(accuracy "supcon-$last") | $(accuracy "cross-entropy-$last") |"
