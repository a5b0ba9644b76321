# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Whether etcd keeps its majority while this server is away.

unit_active() { systemctl is-active --quiet "$ISTHMUS_UNIT" 9>&-; }

# A restart takes this server's vote for a while: the others must be a majority without it.
guard_quorum() {
  local voters=0 others=0 ready_others=0 table name ready voter _
  # A server whose API does not answer gives nothing to the quorum: a restart takes nothing from it.
  if ! unit_active || ! api_ready; then return 0; fi
  table=$(node_table)
  while IFS='|' read -r name ready voter _; do
    [ "$voter" = True ] || continue
    voters=$((voters + 1))
    [ "$name" != "$NODE" ] || continue
    others=$((others + 1))
    if [ "$ready" = True ]; then ready_others=$((ready_others + 1)); fi
  done <<<"$table"
  if [ "$voters" -gt 2 ]; then
    [ "$ready_others" -ge $((voters / 2 + 1)) ] ||
      fail "a restart of $NODE would leave $ready_others of $voters voters: no majority, and the API would stop" 'bring the servers back that are not Ready, then run again'
    return 0
  fi
  [ "$ready_others" -eq "$others" ] || fail "of $voters voters another one is not Ready" 'bring it back first'
  say "with $voters voters the API pauses while this server restarts"
}
