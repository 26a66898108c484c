#!/usr/bin/env bash
# Installs what is missing and runs every test, in release: debug loops are tens of times slower. SUPCON_BUILD names another folder for the
# build's files, for a checkout that is read-only, counted from the caller's; SUPCON_MPI=mpich builds for MPICH and starts its mpiexec.
set -euo pipefail
[ -z "${SUPCON_BUILD:-}" ] || SUPCON_BUILD=$(realpath -m -- "$SUPCON_BUILD")
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh
. scripts/mpi-environment.sh
# Built first, all products: the multi-process tests start executables.
build=(-c release --scratch-path "${SUPCON_BUILD:-.build}")
swift build "${build[@]}" --build-tests
# A few tests measure or change the process, its memory or its environment, and run alone. Of the others two run at a
# time: many wait for processes, but those that compute start several ranks each.
alone='^DistributedStepTests\.|PackedWeightsTests|ScratchMemoryTests|FolderIndexTests|^RunsTests\.RunLockTests'
if [ $# -gt 0 ]; then
  swift test "${build[@]}" --skip-build --no-parallel "$@"
else
  status=0
  swift test "${build[@]}" --skip-build --no-parallel --filter "$alone" || status=1
  SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2 swift test "${build[@]}" --skip-build --skip "$alone" || status=1
  exit $status
fi
