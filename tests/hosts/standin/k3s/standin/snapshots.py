"""`k3s etcd-snapshot`, and `k3s server --cluster-reset`."""

import datetime
import json
import os
import subprocess
import sys
import time

from standin import etcd, log, options, pki, token
from standin.s3 import Bucket
from standin.server import PREPARING, Server, bootstrap_key


def folder(server):
    path = server.settings.get("etcd-snapshot-dir") or os.path.join(server.db, "snapshots")
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def etcdctl(server, *arguments):
    tls = server.tls
    command = ["etcdctl", "--endpoints", "https://127.0.0.1:2379", "--cacert", f"{tls}/etcd/server-ca.crt", "--cert", f"{tls}/etcd/client.crt",
               "--key", f"{tls}/etcd/client.key", *arguments]
    try:
        done = subprocess.run(command, env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True, check=False, timeout=30)
    except subprocess.TimeoutExpired:
        log.fatal("Error: see server log for details: context deadline exceeded")
    if done.returncode != 0:
        log.fatal(f"Error: {(done.stderr or done.stdout).strip()}")


def command(arguments):
    verb, rest = (arguments or ["help"])[0], arguments[1:]
    names, flags, rest = [], [], list(rest)
    name = "on-demand"
    while rest:
        word = rest.pop(0)
        if word in ("--name",) or word.startswith("--name="):
            name = word.partition("=")[2] or rest.pop(0)
        elif word.startswith("-"):
            flags.append(word)
            if "=" not in word and word.lstrip("-") not in options.BOOLEANS and rest and not rest[0].startswith("-"):
                flags.append(rest.pop(0))
        else:
            names.append(word)
    server = Server(options.load("server", [flag for flag in flags if flag not in ("-o", "json")]))
    if server.settings.get("etcd-s3") and verb == "delete":
        log.fatal("stand-in: snapshots in S3 are not deleted here")
    if verb == "save":
        save(server, name)
    elif verb in ("ls", "list"):
        listing(server, "json" in flags)
    elif verb == "delete":
        delete(server, names)
    else:
        sys.exit(f"Incorrect Usage: no such etcd-snapshot command: {verb}")


def save(server, name):
    file = f"{name}-{server.node}-{int(time.time())}"
    path = os.path.join(folder(server), file)
    if not os.path.exists(f"{server.tls}/etcd/client.crt"):
        log.fatal("Error: see server log for details: no etcd runs here")
    etcdctl(server, "snapshot", "save", path)
    os.chmod(path, 0o600)
    if server.settings.get("etcd-s3"):
        Bucket(server.settings).upload(path, file)
    keep(server, name)
    log.info(f"Snapshot {file} saved.")


def keep(server, name):
    """The newest of this name stay, as many as the retention says."""
    mine = sorted((file for file in os.listdir(folder(server)) if file.startswith(f"{name}-{server.node}-")),
                  key=lambda file: int(file.rpartition("-")[2]))
    for old in mine[:-int(server.settings.get("etcd-snapshot-retention", "5"))]:
        os.unlink(os.path.join(folder(server), old))


def listing(server, as_json):
    rows = []
    for file in sorted(os.listdir(folder(server))):
        info = os.stat(os.path.join(folder(server), file))
        created = datetime.datetime.utcfromtimestamp(info.st_mtime).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows.append({"name": file, "location": f"file://{folder(server)}/{file}", "size": info.st_size, "createdAt": created})
    if as_json:
        print(json.dumps({"items": rows}))
        return
    print(f"{'Name':<60} {'Location':<110} {'Size':<10} Created")
    for row in rows:
        print(f"{row['name']:<60} {row['location']:<110} {row['size']:<10} {row['createdAt']}")


def delete(server, names):
    for name in names:
        path = os.path.join(folder(server), os.path.basename(name))
        if not os.path.exists(path):
            log.fatal(f"Error: see server log for details: snapshot {name} not found")
        os.unlink(path)
        log.info(f"Snapshot {name} deleted.")


def reset(settings):
    """Makes the etcd of this server the only member of its cluster, from its own data or from a snapshot."""
    server = Server(settings)
    flag, source = os.path.join(server.db, "reset-flag"), settings.get("cluster-reset-restore-path")
    log.info("Managed etcd cluster bootstrap already complete and initialized" if server.initialized else "Managed etcd cluster initializing")
    if settings.get("etcd-s3") and source:
        target = os.path.join(folder(server), os.path.basename(source))
        Bucket(settings).download(source, target)
        source = target
    if not source and os.path.exists(flag):
        log.fatal("Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start k3s normally. "
                  f"If you need to perform another cluster reset, you must first manually delete the {flag} file")
    if not source and not server.initialized:
        log.fatal("Error: cluster-reset: no etcd data on this disk to reset")
    if source and not os.path.isfile(source):
        what = "must be a file, not a directory" if os.path.isdir(source) else "does not exist"
        log.fatal(f"Error: starting kubernetes: preparing server: start managed database: etcd: snapshot path {what}: {source}")
    pki.make_authorities(server.tls)
    server.certificates()
    if source:
        restore(server, source)
    name = server.member_name()
    server.process = etcd.Process(server.etcd_data, server.tls, name, server.address)
    server.process.start(force_new=True)
    server.etcd = etcd.Client(server.tls)
    wait(server)
    take_over(server)
    with open(flag, "w", encoding="utf-8"):
        pass
    server.process.stop()
    log.info("Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. "
             "Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes")


def restore(server, source):
    if os.path.isdir(server.etcd_data):
        old = f"{server.etcd_data}-old-{time.time_ns()}"  # two restores may fall into one second
        os.rename(server.etcd_data, old)
        log.info(f"Pre-restore etcd database moved to {old}")
    name, url = server.member_name(), f"https://{server.address}:2380"
    os.rename(server.etcd_data, server.etcd_data + "-name")
    etcdctl(server, "snapshot", "restore", source, "--name", name, "--data-dir", server.etcd_data,
            "--initial-cluster", f"{name}={url}", "--initial-advertise-peer-urls", url)
    os.rename(server.etcd_data + "-name/name", server.etcd_data + "/name")
    os.rmdir(server.etcd_data + "-name")


def wait(server):
    while True:
        try:
            server.etcd.get("/bootstrap-probe")
            members = server.etcd.members()
            url = f"https://{server.address}:2380"
            if url not in members[0]["peerURLs"]:
                server.etcd.update(members[0]["ID"], url)
            return
        except etcd.EtcdError:
            time.sleep(0.2)


def take_over(server):
    """The authorities of the cluster come out of the store, by the token that sealed them."""
    password = token.password(server.given) if server.given else server.token
    rows, _ = server.etcd.list("/bootstrap/")
    sealed = next((value for key, value, _ in rows if key == bootstrap_key(password)), None)
    if sealed is None:
        server.process.stop()
        log.fatal(f"{PREPARING}failed to reconcile with local datastore: "
                  + ("bootstrap data already found and encrypted with different token" if rows
                     else "no bootstrap data found in datastore - check server token value and verify datastore integrity"))
    pki.unpack(server.data, json.loads(pki.unseal(password, sealed)))
    pki.write(os.path.join(server.db, "bootstrap-copy"), sealed)
    server.given = server.given or password
    server.write_tokens()
