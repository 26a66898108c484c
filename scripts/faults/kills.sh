# To be sourced by scripts/test-faults.sh: what dies at any moment, and checkpoints that are damaged. Nothing may be lost.

kill_count=${KILLS:-50}
cut_count=${CUTS:-20}
flip_count=${FLIPS:-200}
# Eight shards of four samples: up to eight ranks.
small_run=(pretrain --dataset cifar10 --data "$folder/small" --batch-size 32 --shard-size 4 --epochs 40 --log-steps 5)

# Kills a random rank or mpirun at a random moment, every fifth time inside a save, and resumes on another number of ranks.
test_kills() {
  local options=("${small_run[@]}" --steps 150 --checkpoint-steps 3) run=$folder/killed expected kills=0 finished=0 wrong=0 stuck=0 ranks job process turn
  write_cifar "$folder/small" 1
  "$supcon" "${options[@]}" --output "$folder/undisturbed" >"$folder/log"
  expected=$(weights "$folder/undisturbed")
  rm -rf "$run"
  while [ "$kills" -lt "$kill_count" ] || [ ! -e "$run/encoder.safetensors" ]; do
    ranks=$((RANDOM % 6 + 1))
    "$mpirun" -np "$ranks" "$supcon" "${options[@]}" --resume --output "$run" >"$folder/log" 2>&1 &
    job=$!
    if [ "$kills" -lt "$kill_count" ]; then
      if [ $((kills % 5)) = 0 ]; then
        # Inside a save, as soon as there is one.
        for ((turn = 0; turn < 4000; turn++)); do
          compgen -G "$run/checkpoints/*.temporary" >/dev/null && break
          kill -0 "$job" 2>/dev/null || break
          sleep 0.002
        done
        process=$(pgrep -f "^$supcon .*--output $run" | head -n 1 || true)
      else
        sleep "$((RANDOM % 3)).$((RANDOM % 10))"
        process=$({ pgrep -f "^$supcon .*--output $run" || true; echo "$job"; } | shuf -n 1)
      fi
      if [ -n "$process" ] && kill -KILL "$process" 2>/dev/null; then
        kills=$((kills + 1))
        # Open MPI 4.1.4 can wait for ever for ranks that are all dead, where one was killed while it connected; scripts/launch.sh ends it, as is done here.
        for ((turn = 0; turn < 600; turn++)); do
          kill -0 "$job" || break
          sleep 0.1
        done 2>/dev/null
        if kill -0 "$job" 2>/dev/null && ! pgrep -f "^$supcon .*--output $run" >/dev/null; then
          stuck=$((stuck + 1))
          kill -KILL "$job"
        fi
      fi
    fi
    wait "$job" 2>/dev/null || true
    if [ -e "$run/encoder.safetensors" ]; then
      finished=$((finished + 1))
      [ "$(weights "$run")" = "$expected" ] || wrong=$((wrong + 1))
      [ "$kills" -ge "$kill_count" ] || rm -rf "$run"
    fi
  done
  check "$kills kills of a rank or of mpirun: $finished runs ended with the undisturbed weights, $stuck times mpirun had to be ended" \
    "$([ "$wrong" = 0 ] || echo "$wrong runs ended with other weights")"
}

# Cuts the newest checkpoint short, or turns one of its bits: found on all ranks, the one before is used.
test_damage() {
  local options=("${small_run[@]}" --steps 4 --checkpoint-steps 2) whole=$folder/whole run=$folder/damaged expected missed=0 wrong=0 index kind
  write_cifar "$folder/small" 1
  "$supcon" "${options[@]}" --output "$whole" >"$folder/log"
  expected=$(weights "$whole")
  for ((index = 0; index < cut_count + flip_count; index++)); do
    rm -rf "$run" && cp -r "$whole" "$run"
    [ "$index" -lt "$cut_count" ] && kind=cut || kind=flip
    python3 - "$run/checkpoints/step-00000004.safetensors" "$kind" "$index" "$cut_count" <<'PYTHON'
import os, random, sys
path, kind, index, cuts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
size = os.path.getsize(path)
if kind == "cut":
    os.truncate(path, size * index // cuts)
else:
    source = random.Random(index)
    with open(path, "r+b") as file:
        place = source.randrange(size)
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << source.randrange(8)]))
PYTHON
    ranks_of $((index % 3 + 1)) "${options[@]}" --resume --output "$run" >"$folder/log" 2>&1 || true
    grep -q 'continuing after step 2' "$folder/log" || missed=$((missed + 1))
    [ "$(weights "$run")" = "$expected" ] || wrong=$((wrong + 1))
  done
  check "$cut_count cuts and $flip_count turned bits of a checkpoint: each found, the one before used" \
    "$([ "$missed$wrong" = 00 ] || echo "$missed not found, $wrong with other weights")" "$folder/log"
}
