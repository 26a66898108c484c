#!/usr/bin/env bash
# Compiles Sources/Kernels for 64-bit ARM with warnings as errors; nothing is run.
# Needs the headers of Debian's libc6-dev-arm64-cross: sudo apt-get install --no-install-recommends libc6-dev-arm64-cross
set -euo pipefail
cd "$(dirname "$0")/.."

headers=/usr/aarch64-linux-gnu/include
[ -f "$headers/stdint.h" ] || {
  echo "check-aarch64: $headers/stdint.h is missing; install Debian's package libc6-dev-arm64-cross" >&2
  exit 1
}
for source in Sources/Kernels/*.c; do
  clang --target=aarch64-linux-gnu -isystem "$headers" -ISources/Kernels/include \
    -O2 -Wall -Wextra -Werror -c -o /dev/null "$source"
done
echo "Sources/Kernels compiles for aarch64"
