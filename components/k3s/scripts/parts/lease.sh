# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# One server at a time may be away, whoever works on the cluster, from wherever. Who takes one away holds a Lease in the name
# of that server, so that a run which died is gone on with, by anybody. It is written only as it was read (by its
# resourceVersion): of two who take it at the same moment one is refused.

LEASE=isthmus-maintenance
# In whose name it is held while the token is rotated, which is done on any server.
ROTATION_LEASE=token-rotation
# How long it counts after it was last renewed: a host reboots within that time.
LEASE_SECONDS=900
# Lies here while this host may hold it in its own name: after a power cut, too.
LEASE_NOTE="$RECORD/k3s.lease"
# Whose name this script holds it in, since when it knows that, and whether the server goes away after the script has ended.
LEASE_TAKEN='' LEASE_AT=0 KEEP_LEASE=''

lease_object() {
  local version='' holder=''
  [ -z "$LEASE_VERSION" ] || version=$(printf '"resourceVersion":"%s",' "$LEASE_VERSION")
  [ -z "$1" ] || holder=$(printf '"holderIdentity":"%s",' "$1")
  printf '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"%s","namespace":"kube-system",%s"annotations":{"isthmus/by":"%s"}},' \
    "$LEASE" "$version" "$3"
  printf '"spec":{%s"leaseDurationSeconds":%s,"acquireTime":"%s","renewTime":"%s"}}' \
    "$holder" "$LEASE_SECONDS" "$2" "$(date -u +%FT%T.000000Z)"
}

# Sets what is known of it: LEASE_VERSION is empty where there is none, LEASE_HOLDER where nobody has it any more.
# shellcheck disable=SC2016 # what stands there is Go's
read_lease() {
  local found renewed seconds template="$FIELD"'{{template "field" .metadata.resourceVersion}}'
  template+='{{with .spec}}{{template "field" .holderIdentity}}{{template "field" .acquireTime}}{{template "field" .renewTime}}{{template "field" .leaseDurationSeconds}}{{end}}'
  template+='{{with .metadata.annotations}}{{template "field" (index . "isthmus/by")}}{{else}}{{template "field" ""}}{{end}}{{"\n"}}'
  found=$(kube -n kube-system get lease --ignore-not-found -o "go-template=$template" -- "$LEASE" 2>&1) || { LEASE_SAID=$found; return 1; }
  found=$(rows '[0-9]+' "$NAME_FORM" "$TIME_FORM" "$TIME_FORM" '[0-9]+' '[ -~]*' <<<"$found")
  IFS='|' read -r LEASE_VERSION LEASE_HOLDER LEASE_SINCE renewed seconds LEASE_BY <<<"$found" || true
  [ -n "$LEASE_HOLDER" ] || return 0
  LEASE_UNTIL=$(($(date -d "${renewed:-1970-01-01}" +%s) + ${seconds:-0}))
  [ "$LEASE_UNTIL" -gt "$(date +%s)" ] || LEASE_HOLDER=''
}

