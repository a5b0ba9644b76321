# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What k3s is told on this host, and by whom: the unit's arguments and environment, environment files, config.yaml and
# config.yaml.d. What stands in the unit, in its own environment file or in config.yaml is written over by an installation of
# ours (`gone`); drop-ins, /etc/default, /etc/sysconfig and other files of config.yaml.d stay and hold (`kept`). One a line:
# `gone` or `kept`, the key as config.yaml has it (or the name of a variable), an item, where it stands. Items may be secret.
# Keys and variables: https://docs.k3s.io/cli/server, pkg/cli/cmds of k3s-io/k3s.

# The files of ours in config.yaml.d.
OUR_CONFIG='05-registration.yaml 06-interface.yaml 10-join.yaml 20-snapshots.yaml'

# yaml_items FILE: the keys of its top level, an item of a list a line: key, tab, item. What is nested is told as a question mark.
yaml_items() {
  awk '
    function item(text) {
      if (text !~ /^["\047]/) sub(/[ \t]+#.*/, "", text)
      gsub(/^[ \t]+|[ \t]+$/, "", text)
      if (text ~ /^".*"$/ || text ~ /^\047.*\047$/) text = substr(text, 2, length(text) - 2)
      print key "\t" text
    }
    /^[ \t]*#/ || /^(---|[.][.][.])/ || /^[ \t\r]*$/ { next }
    { sub(/\r$/, "") }
    /^["\047]?[A-Za-z][-A-Za-z0-9]*\+?["\047]?[ \t]*:/ {
      key = $0; sub(/[ \t]*:.*/, "", key); gsub(/["\047+]/, "", key)
      text = $0; sub(/^[^:]*:[ \t]*/, "", text)
      if (text ~ /^\[/) {
        gsub(/^\[|\][ \t]*(#.*)?$/, "", text); count = split(text, parts, ",")
        for (i = 1; i <= count; i++) item(parts[i])
      } else if (text != "" && text !~ /^#/) item(text)
      next
    }
    key != "" && /^[ \t]*-[ \t]+/ { text = $0; sub(/^[ \t]*-[ \t]+/, "", text); item(text); next }
    key != "" { print key "\t?" }' "$1"
}

# unit_lines: what systemd is told of the unit, each on one line: the file, a tab, the setting. What an empty one clears is gone.
unit_lines() {
  systemctl cat "$UNIT" 2>/dev/null 9>&- | awk '
    /^# \// && !more { file = substr($0, 3); next }
    /^[ \t]*[#;]/ { next }
    { line = more ? line " " $0 : $0; more = sub(/\\[ \t]*$/, "", line); if (more) next }
    line ~ /^(ExecStart|Environment|EnvironmentFile)=[ \t]*$/ { name = line; sub(/=.*/, "", name); for (i = 1; i <= count; i++) if (names[i] == name) names[i] = "" }
    line ~ /^(ExecStart|Environment|EnvironmentFile)=/ { name = line; sub(/=.*/, "", name); names[++count] = name; text[count] = file "\t" line }
    END { for (i = 1; i <= count; i++) if (names[i] != "") print text[i] }'
}

# words TEXT: one a line, without their quotes.
words() { printf '%s\n' "$1" | xargs printf '%s\n' 2>/dev/null || true; }

# flag_items: from the words of a command: key, tab, item. k3s takes no operands, so what follows a flag is its value.
flag_items() {
  local word key=''
  while IFS= read -r word || [ -n "$key" ]; do
    if [ -n "$key" ] && [[ -z $word || $word == -* ]]; then
      printf '%s\ttrue\n' "$(flag_name "$key")"
      key=''
    fi
    case $word in
    -*=*) printf '%s\t%s\n' "$(flag_name "${word%%=*}")" "${word#*=}" ;;
    -*) key=$word ;;
    *)
      [ -z "$key" ] || printf '%s\t%s\n' "$(flag_name "$key")" "$word"
      key=''
      ;;
    esac
    word=''
  done
}

flag_name() {
  local name=${1##-}
  name=${name#-}
  case $name in
  t) echo token ;; s) echo server ;; d) echo data-dir ;; c) echo config ;; i) echo node-ip ;; o) echo write-kubeconfig ;;
  *) printf '%s\n' "$name" ;;
  esac
}

# variable_item NAME=VALUE: as the flag that it stands for; others that k3s or containerd may mean by their name.
variable_item() {
  local name=${1%%=*} value=${1#*=} key
  case $name in
  K3S_URL) key=server ;; K3S_KUBECONFIG_OUTPUT) key=write-kubeconfig ;; K3S_KUBECONFIG_MODE) key=write-kubeconfig-mode ;;
  K3S_KUBECONFIG_GROUP) key=write-kubeconfig-group ;; K3S_CONFIG_FILE) key=config ;;
  K3S_TOKEN | K3S_TOKEN_FILE | K3S_AGENT_TOKEN | K3S_AGENT_TOKEN_FILE | K3S_CLUSTER_INIT | K3S_CLUSTER_RESET | K3S_NODE_NAME | K3S_DATA_DIR | \
    K3S_DEBUG | K3S_DATASTORE_* | K3S_RESOLV_CONF | K3S_SELINUX | K3S_LB_SERVER_PORT | K3S_VPN_AUTH* | K3S_SYSTEM_DEFAULT_REGISTRY)
    key=${name#K3S_} key=${key,,} key=${key//_/-}
    ;;
  K3S_* | CONTAINERD_* | AWS_* | CATTLE_* | [Hh][Tt][Tt][Pp]_[Pp]* | [Hh][Tt][Tt][Pp][Ss]_[Pp]* | [Nn][Oo]_[Pp]*) key=$name ;;
  *) return 0 ;;
  esac
  printf '%s\t%s\n' "$key" "$value"
}

