#!/usr/bin/env bash
# What goes wrong on real machines, made to go wrong: ranks that hang, hosts that vanish, bad hostfiles, Slurm's time limit, ranks that are
# killed at any moment, damaged checkpoints; and what must not change with any number of ranks.
#
#   scripts/test-faults.sh                 all parts
#   scripts/test-faults.sh hangs hosts     some of them
#   scripts/test-faults.sh --only 'SIG*' hangs   some of its faults
#   scripts/test-faults.sh --table hangs   and writes its table into docs/
#   scripts/test-faults.sh --one-host --output DIR hangs   without test hosts; its table goes to DIR/table-hangs
#   scripts/test-faults.sh --install-slurm slurm
#
# Each part is a file in scripts/faults/. What this machine does not allow (test hosts need root and iproute2) is skipped by name.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

parts=(hangs hosts slurm bits kills damage)
chosen=() table='' output='' one_host=''
while [ $# -gt 0 ]; do
  case $1 in
    --table) table=yes ;;
    --only | --output)
      [ $# -ge 2 ] || { echo "test-faults: $1: needs a value" >&2 && exit 64; }
      case $1 in
        --only) only=$2 ;;
        --output) output=$(mkdir -p -- "$2" && realpath -- "$2") || { echo "test-faults: --output $2: cannot be made; name another folder" >&2 && exit 73; } ;;
      esac
      shift
      ;;
    --one-host) one_host=yes ;;
    --install-slurm) install_slurm=yes ;;
    *)
      [[ " ${parts[*]} " == *" $1 "* ]] || { echo "test-faults: unknown part $1; expected ${parts[*]}" >&2 && exit 64; }
      chosen+=("$1")
      ;;
  esac
  shift
done
[ ${#chosen[@]} -gt 0 ] || chosen=("${parts[@]}")

. "$root/scripts/given-program.sh"
cd "$root"
. scripts/mpi-environment.sh
[ -n "${SUPCON:-}" ] || swift build -c release --product supcon
supcon=$(realpath "${SUPCON:-.build/release/supcon}")
folder=$(mktemp -d "${TMPDIR:-/tmp}/supcon-faults.XXXXXX")

failures=0 checks=0
# check NAME PROBLEM [LOG]: one line; a problem that is not empty is a failure.
check() {
  checks=$((checks + 1))
  [ "$part" = hangs ] || echo "| $1 | ${2:-passed} |" >>"$folder/table-$part"
  if [ -z "$2" ]; then
    echo "passed   $1"
  else
    failures=$((failures + 1))
    echo "FAILED   $1: $2"
    [ -z "${3:-}" ] || sed 's/^/           /' "$3" | tail -n 30
  fi
}
skip() { echo "skipped  $1: $2"; }

# The hash of a finished run.
weights() { sed -n 's/^ *"weights_sha256" *: *"\(.*\)",*$/\1/p' "$1/summary.json" 2>/dev/null; }

# supcon on so many ranks of this machine.
ranks_of() { "$mpirun" -np "$1" "$supcon" "${@:2}"; }

# A small CIFAR-10: 5 files of 60 records, labels 0 to 9 in turn, pixels from the record's number and a seed.
write_cifar() {
  mkdir -p "$1"
  awk 'BEGIN { for (c = 0; c < 10; c++) print "class" c }' >"$1/batches.meta.txt"
  python3 - "$1" "$2" <<'PYTHON'
import random, sys
folder, seed = sys.argv[1], int(sys.argv[2])
for index, name in enumerate([f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]):
    source = random.Random(100 * seed + index)
    with open(f"{folder}/{name}.bin", "wb") as file:
        for record in range(60):
            file.write(bytes([record % 10]) + source.randbytes(3072))
PYTHON
}

clean_up() {
  remove_hosts
  ! declare -F stop_slurm >/dev/null || stop_slurm
  [ -n "${KEEP:-}" ] || rm -rf "$folder"
}
for file in scripts/faults/*.sh; do . "$file"; done
trap clean_up EXIT

for part in "${chosen[@]}"; do
  echo "— $part"
  printf '%s\n' '| what | outcome |' '|---|---|' >"$folder/table-$part"
  "test_$part"
done
launcher=$("$mpirun" --version 2>/dev/null | sed -n 's/^[a-z]* (Open MPI) /Open MPI /p; s/^ *Version: */Hydra of MPICH /p' | head -n 1)
echo "launcher: $launcher"

[ -z "$output" ] || cp "$folder"/table-* "$output/"

# What a part wrote goes between its two marks in the documents.
if [ -n "$table" ]; then
  for file in "$folder"/table-*; do
    mark="<!-- table: scripts/test-faults.sh --table ${file##*/table-} -->"
    for document in $(grep -lF -e "$mark" docs/*.md); do
      awk -v mark="$mark" -v rows="$file" '
        /<!-- end of table -->/ { skipping = 0 }
        !skipping
        $0 == mark { print ""; while ((getline line < rows) > 0) print line; print ""; skipping = 1 }' "$document" >"$folder/document"
      cp "$folder/document" "$document"
    done
  done
fi

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
