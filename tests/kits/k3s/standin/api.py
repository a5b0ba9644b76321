"""The Kubernetes API, as much of it as kubectl and our scripts use: discovery, objects, patches, watches, tables, evictions."""

import base64
import calendar
import json
import time

import yaml

from standin import selectors
from standin.objects import ApiError, NODES, RESOURCES, Where, invalid, json_patch, merge
from standin.tables import table
from standin.version import VERSION

SUBRESOURCES = ("status", "eviction", "scale", "finalize")


class Answer:
    """A finished response; `stream` is a generator of lines for a watch."""

    def __init__(self, body, code=200, kind="application/json", stream=None):
        self.body, self.code, self.kind, self.stream = body, code, kind, stream


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}


class Api:
    """Answers requests of a user over the objects of a store."""

    def __init__(self, store):
        self.store = store

    def handle(self, request):
        parts = [part for part in request.path.split("/") if part]
        if parts[:1] == ["version"]:
            major, minor = VERSION.lstrip("v").split(".")[:2]
            return Answer({"major": major, "minor": minor, "gitVersion": VERSION, "platform": "linux/amd64"})
        if parts[:2] == ["openapi", "v3"]:
            return Answer(openapi(parts[2:]))
        if not parts or parts[0] not in ("api", "apis"):
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        found = self._discovery(parts)
        if found is not None:
            return Answer(found)
        return self._objects(parts, request)

    # --- discovery ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _discovery(parts):
        if parts == ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        if parts == ["apis"]:
            groups = []
            for group_version in RESOURCES:
                if "/" in group_version:
                    name, version = group_version.split("/")
                    one = {"groupVersion": group_version, "version": version}
                    groups.append({"name": name, "versions": [one], "preferredVersion": one})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        group_version = "/".join(parts[1:])
        if (parts[0] == "api" and parts[1:] == ["v1"]) or (parts[0] == "apis" and group_version in RESOURCES):
            verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
            short = {"nodes": ["no"], "pods": ["po"], "namespaces": ["ns"], "configmaps": ["cm"], "poddisruptionbudgets": ["pdb"]}
            found = [{"name": name, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": verbs,
                      "shortNames": short.get(name, [])} for name, (kind, namespaced) in RESOURCES[group_version].items()]
            if group_version == "v1":
                found.append({"name": "pods/eviction", "singularName": "", "namespaced": True, "group": "policy", "version": "v1",
                              "kind": "Eviction", "verbs": ["create"]})
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}
        return None

    # --- objects -----------------------------------------------------------------------------------------------------

    def _objects(self, parts, request):
        where, name, subresource = self._place(parts)
        authorize(request.user, request.method, where, name, subresource, self.store)
        if subresource == "eviction" and request.method == "POST":
            return self._evict(where, name)
        if request.method == "GET":
            return self._read(where, name, request)
        if request.method == "POST":
            return self._create(where, request)
        if request.method == "DELETE":
            return self._delete(where, name, request)
        if request.method in ("PUT", "PATCH"):
            return self._modify(where, name, request)
        raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    @staticmethod
    def _place(parts):
        unknown = ApiError(404, "NotFound", "the server could not find the requested resource")
        if parts[0] == "api":
            group_version, rest = "v1", parts[2:]
        elif parts[0] == "apis" and len(parts) > 3:
            group_version, rest = "/".join(parts[1:3]), parts[3:]
        else:
            raise unknown
        namespace = None
        if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in SUBRESOURCES:
            namespace, rest = rest[1], rest[2:]
        if not rest or rest[0] not in RESOURCES.get(group_version, {}):
            raise unknown
        subresource = rest[2] if len(rest) > 2 else None
        if subresource and subresource not in SUBRESOURCES:
            raise unknown
        return Where(group_version, rest[0], namespace), rest[1] if len(rest) > 1 else None, subresource

    def _read(self, where, name, request):
        if name is not None:
            item = self.store.get(where, name)
            return Answer(table(where, [item], item) if request.wants_table else item)
        matches = predicate(request)
        if request.query.get("watch") in ("true", "1"):
            return Answer(None, stream=self._watch(where, matches, request))
        items, revision = self.store.list(where)
        chosen = [item for item in items if matches(item)]
        meta = {"resourceVersion": str(revision)}
        if request.wants_table:
            return Answer(table(where, chosen, {"metadata": meta}))
        return Answer({"kind": where.kind + "List", "apiVersion": where.group_version, "metadata": meta, "items": chosen})

    def _watch(self, where, matches, request):
        """Looks again every 200 ms; what changed in between is one event, as with a slow watch cache."""
        since = int(request.query.get("resourceVersion") or 0)
        # From what the client has seen last, so that nothing which happened since is missed.
        seen = {(item["metadata"].get("namespace"), item["metadata"]["name"]): item
                for item in self.store.list(where, since)[0] if matches(item)}
        if since == 0:
            for item in seen.values():
                yield {"type": "ADDED", "object": item}
        deadline = time.monotonic() + float(request.query.get("timeoutSeconds") or 300)
        while time.monotonic() < deadline:
            current = {(item["metadata"].get("namespace"), item["metadata"]["name"]): item for item in self.store.list(where)[0] if matches(item)}
            for key, item in current.items():
                if key in seen and seen[key]["metadata"]["uid"] != item["metadata"]["uid"]:
                    yield {"type": "DELETED", "object": seen.pop(key)}  # deleted and made anew in between
                if key not in seen:
                    yield {"type": "ADDED", "object": item}
                elif item["metadata"]["resourceVersion"] != seen[key]["metadata"]["resourceVersion"]:
                    yield {"type": "MODIFIED", "object": item}
            for key, item in seen.items():
                if key not in current:
                    yield {"type": "DELETED", "object": item}
            seen = current
            time.sleep(0.2)

    def _create(self, where, request):
        if where.namespaced and where.namespace != "default" and where.namespace not in ("kube-system", "kube-public", "kube-node-lease"):
            if self.store.find(Where("v1", "namespaces"), where.namespace) is None:
                raise ApiError(404, "NotFound", f'namespaces "{where.namespace}" not found')
        item = request.body()
        if "stringData" in item:
            encoded = {key: base64.b64encode(value.encode()).decode() for key, value in item.pop("stringData").items()}
            item["data"] = {**item.get("data", {}), **encoded}
        return Answer(self.store.create(where, item), 201)

    def _modify(self, where, name, request):
        body, kind = request.body(), request.content_type
        if request.method == "PUT" and where.kind == "Lease":
            # Its strategy: a PUT may make it, and may not write over it without saying what was read (pkg/registry/coordination/lease).
            if self.store.find(where, name) is None:
                return Answer(self.store.create(where, body), 201)
            if not body["metadata"].get("resourceVersion"):
                raise invalid("leases.coordination.k8s.io", body, "metadata.resourceVersion: Invalid value: 0: must be specified for an update")
        if request.method == "PUT":
            return Answer(self.store.change(where, name, lambda _: body))
        if kind == "application/apply-patch+yaml" and self.store.find(where, name) is None:
            return Answer(self.store.create(where, body), 201)

        def edit(item):
            if kind == "application/json-patch+json":
                return json_patch(item, body)
            changed = merge(item, body, kind != "application/merge-patch+json")
            guard_node(request.user, where, item, changed)
            return changed

        return Answer(self.store.change(where, name, edit))

    def _delete(self, where, name, request):
        if name is None:
            matches = predicate(request)
            items = [item for item in self.store.list(where)[0] if matches(item)]
            for item in items:
                place = Where(where.group_version, where.resource, item["metadata"].get("namespace"))
                self.store.delete(place, item["metadata"]["name"])
            return Answer({"kind": where.kind + "List", "apiVersion": where.group_version, "metadata": {}, "items": items})
        item = self.store.delete(where, name)
        if item["metadata"].get("deletionTimestamp"):
            return Answer(item)
        return Answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                       "details": {"name": name, "kind": where.resource, "uid": item["metadata"]["uid"]}})

    def _evict(self, where, name):
        pod = self.store.get(where, name)
        budgets, _ = self.store.list(Where("policy/v1", "poddisruptionbudgets", where.namespace))
        for budget in budgets:
            wanted = budget["spec"].get("selector", {}).get("matchLabels", {})
            have = pod["metadata"].get("labels", {})
            if all(have.get(key) == value for key, value in wanted.items()) and not budget.get("status", {}).get("disruptionsAllowed", 0):
                raise ApiError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
        if not self._kubelet_lives(pod["spec"].get("nodeName", "")):
            self.store.change(where, name, nobody_ends)
        self.store.delete(where, name)
        return Answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, 201)

    def _kubelet_lives(self, name):
        """Heard of within three of its beats. A Node is Ready for a while after that."""
        ready = [one for one in self.store.get(NODES, name)["status"]["conditions"] if one["type"] == "Ready"]
        return any(time.time() - calendar.timegm(time.strptime(one["lastHeartbeatTime"], "%Y-%m-%dT%H:%M:%SZ")) < 4 for one in ready)


