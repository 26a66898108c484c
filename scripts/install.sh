#!/usr/bin/env bash
# Builds supcon from this checkout and installs it under a prefix, with everything that a package has:
#
#   scripts/install.sh --prefix ~/.local
#   scripts/install.sh --prefix /opt/supcon --bundle    # takes the libraries along that sites without root lack (oneDNN, TurboJPEG, libpng)
#
# The Swift runtime is linked statically: hosts need the C libraries alone. SUPCON_MPI chooses the MPI (ompi, mpich), SUPCON_BUILD the folder for
# the build's files (default: .build/package of the checkout, which may be read-only otherwise).
set -euo pipefail

fail() {
  echo "install: $2" >&2
  exit "$1"
}

root=$(cd "$(dirname "$(realpath "$0")")/.." && pwd)
prefix='' bundle=''
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -ge 2 ] || fail 64 "--prefix: needs a folder"
      case $2 in -*) fail 64 "--prefix $2: expected a folder; write ./$2 if it is one" ;; esac
      prefix=$2 && shift
      ;;
    --bundle) bundle=yes ;;
    *) fail 64 "unknown option $1; expected --prefix DIR and perhaps --bundle" ;;
  esac
  shift
done
[ -n "$prefix" ] || fail 64 "give the folder to install into: --prefix DIR"

# MARK: what can fail, first

# The nearest folder that exists decides whether the rest can be made.
for folder in '' /bin /lib /lib/supcon /share /share/man/man1 /share/doc/supcon /share/supcon /share/bash-completion/completions \
  /share/zsh/site-functions /share/fish/vendor_completions.d; do
  nearest=$prefix$folder
  while [ ! -e "$nearest" ]; do nearest=$(dirname "$nearest"); done
  [ -d "$nearest" ] || fail 73 "--prefix $prefix: $nearest is no folder; nothing was installed; choose another prefix"
  [ -w "$nearest" ] && [ -x "$nearest" ] ||
    fail 73 "--prefix $prefix: $nearest is not writable for $(id -un 2>/dev/null); nothing was installed; choose another prefix, or use sudo"
done
prefix=$(realpath -m "$prefix")
# Some file systems allow what they then refuse.
nearest=$prefix
while [ ! -e "$nearest" ]; do nearest=$(dirname "$nearest"); done
probe=$(mktemp -d "$nearest/.supcon-install.XXXXXX" 2>/dev/null) ||
  fail 73 "--prefix $prefix: no folder can be made in $nearest; nothing was installed; choose another prefix"
rmdir "$probe"
for program in swift swiftc strip; do
  command -v "$program" >/dev/null || fail 69 "there is no $program on the PATH: scripts/install-dependencies.sh says what a build needs"
done
build=${SUPCON_BUILD:-$root/.build/package}
tree=$(mktemp -d "${TMPDIR:-/tmp}/supcon-install.XXXXXX")
trap 'rm -rf "$tree"' EXIT

# MARK: build

if [ -z "${SUPCON_COMMIT:-}" ] && commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null); then
  git -C "$root" diff --quiet HEAD 2>/dev/null || commit+=-modified
  export SUPCON_COMMIT=$commit
fi
# The older kind of path to its own folder also holds for the libraries of libraries, such as the libOpenCL of oneDNN.
arguments=(--package-path "$root" --scratch-path "$build" -c release --static-swift-stdlib -Xlinker --disable-new-dtags)
swift build "${arguments[@]}" --product supcon
program=$(swift build "${arguments[@]}" --show-bin-path)/supcon

# MARK: the tree

# The program lies beside its own libraries, where its RUNPATH ($ORIGIN) finds them; bin has a link to it.
install -D -m 755 "$program" "$tree/lib/supcon/supcon"
strip "$tree/lib/supcon/supcon"
mkdir -p "$tree/bin"
install -m 755 "$root/scripts/launch.sh" "$tree/bin/supcon-launch"
if [ -z "$bundle" ]; then
  ln -s ../lib/supcon/supcon "$tree/bin/supcon"
