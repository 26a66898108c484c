#!/usr/bin/env bash
# Builds, tests, packages and uses supcon in root file systems of other distributions, and writes a table of what was tried:
#
#   scripts/test-platforms.sh                                    # Debian 12 and 13, each with its Open MPI and MPICH
#   scripts/test-platforms.sh --only 'debian13 ompi' --parts 'hashes package'
#   scripts/test-platforms.sh --table docs/platforms.md          # puts the tables between their marks there
#
# Needs root, debootstrap and a registry of Debian packages. The toolchain of this machine is bound into each root file system; the sources are
# copied. The parts, all unless --parts names some: hashes (both encoders on 1, 2, 3 ranks), quickstart, tests (the suites of $SUITES; "all" for
# every suite), hangs (the faults of scripts/test-faults.sh on one host), mismatch (the launcher of the other MPI), package (installed in a root file system without Swift and compilers, and
# used there by scripts/test-package.sh). Root file systems, builds and what each part found stay in --folder and are used again, so the tables hold
# the last outcome of each part; --fresh makes the root file systems anew, --prepare makes nothing else.
set -euo pipefail

fail() {
  echo "test-platforms: $2" >&2
  exit "$1"
}

root=$(cd "$(dirname "$(realpath "$0")")/.." && pwd)
only='' fresh='' prepare='' table='' folder=${TMPDIR:-/tmp}/supcon-platforms parts='hashes quickstart tests hangs mismatch package' arguments=("$@")
distributions=(debian12 debian13)
SUITES=${SUITES:-'MPITests|WatchdogTests|OneDNNTests|NeuralNetTests|ConfigurationTests'}
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
    --fresh) fresh=yes ;;
    --prepare) prepare=yes ;;
    *) fail 64 "unknown option $1" ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || fail 77 "needs root, for chroot and mount"
command -v debootstrap >/dev/null || fail 69 "there is no debootstrap; apt-get install debootstrap"
swift=$(realpath "$(command -v swift)") || fail 69 "there is no swift on the PATH"
toolchain=$(dirname "$(dirname "$(dirname "$swift")")")

# In namespaces of its own every mount and every process ends with this script.
[ -n "${SUPCON_PLATFORMS_NAMESPACE:-}" ] ||
  SUPCON_PLATFORMS_NAMESPACE=yes exec unshare --mount --propagation private --pid --fork --kill-child "$0" ${arguments[@]+"${arguments[@]}"}

# The sources in the root file systems have no history.
: "${SUPCON_COMMIT:=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || true)}"
mkdir -p "$folder/downloads" "$folder/found"
folder=$(realpath "$folder")

# MARK: root file systems

base_packages='git ca-certificates gcc libc6-dev binutils libcurl4 libxml2 libedit2 libsqlite3-0 libncurses6 tzdata iproute2 procps python3-minimal pkg-config dpkg-dev
  libdnnl-dev libssl-dev libturbojpeg0-dev libpng-dev zlib1g-dev libopenmpi-dev openmpi-bin libmpich-dev mpich'

suite_of() {
  case $1 in
    debian12) echo bookworm ;;
    debian13) echo trixie ;;
  esac
}

# remove PLACE: a root file system with what is mounted in it taken out first.
remove() {
  ! mountpoint -q "$1/proc" || leave "$1"
  rm -rf --one-file-system "$1"
}

# bare NAME: a root file system of the distribution alone, made once.
bare() {
  local name=$1 place=$folder/$1
  [ -z "$fresh" ] || remove "$place"
  [ ! -e "$place/.done" ] || return 0
  remove "$place"
  debootstrap --variant=minbase --cache-dir="$folder/downloads" "$(suite_of "$name")" "$place" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" \
    >"$folder/$name-bootstrap.log" 2>&1 || fail 75 "debootstrap $name failed: see $folder/$name-bootstrap.log"
  touch "$place/.done"
}

# enter PLACE [with-swift]: mounts what programs there need.
enter() {
  local place=$1 address
  ! mountpoint -q "$place/proc" || return 0
  mkdir -p "$place/proc" "$place/sys" "$place/dev" "$place/var/cache/apt/archives"
  mount -t proc proc "$place/proc"
  mount -t sysfs -o ro sysfs "$place/sys"
  mount --rbind /dev "$place/dev"
  mount --bind "$folder/downloads" "$place/var/cache/apt/archives"
  mkdir -p "$folder/downloads/partial"
  if [ "${2:-}" = with-swift ]; then
    # The toolchain, and the folders by which git on this machine replaces addresses, where there are any.
    for address in "$toolchain" $(git config --get-regexp '^url\..*\.insteadof$' | sed -n 's/^url\.\(\/.*\)\.insteadof .*/\1/p' | sort -u); do
      [ ! -d "$address" ] || { mkdir -p "$place$address" && mount --bind -o ro "$address" "$place$address"; }
    done
  fi
  cp /etc/resolv.conf /etc/hosts "$place/etc/"
  # A registry behind a proxy of this machine.
  [ ! -e /etc/apt/apt.conf.d ] || find /etc/apt/apt.conf.d -maxdepth 1 -type f -exec grep -lE 'Proxy|CAInfo' {} + | xargs -r cp -t "$place/etc/apt/apt.conf.d" || true
}

