#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Runs once in the life of a cluster: lets this host start it.
lock
step 'permit this host to start the cluster'
mkdir -p "$RECORD"
[ -d "$K3S_DATA/server/db/etcd" ] || put "$RECORD/k3s.may-start-cluster" 0600 ''
