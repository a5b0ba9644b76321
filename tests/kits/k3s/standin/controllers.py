"""What k3s and Kubernetes do about nodes while they run: promote learners, tell who votes, let go of removed members."""

import ipaddress
import os
import time

from standin import etcd, kube_vip, log
from standin.manifests import Manifests
from standin.objects import ApiError, NODES, now, secrets
from standin.server_names import ADDRESS, ETCD_FINALIZER, ETCD_ROLE, MEMBER, NODE_FINALIZER, OLDER_NAMES, REMOVE, REMOVED, ROLES

TICK = float(os.environ.get("K3S_STANDIN_TICK", "0.5"))
GRACE = float(os.environ.get("K3S_STANDIN_NODE_GRACE", "5"))
# How long a learner stays one at least: the real one has to catch up, and is looked at every 15 s only.
LEARNING = float(os.environ.get("K3S_STANDIN_LEARNING", "0"))
# While this file is there, learners stay learners: the real one looks at them every 15 s only.
HOLD = "/run/k3s-standin/hold-promotion"
UNREACHABLE = "node.kubernetes.io/unreachable"


class Controllers:
    """A round every TICK seconds. The server whose member leads etcd does what is to be done once in a cluster."""

    def __init__(self, server):
        self.server, self.store, self.etcd = server, server.store, server.etcd
        self.manifests = Manifests(server)
        self.heard = {}
        self.learning = {}

    def run(self):
        while True:
            try:
                self.round()
            except (ApiError, etcd.EtcdError, OSError) as error:
                log.error(f"Failed to check local etcd status for learner management: {error}")
            time.sleep(TICK)

    def round(self):
        status = self.etcd.status()
        self._own_node()
        self.server.copy_bootstrap()
        self.manifests.apply()
        kube_vip.ensure(self.server)
        if status.get("leader") != status["header"]["member_id"]:
            self.heard.clear()
            return
        members = self.etcd.members()
        self._promote(members)
        nodes, _ = self.store.list(NODES)
        for node in nodes:
            if node["metadata"].get("deletionTimestamp"):
                self._let_go(node)
            else:
                self._removal_asked(node)
                self._voter(node, members)
                self._heartbeat(node)
                self._older_names(node)
        self._networks(nodes)
        self._passwords({node["metadata"]["name"]: node["metadata"]["uid"] for node in nodes})

    def _edit(self, name, edit):
        try:
            self.store.change(NODES, name, edit)
        except ApiError as error:
            if error.code != 404:
                raise

    def _own_node(self):
        """Roles, and which etcd member this node is."""
        wanted = {MEMBER: self.server.process.name, ADDRESS: self.server.address}

        def edit(node):
            meta = node["metadata"]
            if meta.get("deletionTimestamp") or meta.get("annotations", {}).get(REMOVED) == self.server.process.name:
                return node
            meta.setdefault("annotations", {}).update(wanted)
            meta.setdefault("labels", {}).update({role: "true" for role in ROLES})
            if ETCD_FINALIZER not in meta.setdefault("finalizers", []):
                meta["finalizers"].append(ETCD_FINALIZER)
            return node

        if not self.server.process.removed:
            self._edit(self.server.node, edit)

    # --- once in a cluster -------------------------------------------------------------------------------------------

    def _promote(self, members):
        for member in members:
            if not member.get("isLearner"):
                continue
            since = self.learning.setdefault(member["ID"], time.monotonic())
            if os.path.exists(HOLD) or time.monotonic() - since < LEARNING:
                return
            try:
                self.etcd.promote(member["ID"])
                log.info(f"Promoted learner {member.get('name', '')}")
            except etcd.EtcdError:
                pass  # not caught up yet
            return

    def _voter(self, node, members):
        meta = node["metadata"]
        if ETCD_ROLE not in meta.get("labels", {}):
            return
        mine = next((one for one in members if one.get("name") == meta.get("annotations", {}).get(MEMBER)), None)
        self._condition(node, *voter_condition(mine))

    def _condition(self, node, value, why, message):
        before = condition_of(node, "EtcdIsVoter")
        if before and (before["status"], before["reason"], before["message"]) == (value, why, message):
            return

        def edit(current):
            rest = [each for each in current.setdefault("status", {}).get("conditions", []) if each["type"] != "EtcdIsVoter"]
            current["status"]["conditions"] = rest + [{"type": "EtcdIsVoter", "status": value, "reason": why, "message": message,
                                                       "lastHeartbeatTime": now(), "lastTransitionTime": now()}]
            return current

        self._edit(node["metadata"]["name"], edit)

    def _heartbeat(self, node):
        """A node of which nothing was heard for GRACE seconds, by this server's own clock, is Unknown and tainted."""
        name, ready = node["metadata"]["name"], condition_of(node, "Ready")
        if ready is None:
            return
        beat = (ready.get("lastHeartbeatTime"), ready["status"])
        last, since = self.heard.get(name, (None, 0.0))
        if beat != last:
            since = time.monotonic()
            self.heard[name] = (beat, since)
        silent = time.monotonic() - since > GRACE
        tainted = any(taint["key"] == UNREACHABLE for taint in node["spec"].get("taints", []))
        if silent and ready["status"] == "True":
            self._edit(name, unknown)
        elif ready["status"] == "True" and tainted:
            self._edit(name, reachable)

    def _older_names(self, node):
        """What the cloud controller does at every change of a node."""
        labels = node["metadata"].get("labels", {})
        if all(labels.get(newer) == labels[older] for older, newer in OLDER_NAMES.items() if older in labels):
            return

        def edit(current):
            now_there = current["metadata"]["labels"]
            now_there.update({newer: now_there[older] for older, newer in OLDER_NAMES.items() if older in now_there})
            return current

        self._edit(node["metadata"]["name"], edit)

    def _removal_asked(self, node):
        notes = node["metadata"].get("annotations", {})
        if notes.get(REMOVE, "").lower() != "true" or REMOVED in notes or MEMBER not in notes:
            return
        self._remove_member(notes[MEMBER], notes.get(ADDRESS))

        def edit(current):
            current["metadata"]["annotations"][REMOVED] = current["metadata"]["annotations"].pop(MEMBER)
            current["metadata"]["annotations"].pop(ADDRESS, None)
            return current

        self._edit(node["metadata"]["name"], edit)

    def _let_go(self, node):
        """A deleted Node waits for its etcd member to be gone."""
        meta, name = node["metadata"], node["metadata"]["name"]
        notes = meta.get("annotations", {})
        # Of what is no etcd node no member is taken out (`onRemove` in pkg/etcd/member_controller.go).
        if ETCD_FINALIZER in meta.get("finalizers", []) and MEMBER in notes and ETCD_ROLE in meta.get("labels", {}):
            log.info(f"Removing etcd member {name} from cluster")
            self._remove_member(notes[MEMBER], notes.get(ADDRESS))

        def edit(current):
            current["metadata"]["finalizers"] = [one for one in current["metadata"].get("finalizers", [])
                                                 if one not in (ETCD_FINALIZER, NODE_FINALIZER)]
            return current

        self._edit(name, edit)

    def _networks(self, nodes):
        """A part of the cluster's network for each new node, as the controller manager gives it."""
        taken = {node["spec"]["podCIDR"] for node in nodes if node["spec"].get("podCIDR")}
        whole = ipaddress.ip_network(self.server.settings.get("cluster-cidr", ["10.42.0.0/16"])[0])
        for node in nodes:
            if node["spec"].get("podCIDR") or node["metadata"].get("deletionTimestamp"):
                continue
            network = next(str(part) for part in whole.subnets(new_prefix=24) if str(part) not in taken)
            taken.add(network)

            def edit(current, network=network):
                current["spec"].setdefault("podCIDR", network)
                return current

            self._edit(node["metadata"]["name"], edit)

    def _passwords(self, nodes):
        """The Secret of a node's password belongs to its Node: it is collected after that, not with it."""
        found, _ = self.store.list(secrets())
        for item in found:
            meta = item["metadata"]
            name, suffix, _ = meta["name"].partition(".node-password.k3s")
            owner = next((each["uid"] for each in meta.get("ownerReferences", []) if each["kind"] == "Node"), None)
            try:
                if not suffix or owner == nodes.get(name):
                    continue
                if owner:
                    self.store.delete(secrets(), meta["name"])
                else:
                    self.store.change(secrets(), meta["name"], lambda secret, name=name: owned(secret, name, nodes[name]))
            except ApiError as error:
                if error.code != 404:
                    raise

    def _remove_member(self, name, address):
        for member in self.etcd.members():
            if member.get("name") == name and f"https://{address}:2380" in member["peerURLs"]:
                log.info(f"Removing name={name} id={member['ID']} address={address} from etcd")
                self.etcd.remove(member["ID"])


def owned(secret, name, uid):
    secret["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}]
    return secret


def condition_of(node, kind):
    return next((each for each in node.get("status", {}).get("conditions", []) if each["type"] == kind), None)


def voter_condition(member):
    """By etcd's list alone: the health that k3s asks for is, since its releases of November 2024, that of the leader itself."""
    if member is None:
        return "False", "NotAMember", "Node is not a member of the etcd cluster"
    if member.get("isLearner"):
        return "False", "MemberIsLearner", "Node has not been promoted to voting member of the etcd cluster"
    return "True", "MemberNotLearner", "Node is a voting member of the etcd cluster"


def unknown(node):
    for condition in node["status"]["conditions"]:
        if condition["type"] != "EtcdIsVoter":
            condition.update({"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status.",
                              "lastTransitionTime": now()})
    taints = [taint for taint in node["spec"].get("taints", []) if taint["key"] != UNREACHABLE]
    node["spec"]["taints"] = taints + [{"key": UNREACHABLE, "effect": effect, "timeAdded": now()} for effect in ("NoSchedule", "NoExecute")]
    return node


def reachable(node):
    node["spec"]["taints"] = [taint for taint in node["spec"].get("taints", []) if taint["key"] != UNREACHABLE]
    return node
