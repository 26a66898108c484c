#!/usr/bin/env bash
# Repeats a recipe of docs/results.md: training, linear stage, measures on the test set, and the row of the table. Interrupted, it continues when it is
# started again.
#
#   scripts/results/reproduce.sh RECIPE DATA [OUT] [OPTIONS of the training…]
#
# `supcon recipe` lists the recipes. DATA is the folder of CIFAR's binary files. The run is OUT/RECIPE (default: runs/results).
set -euo pipefail
case ${1:-} in --help | -h) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 0 ;; esac
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 64; }
recipe=$1
[ -d "$2" ] || { echo "reproduce: $2: there is no such folder" >&2 && exit 66; }
data=$(realpath -e -- "$2")
out=$(realpath -m "${3:-runs/results}")
shift $(($# < 3 ? $# : 3))
. "$(dirname "$0")/common.sh"

command=pretrain
"$supcon" recipe | grep -q "^  $recipe  .*(supcon supervised)" && command=supervised
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
