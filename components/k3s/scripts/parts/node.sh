# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What installing a server and an agent have in common: files, binary, unit, restart only where something changed.

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
  # What an agent keeps any k3s can read, and servers go before it. A restore brings back what an older version wrote.
  [ "$ROLE" = agent ] || [ -n "${ATTEMPT:-}${RESTORE:-}" ] || not_older "$installed" "$VERSION" ||
    fail "$installed runs here, and $VERSION is older" "k3s cannot go back: declare $installed or newer, or restore a snapshot"
  # An agent that was off while the servers went on finds its way back: it keeps nothing that only the next minor version reads, and is
  # drained before. A kubelet is never newer than the servers, and may be older by three (https://kubernetes.io/releases/version-skew-policy/).
  [ "$ROLE" = server ] || return 0
  from=$(cut -d. -f2 <<<"$ran")
  to=$(cut -d. -f2 <<<"$VERSION")
  [ $((to - from)) -le 1 ] ||
    fail "$VERSION skips a minor version: $ran runs here" "go to v1.$((from + 1)) first: no minor version may be skipped"
}

install_binary() {
  local name
  place /usr/local/bin/k3s 0755
  for name in ${ARCHIVES[@]+"${ARCHIVES[@]}"}; do place "$IMAGES/$name" 0600; done
}

# The installer writes the unit. It is kept from downloading and from starting: both are done here.
install_unit() {
  guard_mounts
  if unit_is_installed; then return 0; fi
  place "$RECORD/install.sh" 0700
  INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_START=true INSTALL_K3S_EXEC="$ROLE" INSTALL_K3S_BIN_DIR=/usr/local/bin \
    sh "$RECORD/install.sh" >"$RECORD/install.log" 2>&1 9>&- || {
    relay <"$RECORD/install.log"
    fail "k3s' installer failed" 'the lines above name the cause'
  }
  on_disk "/etc/systemd/system/$UNIT.service" "/etc/systemd/system/$UNIT.service.env" /etc/systemd/system
  systemctl daemon-reload 9>&-
  put "$RECORD/k3s.installer" 0600 "$INSTALLER_SHA256"
}

# Files as declared. Those that k3s reads at its start make the digest; so do its tokens.
write_files() {
  local index
  for index in "${!FILE_PATHS[@]}"; do
    put "${FILE_PATHS[index]}" "${FILE_MODES[index]}" "${FILE_CONTENTS[index]}"
    case ${FILE_PATHS[index]} in
    */90-kubelet.conf) sysctl -q -p "${FILE_PATHS[index]}" ;;
    */server/audit.yaml) mkdir -p "$K3S_DATA/server/logs" && chmod 0700 "$K3S_DATA/server/logs" ;;
    esac
  done
  write_registries
  write_interface
}

# What somebody else wrote for a k3s of theirs is neither written over nor taken away, but in an adoption, which keeps it. Where we
# have written once, or installed, config.yaml is ours; people's own settings have files of their own beside it.
refuse_files_of_others() {
  local path found=''
  if [ -e "$RECORD/k3s.files" ] || [ -e "$RECORD/k3s.installer" ] || [ "$ADOPT" = true ]; then return 0; fi
  for path in "$K3S_ETC/config.yaml" "$K3S_ETC/registries.yaml"; do [ ! -e "$path" ] || found+=" $path"; done
  [ -z "$found" ] || fail "somebody else wrote$found, for a k3s that did not come from here" \
    'move it away, and declare what you need of it; or declare adopt, where a cluster runs with it (docs/guide/adopt-a-cluster.md)'
}

