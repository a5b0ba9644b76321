# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Labels and taints of the nodes as declared, removal included. What is ours is recorded (node-record.sh), so that what others
# set stays.
declare -A known_labels known_taints labels_now taints_now RECORD_CHANGES
# Of all nodes: also whether each is READY, and how it is marked where a run of ours cordoned it.
declare -A READY=() CORDONED_AS=()
# Nodes on which an older release noted what is ours.
WITH_ANNOTATIONS=()
# shellcheck disable=SC2016 # what stands there is Go's
read_nodes() {
  local table name ready cordoned labels taints taints_here labels_here template="$FIELD"'{{define "of"}}{{with .}}{{range $key, $value := .}}'
  template+='{{printf "%s=%s " $key $value}}{{end}}{{end}}{{end}}{{define "taints"}}{{with .}}{{range .}}{{.key}}={{with .value}}{{.}}{{end}}:{{.effect}},{{end}}{{end}}{{end}}'
  template+='{{range .items}}{{$ready := ""}}{{with .status}}{{range .conditions}}{{if eq .type "Ready"}}{{$ready = .status}}{{end}}{{end}}{{end}}'
  template+='{{template "field" .metadata.name}}{{template "field" $ready}}{{with .metadata.annotations}}{{template "field" (index . "isthmus/cordoned")}}'
  template+='{{template "field" (index . "isthmus/labels")}}{{template "field" (index . "isthmus/taints")}}{{else}}{{template "field" ""}}{{template "field" ""}}{{template "field" ""}}{{end}}'
  # Keys, values and effects of labels and taints are made of letters, digits and a few signs: the API server sees to it.
  template+='"{{with .spec.taints}}{{template "taints" .}}{{end}}"{{"\t"}}"{{template "of" .metadata.labels}}"{{"\t\n"}}{{end}}'
  read_record
  table=$(kube get nodes -o "go-template=$template" | rows "$NAME_FORM" 'True|False|Unknown' 'true|leaving' '.*' '.*' '[-A-Za-z0-9_./=:,]*' '[-A-Za-z0-9_./= ]*')
  while IFS='|' read -r name ready cordoned labels taints taints_here labels_here; do
    [ -n "$name" ] || continue
    READY[$name]=$ready CORDONED_AS[$name]=$cordoned
    if [ -z "$HAS_RECORD" ]; then
      [ -z "$labels$taints" ] || WITH_ANNOTATIONS+=("$name")
    else
      labels=${RECORDED[$name.labels]:-} taints=${RECORDED[$name.taints]:-}
    fi
    known_labels[$name]=$(believed "$name" "$KEY_FORM" "$labels")
    known_taints[$name]=$(believed "$name" "$KEY_FORM:(NoSchedule|PreferNoSchedule|NoExecute)" "$taints")
    taints_now[$name]=",$taints_here" labels_now[$name]=" $labels_here"
  done <<<"$table"
}

# believed NODE FORM LIST: what of a list is of its form. Once it comes from the node's annotations, which that node may write.
believed() {
  local one out='' words
  IFS=, read -ra words <<<"$3"
  for one in ${words[@]+"${words[@]}"}; do
    if is_of "$2" "$one"; then
      out+="${out:+,}$one"
    else
      say "of $1 something is noted that no run of ours wrote: \"$one\" is passed over"
    fi
  done
  printf %s "$out"
}

# The older names that a node gets beside these when it registers. k3s' cloud controller keeps the newer name as the older
# one says (reconcileNodeLabels in k8s.io/cloud-provider): what changes here would be changed back.
declare -A OLDER_NAME=(
  [topology.kubernetes.io/zone]=failure-domain.beta.kubernetes.io/zone
  [topology.kubernetes.io/region]=failure-domain.beta.kubernetes.io/region
  [node.kubernetes.io/instance-type]=beta.kubernetes.io/instance-type
)

# A node that we installed, or took over, says which machine it is.
came_from_here() { has_label "$1" isthmus/machine; }

# has_label NODE KEY [VALUE]
has_label() { [[ ${labels_now[$1]} == *" $2=${3+$3 }"* ]]; }

