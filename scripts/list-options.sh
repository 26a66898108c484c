#!/bin/sh
# Prints docs/options.md: what every command's --help says of its options.
#
#   scripts/list-options.sh [SUPCON] > docs/options.md
set -eu

supcon=${1:-.build/release/supcon}
export COLUMNS=110

cat <<'END'
# Every option

What `--help` says of each command, written by `scripts/list-options.sh`; a test compares the two.

Options of `supcon pretrain` are also the names in the files of `--config` and in `config.yaml`, without their dashes.
END

print() {
  printf '\n## supcon %s\n\n```\n' "$*"
  # What a command takes of its options alone, not what the parser adds to each.
  "$supcon" "$@" --help | sed -e '/^  --version /d' -e '/^  -h, --help /d'
  printf '```\n'
}

commands() {
  "$supcon" "$@" --help | sed -n -e '/^SUBCOMMANDS:/,$p' | sed -n -e 's/^  \([a-z][a-z-]*\).*/\1/p'
}

for command in $(commands); do
  subcommands=$(commands "$command")
  if [ -z "$subcommands" ]; then
    print "$command"
  fi
  for subcommand in $subcommands; do
    print "$command" "$subcommand"
  done
done
