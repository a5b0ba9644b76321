"""Certificates, at the paths where k3s keeps them."""

import base64
import datetime
import hashlib
import ipaddress
import os
import secrets

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
# How long k3s makes certificates valid, but those of authorities.
VALID_DAYS = int(os.environ.get("CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS", "365"))
# What all servers of a cluster share, and a joining one receives.
AUTHORITIES = {"server-ca": "k3s-server-ca", "client-ca": "k3s-client-ca", "etcd/server-ca": "etcd-server-ca", "etcd/peer-ca": "etcd-peer-ca"}


def write(path, data, mode=0o600):
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    temporary = path + ".new"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
    os.replace(temporary, path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def _key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def _builder(subject, issuer, key, days):
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - DAY / 24).not_valid_after(now + days * DAY))


def make_authorities(tls):
    for file, name in AUTHORITIES.items():
        path = os.path.join(tls, file)
        if os.path.exists(path + ".crt"):
            continue
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}@{int(datetime.datetime.now().timestamp())}")])
        builder = _builder(subject, subject, key, 3650).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        write(path + ".key", _key_pem(key))
        write(path + ".crt", builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def issue(authority, name, groups=(), addresses=()):
    """A certificate for both ends of a connection, and its key, as PEM. `authority` is a path without ending."""
    ca = x509.load_pem_x509_certificate(read(authority + ".crt"))
    ca_key = serialization.load_pem_private_key(read(authority + ".key"), None)
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name(attributes + [x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, ca.subject, key, VALID_DAYS).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    if addresses:
        names = []
        for address in addresses:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(address)))
            except ValueError:
                names.append(x509.DNSName(address))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return certificate, _key_pem(key)


def ensure(authority, path, name, groups=(), addresses=()):
    """Writes PATH.crt and PATH.key where they are missing, or are valid for 120 days no more, as at each start of k3s
    (`CertificateRenewDays` in pkg/daemons/config/types.go of k3s-io/k3s)."""
    if os.path.exists(path + ".crt"):
        certificate = x509.load_pem_x509_certificate(read(path + ".crt"))
        if certificate.not_valid_after - datetime.datetime.utcnow() > 120 * DAY and set(addresses) <= set(names_in(certificate)):
            return
    certificate, key = issue(authority, name, groups, addresses)
    write(path + ".key", key)
    write(path + ".crt", certificate + read(authority + ".crt"))


def names_in(certificate):
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


# --- what servers share ----------------------------------------------------------------------------------------------


def bundle(server):
    """The files that a joining server needs, by their place below the server's data."""
    files = {}
    for name in AUTHORITIES:
        for ending in (".crt", ".key"):
            path = os.path.join("tls", name + ending)
            files[path] = base64.b64encode(read(os.path.join(server, path))).decode()
    for path in ("cred/encryption-config.json", "cred/passwd"):
        if os.path.exists(os.path.join(server, path)):
            files[path] = base64.b64encode(read(os.path.join(server, path))).decode()
    return files


def unpack(server, files):
    """Writes the shared files; what was signed by other authorities goes."""
    changed = False
    for path, content in files.items():
        full = os.path.join(server, path)
        data = base64.b64decode(content)
        if not os.path.exists(full) or read(full) != data:
            changed = True
            write(full, data)
    if changed:
        for folder, _, names in os.walk(os.path.join(server, "tls")):
            for name in names:
                if not name.startswith(("server-ca", "client-ca", "peer-ca")):
                    os.unlink(os.path.join(folder, name))


def _cipher(token, salt):
    return AESGCM(hashlib.pbkdf2_hmac("sha1", token.encode(), salt, 4096, 32))


def seal(token, data):
    salt, nonce = secrets.token_bytes(8), secrets.token_bytes(12)
    return salt + nonce + _cipher(token, salt).encrypt(nonce, data, None)


def unseal(token, data):
    try:
        return _cipher(token, data[:8]).decrypt(data[8:20], data[20:], None)
    except InvalidTag as error:
        raise ValueError("cipher: message authentication failed") from error