def nobody_ends(pod):
    """What is deleted stays until its kubelet has ended it: here a finalizer that nobody takes away."""
    pod["metadata"]["finalizers"] = pod["metadata"].get("finalizers", []) + ["stand-in/kubelet"]
    return pod


def openapi(parts):
    """Only what tells kubectl that the server validates fields itself."""
    if not parts:
        groups = [("api/" if group == "v1" else "apis/") + group for group in RESOURCES]
        return {"paths": {group: {"serverRelativeURL": f"/openapi/v3/{group}"} for group in groups}}
    group_version = "/".join(parts[1:])
    group, _, version = group_version.rpartition("/")
    paths = {}
    for resource, (kind, namespaced) in RESOURCES.get(group_version, {}).items():
        place = f"/{'/'.join(parts)}/{'namespaces/{namespace}/' if namespaced else ''}{resource}/{{name}}"
        paths[place] = {"patch": {"parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                                  "responses": {"200": {"description": "OK"}},
                                  "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind}}}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": VERSION}, "paths": paths}


def predicate(request):
    by_label = selectors.labels(request.query["labelSelector"]) if request.query.get("labelSelector") else lambda _: True
    by_field = selectors.fields(request.query.get("fieldSelector", ""))
    return lambda item: by_label(item["metadata"].get("labels", {})) and by_field(item)


