#!/usr/bin/env bash
# A training step on 4 to 1,024 hosts as supcon plan --hosts predicts it, beside a simulation of its messages by SimGrid's SMPI: the MPI target
# itself, with computing as delays (docs/scaling.md).
#
#   scripts/check-simulation.sh [--hosts "4 16 64"] [--models "resnet18 resnet50"] [--speeds "10 100"] [--networks "flat fat-tree"]
#     [--samples 32] [--batch-norm shard] [--limit 0.1] [--plans FOLDER]
#
# --batch-norm is shard or global (one shard a host); --samples are those of a host, which has one rank; --plans keeps the plans, and uses those that are there. Prints a row for each
# configuration. Exits with 1 if a step, or the messages of a step, differ by more than the limit.
# Needs Debian's libsimgrid-dev, Swift and clang; 1,024 hosts take 90 s of a core, and 0.6 GB.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
hosts="4 16 64" models="resnet18 resnet50" speeds="10 100" networks="flat fat-tree" samples=32 batch_norm=shard limit=0.1 plans=
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || { echo "check-simulation.sh: $1 needs a value" >&2 && exit 64; }
  case $1 in
    --hosts | --models | --speeds | --networks | --samples | --limit | --plans) printf -v "${1#--}" %s "$2" ;;
    --batch-norm) batch_norm=$2 ;;
    *) echo "check-simulation.sh: unknown option $1; see the head of the script" >&2 && exit 64 ;;
  esac
  shift 2
done
if [ -n "$plans" ]; then
  plans=$(realpath -m -- "$plans")
  [ ! -e "$plans" ] || [ -d "$plans" ] || { echo "check-simulation.sh: --plans $plans: is a file: name a folder" >&2 && exit 64; }
fi
. "$root/scripts/given-program.sh"
cd "$root"
if ! command -v smpirun >/dev/null || [ ! -e /usr/include/smpi/mpi.h ]; then
  echo "check-simulation.sh: SimGrid is missing; install Debian's libsimgrid-dev (apt-get install libsimgrid-dev)" >&2
  exit 69
fi
supcon=${SUPCON:-.build/release/supcon}
[ -x "$supcon" ] || { echo "check-simulation.sh: build supcon first (swift build -c release --product supcon)" >&2 && exit 69; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
plans=${plans:-$folder/plans}
mkdir -p "$plans"

# The MPI target for SMPI's mpi.h, and the step that uses it, as a library, which is what smpirun loads. The runtime of Swift is in it, so that
# the linker leads its memory to scripts/simulation, too.
options=(-O -wmo -parse-as-library -swift-version 6 -package-name supcon -enforce-exclusivity=unchecked -static-stdlib
  -cross-module-optimization -suppress-warnings -I Sources/CMPI/include)
swiftc "${options[@]}" -module-name MPI -emit-module -emit-module-path "$folder/MPI.swiftmodule" -c -o "$folder/MPI.o" \
  Sources/MPI/*.swift Sources/MPI/Reduction/*.swift
swiftc "${options[@]}" -I "$folder" -module-name simulated_step -c -o "$folder/step.o" Tests/Executables/SimulatedStep/*.swift
for source in Sources/CMPI/*.c scripts/simulation/simulation.c; do
  clang -O2 -fPIC -Wall -I/usr/include/smpi -ISources/CMPI/include '-DCMPI_LIBRARY="libsimgrid.so"' -c \
    -o "$folder/$(basename "$source" .c).o" "$source"
done
wrapped=()
for name in usleep clock_gettime dlsym malloc free malloc_usable_size mmap munmap madvise \
  memcpy memmove memset; do
  wrapped+=(-Xlinker "--wrap=$name")
done
swiftc -emit-library -static-stdlib -o "$folder/libstep.so" "$folder"/*.o "${wrapped[@]}" -lsimgrid -lm

overlap=on
[ "$batch_norm" = shard ] || overlap=off
most=$(printf '%s\n' $hosts | sort -n | tail -n 1)
for model in $models; do
  for speed in $speeds; do
    plan=$plans/$model-$speed-$samples-$batch_norm.json
    [ -s "$plan" ] || "$supcon" plan --model "$model" --hosts "$most" --ranks 1 --batch-size $((most * samples)) --shard-size "$samples" \
      --shapes-train $((most * samples)) --link "${speed}Gb/s,30us" --batch-norm "$batch_norm" --overlap "$overlap" --json >"$plan"
  done
done
python3 scripts/simulation/compare.py "$folder" "$plans" "$hosts" "$models" "$speeds" "$networks" "$samples" "$limit" "$batch_norm"
