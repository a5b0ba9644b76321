#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Makes this host a k3s agent, or brings the agent that it is to what is declared.
lock
UNIT=k3s-agent
ROLE=agent

[ -n "$CA" ] || fail 'nobody says by what to check the cluster' \
  'see what the first server printed; let it print that again: pulumi up --replace of its resource'
join_token() { printf '%s::node:%s' "$CA" "$AGENT_TOKEN"; }

# An agent that has joined keeps a list of the servers itself; where it begins to look is to be an address that they have yet.
choose_server() {
  local server
  if [ -e "$RECORD/k3s.joined" ] && [ -e "$K3S_DATA/agent/client-kubelet.crt" ] && [[ " ${CANDIDATES[*]} " == *" $(joins_at) "* ]]; then return 0; fi
  server=$(live_server '' "${CANDIDATES[@]}")
  [ -n "$server" ] || fail "no server of the cluster answers on TCP 6443 ($(how_they_answer "${CANDIDATES[@]}"))" \
    "see that the servers run (systemctl status k3s there) and that TCP 6443 is open between here and there: $WHAT_ANSWERS_MEAN"
  refuse_other_time "$server"
  say "joins at $server"
  put "$JOIN" 0600 "server: https://$server:6443"$'\n'
}

joins_at() { sed -n 's,^server: https://\(.*\):6443$,\1,p' "$JOIN" 2>/dev/null || true; }

WANTED=$(digest "$AGENT_TOKEN")
begin
write_configuration "$WANTED"
put "$K3S_ETC/token" 0600 "$(join_token)"
step 'find a server'
choose_server
RESTART=''
if restart_needed "$WANTED"; then
  RESTART=1
  make_way
fi
step 'install k3s'
install_binary
install_unit
if [ -n "$RESTART" ]; then
  step 'start k3s'
  restart_unit "$WANTED"
fi
step 'wait until the node is Ready'
await "$WAIT_SECONDS" "$NODE did not become Ready within $WAIT_SECONDS seconds" ready_now
finish "$WANTED"
check_pod_network
say 'is Ready'
