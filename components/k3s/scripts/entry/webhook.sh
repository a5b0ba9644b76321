#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# A release that is ready is not an admission webhook that answers: its registration, its certificate and its address reach the
# API server by themselves, and until then every object that it looks at is refused, or slips through. Asks for an object that
# this webhook alone refuses, without keeping it, until it does. Changes nothing.
require_api
SAID=''
webhook_refuses() {
  # A webhook that nobody answers for takes its own time, 30 seconds at most.
  if SAID=$(printf '%s' "$PROBE" | kube --request-timeout=40s create --dry-run=server -f - 2>&1); then
    sleep 2
    return 1
  fi
  # https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook/errors/statuserror.go
  [[ $SAID != *'denied the request'*"$REFUSAL"* ]] || return 0
  sleep 2
  return 1
}
step "wait until the admission webhook of $RELEASE answers"
if retry "$WAIT_SECONDS" webhook_refuses; then exit 0; fi
fix="on a server: k3s kubectl -n $NAMESPACE get pods, and their logs; then run the same command again"
case $SAID in
  *'failed calling webhook'*)
    say "$SAID"
    fail "for $((WAIT_SECONDS / 60)) minutes the API server has reached no webhook of $RELEASE" \
      "$fix. If the pods are well, servers do not reach pods: see the firewall between nodes (flannel's port)" ;;
  *'(server dry run)'*)
    fail "the API server has asked no webhook of $RELEASE: none is registered, or it lets pass what it should refuse" \
      "$fix. What is registered: k3s kubectl get validatingwebhookconfigurations" ;;
  *)
    say "$SAID"
    fail "the webhook of $RELEASE did not refuse with \"$REFUSAL\"" "$fix" ;;
esac
