#!/usr/bin/env bash
# Trains in the places and for the people that a developer's machine does not have, and compares the weights with those of an ordinary run:
#
#   scripts/test-places.sh              # the program of this checkout
#   SUPCON=$(command -v supcon) LAUNCH=supcon-launch scripts/test-places.sh
#
# Another user than root, without a name, a home or an environment; umask 077; a comma locale and LANG=C; paths with spaces, quotes, letters of other
# scripts, and of almost the greatest length; read-only folders; no network. What needs root is skipped for others.
set -euo pipefail

root=$(cd "$(dirname "$(realpath "$0")")/.." && pwd)
supcon=$(realpath "${SUPCON:-$root/.build/release/supcon}")
launch=${LAUNCH:-$root/scripts/launch.sh}
work=$(mktemp -d "${TMPDIR:-/tmp}/supcon-places.XXXXXX")
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
chmod 755 "$work"

failures=0
passed() { echo "passed   $1"; }
failed() {
  failures=$((failures + 1))
  echo "FAILED   $1: $2"
  tail -n 20 "$work/log" | sed 's/^/           /'
}
hash_of() { sed -n 's/^ *"weights_sha256" *: *"\(.*\)",*$/\1/p' "$1/summary.json" 2>/dev/null || true; }

train=(pretrain --dataset folder --image-size 32 --batch-size 32 --shard-size 8 --steps 4 --learning-rate 0.05)

# A user with a number but no name, where root starts this.
other=()
[ "$(id -u)" != 0 ] || other=(setpriv --reuid 4711 --regid 4711 --clear-groups)

# expect NAME DATA OUTPUT COMMAND…: the training of two ranks, started by the command, has the weights of the first one.
expect() {
  local name=$1 data=$2 output=$3 code=0 found
  shift 3
  "$@" "$launch" -np 2 --oversubscribe "${train[@]}" --data "$data" --output "$output" >"$work/log" 2>&1 </dev/null || code=$?
  found=$(hash_of "$output")
  if [ "$code" = 0 ] && [ -n "$found" ] && [ "$found" = "$expected" ]; then passed "$name"; else failed "$name" "exit $code, weights ${found:-none}"; fi
}

# expect_message NAME CODE PATTERN COMMAND…: the command ends with the code and one message with the pattern.
expect_message() {
  local name=$1 wanted=$2 pattern=$3 code=0
  shift 3
  "$@" >"$work/log" 2>&1 </dev/null || code=$?
  if [ "$code" = "$wanted" ] && grep -q -e "$pattern" "$work/log"; then passed "$name"; else failed "$name" "exit $code, wanted $wanted and '$pattern'"; fi
}

export SUPCON=$supcon
"$supcon" dataset synthesize --train 120 --test 40 --output "$work/data" >"$work/log" 2>&1
"$supcon" "${train[@]}" --data "$work/data" --output "$work/plain" >"$work/log" 2>&1
expected=$(hash_of "$work/plain")
[ -n "$expected" ] || { failed 'an ordinary run' 'no weights' && exit 1; }
echo "program: $supcon; weights of an ordinary run: ${expected:0:16}"

# MARK: people

mkdir "$work/other" && chmod 777 "$work/other"
expect 'two ranks' "$work/data" "$work/two" env
expect 'another user, without a name' "$work/data" "$work/other/user" "${other[@]}" env
expect 'no HOME, no environment but PATH' "$work/data" "$work/other/bare" "${other[@]}" env -i PATH="$PATH" SUPCON="$supcon"
expect 'umask 077' "$work/data" "$work/other/umask" "${other[@]}" sh -c 'umask 077 && exec "$@"' sh
[ "$(stat -c %a "$work/other/umask/summary.json")" = 600 ] || failed 'umask 077' "summary.json has mode $(stat -c %a "$work/other/umask/summary.json")"

# MARK: languages