leave() {
  umount -l "$1/proc" "$1/sys" "$1/dev" "$1/var/cache/apt/archives"
  ! mountpoint -q "$1$toolchain" || umount -l "$1$toolchain"
}

# inside PLACE COMMAND…: in an environment of nothing but what a user of that distribution has.
inside() {
  local place=$1
  shift
  env -i HOME=/root LANG=C.UTF-8 PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$toolchain/usr/bin" \
    SUPCON_MPI="${mpi:-}" SUPCON_COMMIT="${SUPCON_COMMIT:-}" chroot "$place" "$@"
}

apt_install() {
  local place=$1
  shift
  inside "$place" sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o APT::Keep-Downloaded-Packages=true $(tr '\n' ' ' <<<"$*")" >>"$log" 2>&1
}

# The sources at /source/supcon. Files that are the same stay untouched, so that a second build is short.
copy_sources() {
  local place=$1 target=$1/source/supcon file
  local -a left_out=(-path ./.build -o -path ./.git -o -path ./runs -o -path ./packages -o -path ./Package.resolved)
  mkdir -p "$target"
  while IFS= read -r -d '' file; do
    [ -e "$root/$file" ] || rm -f "$target/$file"
  done < <(cd "$target" && find . \( "${left_out[@]}" \) -prune -o ! -type d -print0)
  while IFS= read -r -d '' file; do
    cmp -s "$root/$file" "$target/$file" || { mkdir -p "$(dirname "$target/$file")" && cp -a "$root/$file" "$target/$file"; }
  done < <(cd "$root" && find . \( "${left_out[@]}" \) -prune -o ! -type d -print0)
  rm -f "$place/etc/gitconfig"
  git config --get-regexp '^url\..*\.insteadof$' | while read -r key address; do inside "$place" git config --system --add "$key" "$address"; done
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
  sed -n 's/^linear classifier on the trained encoder *\([0-9.]*\).*/\1/p' "$folder/$name-$mpi-quickstart.log"
}

part_tests() {
  local filter=(--filter "$SUITES")
  [ "$SUITES" != all ] || filter=()
  inside "$place" sh -c 'cd /source/supcon && scripts/test.sh "$@"' sh ${filter[@]+"${filter[@]}"} >"$folder/$name-$mpi-tests.log" 2>&1 || true
  # scripts/test.sh prints a line for each of its runs of tests.
  echo "$(sed -n 's/^.* with \([0-9]*\) tests.* \(passed\|failed\) after \([0-9]*\).*/\1 \2 \3/p' "$folder/$name-$mpi-tests.log" |
    awk '{ tests += $1; seconds += $3; if ($2 == "failed") state = "failed" } END { if (tests) print tests " tests " (state ? state : "passed") " in " seconds " s" }') of $([ "$SUITES" = all ] && echo 'all suites' || sed 's/|/, /g' <<<"$SUITES")"
}

part_hangs() {
  rm -f "$place/source/table-hangs"
  inside "$place" sh -c 'cd /source/supcon && SUPCON=.build/release/supcon scripts/test-faults.sh --one-host --output /source hangs' \
    >"$folder/$name-$mpi-hangs.log" 2>&1 || true
  cp "$place/source/table-hangs" "$folder/found/$name-$mpi-hangs-table" 2>/dev/null || true
  sed -n 's/^launcher: //p' "$folder/$name-$mpi-hangs.log" >"$folder/found/$name-$mpi-launcher"
  tail -n 1 "$folder/$name-$mpi-hangs.log"
}

# Started by the launcher of the other MPI, a program of N ranks would be N programs of one rank: it refuses, and names both.
part_mismatch() {
  local other=mpiexec.mpich
  [ "$mpi" = ompi ] || other=mpirun.openmpi
  inside "$place" sh -c ". /source/supcon/scripts/mpi-environment.sh && cd /source && rm -rf run && $other -n 2 supcon/.build/release/supcon pretrain --steps 1 --output run" \
    >"$folder/$name-$mpi-mismatch.log" 2>&1 && { echo 'is not refused' && return; }
  grep -q 'belongs to another MPI' "$folder/$name-$mpi-mismatch.log" && echo refused || echo 'fails without a message'
}

