#!/usr/bin/env bash
# From nothing to a tested encoder: installs what is missing, builds, pretrains on the built-in images with mpirun,
# trains the linear classifier, and prints two controls. Running it again starts the training anew.
#
# SUPCON_MPI=mpich builds for MPICH. In a checkout that is read-only, SUPCON_BUILD names a folder for the build's files and SUPCON_RUNS one for the runs;
# both count from the caller's folder.
set -euo pipefail
for variable in SUPCON_BUILD SUPCON_RUNS; do
  [ -z "${!variable:-}" ] || printf -v "$variable" %s "$(realpath -m -- "${!variable}")"
done
cd "$(dirname "$0")/.."

runs=${SUPCON_RUNS:-runs}
run=$runs/quickstart
untrained=$runs/quickstart-untrained
batch=128
shard=32
# Told before the build, which takes minutes.
mkdir -p "$runs" || { echo "quickstart: $runs cannot be made; name a folder that you may write with SUPCON_RUNS" >&2 && exit 73; }

scripts/install-dependencies.sh
. scripts/mpi-environment.sh
build=(-c release --scratch-path "${SUPCON_BUILD:-.build}")
swift build "${build[@]}" --product supcon
supcon=$(swift build "${build[@]}" --show-bin-path)/supcon

shards=$((batch / shard))
ranks=$((processors < shards ? processors : shards))
rm -rf "$run" "$untrained"

# Half the default batch and a lower learning rate: many small steps. The default rate can collapse so short a run.
"$mpirun" -np "$ranks" "$supcon" pretrain --batch-size "$batch" --shard-size "$shard" --epochs 5 --learning-rate 0.03 \
  --augmentation crop-flip --output "$run"
"$mpirun" -np "$ranks" "$supcon" linear --run "$run"

echo
echo "Controls: what the pixels alone and an encoder with random weights are worth on the same images."
"$mpirun" -np "$ranks" "$supcon" evaluate --run "$run" --features pixels
"$mpirun" -np "$ranks" "$supcon" pretrain --batch-size "$batch" --shard-size "$shard" --steps 0 --output "$untrained" >/dev/null
"$mpirun" -np "$ranks" "$supcon" linear --run "$untrained"

value() { sed -n "s/^ *\"$2\" *: *\([0-9.e-]*\),*$/\1/p" "$1/summary.json"; }
echo
echo "linear classifier on the trained encoder    $(value "$run" linear_top1)   (expected at least 0.95)"
echo "linear classifier on the untrained encoder  $(value "$untrained" linear_top1)   (expected at most 0.70)"
echo "k-NN on raw pixels                          $(value "$run" pixel_knn_top1)   (expected at most 0.50)"
echo "everything about the run: $run/summary.json"
