# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What installing a server and an agent have in common: files, binary, unit, restart only where something changed.

architecture() {
  case $(uname -m) in
  x86_64) echo amd64 ;;
  aarch64) echo arm64 ;;
  *) echo unknown ;;
  esac
}

installed_version() {
  if command -v k3s >/dev/null; then k3s --version | sed -n 's/^k3s version \(v[^ ]*\).*/\1/p'; fi
}

not_older() { printf '%s\n%s\n' "$1" "$2" | sort -VC; }

check_version_step() {
  local installed ran from to
  installed=$(installed_version)
  [ -n "$installed" ] && [ -d "$K3S_DATA/agent" ] || return 0
  # A run that ended before the restart may have put a newer one there.
  ran=$(cat "$RECORD/k3s.running" 2>/dev/null || printf %s "$installed")
  not_older "$installed" "$VERSION" ||
    fail "$installed runs here, and $VERSION is older" "k3s cannot go back: declare $installed or newer, or restore a snapshot"
  from=$(cut -d. -f2 <<<"$ran")
  to=$(cut -d. -f2 <<<"$VERSION")
  [ $((to - from)) -le 1 ] ||
    fail "$VERSION skips a minor version: $ran runs here" "go to v1.$((from + 1)) first: no minor version may be skipped"
}

has_sha256() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

