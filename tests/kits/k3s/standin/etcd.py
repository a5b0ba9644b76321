"""The etcd member of a server: a real etcd process, and what is asked of it over its JSON gateway."""

import base64
import ctypes
import http.client
import json
import os
import platform
import signal
import ssl
import subprocess
import sys
import threading
import time

from standin import log

REMOVED = "permanently removed"


class EtcdError(Exception):
    """What etcd answered instead of a result."""


class Client:
    """Calls to one or more endpoints; a connection for each thread."""

    def __init__(self, tls, addresses=("127.0.0.1",), timeout=8.0):
        self.addresses, self.timeout = list(addresses), timeout
        self.context = ssl.create_default_context(cafile=os.path.join(tls, "etcd/server-ca.crt"))
        self.context.load_cert_chain(os.path.join(tls, "etcd/client.crt"), os.path.join(tls, "etcd/client.key"))
        self.local = threading.local()

    def call(self, path, body):
        last = EtcdError("context deadline exceeded")
        for address in self.addresses:
            try:
                return self._call(address, path, body)
            except (OSError, http.client.HTTPException) as error:
                last = EtcdError(f"context deadline exceeded: {error}")
        raise last

    def _call(self, address, path, body):
        connections = self.local.__dict__.setdefault("open", {})
        for attempt in (1, 2):
            fresh = address not in connections
            if fresh:
                connections[address] = http.client.HTTPSConnection(address, 2379, timeout=self.timeout, context=self.context)
            try:
                connections[address].request("POST", "/v3/" + path, json.dumps(body))
                response = connections[address].getresponse()
                answer = json.loads(response.read() or b"{}")
                break
            except (OSError, http.client.HTTPException):
                connections.pop(address).close()
                if fresh or attempt == 2:
                    raise
        if response.status != 200:
            raise EtcdError(answer.get("message") or answer.get("error") or f"HTTP {response.status}")
        return answer

    # --- keys and values ---------------------------------------------------------------------------------------------

    def get(self, key):
        """(value, mod revision), or (None, 0)."""
        kvs = self.call("kv/range", {"key": b64(key)}).get("kvs", [])
        return (base64.b64decode(kvs[0].get("value", "")), int(kvs[0]["mod_revision"])) if kvs else (None, 0)

    def list(self, prefix, revision=0):
        """([(key, value, mod revision)], revision of the store); as it was at `revision`, if one is given."""
        until = b64(prefix[:-1] + chr(ord(prefix[-1]) + 1))
        answer = self.call("kv/range", {"key": b64(prefix), "range_end": until, "revision": str(revision)})
        rows = [(base64.b64decode(kv["key"]).decode(), base64.b64decode(kv.get("value", "")), int(kv["mod_revision"]))
                for kv in answer.get("kvs", [])]
        return rows, int(answer["header"].get("revision", 0))

    def put(self, key, value, revision=None):
        """Writes; where `revision` is given (0: must not exist), only if it is still that. Returns the new revision or None."""
        put = {"requestPut": {"key": b64(key), "value": base64.b64encode(value).decode()}}
        return self._swap(key, revision, put)

    def delete(self, key, revision=None):
        return self._swap(key, revision, {"requestDeleteRange": {"key": b64(key)}})

    def _swap(self, key, revision, operation):
        compare = [] if revision is None else [
            {"key": b64(key), "target": "MOD", "result": "EQUAL", "modRevision": str(revision)}]
        answer = self.call("kv/txn", {"compare": compare, "success": [operation]})
        return int(answer["header"]["revision"]) if answer.get("succeeded") else None

    # --- members -----------------------------------------------------------------------------------------------------

    def status(self):
        return self.call("maintenance/status", {})

    def members(self):
        return self.call("cluster/member/list", {}).get("members", [])

    def add_learner(self, url):
        return self.call("cluster/member/add", {"peerURLs": [url], "isLearner": True})

    def promote(self, member):
        return self.call("cluster/member/promote", {"ID": member})

    def remove(self, member):
        return self.call("cluster/member/remove", {"ID": member})

    def update(self, member, url):
        return self.call("cluster/member/update", {"ID": member, "peerURLs": [url]})


