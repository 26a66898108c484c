#!/usr/bin/env bash
# Installs the Debian packages that supcon needs and that are missing: Open MPI (with SUPCON_MPI=mpich MPICH), oneDNN, libcrypto, TurboJPEG, libpng, zlib.
set -euo pipefail

packages=(libdnnl-dev libssl-dev libturbojpeg0-dev libpng-dev zlib1g-dev pkg-config)
case ${SUPCON_MPI:-ompi} in
  ompi) packages+=(libopenmpi-dev openmpi-bin) ;;
  mpich) packages+=(libmpich-dev mpich) ;;
  *) pkg-config --exists "$SUPCON_MPI" || { echo "install-dependencies: SUPCON_MPI=$SUPCON_MPI: expected ompi, mpich, or a name that pkg-config knows" >&2 && exit 64; } ;;
esac
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || {
    echo "install-dependencies: this is no Debian or Ubuntu; install these yourself: ${missing[*]}" >&2
    exit 1
  }
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

command -v swift >/dev/null || {
  echo "install-dependencies: no swift on the PATH; install Swift 6.3 or later from https://www.swift.org/install/linux" >&2
  exit 1
}
# A toolchain whose own libraries are missing ends with the loader's words.
reason=$(swift --version 2>&1 >/dev/null) || {
  echo "install-dependencies: swift does not start: ${reason%%$'\n'*}; Swift itself needs libcurl4, libxml2, libedit2, libncurses6, libsqlite3-0, gcc and libstdc++-dev" >&2
  exit 1
}
