# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Whether another machine answers for this host's own address: two who hold one are reached in turn.

# interface_of ADDRESS: where this host has it, if it asks for addresses by ARP there; nothing else.
interface_of() {
  local interface
  interface=$(ip -o -4 addr show 2>/dev/null | awk -v address="$1" 'index($4, address "/") == 1 { print $2; exit }' || true)
  if [ "$(cat "/sys/class/net/$interface/type" 2>/dev/null)" = 1 ]; then echo "$interface"; fi
}

# others_at ADDRESS INTERFACE: the hardware addresses that answer when it is asked there who has ADDRESS, on behalf of nobody
# (the probe of RFC 5227), one a line. In place of this shell, and silent before it lets go of its socket, which takes a while.
others_at() {
  exec perl -e '
    my ($address, $index, $mac) = @ARGV;
    my ($wire, $frame, %others);
    my ($arp, $ours) = (0x0806, pack("C4", split(/\./, $address)));
    my $sender = pack("H12", join("", split(/:/, $mac)));
    socket($wire, 17, 3, unpack("S", pack("n", $arp))) && bind($wire, pack("S n i x12", 17, $arp, $index)) or exit;
    my $probe = pack("a6 a6 n n n C C n a6 x4 x6 a4", "\xff" x 6, $sender, $arp, 1, 0x0800, 6, 4, 1, $sender, $ours);
    for (0.1, 0.1, 0.2) {
      my $left = $_;
      syswrite($wire, $probe);
      while ($left > 0) {
        my $ready = "";
        vec($ready, fileno($wire), 1) = 1;
        (my $found, $left) = select($ready, undef, undef, $left);
        last if $found < 1;
        sysread($wire, $frame, 60);
        my ($asked, $who, $whose) = unpack("x20 n a6 a4", $frame);
        $others{join(":", unpack("(H2)6", $who))} = 1 if $asked == 2 && $whose eq $ours;
      }
    }
    print map { "$_\n" } sort keys %others;
    close(STDOUT);
  ' "$1" "$(cat "/sys/class/net/$2/ifindex")" "$(cat "/sys/class/net/$2/address")" 2>/dev/null
}

# ask_for_own_address: asks while other things are looked at; check_own_address reads what was answered. Needs perl.
ask_for_own_address() {
  local interface
  interface=$(interface_of "$ADDRESS")
  exec {OTHERS}< <([ -z "$interface" ] || ! command -v perl >/dev/null || others_at "$ADDRESS" "$interface")
}

# Of several interfaces of a host each may answer for the address of another, and a router may answer for everybody.
check_own_address() {
  local mac gateway
  while read -r mac; do
    if grep -qix "$mac" /sys/class/net/*/address; then continue; fi
    gateway=$(ip -4 route show default | sed -n '1s/.* via \([0-9.]*\).*/\1/p')
    if [ -n "$gateway" ] && [ "$(holder "$gateway")" = "$mac" ]; then continue; fi
    finding "another machine ($mac) has the address $ADDRESS, too" \
      'give one of them another address: one outside of every DHCP range, or one that the DHCP server keeps for this host alone'
  done <&"$OTHERS"
}
