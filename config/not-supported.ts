/** What people know from other tools, and what this does not do. */
export interface NotSupported {
  /** Name of the topic, as the README and its own page have it. */
  readonly topic: string;
  /** What is so, as a sentence without its end. */
  readonly so: string;
  /** What to do instead, as an instruction. */
  readonly instead: string;
  /** How the keys for it are called elsewhere, without case, `-` and `_`: in k3s, k3sup, Terraform's Proxmox providers, Ansible's roles. */
  readonly keys: readonly string[];
  /** Keys of it that stand among a service's arguments. */
  readonly ofServices?: readonly string[];
  /** Values that stand for it, by the end of their path. */
  readonly values?: { readonly at: RegExp; readonly like: RegExp };
}

/** Each is in the README's list and in docs/reference/not-supported.md, which are written from here. */
export const notSupported: readonly NotSupported[] = [
  {
    topic: "IPv6 and dual stack",
    so: "networks, nodes, pods and services have IPv4 addresses alone, and k3s cannot give a cluster both later",
    instead: "write IPv4; where clients come with IPv6, let the router or a proxy before the site translate",
    keys: [
      ...["dualstack", "ipv6", "enableipv6", "flannelipv6masq", "clustercidrv6", "clustercidripv6"],
      ...["servicecidrv6", "servicecidripv6", "ip6", "ipv6address", "gateway6", "ipv6gateway"],
    ],
    values: {
      at: /(cidr|Cidr|address|overlay|gateway|dns\.\d+)$/,
      like: /^[0-9a-f.:/,\s]*[0-9a-f]*:[0-9a-f]*:[0-9a-f.:/,\s]*$/i,
    },
  },
  {
    topic: "an external database",
    so: "servers keep the cluster's state in etcd, which snapshots, restores and the count of votes here are made for",
    instead: "use one server, or three",
    keys: [
      ...["datastoreendpoint", "datastorecafile", "datastorecertfile", "datastorekeyfile", "externaldatabase"],
      ...["externaldb", "database", "mysql", "postgres", "k3sdatastoreendpoint", "usingexternaldb"],
    ],
  },
  {
    topic: "a jump host",
    so: "SSH goes straight from the computer that runs `pulumi up` to every machine",
    instead: "run it on a computer in the site's network, or over a VPN that reaches the machines",
    keys: [
      ...["jumphost", "jump", "bastion", "bastionhost", "bastionuser", "bastionaddress", "proxyjump", "proxycommand"],
      ...["sshproxy", "sshbastion", "sshjumphost", "ansiblesshcommonargs"],
    ],
  },
  {
    topic: "login with a password",
    so: "machines are logged in to with an SSH key, and sudo has to ask for no password",
    instead:
      "copy the public key there (ssh-copy-id), give the user NOPASSWD in /etc/sudoers.d, and take the password out",
    keys: [
      ...["password", "sshpassword", "sshpass", "ansiblesshpass", "ansiblepassword", "sudopassword", "becomepass"],
      ...["becomepassword", "ansiblebecomepass", "ansiblebecomepassword", "cipassword", "sshpasswordauth"],
    ],
  },
  {
    topic: "an HTTP proxy",
    so: "hosts and nodes download without a proxy",
    instead:
      "give mirrors: kubernetes.source.url, kubernetes.registries.mirrors and chartMirror (docs/guide/air-gap.md)",
    keys: ["proxy", "httpproxy", "httpsproxy", "noproxy", "proxyenv", "containerdhttpproxy", "etcds3proxy"],
  },
  {
    topic: "another cluster domain",
    so: "names inside a cluster end in cluster.local at every site, and stay inside",
    instead: "take it out; from outside, names lie in the site's own zone",
    keys: ["clusterdomain", "k3sclusterdomain", "clusterdnsdomain"],
  },
  {
    topic: "passing GPUs, USB or other devices through to VMs",
    so: "a VM has processors, memory and disks, and no device of its host",
    instead: "let the computer that has the device be a node itself (machine), with a label that its pods ask for",
    keys: [
      ...["gpu", "gpus", "hostpci", "hostpci0", "pci", "pcidevices", "pcipassthrough", "gpupassthrough", "usb"],
      ...["usb0", "usbdevice", "usbdevices", "usbpassthrough", "passthrough", "hostdevices", "nvidia"],
      ...["nvidiaruntime", "defaultruntime", "mdev", "vgpu"],
    ],
  },
  {
    topic: "a storage of its own for each Proxmox host",
    so: "storages are named once for all hosts of a site, in proxmox.datastores",
    instead: "call the storage the same on each host, and write it there",
    keys: [
      ...["storage", "storages", "datastore", "datastores", "datastoreid", "storagepool", "diskstorage", "vmstorage"],
      ...["storagelocation", "isostorage", "snippetsstorage"],
    ],
  },
  {
    topic: "DNS providers other than Cloudflare for public certificates, and HTTP-01",
    so: "Let's Encrypt is shown by DNS-01 at Cloudflare that a zone is yours, so that no port has to be open for it",
    instead: "let Cloudflare answer for the zone (it can stay with its registrar), and write acme.cloudflare",
    keys: [],
    ofServices: [
      ...["route53", "digitalocean", "hetzner", "duckdns", "godaddy", "gandi", "ovh", "azuredns", "clouddns"],
      ...["googleclouddns", "rfc2136", "acmedns", "akamai", "porkbun", "namecheap", "desec", "inwx", "ionos"],
      ...["dnsprovider", "dns01", "http01", "solvers"],
    ],
  },
  {
    topic: "backups to NFS or SMB",
    so: "backups and snapshots go to buckets of an S3 store",
    instead:
      "use the other site (offsite), a provider, or an S3 server on the NAS: the service backups or kubernetes.snapshots.s3",
    keys: ["nfs", "nfsserver", "nfspath", "nfsbackup", "smb", "cifs", "etcdsnapshotdir", "snapshotdir"],
    ofServices: ["nfs", "nfsserver", "nfspath", "nfsbackup", "smb", "cifs", "backuptarget", "defaultbackuptarget"],
  },
  {
    topic: "WireGuard or another VPN as the overlay",
    so: "what sites reach one another by is ZeroTier or Tailscale",
    instead:
      "write one of them; between the nodes of one site kubernetes.flannel: wireguard-native encrypts what pods send",
    keys: ["wireguard", "wg", "wg0", "netbird", "nebula", "openvpn", "vpn", "vpnauth", "vpnauthfile"],
    values: { at: /^overlay\.provider$/, like: /wireguard|^wg|netbird|nebula|openvpn|ipsec|innernet/i },
  },
  {
    topic: "LXC containers as nodes",
    so: "a node is a VM or a machine: k3s in a container takes rights that make its host the container's",
    instead: "write vm with the same host, cores and memory",
    keys: ["lxc", "ct", "ctid", "lxcid", "vmidlxc", "ostemplate", "unprivileged", "container", "containers"],
  },
  {
    topic: "another folder for k3s' data",
    so: "k3s keeps its data in /var/lib/rancher/k3s, where scripts, snapshots and restores look for them",
    instead: "mount a disk at /var/lib/rancher before the first `pulumi up`",
    keys: ["datadir", "k3sdatadir", "rancherdatadir", "defaultlocalstoragepath", "localstoragepath"],
  },
  {
    topic: "another CNI than flannel",
    so: "the pod network is flannel's: it has to be there before anything else can be installed",
    instead:
      "write flannel: vxlan, host-gw or wireguard-native; a cluster that runs with another CNI can be taken over (adopt)",
    keys: [
      "cni",
      "cilium",
      "calico",
      "networkplugin",
      "ciliumiface",
      "calicoiface",
      "cilummode",
      "disablenetworkpolicy",
    ],
    values: { at: /^kubernetes\.flannel$/, like: /cilium|calico|canal|antrea|weave|kube-router/i },
  },
  {
    topic: "Docker and other container runtimes, and rootless k3s",
    so: "nodes run the containerd that comes with k3s, as root",
    instead: "take it out",
    keys: ["docker", "containerruntimeendpoint", "containerruntime", "crio", "rootless", "imageserviceendpoint"],
  },
  {
    topic: "further arguments of k3s and its parts",
    so: "arguments without a key here are not handed on: hardening, upgrades and restores know what servers run with",
    instead:
      "write kubernetes.kubeletArguments for the kubelet; a file of your own in /etc/rancher/k3s/config.yaml.d of each host stays there, and status tells of it",
    keys: [
      ...["kubeapiserverarg", "kubeapiserverargs", "kubecontrollermanagerarg", "kubecontrollerarg", "kubeschedulerarg"],
      ...["kubeproxyarg", "kubecloudcontrollermanagerarg", "etcdarg", "etcdexposemetrics", "extraserverargs"],
      ...["extraagentargs", "extrak3sargs", "k3sextraargs", "serverargs", "agentargs", "k3sserverargs", "k3sagentargs"],
      ...["installk3sexec", "featuregates", "disablekubeproxy", "disablescheduler", "disablecloudcontroller"],
      ...["disablehelmcontroller", "disablecontrollermanager", "egressselectormode", "servicenodeportrange"],
      ...["clusterdns", "advertiseaddress", "advertiseport", "httpslistenport", "bindaddress", "nodeexternalip"],
      ...[
        "flannelexternalip",
        "selinux",
        "preferbundledbin",
        "debug",
        "lbserverport",
        "enablepprof",
        "airgapextraregistry",
      ],
    ],
  },
  {
    topic: "addresses by DHCP",
    so: "servers, records and certificates have the nodes' addresses, which must not change",
    instead: "write the address; the router's DHCP may hand out the same one (a reservation)",
    keys: ["dhcp", "dhcp4", "usedhcp", "ipconfig0", "ipconfig"],
    values: { at: /^nodes\..*\.address$/, like: /^dhcp/i },
  },
];
