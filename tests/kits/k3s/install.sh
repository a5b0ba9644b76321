#!/bin/sh
# A stand-in for the installer of k3s: the same environment in, the same files out. It never downloads.
set -eu

say() { echo "[INFO]  $*"; }
die() {
  echo "[ERROR]  $*" >&2
  exit 1
}

[ -n "$(command -v systemctl)" ] || die 'Can not find systemd or openrc to use as a process supervisor for k3s'

# --- what to run: words of INSTALL_K3S_EXEC, then those of the command line ---
# shellcheck disable=SC2086 # INSTALL_K3S_EXEC is a list of words
set -- ${INSTALL_K3S_EXEC:-} "$@"
case "${1:-}" in
-* | '')
  if [ -z "${K3S_URL:-}" ]; then
    command=server
  else
    [ -n "${K3S_TOKEN:-}${K3S_TOKEN_FILE:-}" ] ||
      die "Defaulted k3s exec command to 'agent' because K3S_URL is defined, but K3S_TOKEN or K3S_TOKEN_FILE is not defined."
    command=agent
  fi
  ;;
*)
  command=$1
  shift
  ;;
esac
case "${K3S_URL:-}" in
'' | https://*) ;;
*) die "Only https:// URLs are supported for K3S_URL (have $K3S_URL)" ;;
esac

if [ -n "${INSTALL_K3S_NAME:-}" ]; then name=k3s-$INSTALL_K3S_NAME; elif [ "$command" = server ]; then name=k3s; else name=k3s-$command; fi
bin=${INSTALL_K3S_BIN_DIR:-/usr/local/bin}
units=${INSTALL_K3S_SYSTEMD_DIR:-/etc/systemd/system}
unit=$units/$name.service
env_file=$unit.env

hashes() { sha256sum "$bin/k3s" "$unit" "$env_file" 2>&1 || true; }
before=$(hashes)

# --- the binary has to be there: nothing is downloaded here ---
case "${INSTALL_K3S_SKIP_DOWNLOAD:-}" in
true | binary) say 'Skipping k3s download and verify' ;;
*) die 'Download failed (this stand-in never downloads: set INSTALL_K3S_SKIP_DOWNLOAD=true)' ;;
esac
[ -x "$bin/k3s" ] || die "Executable k3s binary not found at $bin/k3s"

if [ "${INSTALL_K3S_BIN_DIR_READ_ONLY:-}" != true ]; then
  for tool in kubectl crictl ctr; do
    if [ "${INSTALL_K3S_SYMLINK:-}" = skip ]; then continue; fi
    if [ "${INSTALL_K3S_SYMLINK:-}" = force ] || ! command -v "$tool" >/dev/null; then
      say "Creating $bin/$tool symlink to k3s"
      ln -sf k3s "$bin/$tool"
    else
      say "Skipping $bin/$tool symlink to k3s, command exists in PATH at $(command -v "$tool")"
    fi
  done

  say "Creating killall script $bin/k3s-killall.sh"
  cat >"$bin/k3s-killall.sh" <<'SCRIPT'
#!/bin/sh
for unit in /etc/systemd/system/k3s*.service; do
  [ ! -s "$unit" ] || systemctl stop "$(basename "$unit")"
done
rm -rf /run/k3s /var/lib/cni
SCRIPT
  chmod 755 "$bin/k3s-killall.sh"

  # As the real one: /etc/rancher/node stays, and the cluster is told nothing.
  say "Creating uninstall script $bin/$name-uninstall.sh"
  cat >"$bin/$name-uninstall.sh" <<SCRIPT
#!/bin/sh
$bin/k3s-killall.sh
systemctl disable $name
systemctl reset-failed $name
systemctl daemon-reload
rm -f $unit $env_file
trap 'rm -f $bin/$name-uninstall.sh' EXIT
if ls $units/k3s*.service >/dev/null 2>&1; then
  echo 'Additional k3s services installed, skipping uninstall of k3s'
  exit
fi
for tool in kubectl crictl ctr; do
  [ ! -L $bin/\$tool ] || rm -f $bin/\$tool
done
rm -rf /etc/rancher/k3s /run/k3s /run/flannel /var/lib/rancher/k3s /var/lib/kubelet
rm -f $bin/k3s $bin/k3s-killall.sh
SCRIPT
  chmod 755 "$bin/$name-uninstall.sh"
fi

# --- the service ---
systemctl disable "$name" >/dev/null 2>&1 || true
rm -f "$unit" "$env_file"
say "env: Creating environment file $env_file"
: >"$env_file"
chmod 0600 "$env_file"
env | grep -E '^(K3S|CONTAINERD)_' | sed "s/=\(.*\)/='\1'/" >>"$env_file" || true
env | grep -Ei '^(NO|HTTP|HTTPS)_PROXY=' >>"$env_file" || true

say "systemd: Creating service file $unit"
{
  cat <<UNIT
[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=${INSTALL_K3S_TYPE:-notify}
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-$env_file
KillMode=process
Delegate=yes
User=root
LimitNOFILE=1048576
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
UNIT
  printf 'ExecStart=%s \\\n    %s \\\n' "$bin/k3s" "$command"
  for word in "$@"; do printf "\t'%s' \\\\\n" "$word"; done
  echo
} >"$unit"

[ "${INSTALL_K3S_SKIP_ENABLE:-}" != true ] || exit 0
say "systemd: Enabling $name unit"
systemctl enable "$unit" >/dev/null
systemctl daemon-reload >/dev/null
[ "${INSTALL_K3S_SKIP_START:-}" != true ] || exit 0
if [ "$before" = "$(hashes)" ] && [ "${INSTALL_K3S_FORCE_RESTART:-}" != true ]; then
  say 'No change detected so skipping service start'
  exit 0
fi
say "systemd: Starting $name"
systemctl restart "$name"
