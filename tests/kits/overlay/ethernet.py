#!/usr/bin/env python3
"""Carries Ethernet between taps that it makes, as ZeroTier does between members or as a switch does.

usage: ethernet.py (zerotier|switch) TAP=ADDRESS...
       ethernet.py announce INTERFACE ADDRESS

zerotier: an ARP query goes to those alone that have the address asked for on their interface. It is made a multicast to the
group of that address (Switch::onLocalEthernet), which members join for the addresses on their tap (LinuxEthernetTap::
scanMulticastGroups): https://github.com/zerotier/ZeroTierOne/blob/36b4659f77bc480fdc510304bc53f009fde5d629/node/Switch.cpp#L381-L391
Other broadcasts go to everybody, as on a network with broadcast on, which is ZeroTier's default.

switch: a broadcast goes to everybody.

announce: answers ARP queries for an address that is on no interface, after a request and a reply to everybody that nobody asked for,
as MetalLB's speaker does (internal/layer2/arp.go).
"""
import fcntl
import os
import select
import socket
import struct
import sys

ARP = 0x0806
BROADCAST = b"\xff" * 6
QUERY, REPLY = 1, 2


TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def new_tap(name):
    """It stays this process' whatever namespace it is moved to."""
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def opened(interface):
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    frames.bind((interface, 0))
    return frames


def arp_of(frame):
    """Operation, sender's hardware address, sender's and asked-for address of an ARP frame for IPv4."""
    if len(frame) < 42 or frame[12:14] != struct.pack("!H", ARP):
        return None
    operation = struct.unpack("!H", frame[20:22])[0]
    return operation, frame[22:28], socket.inet_ntoa(frame[28:32]), socket.inet_ntoa(frame[38:42])


def carry(mode, addresses):
    taps = {new_tap(name): address for name, address in addresses.items()}
    learned = {}
    print("carrying", flush=True)
    while True:
        ready, _, _ = select.select(list(taps), [], [])
        for source in ready:
            frame = os.read(source, 65535)
            learned[frame[6:12]] = source
            others = {tap: address for tap, address in taps.items() if tap != source}
            for target in targets(mode, frame, others, learned):
                send(target, frame)


def send(tap, frame):
    try:
        os.write(tap, frame)
    except OSError:
        pass  # its host is switched off


def targets(mode, frame, others, learned):
    if frame[0:6] == BROADCAST:
        arp = arp_of(frame)
        if mode == "zerotier" and arp is not None and arp[0] == QUERY:
            return [tap for tap, address in others.items() if address == arp[3]]
        return list(others)
    if frame[0] & 1:
        return list(others)
    known = learned.get(frame[0:6])
    return [known] if known in others else []


def announce(interface, address):
    frames = opened(interface)
    own = frames.getsockname()[4]
    wanted = socket.inet_aton(address)

    def say(operation, to, target):
        head = to + own + struct.pack("!HHHBBH", ARP, 1, 0x0800, 6, 4, operation)
        frames.send(head + own + wanted + to + target)

    for operation in (QUERY, REPLY):
        say(operation, BROADCAST, wanted)
    print("announcing", flush=True)
    while True:
        frame, (_, _, kind, _, _) = frames.recvfrom(65535)
        arp = arp_of(frame)
        if kind != socket.PACKET_OUTGOING and arp is not None and arp[0] == QUERY and arp[3] == address:
            say(REPLY, arp[1], socket.inet_aton(arp[2]))


def main(arguments):
    if arguments[:1] == ["announce"] and len(arguments) == 3:
        announce(arguments[1], arguments[2])
    elif arguments[:1] in (["zerotier"], ["switch"]) and len(arguments) > 1:
        carry(arguments[0], dict(one.split("=", 1) for one in arguments[1:]))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