# label_changes NODE LABELS: what kubectl label has to be told for one node.
label_changes() {
  local name=$1 pair key older
  CHANGES=()
  for pair in $2; do
    key=${pair%%=*} older=${OLDER_NAME[${pair%%=*}]:-}
    has_label "$name" "$key" "${pair#*=}" || CHANGES+=("$pair")
    if [ -n "$older" ] && has_label "$name" "$older" && ! has_label "$name" "$older" "${pair#*=}"; then
      CHANGES+=("$older=${pair#*=}")
    fi
  done
  for key in ${known_labels[$name]//,/ }; do
    [[ " $2" != *" $key="* ]] || continue
    CHANGES+=("$key-")
    older=${OLDER_NAME[$key]:-}
    if [ -n "$older" ] && has_label "$name" "$older"; then CHANGES+=("$older-"); fi
  done
}

# A taint is key=value:effect; what identifies it is key and effect.
taint_changes() {
  local name=$1 taint id
  CHANGES=()
  for taint in $2; do
    [[ ${taints_now[$name]} == *",$taint,"* ]] || CHANGES+=("$taint")
  done
  for id in ${known_taints[$name]//,/ }; do
    taint_declared "$id" "$2" || [[ ${taints_now[$name]} != *",${id%%:*}="*":${id#*:},"* ]] || CHANGES+=("$id-")
  done
}

taint_declared() {
  local taint
  for taint in $2; do [ "${taint%%=*}:${taint##*:}" != "$1" ] || return 0; done
  return 1
}

keys_of() { local pair out=''; for pair in $1; do out+=",${pair%%=*}"; done; printf %s "${out#,}"; }
ids_of() { local taint out=''; for taint in $1; do out+=",${taint%%=*}:${taint##*:}"; done; printf %s "${out#,}"; }

# both LIST LIST: what is in either, once.
both() {
  local one out=$1
  for one in ${2//,/ }; do [[ ",$out," == *",$one,"* ]] || out+="${out:+,}$one"; done
  printf %s "$out"
}

# note: what is ours on the nodes, from now on; in one call, and of those that are gone nothing.
note() {
  local name key
  RECORD_CHANGES=()
  for name in "${JOINED[@]}"; do
    if [ -n "$HAS_RECORD" ] && [ "${ours_labels[$name]} ${ours_taints[$name]}" = "${known_labels[$name]} ${known_taints[$name]}" ]; then continue; fi
    RECORD_CHANGES[$name.labels]="\"${ours_labels[$name]}\"" RECORD_CHANGES[$name.taints]="\"${ours_taints[$name]}\""
    known_labels[$name]=${ours_labels[$name]} known_taints[$name]=${ours_taints[$name]}
  done
  for key in "${!RECORDED[@]}"; do
    [ -n "${READY[${key%.*}]+known}" ] || RECORD_CHANGES[$key]=null
  done
  if [ "${#RECORD_CHANGES[@]}" -gt 0 ] || [ -z "$HAS_RECORD" ]; then write_record; fi
  if [ "${#WITH_ANNOTATIONS[@]}" -gt 0 ]; then
    kube annotate node -- "${WITH_ANNOTATIONS[@]}" isthmus/labels- isthmus/taints- >/dev/null
    WITH_ANNOTATIONS=()
  fi
}

declare -A ours_labels ours_taints wanted_labels wanted_taints
JOINED=()

keep_labels() {
  local index name
  step 'compare labels and taints with those declared'
  for index in "${!NODES[@]}"; do
    name=${NODES[index]}
    if [ -z "${labels_now[$name]+known}" ]; then
      say "$name has not joined: its labels wait"
      continue
    fi
    JOINED+=("$name")
    wanted_labels[$name]=${LABELS[index]} wanted_taints[$name]=${TAINTS[index]}
    # A node that others installed is known by its machine from now on.
    came_from_here "$name" || wanted_labels[$name]+=" isthmus/machine=${MACHINES[index]}"
    # Noted before it is set and until it is gone: a run that dies between forgets nothing of ours.
    ours_labels[$name]=$(both "${known_labels[$name]}" "$(keys_of "${LABELS[index]}")")
    ours_taints[$name]=$(both "${known_taints[$name]}" "$(ids_of "${TAINTS[index]}")")
  done
  note
  for name in "${JOINED[@]}"; do
    label_changes "$name" "${wanted_labels[$name]}"
    if [ "${#CHANGES[@]}" -gt 0 ]; then
      say "labels of $name: ${CHANGES[*]}"
      kube label node --overwrite -- "$name" "${CHANGES[@]}" >/dev/null
    fi
    taint_changes "$name" "${wanted_taints[$name]}"
    if [ "${#CHANGES[@]}" -gt 0 ]; then
      say "taints of $name: ${CHANGES[*]}"
      kube taint node --overwrite -- "$name" "${CHANGES[@]}" >/dev/null
    fi
  done
  for index in "${!NODES[@]}"; do
    ours_labels[${NODES[index]}]=$(keys_of "${LABELS[index]}")
    ours_taints[${NODES[index]}]=$(ids_of "${TAINTS[index]}")
  done
  note
}
