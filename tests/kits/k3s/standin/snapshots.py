"""`k3s etcd-snapshot`, and `k3s server --cluster-reset`."""

import datetime
import json
import os
import subprocess
import sys
import time

from standin import etcd, log, options, pki, snapshot_files, token
from standin.objects import ApiError, Store
from standin.s3 import Bucket, S3Error
from standin.server import Server, bootstrap_key


STARTING = "Error: starting kubernetes: failed to start cluster: start managed database: "


class SnapshotError(Exception):
    """Why there is no snapshot."""


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
        raise SnapshotError("context deadline exceeded") from None
    if done.returncode != 0:
        raise SnapshotError((done.stderr or done.stdout).strip())


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
    verbs = {"save": lambda: save(server, name), "ls": lambda: listing(server, "json" in flags),
             "list": lambda: listing(server, "json" in flags), "delete": lambda: delete(server, names),
             "prune": lambda: keep(server, name)}
    if verb not in verbs:
        sys.exit(f"Incorrect Usage: no such etcd-snapshot command: {verb}")
    if names and verb != "delete":
        log.fatal("Error: this command does not take any arguments")
    try:
        verbs[verb]()
    except (SnapshotError, S3Error) as error:
        log.fatal(f"Error: see server log for details: {error}")


def scheduled(server):
    """What the running server does by schedule: of what is asked for by hand none is taken away but by `prune`. It looks at the
    store after the snapshot is on the disk: `handleSave` does before."""
    name = server.settings.get("etcd-snapshot-name", "etcd-snapshot")
    save(server, name, by_hand=False)
    keep(server, name)
    recorded(server)


def recorded(server, write=None):
    """Whether the cluster can be told of a snapshot or not: it is there."""
    server.etcd = server.etcd or etcd.Client(server.tls)
    server.store = server.store or Store(server.etcd)
    try:
        if write:
            write()
        else:
            snapshot_files.reconcile(server, folder(server), Bucket(server.settings) if server.settings.get("etcd-s3") else None)
    except (ApiError, S3Error, etcd.EtcdError) as error:
        log.warning(f"Failed to sync ETCDSnapshotFile: {error}")


def opened(server, file, by_hand):
    """The bucket; None where there is none, or where that was recorded as a failure."""
    if not server.settings.get("etcd-s3"):
        return None
    try:
        return Bucket(server.settings)
    except S3Error as error:
        if by_hand:
            raise
        log.warning(f"Unable to initialize S3 client: {error}")
        name, why = server.settings.get("etcd-s3-bucket", ""), str(error)
        recorded(server, lambda: snapshot_files.record(server, file, "", name, why))
        return None


def save(server, name, by_hand=True):
    """On the disk, and in the object store. Of an upload that failed the server's log and its record tell, and no command: it is
    called saved."""
    if by_hand:
        opened(server, "", by_hand)
    file = f"{name}-{server.node}-{int(time.time())}"
    path = os.path.join(folder(server), file)
    if not os.path.exists(f"{server.tls}/etcd/client.crt"):
        raise SnapshotError("no etcd runs here")
    etcdctl(server, "snapshot", "save", path)
    os.chmod(path, 0o600)
    recorded(server, lambda: snapshot_files.record(server, file, f"file://{path}"))
    bucket = opened(server, file, by_hand)
    if bucket:
        location, why = f"s3://{bucket.name}/{bucket.folder}/{file}", None
        try:
            bucket.upload(path, file, token.short_hash(server.token))
            log.info(f"Snapshot {file} saved.")
        except S3Error as error:
            why = str(error)
            if server.ready:
                log.error(f"Error received during snapshot upload to S3: {error}")
        recorded(server, lambda: snapshot_files.record(server, file, location, bucket.name, why))
        try:
            bucket.prune(name)
        except S3Error as error:
            log.warning(f"Failed to apply s3 snapshot retention policy: {error}")
    if by_hand:
        recorded(server)
    log.info(f"Snapshot {file} saved.")


def keep(server, name):
    """Of those whose name begins so, the newest stay, as many as the retention says."""
    mine = sorted((file for file in os.listdir(folder(server)) if file.startswith(name)),
                  key=lambda file: int(file.rpartition("-")[2]))
    retention = int(server.settings.get("etcd-snapshot-retention", "5"))
    for old in mine[:-retention] if retention > 0 else []:
        os.unlink(os.path.join(folder(server), old))