def b64(text):
    return base64.b64encode(text.encode()).decode()


def client_address(member):
    return member["clientURLs"][0].split("//")[1].rsplit(":", 1)[0] if member.get("clientURLs") else None


class Process:
    """The process itself. It dies with its parent: in k3s, etcd is part of the one process."""

    def __init__(self, data, tls, name, address):
        self.data, self.tls, self.name, self.address = data, tls, name, address
        self.child, self.removed, self.stopping = None, False, False

    def start(self, cluster=None, state="new", force_new=False):
        url, tls = f"https://{self.address}", self.tls
        arguments = [
            "etcd", "--name", self.name, "--data-dir", self.data, "--listen-client-urls", f"{url}:2379,https://127.0.0.1:2379",
            "--advertise-client-urls", f"{url}:2379", "--listen-peer-urls", f"{url}:2380", "--initial-advertise-peer-urls", f"{url}:2380",
            "--client-cert-auth", "--trusted-ca-file", f"{tls}/etcd/server-ca.crt", "--cert-file", f"{tls}/etcd/server-client.crt",
            "--key-file", f"{tls}/etcd/server-client.key", "--peer-client-cert-auth", "--peer-trusted-ca-file", f"{tls}/etcd/peer-ca.crt",
            "--peer-cert-file", f"{tls}/etcd/peer-server-client.crt", "--peer-key-file", f"{tls}/etcd/peer-server-client.key",
            "--heartbeat-interval", "100", "--election-timeout", "1000", "--listen-metrics-urls", "http://127.0.0.1:2381",
            "--logger", "zap", "--log-outputs", "stderr", "--log-level", "warn", "--initial-cluster-state", state]
        arguments += ["--initial-cluster", cluster or f"{self.name}={url}:2380"]
        arguments += ["--force-new-cluster"] if force_new else []
        env = dict(os.environ)
        env.pop("NOTIFY_SOCKET", None)  # etcd would tell systemd that it is ready, and mean itself
        if platform.machine() == "aarch64":
            env["ETCD_UNSUPPORTED_ARCH"] = "arm64"
        for key in [key for key in env if key.startswith("ETCD_") and key != "ETCD_UNSUPPORTED_ARCH"]:
            del env[key]
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        self.child = subprocess.Popen(arguments, env=env, stderr=subprocess.PIPE, preexec_fn=die_with_parent)  # pylint: disable=all
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        for line in self.child.stderr:
            text = line.decode("utf-8", "replace")
            self.removed = self.removed or REMOVED in text
            if "address already in use" in text:
                log.error(f"etcd: {text.strip()}")
            sys.stderr.write(text)
            sys.stderr.flush()
        code = self.child.wait()
        if self.stopping:
            return
        if self.removed:
            with open(os.path.join(self.data, "tombstone"), "w", encoding="utf-8"):
                pass
            log.info("This node has been removed from the cluster - please restart k3s to rejoin the cluster")
            return
        log.fatal(f"etcd exited: exit status {code}")

    def stop(self):
        self.stopping = True
        if self.child and self.child.poll() is None:
            self.child.terminate()
            self.child.wait()


def die_with_parent():
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def wait_until_voter(client, name, address, pause=0.3):
    """Waits as k3s does (Test in pkg/etcd/etcd.go), without end: a learner cannot serve; a store without a majority cannot
    either; and one that etcd has by another name or at another address is not the member that it takes itself for."""
    said = None
    while True:
        try:
            status = client.status()
            if status.get("isLearner"):
                raise EtcdError("this server has not yet been promoted from learner to voting member")
            known = [(member.get("name", ""), member.get("peerURLs", [])) for member in client.members()]
            if not any(its == name and f"https://{address}:2380" in urls for its, urls in known):
                found = " ".join(f"{its}={urls[0]}" for its, urls in known if urls)
                raise EtcdError(f"this server is a not a member of the etcd cluster. Found [{found}], expect: {name}={address}")
            client.get("/bootstrap-probe")
            return
        except EtcdError as error:
            if str(error) != said:
                log.info(f"Failed to test data store connection: {error}")
                said = str(error)
        time.sleep(pause)
