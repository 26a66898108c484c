#!/usr/bin/env bash
# Installs what is missing and runs every test, in release: debug loops are tens of times slower.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh
. scripts/mpi-environment.sh
# Built first, all products: the multi-process tests start executables.
swift build -c release --build-tests
# One suite after the other: the tests start several ranks each.
swift test -c release --skip-build --no-parallel "$@"
