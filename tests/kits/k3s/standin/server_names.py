"""Labels, annotations and finalizers by which k3s knows its nodes."""

MEMBER = "etcd.k3s.cattle.io/node-name"
ADDRESS = "etcd.k3s.cattle.io/node-address"
REMOVE = "etcd.k3s.cattle.io/remove"
REMOVED = "etcd.k3s.cattle.io/removed-node-name"
ETCD_FINALIZER = "wrangler.cattle.io/managed-etcd-controller"
NODE_FINALIZER = "wrangler.cattle.io/node"
ETCD_ROLE = "node-role.kubernetes.io/etcd"
ROLES = ("node-role.kubernetes.io/control-plane", ETCD_ROLE)
# What the cloud controller keeps one label by the other for: the older name counts (labelReconcileInfo in k8s.io/cloud-provider).
OLDER_NAMES = {"failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
               "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
               "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type"}
