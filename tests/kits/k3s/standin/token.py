"""Tokens: `K10<SHA-256 of the CA certificate>::<user>:<password>`, or the password alone."""

import base64
import hashlib
import json
import ssl
import urllib.error
import urllib.request

# OpenSSL's codes for certificates that are not valid yet, and not any more.
NOT_NOW = (9, 10)


class TokenError(Exception):
    """A token, or a server, that a join has to refuse."""


def ca_hash(certificate):
    return hashlib.sha256(certificate).hexdigest()


def full(password, user, certificate):
    return f"K10{ca_hash(certificate)}::{user}:{password}"


def parse(token):
    """(hash of the CA or '', user or '', password)"""
    if not token:
        raise TokenError("token must not be empty")
    if not token.startswith("K10"):
        return "", "", token
    digest, separator, credentials = token[3:].partition("::")
    if not separator:
        digest, credentials = "", token[3:]
    if digest and len(digest) != 64:
        raise TokenError("invalid token CA hash length")
    user, colon, password = credentials.partition(":")
    if not colon or not password:
        raise TokenError("invalid token format")
    return digest, user, password


def password(token):
    return parse(token)[2]


def short_hash(word):
    """What k3s calls a token's hash, wherever it tells tokens apart: its bootstrap key, its snapshots' metadata."""
    return hashlib.sha256(word.encode()).hexdigest()[:12]


class Access:
    """A server that was asked for its CA, and what a token says about it: all further calls go through here."""

    def __init__(self, url, token, user):
        digest, _, self.password = parse(token)
        if not url.startswith("https://"):
            raise TokenError(f"only https:// URLs are supported, invalid scheme: {url}")
        self.url, self.user = url.rstrip("/"), user
        self.context = ssl._create_unverified_context()  # the CA is fetched first, then checked by its hash
        try:
            self.ca = self.get("/cacerts", anonymous=True)
        except OSError as error:
            raise TokenError(f"failed to get CA certs: Get \"{self.url}/cacerts\": {reason(error)}") from error
        self.context = ssl.create_default_context(cadata=self.ca.decode())
        self.context.check_hostname = False
        try:
            self.get("/cacerts", anonymous=True)
        except OSError as error:
            raise TokenError(f"CA cert validation failed: Get \"{self.url}/cacerts\": {reason(error)}") from error
        if digest and digest != ca_hash(self.ca):
            raise TokenError(f"token CA hash does not match the Cluster CA certificate hash: {digest} != {ca_hash(self.ca)}")
        self.warn = not digest

    def get(self, path, headers=None, anonymous=False, timeout=10, put=None):
        request = urllib.request.Request(self.url + path, headers=headers or {})
        if put is not None:
            request.data, request.method = put.encode(), "PUT"
        if not anonymous:
            secret = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {secret}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context))
        with opener.open(request, timeout=timeout) as response:
            return response.read()

    def get_json(self, path, headers=None):
        return json.loads(self.get(path, headers))


def refusal(error):
    """Why a server did not answer with what it was asked for; of one that takes no such token k3s tells no code."""
    return "not authorized" if getattr(error, "code", None) == 401 else reason(error)


def reason(error):
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {error.reason}"
    inner = getattr(error, "reason", error)
    if isinstance(inner, ssl.SSLCertVerificationError) and inner.verify_code in NOT_NOW:
        return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"
    if isinstance(inner, ConnectionRefusedError):
        return "dial tcp: connect: connection refused"
    if isinstance(inner, TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return str(inner)
