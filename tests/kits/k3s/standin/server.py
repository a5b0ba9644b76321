"""`k3s server`: finds or starts its cluster, runs its etcd member, then serves the API."""

import base64
import hashlib
import ipaddress
import json
import os
import secrets
import shutil
import threading
import time
import uuid

from standin import critical, etcd, host_rules, log, pki, token
from standin.agent import Agent
from standin.api import Api
from standin.controllers import Controllers
from standin.httpd import Server as HttpServer
from standin.notify import ready
from standin.objects import ApiError, Store, Where
from standin.options import node_address, node_name, secret
from standin.server_tokens import Tokens, bootstrap_key
from standin.supervisor import Supervisor, ensure_password
from standin.version import VERSION

PREPARING = "Error: preparing server: failed to bootstrap cluster data: "


class Server(Tokens):
    def __init__(self, settings):
        self.settings = settings
        self.data = os.path.join(settings.get("data-dir", "/var/lib/rancher/k3s"), "server")
        self.tls, self.db = os.path.join(self.data, "tls"), os.path.join(self.data, "db")
        self.etcd_data = os.path.join(self.db, "etcd")
        self.node, self.address = node_name(settings), node_address(settings)
        self.critical = dict(critical.compared(settings))
        self.agent_token = token.password(secret(settings, "agent-token")) if secret(settings, "agent-token") else ""
        self.given, self.ready = secret(settings, "token"), False
        # The password that it lets in: read once, at its start.
        self.taken = ""
        self.etcd, self.store, self.api, self.process = None, None, None, None

    # --- the cluster that it belongs to ------------------------------------------------------------------------------

    @property
    def initialized(self):
        return os.path.isdir(os.path.join(self.etcd_data, "member/wal"))

    def leave_tombstone(self):
        if os.path.exists(os.path.join(self.etcd_data, "tombstone")):
            log.info("tombstone file has been detected, removing data dir to rejoin the cluster")
            os.rename(self.etcd_data, f"{self.etcd_data}-backup-{int(time.time())}")

    def bootstrap(self):
        """Returns what gives access to the server to join, or None where nobody is joined."""
        url = self.settings.get("server")
        if self.initialized:
            log.info("Managed etcd cluster bootstrap already complete and initialized")
            self._reconcile(url)
            return None
        if not url:
            if not self.settings.get("cluster-init"):
                log.fatal("stand-in: neither cluster-init nor server is set: k3s would use SQLite here, which the stand-in has not")
            log.info("Managed etcd cluster initializing")
            pki.make_authorities(self.tls)
            return None
        if not self.given:
            log.fatal(PREPARING + "failed to check if bootstrap data has been initialized: token is required to join a cluster")
        access = self._access(url)
        log.info("Managed etcd cluster not yet initialized")
        self._compare(url)
        try:
            pki.unpack(self.data, access.get_json("/v1-k3s/server-bootstrap"))
        except OSError as error:
            refused = getattr(error, "code", None) == 401
            log.fatal(PREPARING + ("not authorized" if refused else f"{access.url}/v1-k3s/server-bootstrap: {token.reason(error)}"))
        return access

    def _access(self, url):
        try:
            access = token.Access(url, self.given, "server")
        except token.TokenError as error:
            log.fatal(f"{PREPARING}failed to check if bootstrap data has been initialized: failed to validate token: {error}")
        if access.warn:
            log.warning("Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. "
                        "Use the full token from the server's node-token file to enable Cluster CA validation.")
        return access

    def _compare(self, url):
        """With the agent token, as k3s does; where that does not fit, nothing is compared."""
        try:
            theirs = token.Access(url, secret(self.settings, "agent-token") or self.given, "node").get_json("/v1-k3s/config")
        except (OSError, token.TokenError) as error:
            log.warning(f"Skipping cluster configuration validation: {token.refusal(error)}")
            return
        differing = [name for name, value in self.critical.items() if theirs.get(name) != value]
        for name in differing[:10]:
            log.warning(f"critical configuration mismatched: {name}")
        if differing:
            log.fatal(PREPARING + "failed to validate server configuration: critical configuration value mismatch between servers")

    def _reconcile(self, url):
        """A member asks the server it once joined; where that does not answer, what its own store keeps has to fit the token."""
        if url and self.given:
            try:
                pki.unpack(self.data, token.Access(url, self.given, "server").get_json("/v1-k3s/server-bootstrap"))
                log.info("Successfully reconciled with remote datastore")
                return
            except (OSError, token.TokenError) as error:
                log.warning(f"Unable to reconcile with remote datastore: {token.refusal(error)}")
        log.info("Starting temporary etcd to reconcile with datastore")
        path = os.path.join(self.db, "bootstrap-copy")
        if os.path.exists(path):
            try:
                pki.unseal(token.password(self.given) if self.given else self.token, pki.read(path))
            except ValueError:
                log.fatal("Failed to reconcile with temporary etcd: bootstrap data already found and encrypted with different token")

    # --- certificates and files --------------------------------------------------------------------------------------

    def certificates(self):
        tls, own = self.tls, ["127.0.0.1", "localhost", self.address, self.node]
        names = own + ["kubernetes", "kubernetes.default.svc", "10.43.0.1"] + self.settings.get("tls-san", [])
        pki.ensure(f"{tls}/server-ca", f"{tls}/serving-kube-apiserver", "kube-apiserver", addresses=names)
        pki.ensure(f"{tls}/client-ca", f"{tls}/client-admin", "system:admin", ["system:masters"])
        pki.ensure(f"{tls}/client-ca", f"{tls}/client-k3s-controller", "system:k3s-controller")
        pki.ensure(f"{tls}/etcd/server-ca", f"{tls}/etcd/client", "etcd-client")
        pki.ensure(f"{tls}/etcd/server-ca", f"{tls}/etcd/server-client", "etcd-server", addresses=own)
        pki.ensure(f"{tls}/etcd/peer-ca", f"{tls}/etcd/peer-server-client", "etcd-peer", addresses=own)
        if self.settings.get("secrets-encryption"):
            path = os.path.join(self.data, "cred/encryption-config.json")
            if not os.path.exists(path):
                pki.write(path, json.dumps({"kind": "EncryptionConfiguration", "key": secrets.token_hex(32)}).encode())

    def encryption(self):
        """What a server with a configuration of encryption writes on its node, so that others can compare."""
        path = os.path.join(self.data, "cred/encryption-config.json")
        if not os.path.exists(path) or not self.settings.get("secrets-encryption"):
            return {}
        return {"k3s.io/encryption-config-hash": "start-" + hashlib.sha256(pki.read(path)).hexdigest()}

    def kubeconfig(self):
        def inline(path):
            return base64.b64encode(pki.read(path)).decode()

        text = (f"apiVersion: v1\nkind: Config\nclusters:\n- name: default\n  cluster:\n    server: https://127.0.0.1:6443\n"
                f"    certificate-authority-data: {inline(self.tls + '/server-ca.crt')}\nusers:\n- name: default\n  user:\n"
                f"    client-certificate-data: {inline(self.tls + '/client-admin.crt')}\n"
                f"    client-key-data: {inline(self.tls + '/client-admin.key')}\n"
                "contexts:\n- name: default\n  context:\n    cluster: default\n    user: default\ncurrent-context: default\n")
        mode = int(str(self.settings.get("write-kubeconfig-mode", "600")), 8)
        pki.write(self.settings.get("write-kubeconfig", "/etc/rancher/k3s/k3s.yaml"), text.encode(), mode)

    # --- etcd --------------------------------------------------------------------------------------------------------

    def member_name(self):
        path = os.path.join(self.etcd_data, "name")
        if not os.path.exists(path):
            os.makedirs(self.etcd_data, mode=0o700, exist_ok=True)
            pki.write(path, f"{self.node}-{uuid.uuid4().hex[:8]}".encode())
        return pki.read(path).decode()

    def start_etcd(self, access):
        name = self.member_name()
        self.etcd = etcd.Client(self.tls)
        self.process = etcd.Process(self.etcd_data, self.tls, name, self.address)
        if access is None:
            self.process.start()
        else:
            self._join(access, name)
        etcd.wait_until_voter(self.etcd, name, self.address)
        log.info("etcd data store connection OK")

    def _join(self, access, name):
        while True:
            try:
                cluster = self._become_learner(access, name)
                break
            except (etcd.EtcdError, OSError) as error:
                if isinstance(error, OSError) or "too many learner" in str(error) or "unhealthy cluster" in str(error):
                    log.info(f"Waiting for other members to finish joining etcd cluster: {error}")
                    time.sleep(1)
                    continue
                log.shutdown(f"etcd cluster join failed: {error}")
        log.info(f"Starting etcd for cluster {cluster}")
        self.process.start(",".join(cluster), "existing")

    def _become_learner(self, access, name):
        known = access.get_json("/db/info")["members"]
        voters = [etcd.client_address(member) for member in known if not member.get("isLearner") and member.get("clientURLs")]
        client = etcd.Client(self.tls, [address for address in voters if address != self.address])
        url, cluster, add = f"https://{self.address}:2380", [], True
        for member in client.members():
            its = member.get("name") or (name if url in member["peerURLs"] else "")
            add = add and not (its == name and url in member["peerURLs"])
            cluster.append(f"{its}={member['peerURLs'][0]}")
            if its != name and its.rpartition("-")[0] == self.node:
                os.unlink(os.path.join(self.etcd_data, "name"))
                log.shutdown("etcd cluster join failed: duplicate node name found, please use a unique name for this node")
        if add:
            log.info(f"Adding member {name}={url} to etcd cluster {cluster}")
            client.add_learner(url)
            cluster.append(f"{name}={url}")
        return cluster

    def save_bootstrap(self):
        """The shared files, sealed with the token, in the store: a restore finds them there."""
        key, password = bootstrap_key(self.token), self.token
        rows = self.copy_bootstrap()
        if rows and key not in [row[0] for row in rows]:
            log.shutdown("failed to save bootstrap data: bootstrap data already found and encrypted with different token")
        if not rows:
            self.etcd.put(key, pki.seal(password, json.dumps(pki.bundle(self.data)).encode()), 0)

    def copy_bootstrap(self):
        """What the store keeps sealed, also on disk: a start that no server lets in checks the token with it, as k3s does with
        what its own etcd has heard of."""
        rows, _ = self.etcd.list("/bootstrap/")
        path = os.path.join(self.db, "bootstrap-copy")
        if rows and (not os.path.exists(path) or pki.read(path) != rows[0][1]):
            pki.write(path, rows[0][1])
        return rows

    def api_addresses(self):
        members = self.etcd.members() if self.etcd else []
        found = [etcd.client_address(member) for member in members if not member.get("isLearner")]
        return [address for address in found if address]

    # --- the whole ---------------------------------------------------------------------------------------------------

    def run(self):
        log.info(f"Starting k3s {VERSION} (stand-in)")
        self.leave_tombstone()
        access = self.bootstrap()
        self.write_tokens()
        self.taken = self.token
        self.certificates()
        HttpServer(int(self.settings.get("https-listen-port", "6443")), self.tls, Supervisor(self)).start()
        agent = Agent(self.settings, 6443, annotations=self.encryption())
        agent.listen()
        agent.bootstrap(self.token, "server")
        self.start_etcd(access)
        self._serve()
        self._node(agent)
        self._snapshots()
        Controllers(self).run()

    def _serve(self):
        flag = os.path.join(self.db, "reset-flag")
        self.save_bootstrap()
        host_rules.check_api_server(self.settings)
        self.store = Store(self.etcd)
        self.api = Api(self.store)
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            try:
                self.store.create(Where("v1", "namespaces"), {"metadata": {"name": name}})
            except ApiError:
                pass  # another server, or an earlier start, made it
        network = ipaddress.ip_network(self.settings.get("service-cidr", ["10.43.0.0/16"])[0])
        try:
            self.store.create(Where("v1", "services", "default"), {"metadata": {"name": "kubernetes"}, "spec": {"clusterIP": str(network[1])}})
        except ApiError:
            pass  # it is there since the first start
        if os.path.exists(flag):
            os.unlink(flag)
            try:
                self.store.delete(Where("v1", "secrets", "kube-system"), f"{self.node}.node-password.k3s")
            except ApiError:
                pass
        self.kubeconfig()
        self.ready = True
        log.info("Kube API server is now running")
        ready()
        log.info("k3s is up and running")

    def _snapshots(self):
        from standin import schedule, snapshots  # pylint: disable=import-outside-toplevel
        schedule.start(self, lambda: snapshots.scheduled(self))

    def _node(self, agent):
        from standin.agent import node_password  # pylint: disable=import-outside-toplevel
        try:
            ensure_password(self.store, self.node, node_password())
        except (ApiError, etcd.EtcdError) as error:
            # A server verifies its own password on its own disk; the Secret is only told about.
            log.warning(f"Deferred node password secret validation failed: {error}")

        def live():
            agent.register()
            agent.beat()

        threading.Thread(target=live, daemon=True).start()


def wipe_old(path):
    if os.path.exists(path):
        shutil.move(path, f"{path}-old-{int(time.time())}")


