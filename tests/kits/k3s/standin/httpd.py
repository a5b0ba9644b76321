"""The HTTPS port 6443: who asks (client certificate or token), and what answers."""

import base64
import http.server
import json
import ssl
import threading
import urllib.parse
from dataclasses import dataclass, field

from standin import log
from standin.api import Answer, decode, status
from standin.etcd import EtcdError
from standin.objects import ApiError


@dataclass
class User:
    name: str
    groups: list = field(default_factory=list)
    password: str = ""


class Request:
    """One request; its user is found out after it was read."""

    def __init__(self, handler):
        parsed = urllib.parse.urlsplit(handler.path)
        self.method, self.path, self.user, self.headers = handler.command, parsed.path, None, handler.headers
        self.query = dict(urllib.parse.parse_qsl(parsed.query))
        self.content_type = (handler.headers.get("Content-Type") or "application/json").split(";")[0]
        self.wants_table = "as=Table" in (handler.headers.get("Accept") or "")
        self.peer = handler.client_address[0]
        # Read in any case: what stays unread would be taken for the next request.
        self._data = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))

    def body(self):
        if "protobuf" in self.content_type:
            raise ApiError(415, "UnsupportedMediaType", "stand-in: objects come as JSON or YAML (kubectl apply -f), not as protobuf")
        return decode(self._data, self.content_type)


def user_of(connection, headers, accounts):
    """The user of a certificate, or of a token; None for nobody; raises where a token is wrong."""
    certificate = connection.getpeercert()
    if certificate:
        parts = [pair for group in certificate["subject"] for pair in group]
        name = next((value for key, value in parts if key == "commonName"), "")
        return User(name, [value for key, value in parts if key == "organizationName"])
    kind, _, value = (headers.get("Authorization") or "").partition(" ")
    if kind == "Basic":
        name, _, password = base64.b64decode(value).decode().partition(":")
        if accounts.get(name) and password in accounts[name]:
            return User(name, ["k3s:server"] if name == "server" else ["k3s:agent"], password)
        raise ApiError(401, "Unauthorized", "not authorized")
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 330

    def do_any(self):
        try:
            request = Request(self)
            if not self.server.site.asks_itself(request):
                request.user = user_of(self.connection, self.headers, self.server.site.accounts())
            answer = self.server.site.answer(request)
        except ApiError as error:
            answer = Answer(status(error.code, error.reason, str(error)), error.code)
        except EtcdError as error:
            answer = Answer(status(500, "", f"etcdserver: request timed out ({error})"), 500)
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True
            return
        except (KeyError, TypeError, ValueError) as error:
            answer = Answer(status(400, "BadRequest", f"the object is not one of Kubernetes: {error!r}"), 400)
        if answer.stream is not None:
            self._stream(answer.stream)
            return
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any

    def _send(self, answer):
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.code)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for event in events:
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, EtcdError):
            self.close_connection = True

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Requests are not logged."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port, tls, site):
        self.site = site
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{tls}/serving-kube-apiserver.crt", f"{tls}/serving-kube-apiserver.key")
        self.context.load_verify_locations(f"{tls}/client-ca.crt")
        self.context.verify_mode = ssl.CERT_OPTIONAL
        try:
            super().__init__(("0.0.0.0", port), Handler)
        except OSError as error:
            log.fatal(f"Error: listen tcp 0.0.0.0:{port}: bind: {error.strerror.lower()}")

    def finish_request(self, request, client_address):
        # The handshake belongs into the connection's own thread: a slow client must not hold up the others.
        request.settimeout(30)
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """A client that went away is no error of ours."""

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
