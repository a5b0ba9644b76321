#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Brings the packages of this host to the newest that its sources have. Held ones stay, and so do edited configuration files.
lock
export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=a
mkdir -p "$RECORD"

# Into a file: a pipe that breaks with the connection would end dpkg midway.
into_log() { "$@" >>"$RECORD/apt.log" 2>&1 9>&-; }

# What an upgrade that was cut off left half done comes first; where that fails, a newer release may fix it.
upgrade() {
  into_log dpkg --configure -a || true
  into_log apt-get -q -y --with-new-pkgs -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold upgrade
}

if [ "$ROLE" = server ] && api_ready; then take_lease "$NODE"; fi
step 'update packages'
: >"$RECORD/apt.log"
upgrade || {
  tail -n 20 "$RECORD/apt.log" | relay
  cause=$(grep -E '^(E|dpkg: error)' "$RECORD/apt.log" | head -n 1 | sed 's/:$//' || true)
  fail "the packages of this host could not be updated${cause:+ ($cause)}" \
    "the lines above are the end of $RECORD/apt.log; fix it with apt-get on this host, and run again. The node stays cordoned until then"
}
KEEP_LEASE=1
say "packages set up: $(grep -c '^Setting up ' "$RECORD/apt.log" || true)"
