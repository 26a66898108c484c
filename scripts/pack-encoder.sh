#!/usr/bin/env bash
# Packs the encoder of a finished run for others: weights as safetensors and as ONNX, and a card that says data, recipe, accuracy, calibration and hashes.
#
#   scripts/pack-encoder.sh RUN FOLDER [average]
#
# RUN has its linear stage (supcon linear) or a classifier of its own, and its measures (supcon evaluate); `average` packs the averaged weights of
# --weight-average. FOLDER receives encoder.safetensors (PyTorch's names; `supcon import` reads it), model.onnx (encoder and classifier), card.json and
# README.md. The packed weights are imported and measured again: k-NN has to agree within 0.5 points, as imported weights compute in float32.
set -euo pipefail
. "$(dirname "$0")/results/arguments.sh"
[ $# -ge 2 ] && [ -n "$2" ] || { usage >&2 && exit 64; }
run=$(folder "$1")
folder=$(realpath -m -- "$2")
weights=${3:-raw}
[[ $weights =~ ^(raw|average)$ ]] || fail 64 "$weights: expected average, or nothing for the weights of the last step"
. "$(dirname "$0")/results/common.sh"

ending=$([ "$weights" = raw ] || echo "-$weights")
summary=$run/summary.json
measures=$run/evaluation$ending/summary.json
[ "$(value "$summary" status)" = finished ] || fail 66 "$run: holds no finished run"
measured "$measures" "$run" "$weights" || fail 66 "$measures: is missing, or of earlier weights; run: supcon evaluate $run --weights-of $weights"
[ -n "$(value "$measures" top1)" ] || fail 66 "$measures: has no accuracy of a classifier; run: supcon linear $run --weights-of $weights, then supcon evaluate"
if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ]; then fail 73 "$folder: is not empty; name a new folder"; fi
mkdir -p "$folder"
copy=$(mktemp -d)
# What was begun and not finished is taken away: the same command begins anew.
files=("$folder/"{encoder.safetensors,model.onnx,loading.txt,card.json,README.md})
trap 'rm -rf "$copy" "${files[@]}"' EXIT