# A mark tells whether it is ours, as nothing has to be declared: noted before it is written and until it is gone.
write_registries() {
  local path="$K3S_ETC/registries.yaml" mark="$RECORD/k3s.registries"
  if [ -n "$REGISTRIES" ]; then
    put "$mark" 0600 ''
    put "$path" 0600 "$REGISTRIES"
  elif [ -e "$mark" ] || [ "$ADOPT" = true ]; then
    rm -f "$path"
    rm -f "$mark"
  elif [ -e "$path" ]; then
    fail "$path is here, and no registries are declared: somebody else wrote it, or an older release of ours" \
      'declare what is in it as kubernetes.registries, or take it away'
  fi
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
# The long and the short form of a token lead to the same cluster.
way_in() { { sed 's/^K10[0-9a-f]*::[a-z]*://' "$JOIN" "$K3S_ETC/token" 2>/dev/null || true; } | sha256sum | cut -c1-16; }

# Does the running k3s know what is declared? `applied` is what it was last started with and found well; `pending` is what
# a run that did not end was starting, whom it was to join, when, and the process that it was to replace: its id alone is
# soon another's, at the next boot above all.
restart_needed() {
  local wanted=$1 pending='' old='' started=''
  if [ -f "$RECORD/k3s.pending" ]; then read -r pending started old <"$RECORD/k3s.pending" || true; fi
  if [ "$pending" = "$wanted.$(way_in)" ] && [ "$(unit_pid)" != 0 ] && [ "$(running_process "$UNIT")" != "$old" ]; then
    say 'it was started by a run that did not end'
    UNIT_FOLLOWS=$old STARTED=$started
    return 1
  fi
  unit_active || return 0
  if [ "$(cat "$RECORD/k3s.applied" 2>/dev/null || true)" = "$wanted" ]; then
    if runs_as_started; then return 1; else return 0; fi
  fi
  # A cluster that others installed is adopted as it runs: what is written now takes effect at its next start.
  if [ "$ADOPT" = true ] && [ ! -e "$RECORD/k3s.applied" ] && [ "$RUNNING_VERSION" = "$VERSION" ]; then
    say 'adopted as it runs: what is declared takes effect at its next start'
    put "$RECORD/k3s.adopted" 0600 "$(running_process "$UNIT")"
    return 1
  fi
}

# What others wrote for the k3s that is adopted is written over, and kept here. Their configuration may hold secrets.
keep_what_was_there() {
  local path kept="$RECORD/before-adoption"
  [ "$ADOPT" = true ] && unit_active && [ ! -e "$RECORD/k3s.applied" ] && [ ! -d "$kept" ] || return 0
  rm -rf "$kept.isthmus"
  mkdir "$kept.isthmus"
  for path in "$K3S_ETC/config.yaml" "$K3S_ETC/registries.yaml" "/etc/systemd/system/$UNIT.service" "/etc/systemd/system/$UNIT.service.env"; do
    [ ! -f "$path" ] || cp -p "$path" "$kept.isthmus/"
  done
  on_disk "$kept.isthmus"/* "$kept.isthmus"
  mv "$kept.isthmus" "$kept"
  on_disk "$RECORD"
}

restart_unit() {
  ISTHMUS_UNIT=$UNIT
  UNIT_FOLLOWS=$(running_process "$UNIT") STARTED=$(date +%s)
  put "$RECORD/k3s.pending" 0600 "$1.$(way_in) $STARTED $UNIT_FOLLOWS"$'\n'
  put "$PODS_UNCHECKED" 0600 ''
  systemctl enable --quiet "$UNIT" 9>&-
  on_disk /etc/systemd/system/multi-user.target.wants
  # Not waited for: a join that cannot succeed would never return.
  systemctl restart --no-block "$UNIT" 9>&-
}

# Ready, as its kubelet said after the start: what the API holds of before does not count. Sets VOTES to what etcd says, and
# CORDONED where a run of ours cordoned it.
ready_now() {
  local heard ready columns='{range .status.conditions[?(@.type=="Ready")]}{.status}{"|"}{.lastHeartbeatTime}{end}'
  unit_active || return 1
  [ -z "${STARTED:-}" ] || [ "$(running_process "$UNIT")" != "$UNIT_FOLLOWS" ] || return 1
  columns+='{"|"}{.status.conditions[?(@.type=="EtcdIsVoter")].status}{"|"}{.metadata.annotations.isthmus/cordoned}'
  IFS='|' read -r ready heard VOTES CORDONED < <(kube get node "$NODE" -o "jsonpath=$columns" 2>/dev/null) || true
  [ "$ready" = True ] || return 1
  [ -z "${STARTED:-}" ] || { [ -n "$heard" ] && [ "$(date -d "$heard" +%s)" -ge "$STARTED" ]; }
}

# A server is one of the cluster when it votes: so says the API, and its own etcd. After a restore the API still tells what was
# so before, until somebody looks. What costs least to ask comes first.
joined() { etcd_is_voter && api_ready && ready_now && [ "$VOTES" = True ]; }

applied() {
  put "$RECORD/k3s.applied" 0600 "$1"
  put "$RECORD/k3s.started-with" 0600 "$(started_with)"
  rm -f "$RECORD/k3s.pending"
}

# What it joins has just made certificates, perhaps: they must be valid by this clock.
refuse_other_time() {
  local ahead
  ahead=$(server_ahead "$1")
  [ -z "$ahead" ] || ! too_far "$ahead" ||
    fail "this clock says $(date -u +%FT%TZ): it is $(behind_or_ahead "$ahead") that of $1, where it would join" "$CLOCK_FIX"
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
  refuse_other_name
  step 'check the version'
  require_interface
  RUNNING_VERSION=''
  if unit_active; then RUNNING_VERSION=$(cat "$RECORD/k3s.running" 2>/dev/null || installed_version); fi
  check_version_step
  step 'get k3s'
  stage_release
}

# Refused before anything is written: what lies on the disk takes effect at any start, whoever asks for it.
refuse_unsafe_restart() { if unit_active && (restart_needed "$1") 2>/dev/null; then guard_quorum; fi; }

# The preflight looked, perhaps days ago.
refuse_lost_settings() {
  local index DECLARED='' RUNS='' OTHER_RUNS=''
  for index in "${!FILE_PATHS[@]}"; do
    [ "${FILE_PATHS[index]}" != "$K3S_ETC/config.yaml" ] || DECLARED=${FILE_CONTENTS[index]}
  done
  if unit_active; then RUNS=1; fi
  check_adoption
  end_with_findings
}

# Whether a file that k3s reads at its start is another one here: somebody wrote it, and k3s may have been started with it.
drifted_here() {
  local index
  for index in "${!FILE_PATHS[@]}"; do
    if [ "${FILE_RESTARTS[index]}" = false ]; then continue; fi
    [ -f "${FILE_PATHS[index]}" ] && printf %s "${FILE_CONTENTS[index]}" | cmp -s - "${FILE_PATHS[index]}" || return 0
  done
  return 1
}

# write_configuration DIGEST. From here on, other files may lie there than k3s was started with: what it knows is certain
# again only when it was started by us and found well, also if the change is taken back.
write_configuration() {
  refuse_lost_settings
  step 'write the configuration'
  refuse_files_of_others
  keep_what_was_there
  put "$RECORD/k3s.files" 0600 ''
  [ ! -e "$RECORD/k3s.applied" ] || { [ "$(cat "$RECORD/k3s.applied")" = "$1" ] && ! drifted_here; } || put "$RECORD/k3s.applied" 0600 'not known'
  write_files
}

# CIS 1.1.20: k3s writes certificates for everybody to read.
tighten_modes() {
  [[ " ${FILE_PATHS[*]} " == *' /etc/sysctl.d/90-kubelet.conf '* ]] || return 0
  find "$K3S_DATA/server/tls" "$K3S_DATA/agent" -maxdepth 2 -name '*.crt' -exec chmod 0600 {} + 2>/dev/null || true
}

# What they end with, once the node is well.
finish() {
  tighten_modes
  [ -z "$CORDONED" ] || uncordon "$NODE" true
  applied "$1"
  put "$RECORD/k3s.running" 0600 "$VERSION"
  put "$RECORD/k3s.joined" 0600 ''
}
