# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Whether etcd keeps its majority while this server is away.

unit_active() { systemctl is-active --quiet "$UNIT" 9>&-; }

# A restart takes this server's vote for a while: the others must be a majority without it.
guard_quorum() {
  # A server whose API does not answer gives nothing to the quorum: a restart takes nothing from it.
  if ! unit_active || ! api_ready; then return 0; fi
  step 'see that a majority of voters stays'
  count_votes "$NODE"
  if [ "$VOTERS" -gt 2 ]; then
    [ "$WELL_OTHERS" -ge $((VOTERS / 2 + 1)) ] ||
      fail "a restart of $NODE would leave $WELL_OTHERS of $VOTERS voters: no majority, and the API would stop" \
        'bring the servers back that are not well, then run again'
    return 0
  fi
  [ "$WELL_OTHERS" -eq "$OTHERS" ] || fail "of $VOTERS voters another one is not well" 'bring it back first'
  say "with $VOTERS voters the API pauses while this server restarts"
}
