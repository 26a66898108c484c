#!/usr/bin/env bash
# Builds, tests, packages and uses supcon in root file systems of other distributions, and writes a table of what was tried:
#
#   scripts/test-platforms.sh                                  # Debian 12, 13 and testing, each with its Open MPI and MPICH
#   scripts/test-platforms.sh --only 'debian13 ompi' --keep
#   scripts/test-platforms.sh --table docs/platforms.md        # puts the table between its marks there
#
# Needs root, debootstrap and a registry of Debian packages. The toolchain of this machine is bound into each root file system; the sources are
# copied, with the packages that SwiftPM has fetched. --parts chooses from: hashes (both encoders on 1, 2, 3 ranks), quickstart, tests (the suites
# of $SUITES), package (installed in a root file system without Swift, and a training of two ranks there).
set -euo pipefail

fail() {
  echo "test-platforms: $2" >&2
  exit "$1"
}

root=$(cd "$(dirname "$(realpath "$0")")/.." && pwd)
only='' keep='' table='' folder=${TMPDIR:-/tmp}/supcon-platforms parts='hashes quickstart tests package'
SUITES=${SUITES:-'MPITests|WatchdogTests|OneDNNTests'}
while [ $# -gt 0 ]; do
  case $1 in
    --only | --table | --folder | --parts)
      [ $# -ge 2 ] || fail 64 "$1: needs a value"
      case $1 in
        --only) only=$2 ;;
        --table) table=$(realpath "$2") ;;
        --folder) folder=$2 ;;
        --parts) parts=$2 ;;
      esac
      shift
      ;;
    --keep) keep=yes ;;
    *) fail 64 "unknown option $1" ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || fail 77 "needs root, for chroot and mount"
command -v debootstrap >/dev/null || fail 69 "there is no debootstrap; apt-get install debootstrap"
swift=$(realpath "$(command -v swift)") || fail 69 "there is no swift on the PATH"
toolchain=$(dirname "$(dirname "$(dirname "$swift")")")
mkdir -p "$folder"
folder=$(realpath "$folder")

# MARK: root file systems

base_packages='git ca-certificates gcc libc6-dev binutils libcurl4 libxml2 libedit2 libsqlite3-0 libncurses6 tzdata iproute2 procps python3-minimal pkg-config dpkg-dev'
mpi_packages() {
  case $1 in
    ompi) echo 'libopenmpi-dev openmpi-bin' ;;
    mpich) echo 'libmpich-dev mpich libucx-dev libhwloc-dev' ;;
  esac
}

suite_of() {
  case $1 in
    debian12) echo bookworm ;;
    debian13) echo trixie ;;
    debian-testing) echo testing ;;
  esac
}

# bare NAME: a root file system of the distribution alone, made once.
bare() {
  local name=$1 place=$folder/$1
  [ -e "$place/.done" ] && return
  rm -rf "$place"
  debootstrap --variant=minbase "$(suite_of "$name")" "$place" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$folder/$name-bootstrap.log" 2>&1 ||
    fail 75 "debootstrap $name failed: see $folder/$name-bootstrap.log"
  touch "$place/.done"
}

