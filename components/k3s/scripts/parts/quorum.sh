# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Whether etcd keeps its majority while this server is away.

unit_active() { systemctl is-active --quiet "$UNIT" 9>&-; }

# Whether etcd here follows a leader, by its own word: it votes while the API is late, or not up yet.
etcd_votes() {
  [ "$(curl -s --noproxy '*' --max-time 5 http://127.0.0.1:2381/health 2>/dev/null | tr -d ' "{}' | cut -d, -f1 || true)" = health:true ]
}

# Whether etcd here is a member with a vote, not one that learns yet, by its own word.
etcd_is_voter() {
  [ "$(curl -s --noproxy '*' --max-time 5 http://127.0.0.1:2381/metrics 2>/dev/null | sed -n 's/^etcd_server_is_learner //p' || true)" = 0 ]
}

# Whether the others are a majority without this server. Of one or two voters none can be missed: then all others must be well.
others_suffice() {
  count_votes "$NODE" || return 1
  if [ "$VOTERS" -gt 2 ]; then [ "$WELL_OTHERS" -ge $((VOTERS / 2 + 1)) ]; else [ "$WELL_OTHERS" -eq "$OTHERS" ]; fi
}

refuse_restart() {
  [ "$VOTERS" -gt 0 ] ||
    fail "etcd on $NODE votes, and its API does not answer: how many voters are well cannot be asked" \
      "see why: journalctl -u $UNIT; then run again"
  [ "$VOTERS" -gt 2 ] || fail "of $VOTERS voters another one is not well" "bring it back first: $UNWELL"
  fail "a restart of $NODE would leave $WELL_OTHERS of $VOTERS voters: no majority, and the API would stop" \
    "bring back what is not well, then run again: $UNWELL"
}

# A restart takes this server's vote for a while: the others must be a majority without it, and nobody may take another
# one's at the same time (lease.sh).
guard_quorum() {
  local tries=3
  VOTERS=0
  refuse_during_restore
  # What follows no leader gives nothing to the quorum: a restart takes nothing from it. An election takes seconds.
  until etcd_votes || api_ready; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ] || [ "$(systemctl show -p MainPID --value "$UNIT" 9>&-)" = 0 ]; then return 0; fi
    sleep 2
  done
  step 'see that a majority of voters stays'
  retry 60 api_ready || refuse_restart
  take_lease "$NODE"
  # One that has just come back is well soon.
  retry 20 others_suffice || refuse_restart
  [ "$VOTERS" -gt 2 ] || say "with $VOTERS voters the API pauses while this server restarts"
}
