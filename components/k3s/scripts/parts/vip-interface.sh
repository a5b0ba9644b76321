# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# On which interface kube-vip is to hold the API address: that of the default route unless it is told (GetDefaultGatewayInterface
# in kube-vip's pkg/vip/util.go). One DaemonSet serves all servers, so each tells it in a file of its own, which has to be there
# before the first server's manifest is: so it is written when all are looked at.
VIP_FOLDER="$RECORD/kube-vip"

write_vip_interface() {
  local interface
  [ "$API_KIND" = kube-vip ] && [ "$ROLE" = server ] && [ -z "$API_INTERFACE" ] || return 0
  interface=$(interface_of "$ADDRESS")
  [ -n "$interface" ] || return 0
  put "$VIP_FOLDER/kube-vip.yaml" 0644 "interface: $interface"$'\n'
}
