#!/usr/bin/env bash
# Installs what is missing and runs every test, in release: debug loops are tens of times slower. SUPCON_BUILD names another folder for the
# build's files, for a checkout that is read-only; SUPCON_MPI=mpich builds for MPICH and starts its mpiexec.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh
. scripts/mpi-environment.sh
# Built first, all products: the multi-process tests start executables.
build=(-c release --scratch-path "${SUPCON_BUILD:-.build}")
swift build "${build[@]}" --build-tests
# One suite after the other: the tests start several ranks each.
swift test "${build[@]}" --skip-build --no-parallel "$@"
