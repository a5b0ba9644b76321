# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Only what we cordoned is uncordoned: a node that a person cordoned stays so. An annotation tells, in the same write: `true`
# while it is worked on, `leaving` while it leaves the cluster.

# cordon NODE MARK
cordon() {
  local already
  already=$(kube get node -o 'jsonpath={.spec.unschedulable}' -- "$1")
  [ "$already" = true ] || kube patch node --type=merge \
    -p "{\"metadata\": {\"annotations\": {\"isthmus/cordoned\": \"$2\"}}, \"spec\": {\"unschedulable\": true}}" -- "$1" >/dev/null
}

# uncordon NODE MARK: if it was cordoned with that mark. A question that fails is no answer.
uncordon() {
  local mark
  mark=$(kube get node -o 'jsonpath={.metadata.annotations.isthmus/cordoned}' -- "$1")
  [ "$mark" != "$2" ] || kube patch node --type=merge \
    -p '{"metadata": {"annotations": {"isthmus/cordoned": null}}, "spec": {"unschedulable": null}}' -- "$1" >/dev/null
}
