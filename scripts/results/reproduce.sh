#!/usr/bin/env bash
# Repeats a recipe of docs/results.md: training, linear stage, measures on the test set, and the row of the table. Interrupted, it continues when it
# is started again; options that differ from those of the run are refused.
#
#   scripts/results/reproduce.sh RECIPE DATA [OUT] [OPTIONS of the training…] [-- OPTIONS of the linear stage…]
#
# `supcon recipe` lists the recipes. DATA is the folder of CIFAR's binary files. The run is OUT/RECIPE (default: runs/results).
# OPTIONS replace those of the recipe; --output, --resume, --extend-epochs and --recipe are the script's own. Behind -- stand those of
# supcon linear, such as --augmentation crop-flip or --weight-decay 1e-4: choose them by supcon linear --split validation, not by this table.
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
recipe=${1:-}
data=$(folder "${2:-}")
[ -n "$recipe" ] || fail 64 "RECIPE: is empty: give one of those that supcon recipe lists"
out=$(target "${3:-runs/results}")
shift $(($# < 3 ? $# : 3))
training=() linear=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do training+=("$1") && shift; done
[ $# -eq 0 ] || linear=("${@:2}")
trainable ${training[@]+"${training[@]}"}
[[ " ${training[*]-} " != *" --recipe"[\ =]* ]] || fail 64 "--recipe: the run is named after RECIPE: give another RECIPE, and leave the option out"
classifying ${linear[@]+"${linear[@]}"}
. "$(dirname "$0")/common.sh"

# Lines "  NAME  TITLE (COMMAND)".
recipes=$'\n'$("$supcon" recipe)
[[ $recipes == *$'\n'"  $recipe  "* ]] || fail 64 "RECIPE $recipe: there is no such recipe: $supcon recipe lists them"
title=${recipes#*$'\n'"  $recipe  "}
command=pretrain
[[ ${title%%$'\n'*} != *"(supcon supervised)"* ]] || command=supervised
[ "$command" = pretrain ] || [ ${#linear[@]} -eq 0 ] ||
  fail 64 "$recipe: trains a classifier of its own and has no linear stage: leave out -- and what stands behind it"
run=$out/$recipe
train "$run" "$command" --recipe "$recipe" --data "$data" ${training[@]+"${training[@]}"}
tested "$run" test raw ${linear[@]+"${linear[@]}"}
weights=raw
[ ! -e "$run/encoder-average.safetensors" ] || { weights=average && tested "$run" test average ${linear[@]+"${linear[@]}"}; }

echo "| recipe | top-1 | k-NN | class means | ECE | epochs | hours | PFLOP | weights |"
echo "|---|---|---|---|---|---|---|---|---|"
for kind in raw $([ $weights = raw ] || echo average); do
  ending=$([ "$kind" = raw ] || echo "-$kind")
  measures=$run/evaluation$ending/summary.json
  hash=$(value "$run/summary.json" "$([ "$kind" = raw ] || echo average_)weights_sha256")
  title=$recipe$([ "$kind" = raw ] || echo ", averaged weights")$([ ${#linear[@]} -eq 0 ] || echo ", linear ${linear[*]}")
  echo "| $title | $(percent "$(top1 "$run" test "$kind")") | $(percent "$(value "$measures" knn_top1)") \
| $(percent "$(value "$measures" class_means_top1)") | $(value "$measures" ece | cut -c1-6) | $(printf %g "$(value "$run/summary.json" epochs)") \
| $(awk -v s="$(seconds "$run")" 'BEGIN { printf "%.1f", s / 3600 }') | $(petaflop "$run") | ${hash:0:16} |"
done