else
  ldd "$tree/lib/supcon/supcon" | awk '$1 ~ /^lib(dnnl|OpenCL|turbojpeg|png16|gomp)\./ { print $3 }' | while read -r library; do
    install -m 644 "$library" "$tree/lib/supcon/$(basename "$library")"
  done
  # No package manager has seen to the other libraries: supcon-launch says which package has one that is missing.
  cat >"$tree/bin/supcon" <<'PROGRAM'
#!/bin/sh
bin=$(dirname "$(realpath "$0")")
program=$bin/../lib/supcon/supcon
if LD_TRACE_LOADED_OBJECTS=1 "$program" 2>&1 | grep -q 'not found'; then
  SUPCON=$program exec "$bin/supcon-launch" recipe
fi
exec "$program" "$@"
PROGRAM
  chmod 755 "$tree/bin/supcon"
fi

# Manual pages, from what the program says of its own options.
mkdir -p "$tree/share/man/man1"
swiftc -O "$root/scripts/manual-pages.swift" -o "$tree/manual-pages"
"$program" --experimental-dump-help | "$tree/manual-pages" "$tree/share/man/man1" "$("$program" --version | sed -n '1s/^supcon //p')"
rm "$tree/manual-pages"
gzip -9n "$tree"/share/man/man1/*.1
printf '%s\n' '.TH SUPCON-LAUNCH 1' '.SH NAME' 'supcon-launch \- start supcon under the launcher of its MPI' '.SH DESCRIPTION' '.nf' \
  "$("$root/scripts/launch.sh" --help | sed 's/\\/\\\\/g; s/^[.]/\\\&./; s/-/\\-/g')" '.fi' |
  gzip -9n >"$tree/share/man/man1/supcon-launch.1.gz"

install -d "$tree/share/bash-completion/completions" "$tree/share/zsh/site-functions" "$tree/share/fish/vendor_completions.d"
"$program" --generate-completion-script bash | sed '1{/^#!/d}' >"$tree/share/bash-completion/completions/supcon"
"$program" --generate-completion-script zsh >"$tree/share/zsh/site-functions/_supcon"
"$program" --generate-completion-script fish >"$tree/share/fish/vendor_completions.d/supcon.fish"

install -d "$tree"/share/supcon/{hostfiles,pytorch,slurm} "$tree/share/doc/supcon/docs"
install -m 644 "$root"/hostfiles/* "$tree/share/supcon/hostfiles/"
install -m 644 "$root/scripts/pytorch/cifar_resnet.py" "$tree/share/supcon/pytorch/"
for job in train.sbatch sweep.sbatch; do
  sed "s|^launch=scripts/launch.sh$|launch=supcon-launch|; s|scripts/slurm/$job|$job|g" "$root/scripts/slurm/$job" >"$tree/share/supcon/slurm/$job"
  chmod 755 "$tree/share/supcon/slurm/$job"
done
install -m 644 "$root/README.md" "$root/LICENSE" "$root/CHANGELOG.md" "$tree/share/doc/supcon/"
install -m 644 "$root"/docs/*.md "$tree/share/doc/supcon/docs/"

# MARK: into the prefix, at once

# Copied beside its place first, so that a full disk leaves nothing behind; a new name needs no room.
chmod -R u=rwX,go=rX "$tree"
(umask 022 && mkdir -p "$prefix")
staged=$(mktemp -d "$prefix/.supcon-install.XXXXXX")
trap 'rm -rf "$tree" "$staged"' EXIT
problem=$(cp -a --no-preserve=ownership "$tree/." "$staged/" 2>&1) || {
  rm -rf "$staged" && rmdir "$prefix" 2>/dev/null || true
  fail 74 "--prefix $prefix: ${problem%%$'\n'*}; nothing was installed"
}
rm -rf "$prefix/lib/supcon"
(
  umask 022
  cd "$staged"
  find . -mindepth 1 -type d -print0 | while IFS= read -r -d '' place; do mkdir -p "$prefix/$place"; done
  find . ! -type d -print0 | while IFS= read -r -d '' place; do mv -fT "$place" "$prefix/$place"; done
)
echo "installed $("$prefix/bin/supcon" --version | head -n 1) in $prefix ($(du -sh "$tree" | cut -f 1))"
