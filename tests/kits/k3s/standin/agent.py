"""The node half, of servers and agents: node password, certificates, the Node object and its heartbeat."""

import json
import os
import platform
import secrets
import socket
import threading
import time
import urllib.error

from standin import host_rules, log, pki
from standin.balancer import Balancer
from standin.flannel import Flannel
from standin.kubeclient import KubeClient
from standin.notify import ready
from standin.objects import ApiError, now
from standin.server_names import OLDER_NAMES
from standin.options import node_address, node_name, secret
from standin.token import Access, TokenError, reason
from standin.version import VERSION

PASSWORD_FILE = "/etc/rancher/node/password"
HEARTBEAT = float(os.environ.get("K3S_STANDIN_HEARTBEAT", "1"))
# What a start takes beyond what is done here, before the node registers.
START = float(os.environ.get("K3S_STANDIN_START", "0"))
PRESSURES = {"MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
             "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
             "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available")}


def node_password():
    if not os.path.exists(PASSWORD_FILE):
        pki.write(PASSWORD_FILE, (secrets.token_hex(16) + "\n").encode())
    return pki.read(PASSWORD_FILE).decode().strip()


class Agent:
    """`port` is where this node finds the API: a server's own 6443, or an agent's load balancer."""

    def __init__(self, settings, port, labels=(), annotations=None):
        self.settings, self.port = settings, port
        self.name, self.address = node_name(settings), node_address(settings)
        self.folder = os.path.join(settings.get("data-dir", "/var/lib/rancher/k3s"), "agent")
        self.labels, self.annotations, self.kube = list(labels), annotations or {}, None
        # What a server says of the cluster, asked at the start alone.
        self.cluster = {}

    def bootstrap(self, token, user):
        """Certificates of this node. Asks until a server gives them, as k3s does, and says why not."""
        while True:
            try:
                self._certificates(Access(f"https://127.0.0.1:{self.port}", token, user))
                host_rules.check_registries(self.settings)
                return
            except (TokenError, ApiError, host_rules.RegistriesError) as error:
                log.info(f"Waiting to retrieve agent configuration; server is not ready: {error}")
            except OSError as error:
                log.info(f"Waiting to retrieve agent configuration; server is not ready: {reason(error)}")
            time.sleep(1)

    def _certificates(self, access):
        try:
            self.cluster = access.get_json("/v1-k3s/config")
        except urllib.error.HTTPError as error:
            why = "not authorized" if error.code == 401 else f"{access.url}/v1-k3s/config: {reason(error)}"
            raise TokenError(f"failed to retrieve configuration from server: {why}") from error
        for file in ("client-ca.crt", "server-ca.crt"):
            pki.write(os.path.join(self.folder, file), access.get(f"/v1-k3s/{file}"))
        headers = {"k3s-Node-Name": self.name, "k3s-Node-Password": node_password(), "k3s-Node-IP": self.address}
        for file in ("serving-kubelet", "client-kubelet"):
            try:
                pair = access.get_json(f"/v1-k3s/{file}.crt", headers)
            except urllib.error.HTTPError as error:
                if error.code == 403:
                    raise TokenError(f"{self.folder}/{file}.crt: Node password rejected, duplicate hostname or contents of '{PASSWORD_FILE}' "
                                     "may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag") from error
                raise
            pki.write(os.path.join(self.folder, file + ".key"), pair["key"].encode())
            pki.write(os.path.join(self.folder, file + ".crt"), pair["certificate"].encode())
        self._kubeconfig()
        path = self.folder
        self.kube = KubeClient(self.port, f"{path}/server-ca.crt", f"{path}/client-kubelet.crt", f"{path}/client-kubelet.key")
        # Of its own connection: it is used at the same time.
        self.watch = KubeClient(self.port, f"{path}/server-ca.crt", f"{path}/client-kubelet.crt", f"{path}/client-kubelet.key")

    def nodes(self):
        return self.watch.call("GET", "/api/v1/nodes")["items"]

    def annotate(self, annotations):
        self.watch.call("PATCH", f"/api/v1/nodes/{self.name}", {"metadata": {"annotations": annotations}}, "application/strategic-merge-patch+json")

    def _kubeconfig(self):
        folder = self.folder
        text = (f"apiVersion: v1\nkind: Config\nclusters:\n- name: local\n  cluster:\n    server: https://127.0.0.1:{self.port}\n"
                f"    certificate-authority: {folder}/server-ca.crt\nusers:\n- name: user\n  user:\n"
                f"    client-certificate: {folder}/client-kubelet.crt\n    client-key: {folder}/client-kubelet.key\n"
                "contexts:\n- name: Default\n  context:\n    cluster: local\n    namespace: default\n    user: user\n"
                "current-context: Default\n")
        pki.write(os.path.join(folder, "kubelet.kubeconfig"), text.encode())
        # The real one has a certificate of its own, which may read all nodes; here a kubelet's may.
        pki.write(os.path.join(folder, "k3scontroller.kubeconfig"), text.encode())

    def listen(self):
        """The kubelet's port: taken on every node, and a cause of failure where somebody else has it."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("0.0.0.0", 10250))
        except OSError as error:
            log.fatal(f"kubelet exited: listen tcp 0.0.0.0:10250: bind: {error.strerror.lower()}")
        listener.listen(16)
        threading.Thread(target=hang_up, args=(listener,), daemon=True).start()

    # --- the Node ----------------------------------------------------------------------------------------------------

    def register(self):
        """Once in a process: a Node that is deleted while the kubelet runs stays away until it starts again."""
        time.sleep(START)
        log.info("Running kubelet")
        host_rules.check_kernel(self.settings)
        host_rules.check_cgroups(self.settings)
        while True:
            try:
                self._create_or_update()
                Flannel(self, self.cluster).start()
                return
            except (ApiError, OSError) as error:
                log.error(f"Unable to register node with API server: {error}")
                time.sleep(0.5)

    def _create_or_update(self):
        # The flags' labels are set at every start, taints at registration only; what is not among them any more stays.
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture(),
                 "node.kubernetes.io/instance-type": "k3s", "beta.kubernetes.io/os": "linux",
                 **dict(label.partition("=")[::2] for label in self.settings.get("node-label", []))}
        try:
            found = self.kube.call("GET", f"/api/v1/nodes/{self.name}")
            if found["metadata"].get("deletionTimestamp"):
                raise ApiError(409, "Conflict", f"node {self.name} is being deleted")
            self._patch({"metadata": {"labels": labels, "annotations": self.annotations}}, "")
        except ApiError as error:
            if error.code != 404:
                raise
            # The cloud controller adds the older names of some, soon after.
            labels.update({older: labels[newer] for older, newer in OLDER_NAMES.items() if newer in labels})
            body = {"metadata": {"name": self.name, "labels": labels, "annotations": self.annotations,
                                 "finalizers": ["wrangler.cattle.io/node"]},
                    "spec": {"taints": [taint(text) for text in self.settings.get("node-taint", [])]}}
            self.kube.call("POST", "/api/v1/nodes", body)
            log.info(f"Successfully registered node {self.name}")
        self._patch({"status": self._status(True)}, "/status")

    def _status(self, whole):
        moment = now()
        conditions = [{"type": kind, "status": "False", "reason": why, "message": text, "lastHeartbeatTime": moment, "lastTransitionTime": moment}
                      for kind, (why, text) in PRESSURES.items()] if whole else []
        conditions.append({"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
                           "lastHeartbeatTime": moment})
        info = {"kubeletVersion": VERSION, "architecture": architecture(), "operatingSystem": "linux", "osImage": "Debian (test host)",
                "kernelVersion": platform.release(), "containerRuntimeVersion": "containerd://stand-in", "machineID": machine_id()}
        addresses = [{"type": "InternalIP", "address": self.address}, {"type": "Hostname", "address": self.name}]
        return {"conditions": conditions, "addresses": addresses, **({"nodeInfo": info} if whole else {})}

    def _patch(self, body, subresource):
        self.kube.call("PATCH", f"/api/v1/nodes/{self.name}{subresource}", body, "application/strategic-merge-patch+json")

    def beat(self):
        while True:
            time.sleep(HEARTBEAT)
            try:
                self._patch({"status": self._status(False)}, "/status")
            except (ApiError, OSError) as error:
                log.error(f"Error updating node status: {error}")


def hang_up(listener):
    """Who connects has been answered: what is not accepted fills the queue, and then nobody is."""
    while True:
        listener.accept()[0].close()


def taint(text):
    key, _, effect = text.rpartition(":")
    name, _, value = key.partition("=")
    return {"key": name, "effect": effect, **({"value": value} if value else {})}


def architecture():
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def machine_id():
    return pki.read("/etc/machine-id").decode().strip() if os.path.exists("/etc/machine-id") else ""


def refresh(balancer, agent, token):
    while True:
        time.sleep(3)
        try:
            balancer.update(Access(f"https://127.0.0.1:{agent.port}", token, "node").get_json("/v1-k3s/apiservers"))
        except (TokenError, OSError, json.JSONDecodeError):
            continue


def run(settings):
    log.info(f"Starting k3s agent {VERSION} (stand-in)")
    token, url = secret(settings, "token"), settings.get("server")
    if not url:
        log.fatal("Error: --server is required")
    if not token and not os.path.exists(os.path.join(settings.get("data-dir", "/var/lib/rancher/k3s"), "agent/client-kubelet.crt")):
        log.fatal("Error: --token is required")
    first = url.removeprefix("https://").rstrip("/")
    first = first if ":" in first else first + ":443"
    agent = Agent(settings, int(settings.get("lb-server-port", "6444")))
    balancer = Balancer(os.path.join(agent.folder, "etc/k3s-agent-load-balancer.json"), first, agent.port)
    balancer.start()
    agent.bootstrap(token, "node")
    balancer.update(Access(f"https://127.0.0.1:{agent.port}", token, "node").get_json("/v1-k3s/apiservers"))
    agent.listen()
    agent.register()
    ready()
    log.info("k3s agent is up and running")
    threading.Thread(target=refresh, args=(balancer, agent, token), daemon=True).start()
    agent.beat()
