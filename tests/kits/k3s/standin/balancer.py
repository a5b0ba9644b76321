"""The load balancer of an agent: 127.0.0.1:6444 leads to whichever server answers. It remembers the servers on disk."""

import json
import os
import select
import socket
import threading

from standin import log


class Balancer:
    def __init__(self, path, first, port=6444):
        self.path, self.port, self.lock = path, port, threading.Lock()
        self.servers = [first]
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                remembered = json.load(file)["ServerAddresses"] or []
            self.servers = list(dict.fromkeys([first] + remembered))

    def update(self, servers):
        with self.lock:
            if servers and servers != self.servers:
                self.servers = servers
                os.makedirs(os.path.dirname(self.path), exist_ok=True)
                with open(self.path, "w", encoding="utf-8") as file:
                    json.dump({"ServerURL": f"https://{servers[0]}", "ServerAddresses": servers}, file)

    def start(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self.port))
        except OSError as error:
            log.fatal(f"Error: listen tcp 127.0.0.1:{self.port}: bind: {error.strerror.lower()}")
        listener.listen(64)
        log.info(f"Running load balancer k3s-agent-load-balancer 127.0.0.1:{self.port} -> {self.servers} [default: {self.servers[0]}]")
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        server = self._dial()
        with client:
            if server is None:
                return
            with server:
                pump(client, server)

    def _dial(self):
        for address in list(self.servers):
            host, port = address.rsplit(":", 1)
            try:
                server = socket.create_connection((host, int(port)), timeout=2)
                server.settimeout(None)
                return server
            except OSError:
                with self.lock:  # next time, one that answers comes first
                    if address in self.servers:
                        self.servers.remove(address)
                        self.servers.append(address)
        return None


def pump(one, other):
    pairs = {one: other, other: one}
    try:
        while True:
            for source in select.select([one, other], [], [], 330)[0]:
                data = source.recv(65536)
                if not data:
                    return
                pairs[source].sendall(data)
    except OSError:
        return
