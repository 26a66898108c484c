#!/usr/bin/env bash
# Repeats a recipe of docs/results.md: training, linear stage, measures on the test set, and the row of the table. Interrupted, it continues when it
# is started again; options that differ from those of the run are refused.
#
#   scripts/results/reproduce.sh RECIPE DATA [OUT] [OPTIONS of the training…]
#
# `supcon recipe` lists the recipes. DATA is the folder of CIFAR's binary files. The run is OUT/RECIPE (default: runs/results).
# OPTIONS replace those of the recipe; --output, --resume and --extend-epochs are the script's own.
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
recipe=${1:-}
data=$(folder "${2:-}")
[ -n "$recipe" ] || fail 64 "RECIPE: is empty: give one of those that supcon recipe lists"
out=$(target "${3:-runs/results}")
shift $(($# < 3 ? $# : 3))
trainable "$@"
. "$(dirname "$0")/common.sh"

# Lines "  NAME  TITLE (COMMAND)".
recipes=$'\n'$("$supcon" recipe)
[[ $recipes == *$'\n'"  $recipe  "* ]] || fail 64 "RECIPE $recipe: there is no such recipe: $supcon recipe lists them"
title=${recipes#*$'\n'"  $recipe  "}
command=pretrain
[[ ${title%%$'\n'*} != *"(supcon supervised)"* ]] || command=supervised
run=$out/$recipe
train "$run" "$command" --recipe "$recipe" --data "$data" "$@"
tested "$run" test
weights=raw
[ ! -e "$run/encoder-average.safetensors" ] || { weights=average && tested "$run" test average; }

echo "| recipe | top-1 | k-NN | class means | ECE | epochs | hours | PFLOP | weights |"
echo "|---|---|---|---|---|---|---|---|---|"
for kind in raw $([ $weights = raw ] || echo average); do
  ending=$([ "$kind" = raw ] || echo "-$kind")
  measures=$run/evaluation$ending/summary.json
  hash=$(value "$run/summary.json" "$([ "$kind" = raw ] || echo average_)weights_sha256")
  echo "| $recipe$([ "$kind" = raw ] || echo ", averaged weights") | $(percent "$(top1 "$run" test "$kind")") | $(percent "$(value "$measures" knn_top1)") \
| $(percent "$(value "$measures" class_means_top1)") | $(value "$measures" ece | cut -c1-6) | $(printf %g "$(value "$run/summary.json" epochs)") \
| $(awk -v s="$(seconds "$run")" 'BEGIN { printf "%.1f", s / 3600 }') | $(petaflop "$run") | ${hash:0:16} |"
done
