# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Who votes in etcd. Its own list of members says so, and nothing else: a Node may be there whose member is not, or two that
# stand for one member, as after a host was given another name.

# etcd's list as k3s tells it to itself and to servers that join, one member a line: id, name, address, `voter` or `learner`.
# Fails where etcd has no majority. From this host nobody has to say who asks (`handler` in pkg/etcd/etcd.go of k3s-io/k3s);
# before January 2025 the token was asked for.
members_here() {
  local said
  said=$(printf 'user = "server:%s"\n' "$(escaped "$(token_on_disk token server)")" |
    curl -sf --noproxy '*' --max-time 10 --cacert "$K3S_DATA/server/tls/server-ca.crt" -K - https://127.0.0.1:6443/db/info 2>/dev/null) || return 1
  member_rows <<<"$said"
}

# member_rows: from that answer. An older k3s whose etcd does not answer tells of itself alone, and of no id (`infoHandler`).
member_rows() {
  local leaves
  leaves=$(json_leaves) || return 1
  awk -F'\t' '
    { split($1, path, "."); if (path[1] != "members") next; at = path[2] + 0; if (at >= count) count = at + 1 }
    path[3] == "ID" { id[at] = $2 }
    path[3] == "name" { name[at] = $2 }
    path[3] == "isLearner" { learner[at] = $2 }
    path[3] == "peerURLs" && path[4] == 0 { address[at] = $2; gsub(/^https?:\/\/\[?|\]?:[0-9]+$/, "", address[at]) }
    END {
      if (count == 0) exit 1
      for (at = 0; at < count; at++) {
        if (id[at] !~ /^[0-9]+$/) exit 1
        if (name[at] !~ /^[-A-Za-z0-9_.]+$/) name[at] = "-"
        if (address[at] !~ /^[-A-Za-z0-9.:]+$/) address[at] = "-"
        print id[at] "|" name[at] "|" address[at] "|" (learner[at] == "true" ? "learner" : "voter")
      }
    }' <<<"$leaves"
}

# Whether the member on this disk is one of its cluster, with a vote.
member_votes() {
  local own list
  own=$(member_on_disk)
  list=$(members_here) || return 1
  [ -n "$own" ] && grep -E "^[0-9]+\\|${own//./\\.}\\|[^|]*\\|voter\$" <<<"$list" >/dev/null
}

# One line a node: name, Ready, whether k3s says that it votes, machine, address, etcd member. Only servers have a
# member: what a kubelet may not give itself says who is one.
# shellcheck disable=SC2016 # what stands there is Go's
node_table() {
  local template="$FIELD"'{{range .items}}{{$ready := ""}}{{$votes := ""}}{{$address := ""}}{{$machine := ""}}{{$member := ""}}'
  template+='{{with .status}}{{range .conditions}}{{if eq .type "Ready"}}{{$ready = .status}}{{else if eq .type "EtcdIsVoter"}}{{$votes = .status}}{{end}}{{end}}'
  template+='{{range .addresses}}{{if and (eq .type "InternalIP") (not $address)}}{{$address = .address}}{{end}}{{end}}{{end}}'
  template+='{{with .metadata.labels}}{{$machine = index . "isthmus/machine"}}{{end}}'
  template+='{{if .metadata.labels}}{{if index .metadata.labels "node-role.kubernetes.io/etcd"}}{{with .metadata.annotations}}{{$member = index . "etcd.k3s.cattle.io/node-name"}}{{end}}{{end}}{{end}}'
  template+='{{template "field" .metadata.name}}{{template "field" $ready}}{{template "field" $votes}}{{template "field" $machine}}{{template "field" $address}}{{template "field" $member}}{{"\n"}}{{end}}'
  kube get nodes -o "go-template=$template" | rows "$NAME_FORM" 'True|False|Unknown' 'True|False|Unknown' "$VALUE_FORM" "$ADDRESS_FORM" "$VALUE_FORM"
}

# count_votes NODE: sets VOTERS and WELL, how many members of etcd have a vote and how many of them are well and can be reached
# now; UNWELL, those that are not, and why; OTHERS and WELL_OTHERS without the member of NODE; IS_READY, if NODE is; MEMBER, what its member is called; STANDS_FOR, other
# Nodes that stand for the same member. What the API says of a server that just died is old: so etcd is dialled. Fails where
# the API or etcd does not answer.
count_votes() {
  local table list name ready votes address member kind why
  local -A reason=()
  VOTERS=0 WELL=0 OTHERS=0 WELL_OTHERS=0 IS_READY='' MEMBER='' STANDS_FOR='' UNWELL=''
  table=$(node_table) && list=$(members_here) || return 1
  while IFS='|' read -r name ready votes _ _ member; do
    if [ "$name" = "$1" ]; then
      MEMBER=$member
      if [ "$ready" = True ]; then IS_READY=1; fi
    fi
    if [ -z "$member" ] || [ "${reason[$member]-x}" = '' ]; then continue; fi
    reason[$member]=''
    if [ "$votes" != True ]; then reason[$member]="k3s does not call $name a voter yet"; fi
    if [ "$ready" != True ]; then reason[$member]="$name is not Ready"; fi
  done <<<"$table"
  # The Node of this host may not tell yet.
  if [ -z "$MEMBER" ] && [ "$1" = "${NODE:-}" ]; then MEMBER=$(member_on_disk); fi
  while IFS='|' read -r _ name address kind; do
    [ "$kind" = voter ] || continue
    why=${reason[$name]-no node stands for it}
    if [ -z "$why" ] && ! port_open "$address" 2379; then why='TCP 2379 does not answer'; fi
    VOTERS=$((VOTERS + 1))
    if [ -z "$why" ]; then WELL=$((WELL + 1)); fi
    if [ "$name" = "$MEMBER" ]; then continue; fi
    OTHERS=$((OTHERS + 1))
    if [ -z "$why" ]; then WELL_OTHERS=$((WELL_OTHERS + 1)); else UNWELL+="${UNWELL:+, }$name at $address ($why)"; fi
  done <<<"$list"
  while IFS='|' read -r name _ _ _ _ member; do
    if [ -n "$MEMBER" ] && [ "$member" = "$MEMBER" ] && [ "$name" != "$1" ]; then STANDS_FOR+="${STANDS_FOR:+ }$name"; fi
  done <<<"$table"
}
