"""What a server answers to other nodes, beside the Kubernetes API: the CA, the config, certificates, members."""

import base64
import hashlib
import json
import secrets as random
import time

from standin import etcd, log, pki
from standin.api import Answer
from standin.objects import ApiError, secrets


class Supervisor:
    """Routes every request of port 6443. `server` is the running server, ready or not."""

    def __init__(self, server):
        self.server = server

    def accounts(self):
        taken = self.server.taken
        return {"server": [taken], "node": [self.server.agent_token or taken, taken]}

    @staticmethod
    def asks_itself(request):
        """Of its own etcd a host is told whoever asks there (`handler` in pkg/etcd/etcd.go, `IsLocalOrHasRole` in pkg/server/auth/auth.go)."""
        return request.path == "/db/info" and request.peer in ("127.0.0.1", "::1")

    def answer(self, request):
        path = request.path
        if path == "/ping":
            return Answer(b"pong", kind="text/plain")
        if path == "/cacerts":
            return Answer(pki.read(f"{self.server.tls}/server-ca.crt"), kind="text/plain")
        if path == "/db/info":
            return self._members(request)
        if request.user is None:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        if path.startswith("/v1-k3s/"):
            return self._k3s(path.removeprefix("/v1-k3s/"), request)
        if path in ("/readyz", "/livez", "/healthz"):
            return self._ready()
        if not self.server.ready:
            raise ApiError(503, "ServiceUnavailable", "apiserver not ready")
        if request.user.groups and request.user.groups[0].startswith("k3s:"):
            raise ApiError(401, "Unauthorized", "Unauthorized")
        return self.server.api.handle(request)

    def _members(self, request):
        """An error where etcd does not tell (`infoHandler` in pkg/etcd/etcd.go). Go writes an id as a number."""
        if not self.asks_itself(request):
            if request.user is None:
                raise ApiError(401, "Unauthorized", "not authorized")
            need(request, "k3s:server")
        try:
            found = self.server.etcd.members()
        except (etcd.EtcdError, AttributeError) as error:
            raise ApiError(500, "InternalError", f"failed to get etcd MemberList: {error}") from error
        return Answer({"members": [{**member, "ID": int(member["ID"])} for member in found]})

    def _ready(self):
        if not self.server.ready:
            raise ApiError(503, "ServiceUnavailable", "apiserver not ready")
        try:
            etcd.Client(self.server.tls, timeout=2.0).get("/bootstrap-probe")
        except etcd.EtcdError:
            return Answer(b"[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\nreadyz check failed\n", 500, "text/plain")
        return Answer(b"ok", kind="text/plain")

    def _k3s(self, what, request):
        if what == "server-bootstrap":
            need(request, "k3s:server")
            log.info(f"Serving HTTP bootstrap from datastore for {request.peer}")
            return Answer(pki.bundle(self.server.data))
        if what == "config":
            return Answer(self.server.critical)
        if what == "token" and request.method == "PUT":
            need(request, "k3s:server")
            self.server.rotate_token(request.body()["newToken"] or random.token_hex(16))
            return Answer(b"", kind="text/plain")
        if what == "apiservers":
            return Answer([f"{address}:6443" for address in self.server.api_addresses()])
        if what == "readyz":
            if not self.server.ready:
                raise ApiError(503, "ServiceUnavailable", "runtime core not ready")
            return Answer(b"ok", kind="text/plain")
        if what in ("client-ca.crt", "server-ca.crt"):
            return Answer(pki.read(f"{self.server.tls}/{what}"), kind="text/plain")
        if what in ("client-kubelet.crt", "serving-kubelet.crt"):
            return self._certificate(what, request)
        raise ApiError(404, "NotFound", "404 page not found")

    def _certificate(self, what, request):
        name, password = request.headers.get("k3s-Node-Name", "").lower(), request.headers.get("k3s-Node-Password", "")
        if not name or not password:
            raise ApiError(400, "BadRequest", "node name not set" if not name else "node password not set")
        if self.server.ready:
            ensure_password(self.server.store, name, password)
        elif name != self.server.node:
            raise ApiError(503, "ServiceUnavailable", "runtime core not ready")
        if what.startswith("client"):
            certificate, key = pki.issue(f"{self.server.tls}/client-ca", f"system:node:{name}", ["system:nodes"])
        else:
            addresses = [name, "localhost", "127.0.0.1"] + request.headers.get("k3s-Node-IP", "").split(",")
            certificate, key = pki.issue(f"{self.server.tls}/server-ca", name, addresses=[one for one in addresses if one])
        return Answer(json.dumps({"certificate": certificate.decode(), "key": key.decode()}).encode())


def need(request, group):
    if group not in request.user.groups:
        raise ApiError(403, "Forbidden", "forbidden")


def ensure_password(store, name, password):
    """The first password of a node counts: its hash stays in a Secret as long as the node does."""
    where, secret = secrets(), f"{name}.node-password.k3s"
    while True:
        found = store.find(where, secret)
        if found is not None:
            _, salt, wanted = base64.b64decode(found["data"]["hash"]).decode().split(":")
            if hashed(password, salt) != wanted:
                raise ApiError(403, "Forbidden", f"unable to verify hash for node '{name}': hash does not match")
            return
        salt = random.token_hex(8)
        data = {"hash": base64.b64encode(f"$1:{salt}:{hashed(password, salt)}".encode()).decode()}
        try:
            store.create(where, {"metadata": {"name": secret}, "immutable": True, "type": "k3s.cattle.io/node-password", "data": data})
            return
        except ApiError as error:
            if error.code != 409:
                raise
            time.sleep(0.05)


def hashed(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=4096, r=8, p=1).hex()