# write_lease HOLDER SINCE BY: fails where somebody else wrote it since it was read.
write_lease() {
  local verb=replace
  [ -n "$LEASE_VERSION" ] || verb=create
  LEASE_SAID=$(lease_object "$@" | kube "$verb" -o 'jsonpath={.metadata.resourceVersion}' -f - 2>&1) || return 1
  LEASE_VERSION=${LEASE_SAID##*$'\n'}
}

# take_lease SERVER: so that it may be away. A script that ends gives it back, unless KEEP_LEASE says that a reboot follows.
take_lease() {
  local until=$((SECONDS + 30)) since
  if [ "$LEASE_TAKEN" = "$1" ] && [ $((SECONDS - LEASE_AT)) -lt 60 ]; then return 0; fi
  if [ "$1" = "${NODE:-}" ]; then put "$LEASE_NOTE" 0600 ''; fi
  while [ "$SECONDS" -lt "$until" ]; do
    if read_lease; then
      if [ -n "$LEASE_HOLDER" ] && [ "$LEASE_HOLDER" != "$1" ]; then refuse_second "$1"; fi
      since=$(date -u +%FT%T.000000Z)
      [ -z "$LEASE_HOLDER" ] || since=$LEASE_SINCE
      LEASE_BY="$ISTHMUS_SCRIPT${SSH_CONNECTION:+ from ${SSH_CONNECTION%% *}}"
      if write_lease "$1" "$since" "$LEASE_BY"; then
        LEASE_TAKEN=$1 LEASE_AT=$SECONDS LEASE_SINCE=$since
        trap give_lease_back EXIT
        return 0
      fi
    fi
    sleep 0.5
  done
  fail "nobody can say whether another server is worked on: the Lease $LEASE cannot be taken (${LEASE_SAID##*$'\n'})" \
    'see that the API server answers here: kubectl get --raw /readyz?verbose; then run again'
}

refuse_second() {
  [ "$1" != "${NODE:-}" ] || rm -f "$LEASE_NOTE"
  fail "$LEASE_HOLDER is worked on since ${LEASE_SINCE%.*}Z (${LEASE_BY:-by hand}), and one server at a time may be away" \
    "let that end, or run it again if it was cut off: it goes on. Without either this is free after $(date -u -d "@$LEASE_UNTIL" +%FT%TZ). If you know that nobody works there: kubectl -n kube-system delete lease $LEASE"
}

# Right before the server goes away: what came before may have taken longer than the lease counts.
renew_lease() { [ -z "$LEASE_TAKEN" ] || take_lease "$LEASE_TAKEN"; }

# free_lease SERVER: if it is held in that name.
free_lease() {
  local tries taken=$LEASE_TAKEN
  LEASE_TAKEN=''
  for tries in 1 2 3; do
    # Who took it knows what was written then.
    if [ "$taken" = "$1" ] || read_lease; then
      if [ "$taken" != "$1" ] && [ "$LEASE_HOLDER" != "$1" ]; then break; fi
      if write_lease '' "$LEASE_SINCE" "$LEASE_BY"; then break; fi
    fi
    taken=''
    [ "$tries" -lt 3 ] || return 1
    sleep 0.5
  done
  [ "$1" != "${NODE:-}" ] || rm -f "$LEASE_NOTE"
}

# What a run that died took to remove a node, and the node is gone with its member of etcd: nobody goes on with that.
free_lease_of_the_gone() {
  local node list name
  read_lease && [ -n "$LEASE_HOLDER" ] && [ "$LEASE_HOLDER" != "$ROTATION_LEASE" ] || return 0
  node=$(kube get node --ignore-not-found -o name -- "$LEASE_HOLDER" 2>/dev/null) && list=$(members_here) || return 0
  while IFS='|' read -r _ name _; do [ "$(node_of_member "$name")" != "$LEASE_HOLDER" ] || node=$name; done <<<"$list"
  [ -n "$node" ] || free_lease "$LEASE_HOLDER" || true
}

# What a run that died took, in the name of this host.
free_own_lease() { if [ -e "$LEASE_NOTE" ]; then free_lease "$NODE" || true; fi; }

# Also where the script failed: then what the server gives to the quorum is counted by whoever comes next.
give_lease_back() {
  local status=$?
  trap - ERR EXIT
  if [ -n "$LEASE_TAKEN" ] && { [ "$status" -ne 0 ] || [ -z "$KEEP_LEASE" ]; }; then free_lease "$LEASE_TAKEN" || true; fi
  exit "$status"
}

# A server that stopped for a restore must not be started by anything else: without its etcd it is nobody's member.
RESTORING="$RECORD/k3s.restoring"
refuse_during_restore() {
  local attempt
  attempt=$(cat "$RESTORING" 2>/dev/null || true)
  if [ -z "$attempt" ] || [ "$attempt" = "${RESTORE:-}" ]; then return 0; fi
  fail "the restore ${attempt%%.*} began on $NODE and has not ended" \
    "go on with it: npm run restore -- SITE --snapshot ${attempt#*.} --continue ${attempt%%.*} (or begin another one, which takes its place)"
}
