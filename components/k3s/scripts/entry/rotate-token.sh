#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before servers are started with another token: k3s encrypts with it what they share, in etcd. Then a snapshot is taken,
# which the new token opens. Again on any server, it does nothing twice.
lock
UNIT=k3s
TAKEN="$RECORD/k3s.token-snapshot"

# The cluster has not begun: it starts with this token.
if [ -e "$RECORD/k3s.may-start-cluster" ] && ! api_ready; then exit 0; fi
require_api
step 'compare the token with the one of the cluster'
known=$(token_here)
if ! etcd_has_token "$SERVER_TOKEN"; then
  [ "$known" != "$SERVER_TOKEN" ] || pass 'a rotation here was cut off: another server takes it up'
  is_older_token "$known" ||
    fail 'the token of this cluster is none that the state keeps' 'declare the token generation that the cluster has: it only goes up, one by one, and keepFrom must not pass it before that is done'
  # No server starts meanwhile with the token of before.
  take_lease "$ROTATION_LEASE"
  step 'rotate the server token'
  rotate_token "$SERVER_TOKEN" ||
    fail 'k3s could not rotate the token' 'the lines above name the cause; fix it and run the same command again'
  retry 30 etcd_has_token "$SERVER_TOKEN" || pass 'etcd does not have the new token: another server takes it up'
elif [ "$known" != "$SERVER_TOKEN" ] && ! is_older_token "$known"; then
  fail 'the token of this cluster is none that the state keeps' 'was the token generation lowered? Declare the one that the cluster has: it only goes up'
fi
# Taken here, or on a server that died when etcd had the token already.
free_lease "$ROTATION_LEASE" || true
if [ "$(cat "$TAKEN" 2>/dev/null || true)" != "$(token_key "$SERVER_TOKEN")" ]; then
  step 'take a snapshot that the new token opens'
  logged snapshot k3s etcd-snapshot save --name token-rotation ||
    fail 'k3s took no snapshot' 'see that it reaches where snapshots are kept, with keys that are right; then run the same command again'
  put "$TAKEN" 0600 "$(token_key "$SERVER_TOKEN")"
fi
