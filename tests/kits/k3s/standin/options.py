"""Flags, config files and environment, by k3s' rules.

config.yaml first, then config.yaml.d/*.yaml in the order of their names, later ones win (a key that ends in `+` adds
to a list); environment next; flags of the command line win. A key that no flag of that name answers to is skipped with
a warning, an unknown flag on the command line ends the program.
"""

import glob
import os
import socket

import yaml

from standin import log

CONFIG = "/etc/rancher/k3s/config.yaml"
LISTS = {"tls-san", "disable", "node-label", "node-taint", "node-ip", "node-external-ip", "cluster-cidr", "service-cidr", "cluster-dns",
         "kube-apiserver-arg", "kube-controller-manager-arg", "kube-scheduler-arg", "kube-cloud-controller-manager-arg", "etcd-arg",
         "kubelet-arg", "kube-proxy-arg"}
BOOLEANS = {"cluster-init", "cluster-reset", "secrets-encryption", "debug", "disable-cloud-controller", "disable-kube-proxy",
            "disable-network-policy", "disable-helm-controller", "disable-agent", "with-node-id", "selinux", "protect-kernel-defaults",
            "etcd-disable-snapshots", "etcd-expose-metrics", "etcd-s3", "etcd-s3-insecure", "etcd-s3-skip-ssl-verify",
            "etcd-snapshot-compress", "embedded-registry", "flannel-ipv6-masq", "flannel-external-ip", "rootless", "docker",
            "prefer-bundled-bin", "disable-default-registry-endpoint", "enable-pprof", "multi-cluster-cidr", "servicelb", "supervisor-metrics"}
SERVER_ONLY = {"bind-address", "https-listen-port", "advertise-address", "advertise-port", "cluster-domain", "service-node-port-range",
               "flannel-backend", "egress-selector-mode", "servicelb-namespace", "write-kubeconfig", "write-kubeconfig-mode",
               "write-kubeconfig-group", "agent-token", "agent-token-file", "cluster-reset-restore-path", "helm-job-image",
               "kube-apiserver-arg", "etcd-arg", "kube-controller-manager-arg", "kube-scheduler-arg", "datastore-endpoint", "system-default-registry",
               "etcd-snapshot-name", "etcd-snapshot-schedule-cron", "etcd-snapshot-retention", "etcd-snapshot-dir", "etcd-s3-endpoint",
               "etcd-s3-endpoint-ca", "etcd-s3-access-key", "etcd-s3-secret-key", "etcd-s3-session-token", "etcd-s3-bucket",
               "etcd-s3-bucket-lookup-type", "etcd-s3-region", "etcd-s3-folder", "etcd-s3-proxy", "etcd-s3-config-secret", "etcd-s3-timeout",
               "etcd-s3-retention", "default-local-storage-path", "kine-tls", "tls-san-security", "secrets-encryption-provider",
               "cluster-init", "cluster-reset", "secrets-encryption", "disable-cloud-controller", "disable-kube-proxy", "disable",
               "disable-network-policy", "disable-helm-controller", "disable-agent", "cluster-cidr", "service-cidr", "cluster-dns", "tls-san",
               "etcd-disable-snapshots", "etcd-expose-metrics", "etcd-s3", "etcd-s3-insecure", "etcd-s3-skip-ssl-verify",
               "etcd-snapshot-compress", "embedded-registry", "supervisor-metrics", "kube-cloud-controller-manager-arg", "multi-cluster-cidr"}
COMMON = {"config", "debug", "v", "vmodule", "log", "alsologtostderr", "data-dir", "token", "token-file", "server", "node-name", "with-node-id",
          "node-label", "node-taint", "node-ip", "node-external-ip", "node-internal-dns", "node-external-dns", "resolv-conf",
          "flannel-iface", "flannel-conf", "flannel-cni-conf", "kubelet-arg", "kube-proxy-arg", "protect-kernel-defaults", "selinux",
          "lb-server-port", "snapshotter", "container-runtime-endpoint", "pause-image", "private-registry", "docker", "rootless",
          "prefer-bundled-bin", "image-credential-provider-bin-dir", "image-credential-provider-config", "enable-pprof", "vpn-auth",
          "vpn-auth-file", "airgap-extra-registry", "disable-default-registry-endpoint", "image-service-endpoint", "nonroot-devices",
          "default-runtime", "node-name-from-cloud-provider-metadata"}
