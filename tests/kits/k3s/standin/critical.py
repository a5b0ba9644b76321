"""What k3s compares between servers (CriticalControlArgs), by the names by which it tells what differs.

A network is a field of its own type, of which the byte that is another is named; nothing of `disable` is compared.
"""

import ipaddress

SWITCHES = ("disable-cloud-controller", "disable-helm-controller", "disable-network-policy", "secrets-encryption", "embedded-registry")


def compared(settings):
    """(name, value), in the order in which k3s compares."""
    pods = ipaddress.ip_network(settings.get("cluster-cidr", ["10.42.0.0/16"])[0])
    services = ipaddress.ip_network(settings.get("service-cidr", ["10.43.0.0/16"])[0])
    dns = ipaddress.ip_address((settings.get("cluster-dns") or [str(services[10])])[0])
    yield from octets("ClusterDNSs.slice[0]", dns)
    yield from network("ClusterIPRanges.slice[0]", pods)
    yield from octets("ClusterDNS", dns)
    yield "cluster-domain", settings.get("cluster-domain", "cluster.local")
    yield from network("ClusterIPRange", pods)
    for name in SWITCHES:
        yield name, settings.get(name, False)
    yield "flannel-backend", settings.get("flannel-backend", "vxlan")
    for name in ("flannel-ipv6-masq", "flannel-external-ip"):
        yield name, settings.get(name, False)
    yield "egress-selector-mode", settings.get("egress-selector-mode", "agent")
    yield from network("ServiceIPRange", services)
    yield from network("ServiceIPRanges.slice[0]", services)
    yield "supervisor-metrics", settings.get("supervisor-metrics", False)


def network(name, value):
    yield from octets(f"{name}.IP", value.network_address)
    for index, octet in enumerate(value.netmask.packed):
        yield f"{name}.Mask.slice[{index}]", octet


def octets(name, address):
    """All 16 bytes: Go keeps an IPv4 address in the last four."""
    for index, octet in enumerate(address.packed, 16 - len(address.packed)):
        yield f"{name}.slice[{index}]", octet
