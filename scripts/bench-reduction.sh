#!/usr/bin/env bash
# The time of the fixed tree against MPI_Allreduce: on this host, and on two and three test hosts of it whose links tc limits.
#
#   scripts/bench-reduction.sh [RUNS]      # default 3
#
# Prints a row for each placement of the ranks and each length of the vector, as in docs/scaling.md: medians of the runs. Needs root and iproute2 (tc).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/given-program.sh"
cd "$root"
runs=${1:-3}
. scripts/mpi-environment.sh
. scripts/faults/test-hosts.sh
need_links bench-reduction
[ -n "${MPI_CHECKS:-}" ] || swift build -c release --product mpi-checks
checks=$(realpath "${MPI_CHECKS:-.build/release/mpi-checks}")
folder=$(mktemp -d "${TMPDIR:-/tmp}/supcon-reduction.XXXXXX")
trap 'remove_hosts; rm -rf "$folder"' EXIT

# rows NAME: the medians over the runs that were written to NAME-0, NAME-1, …
rows() {
  python3 - "$folder" "$@" <<'PYTHON'
import glob, statistics, sys
folder, name, placement, link = sys.argv[1:]
found = {}
for path in glob.glob(f"{folder}/{name}-*"):
    for line in open(path):
        words = line.replace("(", "").replace(")", "").replace(",", "").split()
        if len(words) == 7 and words[0].isdigit():
            found.setdefault(int(words[1]), []).append([float(word) for word in words[2:5]])
for megabytes, values in sorted(found.items()):
    tree, library, _ = (statistics.median(column) for column in zip(*values))
    ratios = sorted(value[2] for value in values)
    print(f"| {placement} | {link} | {megabytes} MB | {tree:,.1f} ms | {library:,.1f} ms | {statistics.median(ratios):.2f} "
          f"({ratios[0]:.2f} to {ratios[-1]:.2f}) |", flush=True)
PYTHON
}

echo "| ranks | links | vector | fixed tree | \`MPI_Allreduce\` | ratio |"
echo "|---|---|---|---|---|---|"
for ranks in 2 4; do
  for ((run = 0; run < runs; run++)); do
    SUPCON=$checks scripts/launch.sh --oversubscribe -np "$ranks" reduction-speed >"$folder/one-$ranks-$run" 2>&1 </dev/null ||
      { cat "$folder/one-$ranks-$run" >&2 && exit 1; }
  done
  rows "one-$ranks" "$ranks on one host" "memory"
done
for placement in '2 1' '3 1' '2 2'; do
  read -r hosts slots <<<"$placement"
  make_hosts "$folder" "$hosts"
  # The hosts share the processors of this machine: ranks that wait must leave them to the others.
  sharing=()
  [ "$((hosts * slots))" -le "$processors" ] || sharing=(--oversubscribe)
  for speed in 1 10; do
    # A fifth of a millisecond of the link's speed may pass at once.
    limit_links "${speed}gbit" "$((speed * 128))kb"
    name=$hosts-$slots-$speed
    for ((run = 0; run < runs; run++)); do
      on_host "${host_names[0]}" env SUPCON="$checks" scripts/launch.sh --agent "$folder/agent" --hostfile "$folder/hostfile" \
        ${sharing[@]+"${sharing[@]}"} -np "$((hosts * slots))" reduction-speed >"$folder/$name-$run" 2>&1 </dev/null || { cat "$folder/$name-$run" >&2 && exit 1; }
    done
    rows "$name" "$slots on each of $hosts hosts" "$speed Gb/s"
  done
  remove_hosts
done
