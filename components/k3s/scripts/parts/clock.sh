# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# How far this clock is from others. Every HTTP answer carries its sender's time, so nobody has to be logged in to.

# By how much clocks may differ, in seconds: a certificate that a server has just made must be valid on who joins it.
CLOCK_LIMIT=10

# clock_ahead URL: by how many seconds the clock there is ahead of this one, to a second or two; nothing if nobody tells.
clock_ahead() {
  local there
  there=$(curl -skI --max-time 5 "$1" 2>/dev/null | tr -d '\r' | sed -n 's/^[Dd]ate: *//p' | head -n 1 || true)
  [ -z "$there" ] || echo $(($(date -d "$there" +%s) - $(date +%s)))
}

# The same of the k3s at HOST, whatever proxy is set.
server_ahead() { NO_PROXY='*' no_proxy='*' clock_ahead "https://$1:6443/ping"; }

too_far() { [ "${1#-}" -gt "$CLOCK_LIMIT" ]; }

# In words, from what the other clock is ahead by.
behind_or_ahead() { if [ "$1" -gt 0 ]; then echo "$1 s behind"; else echo "${1#-} s ahead of"; fi; }

CLOCK_FIX='timedatectl set-ntp true, and see that UDP 123 leaves the network'
