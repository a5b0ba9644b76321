#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints what the token's long form starts with: the fingerprint of the cluster's certificate authority.
require_api
sed -n 's/^\(K10[0-9a-f]*\)::.*/\1/p' "$K3S_DATA/server/token" | grep . || fail "no fingerprint in $K3S_DATA/server/token" 'see that the k3s service on this server is well'