expect 'LANG=C' "$work/data" "$work/c" env LC_ALL=C LANG=C
if [ -e /usr/share/i18n/locales/de_DE ] && localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" 2>/dev/null; then
  expect 'a locale with decimal commas' "$work/data" "$work/comma" env LOCPATH="$work" LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8
else
  echo "skipped  a locale with decimal commas: needs localedef and the package locales"
fi

# MARK: paths

for name in 'two words' 'für 学習 данные' "it's \"quoted\"" '$HOME `x` %d' '#5: [a, b] {c}' '-n' $'a\\b*?'; do
  folder=$work/$name
  mkdir -p "$folder"
  cp -r "$work/data" "$folder/data"
  expect "a path with $name" "$folder/data" "$folder/run" env
  expect_message "linear in it" 0 'linear top-1' "$supcon" linear --run "$folder/run" --epochs 1
done
expect 'the same under LANG=C' "$work/für 学習 данные/data" "$work/für 学習 данные/run of C" env LC_ALL=C LANG=C
mkdir -p "$work/p#1 ü"
cp "$supcon" "$work/p#1 ü/supcon"
expect 'the program in such a folder' "$work/data" "$work/p#1 ü/run" env SUPCON="$work/p#1 ü/supcon"
mkdir -p "$work/t ü/temporary folder"
expect 'TMPDIR in such a folder' "$work/data" "$work/t ü/run" env TMPDIR="$work/t ü/temporary folder"

# Names of 200 letters, up to a path of some 3,800 bytes; PATH_MAX is 4,096.
long=$work
for ((part = 0; part < 18; part++)); do long+=/$(printf 'n%.0s' {1..200}); done
mkdir -p "$long"
expect 'a path of 3,600 bytes' "$work/data" "$long/run" env
for ((part = 0; part < 3; part++)); do long+=/$(printf 'n%.0s' {1..200}); done
expect_message 'a path longer than the system allows' 73 'name too long' "$supcon" "${train[@]}" --data "$work/data" --output "$long/run"
expect_message 'a name longer than the system allows' 73 'name too long' "$supcon" "${train[@]}" --data "$work/data" --output "$work/$(printf 'n%.0s' {1..300})"

# MARK: what may not be written

mkdir "$work/closed" && cp -r "$work/data" "$work/closed/data" && chmod -R a-w "$work/closed"
expect 'data that may not be written' "$work/closed/data" "$work/other/closed" "${other[@]}" env
expect 'a working directory that may not be written' "$work/closed/data" "$work/other/directory" "${other[@]}" sh -c "cd '$work/closed' && exec \"\$@\"" sh
expect_message 'an output that may not be made' 73 'no permission to write' "${other[@]}" "$supcon" "${train[@]}" --data "$work/data" --output "$work/closed/run"
if [ "$(id -u)" = 0 ]; then
  mkdir "$work/mount"
  unshare --mount sh -c "mount -t tmpfs -o ro none '$work/mount' && exec \"\$@\"" sh \
    "$supcon" "${train[@]}" --data "$work/data" --output "$work/mount/run" >"$work/log" 2>&1 && code=0 || code=$?
  if [ "$code" = 73 ] && grep -qi 'read-only' "$work/log"; then passed 'a read-only file system'; else failed 'a read-only file system' "exit $code"; fi
fi

# MARK: networks

if unshare --net true 2>/dev/null; then
  expect 'no network, but loopback' "$work/data" "$work/loopback" unshare --net sh -c 'ip link set lo up 2>/dev/null; exec "$@"' sh
  # Without loopback Open MPI's mpirun does not start; a run alone needs none.
  expect_message 'no network at all, alone' 0 'done' unshare --net "$supcon" "${train[@]}" --data "$work/data" --output "$work/none"
else
  echo "skipped  no network: needs root"
fi

[ "$failures" = 0 ] && echo "all passed" || { echo "$failures failed" && exit 1; }
