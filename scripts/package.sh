#!/usr/bin/env bash
# Makes packages of supcon for the distribution that it runs on: a .deb, and a tarball that runs from any folder, for sites without root.
#
#   scripts/package.sh                    # both, into packages/
#   scripts/package.sh --output DIR deb   # one of them
#
# SUPCON_MPI=mpich makes supcon-mpich. Needs dpkg-dev; the commit in `supcon --version` is SUPCON_COMMIT, else git's.
set -euo pipefail

fail() {
  echo "package: $2" >&2
  exit "$1"
}

root=$(cd "$(dirname "$(realpath "$0")")/.." && pwd)
output=packages kinds=()
while [ $# -gt 0 ]; do
  case $1 in
    --output)
      [ $# -ge 2 ] || fail 64 "--output: needs a folder"
      case $2 in -*) fail 64 "--output $2: expected a folder; write ./$2 if it is one" ;; esac
      output=$2 && shift
      ;;
    deb | tarball) kinds+=("$1") ;;
    *) fail 64 "unknown argument $1; expected deb, tarball, or --output DIR" ;;
  esac
  shift
done
[ ${#kinds[@]} -gt 0 ] || kinds=(deb tarball)
command -v dpkg-shlibdeps >/dev/null || fail 69 "there is no dpkg-shlibdeps; install dpkg-dev"
mkdir -p "$output" && [ -w "$output" ] || fail 73 "--output $output: cannot be made or written; choose a folder that you may write"
output=$(realpath "$output")

version=$(grep -rhoE 'supconVersion = "[^"]+"' "$root/Sources" | head -n 1 | cut -d '"' -f 2)
[ -n "$version" ] || fail 70 "no supconVersion in $root/Sources"
architecture=$(dpkg --print-architecture)
distribution=$(. /etc/os-release && echo "${ID:-linux}${VERSION_ID:-}")
mpi=${SUPCON_MPI:-ompi} name=supcon launcher=openmpi-bin
[ "$mpi" = ompi ] || { name=supcon-$mpi && launcher=mpich; }
maintainer="${DEBFULLNAME:-supcon developers} <${DEBEMAIL:-supcon@example.org}>"
work=$(mktemp -d "${TMPDIR:-/tmp}/supcon-package.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022

# The package of the MPI library, with the version that its programs need. The program loads it when MPI starts, which dpkg-shlibdeps cannot see.
mpi_package() {
  local library dependency
  library=$("$root/scripts/find-mpi.sh" | tail -n 1)
  dependency=$(awk -v name="${library%%.so.*}" -v version="${library##*.so.}" '
    $1 == name && $2 == version { sub(/^[^ ]+ [^ ]+ /, ""); print; exit }' /var/lib/dpkg/info/*.shlibs)
  [ -n "$dependency" ] || dependency=$(dpkg-query -S "*/$library" 2>/dev/null | sed -n '1s/[:,].*//p') || true
  [ -n "$dependency" ] || fail 70 "no installed package has $library, the MPI library of SUPCON_MPI=$mpi"
  echo "$dependency"
}

make_deb() {
  local tree=$work/deb depends
  "$root/scripts/install.sh" --prefix "$tree/usr"
  mkdir -p "$work/source/debian" "$tree/DEBIAN"
  printf '%s\n' "Source: $name" "Maintainer: supcon" '' "Package: $name" 'Architecture: any' >"$work/source/debian/control"
  depends=$(cd "$work/source" && dpkg-shlibdeps -O -e"$tree/usr/lib/supcon/supcon" 2>"$work/shlibdeps" | sed -n 's/^shlibs:Depends=//p') || true
  [ -n "$depends" ] || fail 70 "dpkg-shlibdeps found no dependencies of $tree/usr/lib/supcon/supcon: $(tail -n 1 "$work/shlibdeps")"
  depends+=", $(mpi_package)"
  cat >"$tree/DEBIAN/control" <<CONTROL
Package: $name
Version: $version-1~$distribution
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk "$tree/usr" | cut -f 1)
Depends: $depends, $launcher
Recommends: libtiff6, libwebp7
$([ "$name" = supcon ] && echo "Conflicts: supcon-mpich" || echo "Conflicts: supcon")
Section: science
Priority: optional
Description: supervised contrastive training of image encoders on CPUs over MPI
 Trains residual networks with the Supervised Contrastive loss on one machine
 or on a cluster over MPI. The weights have the same bits on any number of
 ranks and threads, and a stopped run continues on any other number of them.
CONTROL
  local documents=$tree/usr/share/doc/$name
  [ "$name" = supcon ] || mv "$tree/usr/share/doc/supcon" "$documents"
  cat >"$documents/copyright" <<'COPYRIGHT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 the supcon developers
License: Apache-2.0
Comment:
 The program contains the Swift runtime, its Foundation and
 swift-argument-parser (copyright Apple Inc. and the Swift project authors,
 Apache-2.0 with runtime library exception), data of ICU (copyright Unicode,
 Inc., Unicode license) and Yams (copyright JP Simard, MIT).

License: Apache-2.0
 On Debian systems the text of the license is in
 /usr/share/common-licenses/Apache-2.0.
COPYRIGHT
  rm "$documents/LICENSE"
  gzip -9n <"$root/CHANGELOG.md" >"$documents/changelog.gz" && rm "$documents/CHANGELOG.md"
  printf '%s\n' "$name ($version-1~$distribution) unstable; urgency=medium" '' "  * Built from commit $(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)." '' \
    " -- $maintainer  $(date -R)" | gzip -9n >"$documents/changelog.Debian.gz"
  # The Swift runtime is part of the program on purpose: no distribution packages it.
  install -d "$tree/usr/share/lintian/overrides"
  printf '%s\n' "$name: embedded-library" "$name: unstripped-static-library" >"$tree/usr/share/lintian/overrides/$name"
  (cd "$tree" && find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
  local package=$output/${name}_$version-1~${distribution}_$architecture.deb
  dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >/dev/null
  echo "made $package ($(du -h "$package" | cut -f 1)); Depends: $depends, $launcher"
}

make_tarball() {
  local title=$name-$version-$distribution-$(uname -m)
  "$root/scripts/install.sh" --prefix "$work/$title" --bundle
  {
    echo "supcon for ${distribution}'s C library or a later one: run bin/supcon from any folder. Needs from the system: libcrypto 3, libstdc++,"
    echo "and $(basename "$("$root/scripts/find-mpi.sh" | tail -n 1)") (SUPCON_MPI=$mpi) for more than one rank. bin/supcon-launch starts it under mpirun. Documents are in share/doc/supcon."
  } >"$work/$title/README"
  tar -C "$work" --owner 0 --group 0 --sort name -cJf "$output/$title.tar.xz" "$title"
  echo "made $output/$title.tar.xz ($(du -h "$output/$title.tar.xz" | cut -f 1))"
}

for kind in "${kinds[@]}"; do "make_$kind"; done