def listing(server, as_json):
    rows = []
    for file in sorted(os.listdir(folder(server))):
        info = os.stat(os.path.join(folder(server), file))
        rows.append(row(file, server.node, f"file://{folder(server)}/{file}", info.st_size, info.st_mtime))
    if server.settings.get("etcd-s3"):
        bucket = Bucket(server.settings)
        rows += [row(name, "s3", f"s3://{bucket.name}/{bucket.folder}/{name}", 0, int(name.rpartition("-")[2])) for name in bucket.names()]
    if as_json:
        print(json.dumps({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": rows}, indent=4))
        return
    lines = [("Name", "Location", "Size", "Created")]
    lines += [(one["spec"]["snapshotName"], one["spec"]["location"], one["status"]["size"], one["status"]["creationTime"]) for one in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        print(" ".join([*(text.ljust(width) for text, width in zip(line, widths)), line[3]]))


def row(name, node, location, size, created):
    when = datetime.datetime.utcfromtimestamp(created).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"kind": "ETCDSnapshotFile", "apiVersion": "k3s.cattle.io/v1",
            "metadata": {"name": f"{'s3' if node == 's3' else 'local'}-{name}"},
            "spec": {"snapshotName": name, "nodeName": node, "location": location},
            "status": {"size": str(size), "creationTime": when, "readyToUse": True}}


def delete(server, names):
    bucket = Bucket(server.settings) if server.settings.get("etcd-s3") else None
    for name in names:
        path = os.path.join(folder(server), os.path.basename(name))
        kept = bucket is not None and name in bucket.names()
        if not os.path.exists(path) and not kept:
            log.warning(f"Snapshot {name} not found.")
            continue
        if os.path.exists(path):
            os.unlink(path)
        if kept:
            bucket.delete(name)
        log.info(f"Snapshot {name} deleted.")
    recorded(server)


def reset(settings):
    """Makes the etcd of this server the only member of its cluster, from its own data or from a snapshot."""
    if settings.get("server"):
        log.fatal("Error: cannot perform cluster-reset while server URL is set - remove server from configuration before resetting")
    server = Server(settings)
    flag, source = os.path.join(server.db, "reset-flag"), settings.get("cluster-reset-restore-path")
    log.info("Managed etcd cluster bootstrap already complete and initialized" if server.initialized else "Managed etcd cluster initializing")
    if settings.get("etcd-s3") and source:
        target = os.path.join(folder(server), os.path.basename(source))
        try:
            bucket = Bucket(settings)
        except S3Error as error:
            log.fatal(f"{STARTING}{error}")
        try:
            bucket.download(source, target)
        except S3Error as error:
            log.fatal(f"{STARTING}failed to download snapshot from S3: {error}")
        source = target
    if not source and os.path.exists(flag):
        log.fatal(f"{STARTING}Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start k3s "
                  f"normally. If you need to perform another cluster reset, you must first manually delete the file at {flag}")
    if not source and not server.initialized:
        log.fatal("Error: cluster-reset: no etcd data on this disk to reset")
    if source and not os.path.isfile(source):
        what = "must be a file, not a directory" if os.path.isdir(source) else "does not exist"
        log.fatal(f"{STARTING}etcd: snapshot path {what}: {source}")
    pki.make_authorities(server.tls)
    server.certificates()
    if source:
        try:
            restore(server, source)
        except SnapshotError as error:
            log.fatal(f"{STARTING}etcd: {error}")
    name = server.member_name()
    server.process = etcd.Process(server.etcd_data, server.tls, name, server.address)
    server.process.start(force_new=True)
    server.etcd = etcd.Client(server.tls)
    wait(server)
    take_over(server)
    with open(flag, "w", encoding="utf-8"):
        pass
    server.process.stop()
    log.shutdown('"Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. '
                 'Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes"')


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
        log.fatal("bootstrap data already found and encrypted with different token" if rows else "no bootstrap data found")
    pki.unpack(server.data, json.loads(pki.unseal(password, sealed)))
    pki.write(os.path.join(server.db, "bootstrap-copy"), sealed)
    server.given = server.given or password
    server.write_tokens()
