#!/usr/bin/env bash
# The ablation table of docs/results.md: each option alone against one recipe, chosen by a validation split of the training set (10 % of each class),
# never by the test set. Interrupted, it continues when it is started again; finished rows are printed at once.
#
#   scripts/results/ablation.sh DATA [OUT] [EPOCHS] [SEEDS]
#
# DATA is the folder of CIFAR-10's or CIFAR-100's binary files; OUT (default: runs/ablation) receives the runs and table.md. EPOCHS (default: 30,
# at least 3) is the length of each run, with its whole schedule; SEEDS (default: "0 1"). Started again with other EPOCHS, it needs another OUT.
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
data=$(folder "${1:-}")
out=$(target "${2:-runs/ablation}")
epochs=${3:-30}
# Two fifths of them are to be one epoch at least.
whole EPOCHS 3 30 "$epochs"
read -rd '' -a seeds <<<"${4:-0 1}" || true
whole SEEDS 0 '"0 1"' ${seeds[@]+"${seeds[@]}"}
. "$(dirname "$0")/common.sh"

dataset=cifar10
[ ! -e "$data/train.bin" ] || dataset=cifar100
early=$((epochs * 2 / 5))
# The recipes' 5, but where they would be most of the run.
warmup=$((epochs < 10 ? 1 : 5))

# NAME | COMMAND | RECIPE | OPTIONS
variants() {
  cat <<END
supcon | pretrain | supcon |
supcon, AutoAugment | pretrain | supcon-autoaugment |
supcon, crop and flip alone | pretrain | supcon | --augmentation crop-flip
supcon, SupContrast's augmentation | pretrain | supcon | --augmentation supcontrast
supcon, weight decay 1e-4 | pretrain | supcon | --weight-decay 1e-4
supcon, temperature 0.07 | pretrain | supcon | --temperature 0.07
supcon, temperature 0.2 | pretrain | supcon | --temperature 0.2
supcon, learning rate 0.2 | pretrain | supcon | --learning-rate 0.2
supcon, batch 512 | pretrain | supcon | --batch-size 512
supcon, batch 1024 | pretrain | supcon | --batch-size 1024
supcon, normalized encoder | pretrain | supcon | --normalize-encoder
supcon, linear head | pretrain | supcon | --head linear
supcon, averaged weights 0.999 | pretrain | supcon | --weight-average 0.999
supcon, alternating flip | pretrain | supcon | --alternating-flip
supcon, 24 pixels for $early epochs | pretrain | supcon | --progressive-size 24 --progressive-epochs $early
supcon, 4 views | pretrain | supcon | --views 4 --shard-size 32
supcon, fixed label counts | pretrain | supcon | --sampler fixed-labels
supcon, class prototypes | pretrain | supcon | --prototypes
SINCERE | pretrain | supcon | --loss sincere
supervised DCL | pretrain | supcon | --loss supervised-dcl
epsilon-SupInfoNCE 0.25 | pretrain | supcon | --loss epsilon-supinfonce --margin 0.25
joint | pretrain | joint |
cross-entropy | supervised | cross-entropy |
cross-entropy, AutoAugment | supervised | cross-entropy-autoaugment |
cross-entropy, weight decay 1e-4 | supervised | cross-entropy | --weight-decay 1e-4
cross-entropy, alternating flip | supervised | cross-entropy | --alternating-flip
cross-entropy, label smoothing 0.1 | supervised | cross-entropy | --label-smoothing 0.1
cross-entropy, averaged weights 0.999 | supervised | cross-entropy | --weight-average 0.999
cross-entropy, mixup 0.2 | supervised | cross-entropy | --mixup 0.2
cross-entropy, CutMix 1 | supervised | cross-entropy | --cutmix 1
END
}

trim() { sed 's/^ *//; s/ *$//' <<<"$1"; }

# row NAME COMMAND RECIPE OPTIONS: trains all seeds and prints the row. Not in a pipe, whose shell a signal to the script would not reach.
row() {
  local name=$1 command=$2 recipe=$3 options run seed raw=() average=() neighbors=() times=()
  read -ra options <<<"$4"
  for seed in "${seeds[@]}"; do
    run=$out/$(tr -cs 'A-Za-z0-9.\n' - <<<"$name")-$seed
    # In this order, so that an option of the row replaces the recipe's.
    train "$run" "$command" --recipe "$dataset-resnet20-$recipe-200e" --data "$data" --validation-fraction 0.1 --epochs "$epochs" \
      --warmup-epochs "$warmup" --seed "$seed" --keep 1 ${options[@]+"${options[@]}"}
    tested "$run" validation
    raw+=("$(top1 "$run" validation)")
    neighbors+=("$(value "$run/evaluation-validation/summary.json" knn_top1)")
    times+=("$(seconds "$run")")
    [ ! -e "$run/encoder-average.safetensors" ] || { tested "$run" validation average && average+=("$(top1 "$run" validation average)"); }
  done
  echo "| $name | $(mean "${raw[@]}") | $(mean ${average[@]+"${average[@]}"}) | $(mean "${neighbors[@]}") \
| $(printf '%s\n' "${times[@]}" | awk -v epochs="$epochs" '{ sum += $1 } END { printf "%.1f", sum / NR / epochs }') | $4 |" | tee -a "$out/table.md"
}

alone "$out"
{
  echo "| $dataset, $epochs epochs, seeds ${seeds[*]} | top-1 | of averaged weights | k-NN | seconds an epoch | options |"
  echo "|---|---|---|---|---|---|"
} | tee "$out/table.md"
while IFS='|' read -r name command recipe options; do
  row "$(trim "$name")" "$(trim "$command")" "$(trim "$recipe")" "$(trim "$options")" </dev/null
done < <(variants)
