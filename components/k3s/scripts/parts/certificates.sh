# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The certificates of this node, as k3s keeps them.

# What a run that did not end was at: `begun` or `renewed`.
ROTATING="$RECORD/k3s.rotating"

# Days until the first certificate expires; null where it cannot be told.
certificate_days() {
  local file end least=''
  command -v openssl >/dev/null || { printf null; return; }
  for file in "$K3S_DATA"/server/tls/*.crt "$K3S_DATA"/server/tls/{etcd,kube-*}/*.crt "$K3S_DATA"/agent/*.crt; do
    [ -f "$file" ] || continue
    end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null | cut -d= -f2 || true)
    [ -n "$end" ] || continue
    end=$((($(date -d "$end" +%s) - $(date +%s)) / 86400))
    if [ -z "$least" ] || [ "$end" -lt "$least" ]; then least=$end; fi
  done
  printf %s "${least:-null}"
}
