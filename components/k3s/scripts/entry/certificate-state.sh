#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints, as JSON, what is known of this node's certificates. Changes nothing.
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
yes_or_no() { if "$@"; then printf true; else printf false; fi; }
printf '{"days": %s, "rotating": %s, "well": %s}\n' \
  "$(certificate_days)" "$(yes_or_no [ -e "$ROTATING" ])" "$(yes_or_no in_service)"
