# To be sourced by scripts/test-faults.sh: real runs over TCP between test hosts, and what is wrong in a hostfile.

# One launch on the first host; arguments are those of launch.sh. Sets code; the output is in $folder/log.
launch_on_hosts() {
  code=0
  on_host "${host_names[0]}" env SUPCON="$supcon" "$root/scripts/launch.sh" --agent "$folder/agent" "$@" \
    >"$folder/log" 2>&1 </dev/null || code=$?
}

# Steps of ResNet-20 on one rank and on two and three hosts, and on two hosts with two ranks each: the same bits.
test_hosts() {
  local reason count alone steps=${steps:-40}
  reason=$(hosts_problem)
  [ -z "$reason" ] || { skip "runs on several hosts" "$reason" && return; }
  local recipe=(pretrain --batch-size 48 --shard-size 8 --shapes-train 480 --steps "$steps")
  "$supcon" "${recipe[@]}" --output "$folder/alone" >"$folder/log" 2>&1
  alone=$(weights "$folder/alone")
  for count in ${host_counts:-2 3}; do
    make_hosts "$folder" "$count"
    launch_on_hosts --hostfile "$folder/hostfile" -np "$count" "${recipe[@]}" --output "$folder/hosts-$count"
    check "$steps steps on $count hosts over TCP: the bits of one rank" \
      "$([ "$code" = 0 ] && [ "$(weights "$folder/hosts-$count")" = "$alone" ] || echo "exit $code, $(weights "$folder/hosts-$count") instead of $alone")" "$folder/log"
  done
  # Their sums are completed inside a host first. Several starts: a setting of Open MPI once let three of five hang.
  slots=2 make_hosts "$folder" 2
  local start overlap
  for start in 1 2 3 4; do
    overlap=$([ $((start % 2)) = 0 ] && echo on || echo off)
    launch_on_hosts --hostfile "$folder/hostfile" -np 4 "${recipe[@]}" --overlap "$overlap" --output "$folder/levels-$start"
    check "$steps steps on two hosts with two ranks each, --overlap $overlap: the bits of one rank" \
      "$([ "$code" = 0 ] && [ "$(weights "$folder/levels-$start")" = "$alone" ] || echo "exit $code, $(weights "$folder/levels-$start") instead of $alone")" "$folder/log"
  done
  [ -z "${quick:-}" ] || { remove_hosts && return; }
  test_bad_hostfiles
  test_dead_network
  remove_hosts
}

# An interface with the same address on each host, as containers make: Open MPI hangs on it, and is told by doctor and at any start.
test_dead_network() {
  make_hosts "$folder" 2
  local host small=(--batch-size 32 --shard-size 8 --shapes-train 64)
  for host in "${host_names[@]}"; do
    ip -n "$host" link add docker0 type bridge
    ip -n "$host" addr add 172.17.0.1/16 dev docker0
    ip -n "$host" link set docker0 up
  done
  launch_on_hosts --hostfile "$folder/hostfile" -np 2 doctor "${small[@]}" --stall-timeout 10
  expect_refusal "a network that does not lead to the other host" '172.17.0.1/16 (docker0)' 'host supcon-[ab]' \
    'btl_tcp_if_include'
  launch_on_hosts --hostfile "$folder/hostfile" -np 2 --interface 10.213.7.0/24 doctor "${small[@]}"
  check "the network named" "$([ "$code" = 0 ] || echo "exit $code")" "$folder/log"
}

# expect_refusal NAME PATTERN…: the last launch failed with a message that has all patterns, and left nothing.
expect_refusal() {
  local name=$1 problem='' pattern host
  shift
  [ "$code" != 0 ] || problem='exit code 0'
  for pattern in "$@"; do
    grep -q -e "$pattern" "$folder/log" || problem=${problem:-"no '$pattern' in the message"}
  done
  sleep 1
  for host in "${host_names[@]}"; do
    [ -z "$(processes_on "$host")" ] || problem=${problem:-"left processes on $host"}
  done
  check "$name: exit $code" "$problem" "$folder/log"
}

test_bad_hostfiles() {
  # One slot on each host, so that the second rank is on the second host.
  local slots=1
  make_hosts "$folder" 3
  local first=${host_names[0]} second=${host_names[1]} small=(pretrain --steps 1 --batch-size 32 --shard-size 8 --shapes-train 64 --output "$folder/bad")
  printf '%s\n' "$first slots=1" "supcon-nowhere slots=1" >"$folder/unknown"
  launch_on_hosts --hostfile "$folder/unknown" "${small[@]}"
  expect_refusal "a host without an address" supcon-nowhere 'has no address'
  launch_on_hosts --no-check --hostfile "$folder/unknown" "${small[@]}"
  expect_refusal "a host without an address, unchecked" 'supcon-nowhere'
  launch_on_hosts --hostfile "$folder/hostfile" -np 9 "${small[@]}"
  expect_refusal "too few slots" '9 ranks, but 3 slots' "$second 1" '--oversubscribe'
  printf '%s\n' "$first slots=many" >"$folder/misspelt"
  launch_on_hosts --hostfile "$folder/misspelt" "${small[@]}"
  expect_refusal "a misspelt hostfile" 'line 1' "host $first" 'slots=many'
  launch_on_hosts --hostfile "$folder/none" "${small[@]}"
  expect_refusal "a hostfile that is not there" "$folder/none" 'no such hostfile'

  # On the second host another file system shows nothing, or another build, at the program's path.
  local agent=$folder/agent
  cp "$supcon" "$folder/supcon-copy"
  mkdir -p "$folder/empty" "$folder/other-build"
  cp "$supcon" "$folder/other-build/supcon" && echo >>"$folder/other-build/supcon"
  mkdir -p "$folder/program" && cp "$supcon" "$folder/program/supcon"
  local place
  for place in empty other-build; do
    cat >"$folder/agent-$place" <<AGENT
#!/bin/sh
[ "\$1" = "$second" ] || exec "$agent" "\$@"
exec unshare --mount sh -c 'mount --bind "\$0" "$folder/program" && exec "$agent" "\$@"' "$folder/$place" "\$@"
AGENT
    chmod +x "$folder/agent-$place"
    for checked in '' --no-check; do
      code=0
      on_host "$first" env SUPCON="$folder/program/supcon" "$root/scripts/launch.sh" $checked --agent "$folder/agent-$place" \
        --hostfile "$folder/hostfile" -np 2 "${small[@]}" >"$folder/log" 2>&1 </dev/null || code=$?
      case $place in
        empty) expect_refusal "a host without the program${checked:+, unchecked}" "$second" "$folder/program/supcon" ;;
        *) expect_refusal "a host with another build${checked:+, unchecked}" "$second" 'another build' ;;
      esac
    done
  done

  # Something listens on the port already.
  on_host "$first" python3 -c '
import socket, time
listener = socket.socket(socket.AF_INET6)
listener.bind(("::", 4711))
listener.listen()
time.sleep(60)' &
  local holder=$!
  sleep 1
  launch_on_hosts --hostfile "$folder/hostfile" -np 2 "${small[@]}" --watchdog-port 4711
  kill "$holder" 2>/dev/null || true
  pkill -P "$holder" 2>/dev/null || true
  wait "$holder" 2>/dev/null || true
  for process in $(processes_on "$first"); do kill "$process" 2>/dev/null || true; done
  expect_refusal "a port that is taken" '--watchdog-port 4711' "host $first" 'choose another port'
}