ENVIRONMENT = {"K3S_TOKEN": "token", "K3S_TOKEN_FILE": "token-file", "K3S_URL": "server", "K3S_NODE_NAME": "node-name",
               "K3S_AGENT_TOKEN": "agent-token", "K3S_AGENT_TOKEN_FILE": "agent-token-file", "K3S_DATA_DIR": "data-dir",
               "K3S_CLUSTER_INIT": "cluster-init", "K3S_CLUSTER_RESET": "cluster-reset", "K3S_KUBECONFIG_MODE": "write-kubeconfig-mode",
               "K3S_KUBECONFIG_OUTPUT": "write-kubeconfig", "K3S_DEBUG": "debug", "K3S_CONFIG_FILE": "config"}
SHORT = {"t": "token", "s": "server", "d": "data-dir", "c": "config", "i": "node-ip", "o": "write-kubeconfig"}


def known(role):
    return COMMON | SERVER_ONLY if role == "server" else COMMON


def load(role, arguments, env=os.environ):
    """All settings of one command; a list for what may be repeated, True or False for switches, else text."""
    given = from_command_line(role, arguments)
    path = given.get("config") or env.get("K3S_CONFIG_FILE") or CONFIG
    settings = {}
    for key, value in from_files(path).items():
        if key in known(role):
            settings[key] = normal(key, value)
        else:
            log.warning(f"Unknown flag --{key} found in config.yaml, skipping\n")
    for name, key in ENVIRONMENT.items():
        if env.get(name) and key in known(role):
            settings[key] = normal(key, env[name])
    for key, value in given.items():
        settings[key] = settings.get(key, []) + value if key in LISTS else value
    return settings


def from_files(path):
    merged = {}
    for file in [path] + sorted(glob.glob(path + ".d/*.yaml") + glob.glob(path + ".d/*.yml")):
        if not os.path.exists(file):
            continue
        with open(file, encoding="utf-8") as stream:
            try:
                document = yaml.safe_load(stream) or {}
            except yaml.YAMLError as error:
                log.fatal(f"Error: yaml: {error}")
        for key, value in document.items():
            if key.endswith("+"):
                before = merged.get(key[:-1], [])
                merged[key[:-1]] = (before if isinstance(before, list) else [before]) + (value if isinstance(value, list) else [value])
            else:
                merged[key] = value
    return merged


def from_command_line(role, arguments):
    given, rest = {}, list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            continue
        key, equals, value = word.lstrip("-").partition("=")
        key = SHORT.get(key, key)
        if key not in known(role):
            log.fatal(f"Error: flag provided but not defined: -{key}")
        if key in BOOLEANS:
            given[key] = value.lower() in ("true", "1", "") if equals else True
        else:
            value = value if equals else (rest.pop(0) if rest else "")
            given[key] = given.get(key, []) + normal(key, value) if key in LISTS else value
    return given


def normal(key, value):
    if key in LISTS:
        items = value if isinstance(value, list) else str(value).split(",") if key not in ("node-label", "node-taint") else [value]
        return [str(item) for item in items]
    if key in BOOLEANS:
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1")
    return str(value)


def secret(settings, key):
    """A token, given as text or in a file."""
    file = settings.get(key + "-file")
    if settings.get(key):
        return settings[key]
    if file:
        with open(file, encoding="utf-8") as stream:
            return stream.read().strip()
    return ""


def node_name(settings):
    return (settings.get("node-name") or socket.gethostname()).lower()


def node_address(settings):
    if settings.get("node-ip"):
        return settings["node-ip"][0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks for the address of the default route
        except OSError:
            log.fatal("Error: unable to select an IP from default routes.")
        return probe.getsockname()[0]
