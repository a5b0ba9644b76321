"""The tokens of a server: on its disk, and as the key of what servers share."""

import os
import secrets

from standin import pki, token
from standin.objects import ApiError


def bootstrap_key(password):
    return "/bootstrap/" + token.short_hash(password)


class Tokens:
    """Part of a server: it has `data`, `tls`, `db`, `etcd`, `given` and `agent_token`."""

    @property
    def token(self):
        """The password of the server token, as the disk has it: `k3s token rotate` changes it while we run."""
        path = os.path.join(self.data, "token")
        text = pki.read(path).decode().strip() if os.path.exists(path) else self.given
        return token.password(text)

    def write_tokens(self):
        ca = pki.read(f"{self.tls}/server-ca.crt")
        password = token.password(self.given) if self.given else self.token if self.has_token() else secrets.token_hex(16)
        pki.write(os.path.join(self.data, "token"), (token.full(password, "server", ca) + "\n").encode())
        agent = self.agent_token or password
        pki.write(os.path.join(self.data, "agent-token"), (token.full(agent, "node", ca) + "\n").encode())
        link = os.path.join(self.data, "node-token")
        if not os.path.islink(link):
            os.symlink(os.path.join(self.data, "token"), link)

    def rotate_token(self, new):
        """Seals the shared files with the new token. Every server takes the old one until it is started with the new one, this
        one, too; another can be told to rotate to it as well: then there is nothing left to seal."""
        old = self.token
        self.given = new
        self.write_tokens()
        sealed, _ = self.etcd.get(bootstrap_key(old))
        if sealed is not None and old != new:
            again = pki.seal(new, pki.unseal(old, sealed))
            self.etcd.put(bootstrap_key(new), again, 0)
            pki.write(os.path.join(self.db, "bootstrap-copy"), again)
            self.etcd.delete(bootstrap_key(old))
        if self.etcd.get(bootstrap_key(new))[0] is None:
            raise ApiError(500, "InternalError", "bootstrap data already found and encrypted with different token")

    def has_token(self):
        return os.path.exists(os.path.join(self.data, "token"))
