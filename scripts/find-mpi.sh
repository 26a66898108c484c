#!/bin/sh
# Prints what Package.swift and scripts/package.sh must know of the MPI that SUPCON_MPI names (ompi, mpich, or a name that pkg-config knows): the
# folders of its mpi.h, one a line, and last the name (SONAME) of the file that the linker would take MPI_Init from.
set -eu

fail() {
  echo "find-mpi: $1" >&2
  exit 69
}

case ${SUPCON_MPI:-ompi} in
  ompi) name=ompi-c packages='libopenmpi-dev and openmpi-bin' ;;
  mpich) name=mpich packages='libmpich-dev and mpich' ;;
  *) name=$SUPCON_MPI packages='its development files' ;;
esac
for program in pkg-config nm objdump; do
  command -v "$program" >/dev/null || fail "there is no $program; install pkg-config and binutils"
done
# Folders of the system are named, too.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
pkg-config --exists "$name" || fail "pkg-config does not know $name; install $packages, name the folder of its .pc file with PKG_CONFIG_PATH, or choose another MPI with SUPCON_MPI"

folders=$(pkg-config --libs-only-L "$name" | tr ' ' '\n' | sed -n 's/^-L//p')
for library in $(pkg-config --libs-only-l "$name" | tr ' ' '\n' | sed -n 's/^-l//p'); do
  for folder in $folders /usr/lib64 /usr/lib; do
    file=$folder/lib$library.so
    if [ -e "$file" ] && nm -D --defined-only "$file" 2>/dev/null | grep -qE ' MPI_Init(@|$)'; then
      pkg-config --cflags-only-I "$name" | tr ' ' '\n' | sed -n 's/^-I//p'
      objdump -p "$file" | awk '$1 == "SONAME" { print $2; found = 1 } END { exit !found }' || basename "$file"
      exit
    fi
  done
done
fail "none of the libraries that pkg-config names for $name has MPI_Init; install $packages"
