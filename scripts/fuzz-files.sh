#!/usr/bin/env bash
# Reads damaged copies of every kind of file: scripts/fuzz-files.sh [TRIES of each kind] [first number].
set -euo pipefail
cd "$(dirname "$0")/.."

tries=${1:-100000}
first=${2:-0}
swift build -c release --product file-fuzz
swift build -c release --product supcon
binaries=$(swift build -c release --show-bin-path)
images=$PWD/Tests/ImagingTests/Fixtures
folder=$(mktemp -d)
# The last file is kept where it ended the run.
cd "$folder"
"$binaries/file-fuzz" make seeds
"$binaries/supcon" dataset synthesize --output shapes --train 30 --test 10 >log
"$binaries/supcon" dataset pack --data shapes --size 8 --output seeds/shapes.pack >>log
for ending in .jpg .png .safetensors .npy .pack .json .yaml; do
  case $ending in .jpg | .png) seeds=$images ;; *) seeds=seeds ;; esac
  "$binaries/file-fuzz" "$seeds" "$ending" "$tries" "$first" || {
    echo "fuzz-files: the file that ended it is $folder/file-fuzz.last" >&2
    exit 1
  }
done
rm -r "$folder"
