# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Which labels and taints of each node are ours, so that what others set stays, and what is declared no more goes. We take off what
# stands here, and may do everything: so it stands where no kubelet can write. Of its own Node a kubelet writes any annotation, but no
# taint (plugin/pkg/admission/noderestriction in https://github.com/kubernetes/kubernetes): by an annotation it could have had
# a taint taken off that a person put there to keep pods away from it.
NODE_RECORD=isthmus-nodes
# By `<node>.labels` and `<node>.taints`: lists with commas. RECORD_CHANGES has JSON, null for what goes.
declare -A RECORDED=() RECORD_CHANGES=()
# Whether there is a record. Where there is none yet, annotations of an older release are read for the last time.
HAS_RECORD=''

# shellcheck disable=SC2016 # what stands there is Go's
read_record() {
  local table key list template="$FIELD"'{{template "field" .metadata.name}}{{template "field" ""}}{{"\n"}}'
  template+='{{with .data}}{{range $key, $list := .}}{{template "field" $key}}{{template "field" $list}}{{"\n"}}{{end}}{{end}}'
  table=$(kube -n kube-system get configmap --ignore-not-found -o "go-template=$template" -- "$NODE_RECORD" | rows '[-a-z0-9.]+' '[-A-Za-z0-9_./:,]*')
  while IFS='|' read -r key list; do
    [ -n "$key" ] || continue
    HAS_RECORD=1
    [ "$key" = "$NODE_RECORD" ] || RECORDED[$key]=$list
  done <<<"$table"
}

# Puts RECORD_CHANGES there; other lists stay as they are.
write_record() {
  local key data=''
  for key in $(printf '%s\n' "${!RECORD_CHANGES[@]}" | sort); do
    data+=",\"$key\":${RECORD_CHANGES[$key]}"
    if [ "${RECORD_CHANGES[$key]}" = null ]; then unset "RECORDED[$key]"; fi
  done
  data="{${data#,}}"
  if [ -n "$HAS_RECORD" ]; then
    printf '{"data":%s}' "$data" | kube -n kube-system patch configmap --type merge --patch-file /dev/stdin -- "$NODE_RECORD" >/dev/null
  else
    printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s","namespace":"kube-system"},"data":%s}' "$NODE_RECORD" "$data" |
      kube create -f - >/dev/null
    HAS_RECORD=1
  fi
}
