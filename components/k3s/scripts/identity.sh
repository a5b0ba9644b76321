#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints what the token's long form starts with: the fingerprint of the cluster's certificate authority.
require_api
fingerprint_here
