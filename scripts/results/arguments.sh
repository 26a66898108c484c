# Sourced first by the scripts of docs/results.md and by pack-encoder.sh: the comment at a script's head is its help, printed for --help and for a
# missing argument. The functions check arguments before any work, and end the script by its name: 64 for a wrong value, 66 for what is not there.

usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }
for argument in "$@"; do
  case $argument in --help | -h) usage && exit 0 || exit 74 ;; esac
done

# fail CODE TEXT: what is wrong, and what to do.
fail() {
  echo "$(basename "$0" .sh): $2" >&2
  exit "$1"
}

# folder PATH: the whole path of a folder that is there.
folder() {
  [ -n "$1" ] || { usage >&2 && exit 64; }
  [ -d "$1" ] || fail 66 "$1: there is no such folder"
  realpath -e -- "$1"
}

# target PATH: the whole path of OUT, which need not be there yet.
target() {
  case $1 in -*) fail 64 "OUT $1: expected a folder: name one before the options, or write ./$1" ;; esac
  [ ! -e "$1" ] || [ -d "$1" ] || fail 64 "OUT $1: is a file: name a folder, or one that is to be made"
  realpath -m -- "$1"
}

# whole NAME LEAST EXAMPLE VALUES…: each value is a whole number that arithmetic of the shell reads as it stands (one with a zero in front is octal).
whole() {
  local name=$1 least=$2 example=$3 value kind="a whole number"
  shift 3
  [[ $example != *' '* ]] || kind="whole numbers"
  [ $# -gt 0 ] || fail 64 "$name: is empty: expected $kind of at least $least, such as $example"
  for value in "$@"; do
    [[ $value =~ ^(0|[1-9][0-9]{0,17})$ ]] && [ "$value" -ge "$least" ] ||
      fail 64 "$name $value: expected $kind of at least $least, such as $example"
  done
}

# trainable OPTIONS…: none of them says where a run is and whether it goes on, which these scripts do.
trainable() {
  local option
  for option in "$@"; do
    case ${option%%=*} in
      --output) fail 64 "--output: the run lies in OUT: leave the option out, and name another OUT" ;;
      --resume) fail 64 "--resume: started again with the same arguments, this script continues: leave the option out" ;;
      --extend-epochs) fail 64 "--extend-epochs: a table has runs of one schedule: give --epochs and another OUT, or train on with supcon itself" ;;
    esac
  done
}

# decides OPTION: true for an option of supcon linear that decides its classifier.
deciding=(--epochs --batch-size --shard-size --learning-rate --momentum --weight-decay --augmentation --seed)
decides() {
  local name
  for name in "${deciding[@]}"; do
    [ "$name" != "$1" ] || return 0
  done
  return 1
}

# classifying OPTIONS…: each is an option of supcon linear that decides its classifier, and has a value.
classifying() {
  local option
  while [ $# -gt 0 ]; do
    option=$1
    shift
    decides "${option%%=*}" || fail 64 "$option: behind -- expected options of supcon linear: ${deciding[*]}"
    [[ $option != *=* ]] || continue
    [ $# -gt 0 ] || fail 64 "$option: needs a value"
    shift
  done
}
