"""k3s' records of snapshots, in the cluster: `addSnapshotData` and `reconcileSnapshotData` in pkg/etcd/snapshot.go of k3s-io/k3s."""

import calendar
import hashlib
import os
import time

from standin.objects import ApiError, Where

FILES = Where("k3s.cattle.io/v1", "etcdsnapshotfiles")
STORED_ON = "etcd.k3s.cattle.io/snapshot-storage-node"
# Of failures, and of what was just uploaded, in seconds.
ERROR_TTL, STORE_TTL = 24 * 3600, 60


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def record(server, name, location, bucket=None, error=None):
    """One snapshot on the disk, or (`bucket`) in the object store. Before a store is reached it is not known on which server."""
    at = int(name.removesuffix(".zip").rpartition("-")[2])
    node = server.node if bucket is None or location else "s3"
    digest = hashlib.sha256((node + location).encode()).hexdigest()[:6]
    stored_on = "s3" if bucket is not None else server.node
    item = {"metadata": {"name": f"{'s3' if bucket is not None else 'local'}-{name.lower()}-{digest}", "labels": {STORED_ON: stored_on}},
            "spec": {"snapshotName": name, "nodeName": node, "location": location},
            "status": {"creationTime": moment(at), "readyToUse": error is None, "size": "0"}}
    if bucket is not None:
        item["spec"]["s3"] = {"bucket": bucket}
    if error is not None:
        item["status"]["error"] = {"time": moment(at), "message": error}
    try:
        server.store.create(FILES, item)
    except ApiError as conflict:
        if conflict.code != 409:
            raise


def reconcile(server, folder, bucket):
    """Forgets what is on this disk and in the store no more, failures after a day; records what was found there."""
    disk = {name: f"file://{folder}/{name}" for name in sorted(os.listdir(folder))}
    stored = None if bucket is None else {name: f"s3://{bucket.name}/{bucket.folder}/{name}" for name in bucket.names()}
    known, now = {"disk": set(), "store": set()}, time.time()
    for item in server.store.list(FILES)[0]:
        on, name = item["metadata"]["labels"].get(STORED_ON), item["spec"]["snapshotName"]
        if on not in (server.node, "s3") or (on == "s3" and stored is None):
            continue
        there = stored if on == "s3" else disk
        if name in there and not item["status"].get("error"):
            known["store" if on == "s3" else "disk"].add(name)
            continue
        created = calendar.timegm(time.strptime(item["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ"))
        if now < created + (ERROR_TTL if item["status"].get("error") else STORE_TTL if on == "s3" else 0):
            continue
        try:
            server.store.delete(FILES, item["metadata"]["name"])
        except ApiError:
            pass  # another server was first
    for name in sorted(set(disk) - known["disk"]):
        record(server, name, disk[name])
    for name in sorted(set(stored or {}) - known["store"]):
        record(server, name, stored[name], bucket.name)