# The package is made here and used in another root file system, without Swift and compilers.
part_package() {
  local other=$folder/$name-$mpi-use problem
  rm -rf "$place/source/packages"
  inside "$place" sh -c 'cd /source/supcon && scripts/package.sh --output /source/packages' >>"$log" 2>&1 || { echo "cannot be made" && return; }
  remove "$other" && cp -a "$folder/$name" "$other"
  enter "$other"
  mkdir -p "$other/source/scripts" && cp "$place"/source/packages/* "$other/source/" && cp "$root/scripts/test-package.sh" "$other/source/"
  inside "$other" sh -c 'find / -xdev | sort' >"$folder/$name-$mpi-before"
  apt_install "$other" '/source/*.deb xz-utils' || { echo "does not install" && return; }
  inside "$other" bash /source/test-package.sh >"$folder/$name-$mpi-package.log" 2>&1 || { echo "fails: $(tail -n 1 "$folder/$name-$mpi-package.log")" && return; }
  echo "$(du -h "$place"/source/packages/*.deb | cut -f 1)B, $(tail -n 1 "$folder/$name-$mpi-package.log")"
}

# The CPU, whose model alone does not name it on virtual machines.
cpu() {
  local model
  model=$(lscpu | awk -F ' *: *' '
    { field[$1] = $2 }
    END { print field["Model name"] ", family " field["CPU family"] " model " field["Model"] " stepping " field["Stepping"] }')
  echo "$model; $(lscpu | sed -n 's/^Flags: *//p' | tr ' ' '\n' | grep -xE 'avx2|avx512f|avx512_bf16|avx512_fp16|amx_bf16' | paste -s -d ' ')"
}

# MARK: all

try_all() {
  for name in "${distributions[@]}"; do
    for mpi in ompi mpich; do
      [ -z "$only" ] || [[ "$name $mpi" == $only ]] || continue
      log=$folder/$name-$mpi.log
      : >"$log"
      bare "$name"
      place=$folder/$name-build
      if [ ! -e "$place/.done-packages" ]; then
        remove "$place"
        cp -a "$folder/$name" "$place"
        enter "$place" with-swift
        apt_install "$place" "$base_packages" || fail 75 "$name: packages cannot be installed; see $log"
        apt_install "$place" "libstdc++-$(inside "$place" gcc -dumpversion | cut -d . -f 1)-dev"
        touch "$place/.done-packages"
      fi
      [ -z "$prepare" ] || continue
      enter "$place" with-swift
      copy_sources "$place"
      if inside "$place" sh -c 'cd /source/supcon && swift build -c release --product supcon' >>"$log" 2>&1; then
        inside "$place" /source/supcon/.build/release/supcon --version | sed -n 's/^MPI  *//p; s/^oneDNN  */oneDNN /p' | paste -s -d , | sed 's/,oneDNN/, oneDNN/' >"$folder/found/$name-$mpi-versions"
        cpu >"$folder/found/$name-$mpi-cpu"
        for part in $parts; do
          "part_$part" >"$folder/found/$name-$mpi-$part"
          echo "$name $mpi $part: $(cat "$folder/found/$name-$mpi-$part")"
        done
      else
        fail 70 "$name $mpi: does not build; see $log"
      fi
    done
  done
}

# MARK: table

found() { cat "$folder/found/$name-$mpi-$1" 2>/dev/null || true; }

write_platforms() {
  echo '| distribution | MPI, oneDNN | weights_sha256 on 1, 2 and 3 ranks | quickstart | tests | hangs on one host | launcher of the other MPI | package, without Swift |'
  echo '|---|---|---|---|---|---|---|---|'
  for name in "${distributions[@]}"; do
    for mpi in ompi mpich; do
      [ ! -e "$folder/found/$name-$mpi-versions" ] ||
        echo "| $name | $(found versions) | $(found hashes) | $(found quickstart) | $(found tests) | $(found hangs) | $(found mismatch) | $(found package) |"
    done
  done
  printf '\n%s\n' "CPU: $(cat "$folder"/found/*-cpu 2>/dev/null | sort -u | paste -s -d '/' | sed 's|/| / |g')"
}

# A row for each fault, a column for each launcher: exit code and seconds.
write_hangs() {
  local files=() head='| fault |' rule='|---|'
  for name in "${distributions[@]}"; do
    for mpi in ompi mpich; do
      [ -e "$folder/found/$name-$mpi-hangs-table" ] || continue
      files+=("$folder/found/$name-$mpi-hangs-table")
      head+=" $(found launcher) ($name) |" rule+='---|'
    done
  done
  [ ${#files[@]} -gt 0 ] || return 0
  printf '%s\n' "$head" "$rule"
  awk -F ' *[|] *' '
    FNR <= 2 { next }
    !($2 in cells) { order[++count] = $2 }
    { cells[$2] = cells[$2] "exit " $4 " after " $5 " s | " }
    END { for (i = 1; i <= count; i++) print "| " order[i] " | " cells[order[i]] }' "${files[@]}" | sed 's/ *$//'
}

# insert MARK FILE: puts a table between its marks in the document.
insert() {
  awk -v mark="<!-- table: $1 -->" -v rows="$2" '
    /<!-- end of table -->/ { skipping = 0 }
    !skipping
    $0 == mark { print ""; while ((getline line < rows) > 0) print line; print ""; skipping = 1 }' "$table" >"$folder/document"
  cp "$folder/document" "$table"
}

write_tables() {
  write_platforms | tee "$folder/table.md"
  write_hangs | tee "$folder/table-hangs.md"
  if [ -n "$table" ]; then
    insert 'scripts/test-platforms.sh' "$folder/table.md"
    insert 'scripts/test-platforms.sh, hangs' "$folder/table-hangs.md"
  fi
}

# Ends here, so that the script may change while it runs.
main() {
  try_all
  write_tables
  exit
}
main
