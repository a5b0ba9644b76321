"""Kubernetes objects, in etcd under /registry, with the rules that clients lean on: versions, conflicts, finalizers."""

import copy
import datetime
import json
import re
import uuid

# group/version -> {resource: (kind, namespaced)}: what this API serves. Anything else is not found, as in a real one.
RESOURCES = {
    "v1": {"nodes": ("Node", False), "namespaces": ("Namespace", False), "pods": ("Pod", True), "secrets": ("Secret", True),
           "configmaps": ("ConfigMap", True), "services": ("Service", True), "serviceaccounts": ("ServiceAccount", True),
           "events": ("Event", True), "endpoints": ("Endpoints", True), "persistentvolumeclaims": ("PersistentVolumeClaim", True),
           "persistentvolumes": ("PersistentVolume", False)},
    "apps/v1": {"daemonsets": ("DaemonSet", True), "deployments": ("Deployment", True), "statefulsets": ("StatefulSet", True),
                "replicasets": ("ReplicaSet", True)},
    "batch/v1": {"jobs": ("Job", True), "cronjobs": ("CronJob", True)},
    "policy/v1": {"poddisruptionbudgets": ("PodDisruptionBudget", True)},
    "rbac.authorization.k8s.io/v1": {"clusterroles": ("ClusterRole", False), "clusterrolebindings": ("ClusterRoleBinding", False),
                                     "roles": ("Role", True), "rolebindings": ("RoleBinding", True)},
    "coordination.k8s.io/v1": {"leases": ("Lease", True)},
    "storage.k8s.io/v1": {"storageclasses": ("StorageClass", False)},
    "networking.k8s.io/v1": {"networkpolicies": ("NetworkPolicy", True), "ingresses": ("Ingress", True)},
    "apiextensions.k8s.io/v1": {"customresourcedefinitions": ("CustomResourceDefinition", False)},
    "helm.cattle.io/v1": {"helmcharts": ("HelmChart", True), "helmchartconfigs": ("HelmChartConfig", True)},
    "k3s.cattle.io/v1": {"addons": ("Addon", True), "etcdsnapshotfiles": ("ETCDSnapshotFile", False)},
}
MERGE_KEYS = {"conditions": "type", "containers": "name", "initContainers": "name", "env": "name", "volumes": "name",
              "volumeMounts": "mountPath", "addresses": "type", "ownerReferences": "uid", "imagePullSecrets": "name"}