# --- who may do what -------------------------------------------------------------------------------------------------


def authorize(user, method, where, name, subresource, store):
    """Administrators may do all; a node may read what a kubelet reads, write its own Node, and evict its own pods."""
    if "system:masters" in user.groups:
        return
    if "system:nodes" in user.groups:
        own = user.name.removeprefix("system:node:")
        if method == "GET" and where.resource in ("nodes", "pods", "services", "namespaces", "poddisruptionbudgets", "daemonsets", "leases"):
            return
        if where.resource == "nodes" and (name == own or (method == "POST" and name is None)) and method != "DELETE":
            return
        if subresource == "eviction" and store.get(where, name).get("spec", {}).get("nodeName") == own:
            return
    verb = {"GET": "get" if name else "list", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]
    scope = f'in the namespace "{where.namespace}"' if where.namespace else "at the cluster scope"
    raise ApiError(403, "Forbidden", f'{where.resource} "{name or ""}" is forbidden: User "{user.name}" cannot {verb} resource '
                                     f'"{where.resource}" in API group "{where.group_version.rpartition("/")[0]}" {scope}')


def guard_node(user, where, before, after):
    """The NodeRestriction plugin: a node changes neither its taints nor labels that others rely on."""
    if where.resource != "nodes" or "system:nodes" not in user.groups:
        return
    name = before["metadata"]["name"]
    if before.get("spec", {}).get("taints") != after.get("spec", {}).get("taints"):
        raise ApiError(403, "Forbidden", f'nodes "{name}" is forbidden: node "{name}" is not allowed to modify taints')
    changed = {key for key, value in set(before["metadata"].get("labels", {}).items()) ^ set(after["metadata"].get("labels", {}).items())}
    if any("node-restriction.kubernetes.io/" in key for key in changed):
        raise ApiError(403, "Forbidden", f'nodes "{name}" is forbidden: is not allowed to modify labels')


def decode(data, kind):
    return json.loads(data or b"{}") if kind.endswith("json") else yaml.safe_load(data)

