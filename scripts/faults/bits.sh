# To be sourced by scripts/test-faults.sh: 40 steps of ResNet-20 on 1 to 8 ranks and 1 to 4 threads, in both precisions, and the linear stage behind them.

bits_recipe=(pretrain --batch-size 128 --shard-size 16 --shapes-train 640 --shapes-test 200 --steps "${steps:-40}")

# trained NAME RANKS OPTIONS…: trains and prints the hash of the weights.
trained() {
  ranks_of "$2" "${bits_recipe[@]}" "${@:3}" --output "$folder/$1" >"$folder/log" 2>&1 || true
  weights "$folder/$1"
}

test_bits() {
  local precision count expected different linear
  for precision in float32 bfloat16; do
    [ "$precision" = float32 ] || grep -q avx512_bf16 /proc/cpuinfo || {
      skip "bfloat16" "this CPU has no such instructions"
      continue
    }
    expected=$(trained "$precision-1" 1 --precision "$precision")
    different=''
    for count in 2 3 4 5 6 7 8; do
      [ "$(trained "$precision-$count" "$count" --precision "$precision")" = "$expected" ] || different+=" $count ranks"
    done
    for count in 2 3 4; do
      [ "$(trained "$precision-threads-$count" 1 --precision "$precision" --threads "$count")" = "$expected" ] || different+=" $count threads"
    done
    check "${steps:-40} steps in $precision: one hash on 1 to 8 ranks and with 1 to 4 threads" \
      "$([ -n "$expected" ] && [ -z "$different" ] || echo "other weights:${different:-" none at all"}")" "$folder/log"
    check "the control, $precision: another hash with another seed" \
      "$([ "$(trained "$precision-seed" 3 --precision "$precision" --seed 1)" != "$expected" ] || echo "the same hash")"
    different=''
    for count in 1 2 3 4 8; do
      ranks_of "$count" linear --run "$folder/$precision-$count" --batch-size 128 --shard-size 16 --epochs 5 >"$folder/log" 2>&1
      linear=$(grep -E '"(classifier_sha256|top1_correct|top5_correct)"' "$folder/$precision-$count/linear/summary.json")
      [ "$count" != 1 ] || expected=$linear
      [ -n "$linear" ] && [ "$linear" = "$expected" ] || different+=" $count ranks"
    done
    check "the linear stage, $precision: one hash and one number of correct samples on 1, 2, 3, 4 and 8 ranks" \
      "$([ -z "$different" ] || echo "others on:$different")" "$folder/log"
  done
}
