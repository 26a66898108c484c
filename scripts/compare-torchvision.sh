#!/usr/bin/env bash
# Measures how many views a second one core makes, supcon and torchvision in turns, and prints the ratios.
#
#   scripts/compare-torchvision.sh --python .venv/bin/python --data cifar-10-batches-bin
#
# Each round measures both on the same core, one after the other, in processor time, so that neither other programs nor a machine whose
# speed drifts decide; the median over the rounds counts.
set -euo pipefail

usage() {
  cat <<'USAGE'
USAGE: scripts/compare-torchvision.sh [options]

  --python BIN     a Python with torch 2.13, torchvision 0.28, numpy and Pillow (default: python3)
  --data DIR       folder of CIFAR-10's binary version (default: made images)
  --preset NAME    what to compare, any number of times; with -jpeg behind it from JPEG files of 500×375 to 224×224, decoding included
                   (default: supcontrast autoaugment-cifar10 resized-crop-jpeg)
  --rounds N       rounds (default: 5)
  --seconds S      of each measurement (default: 2)
  --core N         the core that both run on (default: 0)
USAGE
}

fail() {
  echo "compare-torchvision: $2" >&2
  exit "$1"
}

python=python3 data='' rounds=5 seconds=2 core=0 presets=()
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage && exit 0 || exit 74 ;;
    --python | --data | --preset | --rounds | --seconds | --core)
      [ $# -ge 2 ] || fail 64 "$1: needs a value"
      case $1 in
        --python) python=$2 ;;
        --data) data=$2 ;;
        --preset) presets+=("$2") ;;
        --rounds) rounds=$2 ;;
        --seconds) seconds=$2 ;;
        --core) core=$2 ;;
      esac
      shift 2
      ;;
    *)
      usage >&2 || true
      fail 64 "unknown option $1"
      ;;
  esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail 64 "--rounds $rounds: expected a whole number above 0"
[[ $core =~ ^[0-9]+$ ]] || fail 64 "--core $core: expected the number of a core"
[ ${#presets[@]} -gt 0 ] || presets=(supcontrast autoaugment-cifar10 resized-crop-jpeg)
# Paths are the caller's; the rest happens in the project's folder.
case $python in /* | [!/]*/*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
if [ -n "$data" ]; then
  [ -f "$data/data_batch_1.bin" ] ||
    fail 66 "$data: holds no data_batch_1.bin; --data must name the folder of CIFAR-10's binary version"
  data=$(cd "$data" && pwd)
fi
cd "$(dirname "$0")/.."
# Rates have a decimal point, whatever the user's language.
export LC_ALL=C
"$python" scripts/compare-torchvision.py check || exit $?

swift build -c release --product imaging-speed
ours=$(swift build -c release --show-bin-path)/imaging-speed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" scripts/compare-torchvision.py make "$work/images" ${data:+"$data"}
"$python" scripts/compare-torchvision.py make-jpeg "$work/files"

median() { sort -n | awk '{ values[NR] = $1 } END { print values[int((NR + 1) / 2)] }'; }

printf '%-24s %12s %12s %8s %16s\n' preset supcon/s torchvision/s ratio range
for preset in "${presets[@]}"; do
  # Views of 32×32 from decoded images; of 224×224 from files, which are decoded for each view.
  case $preset in
    *-jpeg) what=("${preset%-jpeg}" "$work/files" 500 375 224) ;;
    *) what=("$preset" "$work/images" 32 32 32) ;;
  esac
  for ((round = 1; round <= rounds; round++)); do
    one=$(taskset -c "$core" "$ours" "${what[1]}" "${what[2]}" "${what[3]}" "${what[0]}" "${what[4]}" "$seconds")
    other=$(taskset -c "$core" "$python" scripts/compare-torchvision.py "${what[@]}" "$seconds")
    echo "$one" >>"$work/ours"
    echo "$other" >>"$work/theirs"
    awk -v one="$one" -v other="$other" 'BEGIN { printf "%.2f\n", one / other }' >>"$work/ratios"
  done
  printf '%-24s %12s %12s %8s %16s\n' "$preset" "$(median <"$work/ours")" "$(median <"$work/theirs")" \
    "$(median <"$work/ratios")" "$(sort -n "$work/ratios" | sed -n '1p;$p' | paste -sd ' ' | sed 's/ / to /')"
  rm "$work/ours" "$work/theirs" "$work/ratios"
done
