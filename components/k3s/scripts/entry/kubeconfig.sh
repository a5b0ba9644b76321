#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints the administrator's kubeconfig, with the API address in place of this host's own. Changes nothing.
require_api
sed -e "s#https://127\.0\.0\.1:6443#https://$API_ADDRESS:6443#" -e "s#: default\$#: $CLUSTER#" "$K3S_ETC/k3s.yaml"
