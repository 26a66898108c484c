#!/usr/bin/env bash
# Decodes damaged copies of the tests' pictures: scripts/fuzz-decoders.sh [TRIES of each kind] [first number].
set -euo pipefail
cd "$(dirname "$0")/.."

tries=${1:-100000}
first=${2:-0}
swift build -c release --product decoder-fuzz
binary=$(swift build -c release --show-bin-path)/decoder-fuzz
fixtures=$PWD/Tests/ImagingTests/Fixtures
folder=$(mktemp -d)
# The last file is kept where it ended the run.
cd "$folder"
for ending in .jpg .png; do
  "$binary" "$fixtures" "$ending" "$tries" "$first" || {
    echo "fuzz-decoders: the file that ended it is $folder/decoder-fuzz.last" >&2
    exit 1
  }
done
rm -r "$folder"
