# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What stands in the way, told all at once: a look goes on where it finds something.
FINDINGS=()

# finding "what is wrong" "how it is fixed"
finding() { FINDINGS+=("$1|$2"); }

# Ends the script if anything was found.
end_with_findings() {
  local one
  [ "${#FINDINGS[@]}" -gt 0 ] || return 0
  trap - ERR
  say "${#FINDINGS[@]} finding(s) before anything was changed:"
  for one in "${FINDINGS[@]}"; do
    say "- ${one%%|*}"
    say "  fix: ${one#*|}"
  done
  exit 1
}
