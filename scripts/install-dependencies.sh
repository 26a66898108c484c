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
# Where packages have other names, the headers are looked for below.
command -v apt-get >/dev/null || packages=()
for package in ${packages[@]+"${packages[@]}"}; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "install-dependencies: there is no sudo; as root: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}"
  ${as_root[@]+"${as_root[@]}"} apt-get update -qq
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
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

# No Debian or Ubuntu; scripts/find-mpi.sh looks for the MPI.
command -v apt-get >/dev/null || {
  compiler=$(command -v clang || command -v cc || true)
  for header in dnnl.h openssl/evp.h turbojpeg.h png.h zlib.h; do
    [ -z "$compiler" ] || "$compiler" ${SUPCON_ONEDNN:+"-I$SUPCON_ONEDNN/include"} -include "$header" -E -x c /dev/null >/dev/null 2>&1 ||
      missing+=("$header")
  done
  [ ${#missing[@]} -eq 0 ] || {
    echo "install-dependencies: this is no Debian or Ubuntu, and these headers are missing: ${missing[*]}; \
install the development packages of oneDNN, OpenSSL, TurboJPEG, libpng and zlib that have them" >&2
    exit 1
  }
}
