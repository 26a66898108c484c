#!/usr/bin/env bash
# Formats every Swift file in place. With --check, only reports what is wrong, and ends with 1 if anything is.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --check ]; then
  git ls-files -z '*.swift' | xargs -0 swift format --in-place
  exit
fi

status=0
git ls-files -z '*.swift' | xargs -0 swift format lint --strict || status=1

# A documentation summary is a noun phrase for values, a verb phrase for functions.
question='^[[:space:]]*/// (What|How|Whether|Where|Which|Who)([^[:alnum:]_]|$)'
if git grep -nE "$question" -- 'Benchmarks/*.swift' 'Sources/*.swift' 'Tests/*.swift' >&2; then
  echo "error: begin these comments with a noun phrase (values) or a verb phrase (functions)" >&2
  status=1
fi

# swift format leaves comments as long as they are.
if LC_ALL=C.UTF-8 git grep -nE -e '^[[:space:]]*///' --and -e '.{121}' -- '*.swift' >&2; then
  echo "error: wrap these comments at 120 characters" >&2
  status=1
fi
exit "$status"