model=$(value "$summary" model)
dataset=$(value "$summary" dataset)
layout=torchvision
case $model in resnet8 | resnet14 | resnet20 | resnet32 | resnet44 | resnet56 | resnet110 | resnet1202) layout=ge ;; esac
"$supcon" export "$run" --weights-of "$weights" --layout "$layout" --part encoder --output "$folder/encoder.safetensors" >"$folder/loading.txt"
"$supcon" export "$run" --weights-of "$weights" --format onnx --output "$folder/model.onnx" >/dev/null
loading=$(sed -n 's/^  //p' "$folder/loading.txt")
loading=${loading//"$folder/"/}
rm "$folder/loading.txt"

# Imported, the weights are to give what they gave.
data=()
# The whole path, which the summary need not have; in single quotes if YAML needs them.
place=$(sed -n "s/^data: //p" "$run/config.yaml" | sed "/^'/{s/^'\(.*\)'\$/\1/; s/''/'/g}")
[ -z "$place" ] || data=(--data "$place")
"$supcon" import --weights "$folder/encoder.safetensors" --layout "$layout" --model "$model" --dataset "$dataset" ${data[@]+"${data[@]}"} \
  --output "$copy/run" >"$copy/log" 2>&1 || { cat "$copy/log" >&2 && fail 65 "the packed weights cannot be imported"; }
waited "$supcon" evaluate "$copy/run" --threads "$threads" >"$copy/log" 2>&1 || {
  code=$?
  cat "$copy/log" >&2
  [ "$code" != 75 ] || exit 75
  fail 65 "the packed weights cannot be measured"
}
own=$(value "$measures" knn_top1)
again=$(value "$copy/run/evaluation/summary.json" knn_top1)
awk -v one="$own" -v two="$again" 'BEGIN { exit !((one - two) ^ 2 <= 0.005 ^ 2) }' ||
  fail 65 "k-NN is $again for the packed weights and $own for the run's"

prefix=$([ "$weights" = raw ] || echo average_)
hash=$(value "$summary" "${prefix}weights_sha256")
file_hash=$(sha256sum "$folder/encoder.safetensors" | cut -d ' ' -f 1)
onnx_hash=$(sha256sum "$folder/model.onnx" | cut -d ' ' -f 1)
# supcon evaluate takes that of supcon linear if there is one.
classifier="the linear classifier"
[ -e "$run/linear$ending/summary.json" ] || classifier="the run's own classifier"
fields="model dataset loss precision seed batch_size shard_size views epochs steps version"
{
  echo "{"
  for field in $fields; do echo "  \"$field\": \"$(value "$summary" "$field")\","; done
  for field in top1 knn_top1 class_means_top1 ece ece_temperature_scaled nll; do echo "  \"$field\": $(value "$measures" "$field" | sed 's/^$/null/'),"; done
  echo "  \"weights\": \"$weights\","
  echo "  \"knn_top1_imported\": $again,"
  echo "  \"training_seconds\": $(seconds "$run"),"
  echo "  \"weights_sha256\": \"$hash\","
  echo "  \"encoder_safetensors_sha256\": \"$file_hash\","
  echo "  \"model_onnx_sha256\": \"$onnx_hash\""
  echo "}"
} | sed -e 's/: ,$/: null,/' -e '/version\|sha256/!s/: "\([0-9.]*\)",$/: \1,/' >"$folder/card.json"
{
  echo "# $model, $(value "$summary" loss), $dataset"
  echo
  echo "Encoder trained by supcon $(value "$summary" version) on the training set of $dataset, no other data; $weights weights after the last epoch."
  echo
  echo "| measure on the test set | value |"
  echo "|---|---|"
  echo "| top-1 of $classifier | $(percent "$(value "$measures" top1)") % |"
  echo "| k-NN, majority of 20 | $(percent "$own") % ($(percent "$again") % imported, float32) |"
  echo "| class means | $(percent "$(value "$measures" class_means_top1)") % |"
  echo "| expected calibration error, 15 bins | $(printf %.4f "$(value "$measures" ece)") |"
  echo "| the same, temperature scaled | $(printf %.4f "$(value "$measures" ece_temperature_scaled)") |"
  echo "| negative log-likelihood, nats | $(printf %.4f "$(value "$measures" nll)") |"
  echo
  echo "| file | SHA-256 |"
  echo "|---|---|"
  echo "| encoder.safetensors (names of the layout $layout) | $file_hash |"
  echo "| model.onnx (normalized images [N, 3, height, width]; mean and deviation in its metadata) | $onnx_hash |"
  echo "| parameters and statistics of the run (\`weights_sha256\`) | $hash |"
  echo
  echo "To use it:"
  echo
  echo "    supcon import --weights encoder.safetensors --layout $layout --model $model --dataset $dataset --data DIR --precision $(value "$summary" precision) --output runs/imported"
  echo "    supcon linear runs/imported"
  echo "    supcon evaluate runs/imported"
  echo
  sed 's/^/    /' <<<"$loading"
  echo
  condition=
  named=$(sed -nE 's/^(init|teacher):.*/`\1`/p' "$run/config.yaml" | paste -s -d ' ' | sed 's/ / and /')
  [ -z "$named" ] || condition="; what stands behind $named has to be there"
  echo "Trained with these options (as a file, \`supcon $(value "$summary" command) --config FILE --data DIR\` repeats the run$condition):"
  echo
  # Places and times of files are those of one machine; of an encoder that the run began with, and of a teacher, the name says enough.
  sed -E -e '/^data:/d' -e '/^dataset-contents:/d' -e "s#^(init|teacher): ('?).*/([^/']+)/*('?)\$#\1: \2\3\4#" -e 's/^/    /' "$run/config.yaml"
} >"$folder/README.md"
trap 'rm -rf "$copy"' EXIT
echo "$folder: $(du -h "$folder/encoder.safetensors" | cut -f 1) of weights, top-1 $(percent "$(value "$measures" top1)") %, k-NN $(percent "$own") %; card in README.md"