# fetch FROM SHA256 TO MODE: FROM is a URL, or a path on this host.
fetch() {
  local from=$1 sha=$2 to=$3 mode=$4 got
  if has_sha256 "$to" "$sha"; then return 0; fi
  mkdir -p "$(dirname "$to")"
  case $from in
  /*) cp "$from" "$to.isthmus" || fail "$from is not on this host" 'put the files of that version there, or name another source' ;;
  *) curl -fsSL --retry 3 --connect-timeout 10 -o "$to.isthmus" "$from" || fail "cannot download $from" 'see that this host reaches it, or name a mirror' ;;
  esac
  if ! has_sha256 "$to.isthmus" "$sha"; then
    got=$(sha256sum "$to.isthmus" | cut -d' ' -f1)
    rm -f "$to.isthmus"
    fail "$from has the SHA-256 $got, and $sha is declared" 'if the file is the right one, correct its checksum in the stack file'
  fi
  chmod "$mode" "$to.isthmus"
  mv -f "$to.isthmus" "$to"
}

install_binary() {
  local arch suffix='' index found=''
  arch=$(architecture)
  [ "$arch" = amd64 ] || suffix="-$arch"
  for index in "${!ARCHITECTURES[@]}"; do
    [ "${ARCHITECTURES[index]}" = "$arch" ] || continue
    found=1
    fetch "$SOURCE/k3s$suffix" "${BINARY_SHA256[index]}" /usr/local/bin/k3s 0755
    [ "$IMAGES" = false ] ||
      fetch "$SOURCE/k3s-airgap-images-$arch.tar.zst" "${IMAGES_SHA256[index]}" "$K3S_DATA/agent/images/k3s-airgap-images-$arch.tar.zst" 0600
  done
  [ -n "$found" ] || fail "no checksum is declared for $(uname -m), which this host is" 'add checksums for that architecture to the stack file'
}

# The installer writes the unit. It is kept from downloading and from starting: both are done here.
install_unit() {
  if [ -f "/etc/systemd/system/$UNIT.service" ] && [ "$(cat "$RECORD/k3s.installer" 2>/dev/null || true)" = "$INSTALLER_SHA256" ]; then
    return 0
  fi
  fetch "$INSTALLER" "$INSTALLER_SHA256" "$RECORD/install.sh" 0700
  INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_START=true INSTALL_K3S_EXEC="$ROLE" INSTALL_K3S_BIN_DIR=/usr/local/bin \
    sh "$RECORD/install.sh" >"$RECORD/install.log" 2>&1 9>&- || {
    relay <"$RECORD/install.log"
    fail "k3s' installer failed" 'the lines above name the cause'
  }
  systemctl daemon-reload 9>&-
  printf %s "$INSTALLER_SHA256" >"$RECORD/k3s.installer"
}

# Files as declared. Those that k3s reads at its start make the digest; so do its tokens.
write_files() {
  local index
  for index in "${!FILE_PATHS[@]}"; do
    put "${FILE_PATHS[index]}" "${FILE_MODES[index]}" "${FILE_CONTENTS[index]}"
    if [ "${FILE_PATHS[index]}" = /etc/sysctl.d/90-kubelet.conf ]; then sysctl -q -p "${FILE_PATHS[index]}"; fi
  done
  put_or_remove "$K3S_ETC/registries.yaml" "$REGISTRIES"
}

put_or_remove() { if [ -n "$2" ]; then put "$1" 0600 "$2"; else rm -f "$1"; fi; }

digest() {
  local index
  {
    printf '%s\n' "$VERSION" "$ROLE" "$@" "$REGISTRIES"
    for index in "${!FILE_PATHS[@]}"; do
      [ "${FILE_RESTARTS[index]}" = false ] || printf '%s\n' "${FILE_PATHS[index]}" "${FILE_CONTENTS[index]}"
    done
  } | sha256sum | cut -d' ' -f1
}

# How a node finds its cluster, as k3s reads it when it joins.
JOIN="$K3S_ETC/config.yaml.d/10-join.yaml"
way_in() { { cat "$JOIN" "$K3S_ETC/token" 2>/dev/null || true; } | sha256sum | cut -c1-16; }

# Does the running k3s know what is declared? `applied` is what it was last started with and found well; `pending` is what
# a run that did not end was starting, whom it was to join, the process that it was to replace, and when.
restart_needed() {
  local wanted=$1 pending='' old='' started='' pid
  if [ -f "$RECORD/k3s.pending" ]; then read -r pending old started <"$RECORD/k3s.pending" || true; fi
  pid=$(unit_pid)
  if [ "$pending" = "$wanted.$(way_in)" ] && [ "$pid" != 0 ] && [ "$pid" != "$old" ]; then
    say 'it was started by a run that did not end'
    UNIT_FOLLOWS=$old STARTED=$started
    return 1
  fi
  unit_active || return 0
  [ "$(cat "$RECORD/k3s.applied" 2>/dev/null || true)" != "$wanted" ] || return 1
  # A cluster that others installed is adopted as it runs: what is written now takes effect at its next start.
  if [ "$ADOPT" = true ] && [ ! -e "$RECORD/k3s.applied" ] && [ "$RUNNING_VERSION" = "$VERSION" ]; then return 1; fi
}

restart_unit() {
  ISTHMUS_UNIT=$UNIT
  UNIT_FOLLOWS=$(unit_pid) STARTED=$(date +%s)
  printf '%s %s %s\n' "$1.$(way_in)" "$UNIT_FOLLOWS" "$STARTED" >"$RECORD/k3s.pending"
  systemctl enable --quiet "$UNIT" 9>&-
  # Not waited for: a join that cannot succeed would never return.
  systemctl restart --no-block "$UNIT" 9>&-
}

# Ready, as its kubelet said after the start: what the API holds of before does not count.
ready_now() {
  local heard
  unit_active || return 1
  if [ -n "${STARTED:-}" ]; then
    [ "$(unit_pid)" != "$UNIT_FOLLOWS" ] || return 1
    heard=$(kube get node "$NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].lastHeartbeatTime}' 2>/dev/null) || return 1
    [ -n "$heard" ] && [ "$(date -d "$heard" +%s)" -ge "$STARTED" ] || return 1
  fi
  [ "$(node_condition "$NODE" Ready)" = True ]
}

applied() {
  printf %s "$1" >"$RECORD/k3s.applied"
  rm -f "$RECORD/k3s.pending"
}

# live_server OWN CANDIDATE…: the first candidate that answers as a k3s server.
live_server() {
  local own=$1 candidate
  shift
  for candidate in "$@"; do
    [ "$candidate" != "$own" ] || continue
    if [ "$(curl -sk --noproxy '*' --max-time 3 "https://$candidate:6443/ping" 2>/dev/null || true)" = pong ]; then
      printf %s "$candidate"
      return 0
    fi
  done
}

# Before a new version starts: nothing new comes here, and what is here moves away if the policy says so.
make_way() {
  [ -n "$RUNNING_VERSION" ] && [ "$RUNNING_VERSION" != "$VERSION" ] && [ -n "$(node_condition "$NODE" Ready)" ] || return 0
  cordon_and_drain
}

# What servers and agents begin with. The running version is what was last seen to work, or else what is installed.
begin() {
  mkdir -p "$RECORD"
  step 'check the version'
  RUNNING_VERSION=''
  if unit_active; then RUNNING_VERSION=$(cat "$RECORD/k3s.running" 2>/dev/null || installed_version); fi
  check_version_step
  step 'write the configuration'
  write_files
}

# What they end with, once the node is well.
finish() {
  applied "$1"
  printf %s "$VERSION" >"$RECORD/k3s.running"
  : >"$RECORD/k3s.joined"
  uncordon
}