# placed FATE WHERE: puts both around the items on standard input.
placed() { fate=$1 where=$2 awk -F'\t' -v OFS='\t' '{ item = substr($0, length($1) + 2); print ENVIRON["fate"], $1, item == "" ? "\"\"" : item, ENVIRON["where"] }'; }

file_variables() {
  local line
  [ -f "$1" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line#"${line%%[! ]*}"}
    [[ $line == [A-Za-z_]*=* ]] || continue
    variable_item "${line%%=*}=$(words "${line#*=}" | head -n 1)"
  done <"$1"
}

settings_here() {
  local file line word fate own="/etc/systemd/system/$UNIT.service"
  while IFS=$'\t' read -r file line; do
    fate=kept
    [ "$file" != "$own" ] || fate=gone
    case $line in
    ExecStart=*) words "${line#*=}" | tail -n +3 | flag_items | placed "$fate" "$file" ;;
    Environment=*) while IFS= read -r word; do variable_item "$word"; done < <(words "${line#*=}") | placed "$fate" "$file" ;;
    esac
  done < <(unit_lines)
  file_variables "$own.env" | placed gone "$own.env"
  for file in "/etc/default/$UNIT" "/etc/sysconfig/$UNIT"; do file_variables "$file" | placed kept "$file"; done
  if [ -f "$K3S_ETC/config.yaml" ]; then yaml_items "$K3S_ETC/config.yaml" | placed gone "$K3S_ETC/config.yaml"; fi
  for file in "$K3S_ETC"/config.yaml.d/*.y*ml; do
    if [ ! -f "$file" ] || [[ " $OUR_CONFIG " == *" ${file##*/} "* ]]; then continue; fi
    yaml_items "$file" | placed kept "$file"
  done
}

declare -A DECLARED_ITEMS=() KEPT_ITEMS=()

# read_settings: what is declared (DECLARED, a config.yaml) and what stays, by key. Items are compared as sets: their order in a list
# means nothing to k3s.
read_settings() {
  local fate key item where
  while IFS=$'\t' read -r key item; do DECLARED_ITEMS[$key]+=$item$'\n'; done < <(yaml_items /dev/stdin <<<"${DECLARED:-}")
  while IFS=$'\t' read -r fate key item where; do
    [ "$fate" != kept ] || KEPT_ITEMS[$key]+=$item$'\n'
  done <<<"$SETTINGS"
}

holds_item() { [[ $'\n'$1 == *$'\n'"$2"$'\n'* ]]; }

# What a key is called in messages: an argument of a part of k3s by its own name. Values may be secret.
shown() { if [[ $1 == *-arg ]]; then printf '%s %s' "$1" "${2%%=*}"; else printf %s "$1"; fi; }

# What a key of k3s is called in the stack file; a dash where it follows from what is there.
stack_key() {
  case $1 in
  cluster-cidr) echo kubernetes.clusterCidr ;;
  service-cidr) echo kubernetes.serviceCidr ;;
  disable) echo kubernetes.disable ;;
  flannel-backend | disable-network-policy) echo kubernetes.flannel ;;
  embedded-registry) echo kubernetes.registries.embedded ;;
  disable-default-registry-endpoint) echo kubernetes.registries.fallback ;;
  secrets-encryption) echo kubernetes.secretsEncryption ;;
  etcd-snapshot-schedule-cron) echo kubernetes.snapshots.schedule ;;
  etcd-snapshot-retention) echo kubernetes.snapshots.retention ;;
  etcd-s3 | etcd-s3-bucket | etcd-s3-endpoint | etcd-s3-endpoint-ca | etcd-s3-folder | etcd-s3-region | etcd-s3-retention | \
    etcd-s3-access-key | etcd-s3-secret-key) echo kubernetes.snapshots.s3 ;;
  kubelet-arg) echo kubernetes.kubeletArguments ;;
  protect-kernel-defaults) echo kubernetes.hardening.cis ;;
  snapshotter) echo kubernetes.snapshotter ;;
  node-ip) echo "the node's address" ;;
  write-kubeconfig-mode) echo 'always 0600' ;;
  node-label | node-taint | token | token-file | agent-token | agent-token-file | server | cluster-init) echo - ;;
  esac
}
