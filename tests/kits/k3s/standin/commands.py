"""The smaller commands: token, certificate, secrets-encrypt."""

import datetime
import glob
import json
import os
import secrets
import shutil
import sys
import time

from cryptography import x509

from standin import log, options, pki, token
from standin.server import Server


def flag(arguments, name):
    for index, word in enumerate(arguments):
        if word == name:
            return arguments[index + 1]
        if word.startswith(name + "="):
            return word.partition("=")[2]
    return ""


def token_command(arguments):
    verb = (arguments or ["help"])[0]
    if verb == "generate":
        print(f"{secrets.token_hex(3)}.{secrets.token_hex(8)}")
    elif verb == "rotate":
        rotate(Server(options.load("server", [])), arguments)
    else:
        sys.exit(f"stand-in: k3s token {verb} is not served here")


def rotate(server, arguments):
    """Asks the server for it, with the token that is on the disk."""
    print("WARNING: Recommended to keep a record of the old token. If restoring from a snapshot, you must use the token associated "
          "with that snapshot.")
    given = flag(arguments, "--token") or flag(arguments, "-t") or os.environ.get("K3S_TOKEN") or server.token
    try:
        access = token.Access("https://127.0.0.1:6443", given, "server")
        access.get("/v1-k3s/token", {"Content-Type": "application/json"}, put=json.dumps({"newToken": flag(arguments, "--new-token")}))
    except (OSError, token.TokenError) as error:
        refused = getattr(error, "code", None) == 401
        log.fatal("Error: not authorized" if refused else f"Error: see server log for details: {token.reason(error)}")
    print("Token rotated, restart k3s nodes with new token")


def certificate_command(arguments):
    verb = (arguments or ["help"])[0]
    data = flag(arguments, "--data-dir") or "/var/lib/rancher/k3s"
    if verb == "rotate":
        rotate_certificates(data)
    elif verb == "check":
        check_certificates(data, flag(arguments, "--output") or flag(arguments, "-o"))
    else:
        sys.exit(f"stand-in: k3s certificate {verb} is not served here")


def leaves(data):
    for path in sorted(glob.glob(f"{data}/server/tls/**/*.crt", recursive=True) + glob.glob(f"{data}/agent/*.crt")):
        if not os.path.basename(path).endswith("-ca.crt"):
            yield path


def rotate_certificates(data):
    """Takes away what the next start makes anew; what was there is kept beside it."""
    server = os.path.isdir(f"{data}/server")
    backup = f"{data}/{'server' if server else 'agent'}/tls-{int(time.time())}"
    log.info(f"{'Server' if server else 'Agent'} detected, rotating {'agent and server' if server else 'agent'} certificates")
    if os.path.isdir(f"{data}/server/tls"):
        shutil.copytree(f"{data}/server/tls", backup)
    for path in leaves(data):
        os.unlink(path)
    log.info(f"Successfully backed up certificates to {backup}, please restart k3s server or agent to rotate certificates")


def check_certificates(data, form):
    rows = []
    for path in leaves(data):
        certificate = x509.load_pem_x509_certificate(pki.read(path))
        left = certificate.not_valid_after - datetime.datetime.utcnow()
        state = "EXPIRED" if left.total_seconds() < 0 else "WARNING" if left.days < 120 else "OK"
        rows.append({"Filename": os.path.basename(path), "Subject": common_name(certificate.subject), "Issuer": common_name(certificate.issuer),
                     "Usages": usages(certificate), "ExpiryTime": certificate.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
                     "ResidualTime": int(left.total_seconds() * 1e9), "Status": state})
    server = os.path.isdir(f"{data}/server")
    log.info(f"{'Server' if server else 'Agent'} detected, checking {'agent and server' if server else 'agent'} certificates")
    if form == "json":
        print(json.dumps({"Certificates": rows}))
    elif form == "table":
        print(f"\n{'FILENAME':<36} {'SUBJECT':<60} {'USAGES':<24} {'EXPIRES':<24} STATUS")
        for row in rows:
            print(f"{row['Filename']:<36} {row['Subject']:<60} {','.join(row['Usages']):<24} {row['ExpiryTime']:<24} {row['Status']}")
    else:
        for row in rows:
            one = f"{row['Filename']}: certificate {row['Subject']} ({','.join(row['Usages'])})"
            tell = {"OK": lambda what, when: log.info(f"{what} is ok, expires at {when}"),
                    "WARNING": lambda what, when: log.warning(f"{what} will expire within 120 days at {when}"),
                    "EXPIRED": lambda what, when: log.error(f"{what} expired at {when}")}[row["Status"]]
            tell(one, row["ExpiryTime"])


def common_name(name):
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return found[0].value if found else ""


def usages(certificate):
    try:
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ["Unknown"]
    names = {x509.ExtendedKeyUsageOID.SERVER_AUTH: "ServerAuth", x509.ExtendedKeyUsageOID.CLIENT_AUTH: "ClientAuth"}
    return [names[one] for one in extended if one in names]


def encryption_command(arguments):
    if (arguments or ["help"])[0] != "status":
        sys.exit(f"stand-in: k3s secrets-encrypt {' '.join(arguments)} is not served here")
    if not os.path.exists("/var/lib/rancher/k3s/server/cred/encryption-config.json"):
        print("Encryption Status: Disabled, no configuration file found")
        return
    print("Encryption Status: Enabled\nCurrent Rotation Stage: start\nServer Encryption Hashes: All hashes match\n\n"
          "Active  Key Type  Name\n------  --------  ----\n *      AES-CBC   aescbckey\n")
