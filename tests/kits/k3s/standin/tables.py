"""What kubectl prints: an object as a row of a table."""

import time

from standin.objects import NODES


def age(item):
    began = time.mktime(time.strptime(item["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    seconds = int(time.time() - began)
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60}m" if seconds < 7200 else f"{seconds // 3600}h"


def node_cells(node):
    conditions = {condition["type"]: condition["status"] for condition in node.get("status", {}).get("conditions", [])}
    state = "Ready" if conditions.get("Ready") == "True" else "NotReady"
    if node.get("spec", {}).get("unschedulable"):
        state += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = sorted(label.removeprefix(prefix) for label in node["metadata"].get("labels", {}) if label.startswith(prefix))
    info = node.get("status", {}).get("nodeInfo", {})
    address = next((each["address"] for each in node.get("status", {}).get("addresses", []) if each["type"] == "InternalIP"), "<none>")
    return [node["metadata"]["name"], state, ",".join(roles) or "<none>", age(node), info.get("kubeletVersion", ""), address, "<none>",
            info.get("osImage", ""), info.get("kernelVersion", ""), info.get("containerRuntimeVersion", "")]


def table(where, items, listed):
    columns = [("Name", 0), ("Age", 0)]
    cells = [[item["metadata"]["name"], age(item)] for item in items]
    if where.resource == NODES.resource:
        columns = [("Name", 0), ("Status", 0), ("Roles", 0), ("Age", 0), ("Version", 0), ("Internal-IP", 1), ("External-IP", 1),
                   ("OS-Image", 1), ("Kernel-Version", 1), ("Container-Runtime", 1)]
        cells = [node_cells(item) for item in items]
    rows = [{"cells": line, "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}}
            for line, item in zip(cells, items)]
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": listed["metadata"].get("resourceVersion", "")},
            "columnDefinitions": [{"name": name, "type": "string", "format": "", "description": "", "priority": priority}
                                  for name, priority in columns], "rows": rows}
