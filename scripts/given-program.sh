# To be sourced by a script before it goes to the project's folder: SUPCON, or MPI_CHECKS, may be relative to the folder of the caller. Ends the script
# with 66 if there is no such program.
for variable in SUPCON MPI_CHECKS; do
  [ -n "${!variable:-}" ] || continue
  given=$(realpath -m -- "${!variable}")
  if [ ! -f "$given" ] || [ ! -x "$given" ]; then
    echo "$(basename "$0" .sh): $variable=${!variable}: there is no program $given: name another one, or leave $variable out" >&2
    exit 66
  fi
  printf -v "$variable" %s "$given"
done