class ApiError(Exception):
    """A Status that says Failure."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.code, self.reason = code, reason


def now():
    return datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")


def full_name(where):
    group = where.group_version.rpartition("/")[0]
    return f"{where.resource}.{group}" if group else where.resource


def not_found(where, name):
    return ApiError(404, "NotFound", f'{full_name(where)} "{name}" not found')


MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)")


def check_lease(item):
    """What a Lease has to be (pkg/apis/coordination/validation, MicroTime in apimachinery/pkg/apis/meta/v1)."""
    spec = item.get("spec", {})
    for key in ("acquireTime", "renewTime"):
        if spec.get(key) is not None and not MICRO_TIME.fullmatch(spec[key]):
            raise ApiError(400, "BadRequest", f'Lease in version "v1" cannot be handled as a Lease: parsing time "{spec[key]}" as '
                                              '"2006-01-02T15:04:05.000000Z07:00": cannot parse')
    if spec.get("leaseDurationSeconds") is not None and spec["leaseDurationSeconds"] <= 0:
        raise invalid("Lease", item, f'spec.leaseDurationSeconds: Invalid value: {spec["leaseDurationSeconds"]}: must be greater than 0')


def invalid(kind, item, why):
    return ApiError(422, "Invalid", f'{kind} "{item["metadata"]["name"]}" is invalid: {why}')


class Where:
    """A place for objects: group and version, resource, namespace."""

    def __init__(self, group_version, resource, namespace=None):
        self.group_version, self.resource, self.namespace = group_version, resource, namespace
        self.kind, self.namespaced = RESOURCES[group_version][resource]

    def prefix(self):
        group = self.group_version.rpartition("/")[0]
        base = f"/registry/{group + '/' if group else ''}{self.resource}/"
        return base + f"{self.namespace}/" if self.namespaced and self.namespace else base

    def key(self, name):
        return self.prefix() + name


NODES = Where("v1", "nodes")


def secrets(namespace="kube-system"):
    return Where("v1", "secrets", namespace)


class Store:
    """Objects by place and name."""

    def __init__(self, etcd):
        self.etcd = etcd

    def get(self, where, name):
        value, revision = self.etcd.get(where.key(name))
        if value is None:
            raise not_found(where, name)
        return versioned(json.loads(value), revision)

    def find(self, where, name):
        try:
            return self.get(where, name)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, where, at=0):
        rows, revision = self.etcd.list(where.prefix(), at)
        return [versioned(json.loads(value), changed) for _, value, changed in rows], revision

    def create(self, where, item):
        item = copy.deepcopy(item)
        if where.kind == "Lease":
            check_lease(item)
        if where.kind == "Node":
            item.setdefault("spec", {})  # Never absent: `Node.Spec` is no pointer.
        meta = item.setdefault("metadata", {})
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + uuid.uuid4().hex[:5]
        meta.pop("resourceVersion", None)
        meta.update({"uid": str(uuid.uuid4()), "creationTimestamp": now()})
        if where.namespaced:
            meta["namespace"] = where.namespace
        item.update({"apiVersion": where.group_version, "kind": where.kind})
        revision = self.etcd.put(where.key(meta["name"]), json.dumps(item).encode(), 0)
        if revision is None:
            raise ApiError(409, "AlreadyExists", f'{full_name(where)} "{meta["name"]}" already exists')
        return versioned(item, revision)

    def change(self, where, name, edit):
        """Reads, edits and writes until nobody else wrote in between. `edit` returns the new object."""
        while True:
            before = self.get(where, name)
            after = edit(copy.deepcopy(before))
            wanted = after["metadata"].get("resourceVersion")
            if wanted and wanted != before["metadata"]["resourceVersion"]:
                raise ApiError(409, "Conflict", f'Operation cannot be fulfilled on {full_name(where)} "{name}": the object has been '
                                                "modified; please apply your changes to the latest version and try again")
            if where.kind == "Lease":
                check_lease(after)
            for fixed in ("uid", "creationTimestamp", "deletionTimestamp"):
                if fixed in before["metadata"]:
                    after["metadata"][fixed] = before["metadata"][fixed]
            if self._write(where, name, before, after):
                return after

    def _write(self, where, name, before, after):
        revision = int(before["metadata"]["resourceVersion"])
        if after["metadata"].get("deletionTimestamp") and not after["metadata"].get("finalizers"):
            return self.etcd.delete(where.key(name), revision) is not None
        if after == before:
            return True
        stored = copy.deepcopy(after)
        stored["metadata"].pop("resourceVersion", None)
        written = self.etcd.put(where.key(name), json.dumps(stored).encode(), revision)
        if written is not None:
            versioned(after, written)
        return written is not None

    def delete(self, where, name):
        """With finalizers, an object is only marked; it goes when the last finalizer does."""
        item = self.get(where, name)
        if item["metadata"].get("finalizers"):
            if "deletionTimestamp" not in item["metadata"]:
                revision = int(item["metadata"].pop("resourceVersion"))
                item["metadata"]["deletionTimestamp"] = now()
                if self.etcd.put(where.key(name), json.dumps(item).encode(), revision) is None:
                    return self.delete(where, name)
            return item
        if self.etcd.delete(where.key(name), int(item["metadata"]["resourceVersion"])) is None:
            return self.delete(where, name)
        return item


def versioned(item, revision):
    if not item.get("spec", {}).get("taints", True):
        del item["spec"]["taints"]  # empty lists are left out, as Kubernetes does
    item["metadata"]["resourceVersion"] = str(revision)
    return item


# --- patches ---------------------------------------------------------------------------------------------------------


def merge(target, patch, strategic):
    """RFC 7386; `strategic` merges the lists of which Kubernetes says by which key."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$setElementOrder/") or key == "$retainKeys":
            continue
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.split("/", 1)[1]
            result[name] = [item for item in result.get(name, []) if item not in value]
        elif value is None:
            result.pop(key, None)
        elif strategic and isinstance(value, list) and key in MERGE_KEYS:
            result[key] = merge_list(result.get(key) or [], value, MERGE_KEYS[key])
        elif strategic and isinstance(value, list) and key == "finalizers":
            result[key] = list(dict.fromkeys((result.get(key) or []) + value))
        else:
            result[key] = merge(result.get(key), value, strategic)
    return result


def merge_list(items, changes, key):
    merged = {item.get(key): item for item in items}
    for change in changes:
        if change.get("$patch") == "delete":
            merged.pop(change.get(key), None)
        else:
            merged[change.get(key)] = merge(merged.get(change.get(key), {}), change, True)
    return list(merged.values())


def json_patch(item, operations):
    """RFC 6902, but for move and copy."""
    for operation in operations:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        parent = item
        try:
            for part in parts[:-1]:
                parent = parent[int(part)] if isinstance(parent, list) else parent[part]
            _apply(parent, parts[-1], operation)
        except (KeyError, IndexError, ValueError) as error:
            raise ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {error}") from error
    return item


def _apply(parent, last, operation):
    kind, value = operation["op"], operation.get("value")
    if isinstance(parent, list):
        if kind == "add":
            parent.insert(len(parent) if last == "-" else int(last), value)
            return
        last = int(last)
    if kind == "remove":
        del parent[last]
    elif kind == "test":
        if parent[last] != value:
            raise ValueError(f"testing value {operation['path']} failed")
    elif kind == "add":
        parent[last] = value
    elif kind == "replace":
        parent[last]  # pylint: disable=pointless-statement # has to exist
        parent[last] = value
    else:
        raise ValueError(f"operation {kind}")
