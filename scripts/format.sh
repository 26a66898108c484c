#!/usr/bin/env bash
# Formats every Swift file in place, or with --check only says what is not as it should be.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --check ]; then
  git ls-files -z '*.swift' | xargs -0 swift format lint --strict
else
  git ls-files -z '*.swift' | xargs -0 swift format --in-place
fi
