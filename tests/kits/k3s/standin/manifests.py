"""server/manifests/*.yaml: applied at start and whenever a file changes, as k3s' deploy controller does."""

import glob
import hashlib
import os

import yaml

from standin import log
from standin.objects import ApiError, RESOURCES, Where, merge

ADDONS = Where("k3s.cattle.io/v1", "addons", "kube-system")


class Manifests:
    def __init__(self, server):
        self.folder, self.store, self.seen = os.path.join(server.data, "manifests"), server.store, {}

    def apply(self):
        for path in sorted(glob.glob(self.folder + "/**/*.y*ml", recursive=True)):
            changed = os.stat(path).st_mtime_ns
            if self.seen.get(path) == changed or os.path.exists(path + ".skip"):
                continue
            self.seen[path] = changed
            try:
                self._file(path)
                log.info(f"Applied manifest at {path}")
            except (ApiError, yaml.YAMLError, KeyError, TypeError) as error:
                log.error(f"Failed to process config: failed to process {path}: {error}")

    def _file(self, path):
        """Once for each content, restarts included: an Addon remembers the checksum."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name, digest = os.path.splitext(os.path.basename(path))[0], hashlib.sha256(text.encode()).hexdigest()
        addon = self.store.find(ADDONS, name)
        if addon and addon["spec"]["checksum"] == digest:
            return
        for document in yaml.safe_load_all(text):
            if document:
                self._one(document)
        spec = {"spec": {"source": path, "checksum": digest}}
        if addon:
            self.store.change(ADDONS, name, lambda item: merge(item, spec, False))
        else:
            self.store.create(ADDONS, {"metadata": {"name": name}, **spec})

    def _one(self, document):
        kinds = RESOURCES.get(document["apiVersion"], {})
        resource = next((name for name, (kind, _) in kinds.items() if kind == document["kind"]), None)
        if resource is None:
            raise ApiError(404, "NotFound", f"the server could not find the requested resource {document['apiVersion']} {document['kind']}")
        meta = document["metadata"]
        where = Where(document["apiVersion"], resource, meta.get("namespace", "default") if kinds[resource][1] else None)
        if self.store.find(where, meta["name"]) is None:
            self.store.create(where, document)
        else:
            self.store.change(where, meta["name"], lambda item: merge(item, document, False))
