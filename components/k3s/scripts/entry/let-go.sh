#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before the machine of LEAVING is deleted and made anew, on a server that stays: what would be lost with it is nothing but
# itself. Of SERVERS that are declared a majority has to be left, well and with a vote: one that was replaced by a run before
# and has not joined again is missing in that. Changes nothing but that it takes the lease, in the name of who leaves.
lock
require_api
if [ "$LEAVING_ROLE" = server ]; then
  step "see that a majority of voters stays without $LEAVING"
  enough_stay() { count_votes "$LEAVING" && { [ "$OTHERS" -eq "$VOTERS" ] || [ "$WELL_OTHERS" -ge $((MOST / 2 + 1)) ]; }; }
  MOST=$SERVERS
  retry 20 count_votes "$LEAVING" ||
    fail 'nobody can say how many etcd voters there are' 'see why: kubectl get --raw /readyz?verbose; then run again'
  [ "$VOTERS" -le "$SERVERS" ] || MOST=$VOTERS
  [ "$OTHERS" -ge 1 ] || fail "$LEAVING is the only etcd voter: all that the cluster knows would go with it" 'add another server first'
  # One that has just come back is well soon.
  retry 20 enough_stay ||
    fail "without $LEAVING, $WELL_OTHERS of $MOST servers would be left with a vote and well: no majority, and the API would stop" \
      'bring back what is not well, or let the run end that replaces another server; then run again'
  take_lease "$LEAVING"
  KEEP_LEASE=1
fi

# Longhorn keeps copies of a volume on several nodes; `healthyAt` and no `failedAt` is a copy that is whole (ReplicaSpec in
# https://github.com/longhorn/longhorn-manager/blob/master/k8s/pkg/apis/longhorn/v1beta2/replica.go).
step "see that $LEAVING holds no last copy of a volume"
copies=$(kube get replicas.longhorn.io -A -o 'jsonpath={range .items[*]}{.spec.volumeName}{"|"}{.spec.nodeID}{"|"}{.spec.healthyAt}{"|"}{.spec.failedAt}{"\n"}{end}' 2>&1) || {
  [[ $copies == *"doesn't have a resource type"* || $copies == *'could not find the requested resource'* ]] ||
    fail "nobody can say which copies of volumes are on $LEAVING (${copies##*$'\n'})" 'see that the API server answers: kubectl get replicas.longhorn.io -A; then run again'
  copies=''
}
last=$(awk -F'|' -v node="$LEAVING" '
  $1 != "" && $3 != "" && $4 == "" { if ($2 == node) here[$1]; else elsewhere[$1] }
  END { for (volume in here) if (!(volume in elsewhere)) print volume }' <<<"$copies" | sort | tr '\n' ' ')
[ -z "$last" ] ||
  fail "the only whole copy of these Longhorn volumes is on $LEAVING: $last" \
    "let Longhorn make others first: kubectl -n longhorn-system patch nodes.longhorn.io $LEAVING --type merge -p '{\"spec\":{\"allowScheduling\":false,\"evictionRequested\":true}}', wait until they moved, and run again"
say "$LEAVING may go"
