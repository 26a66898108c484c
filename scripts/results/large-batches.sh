#!/usr/bin/env bash
# The table of large batches of docs/scaling.md: accuracy and time after equal epochs with LARS, for BatchNorm's statistics of a shard and of the whole
# batch. Interrupted, it continues when it is started again; finished rows are printed at once.
#
#   scripts/results/large-batches.sh DATA [OUT] [EPOCHS] [BATCHES] [OPTIONS of supcon pretrain…]
#
# DATA is the folder of CIFAR-10's binary files; OUT (default: runs/large-batches) receives the runs and table.md. EPOCHS (default: 10) is the length
# of each run, a tenth of it warm-up; BATCHES (default: "256 512 1024 2048 4096"). ResNet-8 on views of 16 pixels, so that a run takes minutes. The
# learning rate is 3 × √(batch ÷ 256) ("root") and 3 × batch ÷ 256 ("linear"). Accuracy is of 10 % of the training images, which are held out.
# OPTIONS replace those of the script; --epochs, --batch-size, --batch-norm, --learning-rate, --output, --resume and --extend-epochs are its own.
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
data=$(folder "${1:-}")
out=$(target "${2:-runs/large-batches}")
epochs=${3:-10}
whole EPOCHS 1 10 "$epochs"
read -rd '' -a batches <<<"${4:-256 512 1024 2048 4096}" || true
whole BATCHES 1 '"256 512"' ${batches[@]+"${batches[@]}"}
shift $(($# < 4 ? $# : 4))
options=("$@")
trainable "$@"
for option in "$@"; do
  case ${option%%=*} in
    --epochs | --batch-size) fail 64 "${option%%=*}: is said by EPOCHS and BATCHES: leave the option out" ;;
    --batch-norm | --learning-rate) fail 64 "${option%%=*}: is a column of the table: leave the option out" ;;
  esac
done
. "$(dirname "$0")/common.sh"

# last RUN FIELD: a number of the last evaluation.
last() { grep '"knn20_weighted_top1":' "$1/metrics.jsonl" | tail -n 1 | sed -n "s/.*\"$2\":\([0-9.eE+-]*\).*/\1/p"; }

# row BATCH STATISTICS SCALING: trains and prints the row. Not in a pipe, whose shell a signal to the script would not reach.
row() {
  local batch=$1 statistics=$2 scaling=$3 run=$out/$1-$2-$3 rate
  rate=$(awk -v batch="$batch" -v scaling="$scaling" 'BEGIN { part = batch / 256; printf "%.4g", 3 * (scaling == "root" ? sqrt(part) : part) }')
  train "$run" pretrain --dataset cifar10 --data "$data" --validation-fraction 0.1 --model resnet8 --image-size 16 --batch-size "$batch" \
    --shard-size 64 --batch-norm "$statistics" --optimizer lars --learning-rate "$rate" --epochs "$epochs" \
    --warmup-epochs "$(awk -v epochs="$epochs" 'BEGIN { print epochs / 10 }')" --evaluate-epochs "$epochs" --keep 1 ${options[@]+"${options[@]}"}
  echo "| $batch | $statistics | $rate ($scaling) | $(value "$run/summary.json" steps) | $(percent "$(last "$run" knn20_weighted_top1)") \
| $(percent "$(last "$run" linear_probe_top1)") | $(epochs "$run" loss | tail -n 1) | $(($(seconds "$run") / epochs)) |" | tee -a "$out/table.md"
}

alone "$out"
{
  echo "| batch | statistics | learning rate | steps | k-NN top-1 | linear probe | loss | seconds an epoch |"
  echo "|---|---|---|---|---|---|---|---|"
} | tee "$out/table.md"
for batch in "${batches[@]}"; do
  for statistics in shard global; do
    for scaling in root linear; do
      [ "$batch $scaling" = "256 root" ] || row "$batch" "$statistics" "$scaling"
    done
  done
done
