#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before a restore stops any server: what this one is to run afterwards is no version that k3s refuses, and has come.
lock
UNIT=k3s
ROLE=server
begin