mounted=()
enter() {
  local place=$1
  mkdir -p "$place/proc" "$place/dev" "$place$toolchain"
  mount --bind /proc "$place/proc" && mounted+=("$place/proc")
  mount --bind /dev "$place/dev" && mounted+=("$place/dev")
  mount -t tmpfs none "$place/dev/shm" 2>/dev/null && mounted+=("$place/dev/shm") || true
  [ "${2:-}" != with-swift ] || { mount --bind -o ro "$toolchain" "$place$toolchain" && mounted+=("$place$toolchain"); }
  cp /etc/resolv.conf "$place/etc/resolv.conf"
  [ ! -e /etc/apt/apt.conf.d ] || find /etc/apt/apt.conf.d -maxdepth 1 -type f -exec grep -lE 'Proxy|CAInfo' {} + | xargs -r cp -t "$place/etc/apt/apt.conf.d"
}
leave() {
  local index
  for ((index = ${#mounted[@]} - 1; index >= 0; index--)); do umount "${mounted[index]}" 2>/dev/null || umount -l "${mounted[index]}"; done
  mounted=()
}
trap leave EXIT

inside() {
  local place=$1
  shift
  env -i HOME=/root LANG=C.UTF-8 PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$toolchain/usr/bin" \
    SUPCON_MPI="${mpi:-}" SUPCON_COMMIT="${SUPCON_COMMIT:-}" chroot "$place" "$@"
}

apt_install() {
  local place=$1
  shift
  inside "$place" sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $*" >>"$log" 2>&1
}

# Sources without what was built, and SwiftPM's copies of the packages, which it takes instead of fetching them.
copy_sources() {
  local place=$1
  mkdir -p "$place/source/supcon/.build"
  tar -C "$root" --exclude ./.build --exclude ./runs --exclude ./packages --exclude ./.git -cf - . | tar -C "$place/source/supcon" -xf -
  for part in repositories checkouts workspace-state.json; do
    [ ! -e "$root/.build/$part" ] || cp -a "$root/.build/$part" "$place/source/supcon/.build/"
  done
  [ ! -e "$root/Package.resolved" ] || cp "$root/Package.resolved" "$place/source/supcon/"
  # Git's substitutes of addresses on this machine, where there are any, and the folders that they name.
  git config --get-regexp '^url\..*\.insteadof$' | while read -r key address; do
    local target=${key#url.}
    target=${target%.insteadof}
    inside "$place" git config --system --add "$key" "$address"
    [ ! -d "$target" ] || { mkdir -p "$place$target" && cp -a "$target/." "$place$target/"; }
  done
  inside "$place" git config --system --add safe.directory '*'
}

# MARK: parts

launcher() { if [ "$mpi" = ompi ]; then echo 'mpirun --oversubscribe --bind-to none'; else echo mpiexec.mpich; fi; }
hash_of() { sed -n 's/^ *"weights_sha256" *: *"\(.*\)",*$/\1/p' "$1" | cut -c 1-16; }

part_hashes() {
  local program=/source/supcon/.build/release/supcon model steps ranks found='' one
  for model in 'resnet20 20' 'resnet18 5'; do
    read -r model steps <<<"$model"
    found=''
    for ranks in 1 2 3; do
      rm -rf "$place/source/run"
      inside "$place" sh -c ". /source/supcon/scripts/mpi-environment.sh && cd /source && $(launcher) -n $ranks $program pretrain --model $model --steps $steps \
        --batch-size 96 --shard-size 16 --shapes-train 192 --output run" >>"$log" 2>&1 || { echo "fails on $ranks ranks" && return; }
      one=$(hash_of "$place/source/run/summary.json")
      [ -z "$found" ] || [ "$found" = "$one" ] || { echo "$model: $one on $ranks ranks, $found on fewer" && return; }
      found=$one
    done
    echo -n "$model $found; "
  done
}

part_quickstart() {
  inside "$place" sh -c 'cd /source/supcon && scripts/quickstart.sh' >"$folder/$name-$mpi-quickstart.log" 2>&1 || { echo "fails" && return; }
  sed -n 's/^linear classifier on the trained encoder *\([0-9.]*\).*/top-1 \1/p' "$folder/$name-$mpi-quickstart.log"
}

part_tests() {
  inside "$place" sh -c "cd /source/supcon && scripts/test.sh --filter '$SUITES'" >"$folder/$name-$mpi-tests.log" 2>&1 || true
  grep -oE '[0-9]+ tests? in [0-9]+ suites? (passed|failed).*' "$folder/$name-$mpi-tests.log" | tail -n 1 | cut -c 1-60
}

# The package is made here and used in another root file system, without Swift and compilers.
part_package() {
  local other=$folder/$name-$mpi-use
  inside "$place" sh -c 'cd /source/supcon && scripts/package.sh --output /source/packages' >>"$log" 2>&1 || { echo "cannot be made" && return; }
  rm -rf "$other" && cp -a "$folder/$name" "$other"
  mkdir -p "$other/source" && cp "$place"/source/packages/* "$other/source/"
  local outer=$place
  enter "$other"
  apt_install "$other" '/source/*.deb' || { echo "does not install" && return; }
  inside "$other" sh -c "cd /source && export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 && $(launcher) -n 2 supcon pretrain --steps 20 \
    --batch-size 96 --shard-size 16 --shapes-train 192 --output run" >>"$log" 2>&1 || { echo "installs, does not train" && return; }
  echo "$(du -h "$place"/source/packages/*.deb | cut -f 1), trains, $(hash_of "$other/source/run/summary.json")"
  place=$outer
}

# MARK: all

rows=$folder/table.md
printf '%s\n' '| distribution | MPI, oneDNN | weights_sha256 on 1, 2 and 3 ranks | quickstart | tests | package in a root file system without Swift |' \
  '|---|---|---|---|---|---|' >"$rows"
for name in debian12 debian13 debian-testing; do
  for mpi in ompi mpich; do
    [ -z "$only" ] || [[ "$name $mpi" == $only ]] || continue
    log=$folder/$name-$mpi.log
    : >"$log"
    bare "$name"
    place=$folder/$name-$mpi
    [ -n "$keep" ] && [ -d "$place/source/supcon" ] || { rm -rf "$place" && cp -a "$folder/$name" "$place"; }
    enter "$place" with-swift
    apt_install "$place" "$base_packages $(mpi_packages "$mpi") libdnnl-dev libssl-dev libturbojpeg0-dev libpng-dev" || fail 75 "$name: packages cannot be installed; see $log"
    apt_install "$place" "libstdc++-$(inside "$place" gcc -dumpversion | cut -d . -f 1)-dev"
    copy_sources "$place"
    cells=()
    if inside "$place" sh -c 'cd /source/supcon && swift build -c release --product supcon' >>"$log" 2>&1; then
      versions=$(inside "$place" /source/supcon/.build/release/supcon --version | sed -n 's/^\(MPI\|oneDNN\) *//p' | paste -s -d ,)
      for part in hashes quickstart tests package; do
        [[ " $parts " == *" $part "* ]] && cells+=("$("part_$part")") || cells+=('')
      done
    else
      versions=$(inside "$place" dpkg-query -W -f '${Package} ${Version}, ' libdnnl-dev) cells=('does not build' '' '' '')
    fi
    leave
    echo "| $name | $versions | ${cells[0]} | ${cells[1]} | ${cells[2]} | ${cells[3]} |" | tee -a "$rows"
  done
done

if [ -n "$table" ]; then
  awk -v rows="$rows" '
    /<!-- end of table -->/ { skipping = 0 }
    !skipping
    /<!-- table: scripts\/test-platforms.sh -->/ { print ""; while ((getline line < rows) > 0) print line; print ""; skipping = 1 }' "$table" >"$folder/document"
  cp "$folder/document" "$table"
fi
