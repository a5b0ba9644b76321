# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Who is on the network, and whether the way there is open although nobody listens at its end yet: a host answers for a
# closed port, too, while a firewall swallows what is sent or says that it forbids.

# connect ADDRESS PORT: what the kernel says of a connection; nothing if somebody listens. A closed port is answered by TCP
# itself: what comes as ICMP instead is a firewall's, though bash calls both refused. IP_RECVERR keeps them apart (Linux 5.8).
connect() {
  { command -v perl >/dev/null && perl -e '
    my ($tcp, $said, $answer);
    $ARGV[0] =~ /^\d+(\.\d+){3}$/ && socket($tcp, 2, 1, 0) && setsockopt($tcp, 0, 11, pack("i", 1)) or exit 3;
    exit 0 if connect($tcp, pack("S n C4 x8", 2, $ARGV[1], split(/\./, $ARGV[0])));
    $said = $!;
    print $said == 111 && defined(recv($tcp, $answer, 1, 0x2040)) ? "Port unreachable" : $said;
  ' "$1" "$2" 2>/dev/null; } || { : 3<>"/dev/tcp/$1/$2"; } 2>&1 || true
}

# knock TARGET, as tcp/10.0.20.12/6443: says open, closed or barred after it; nothing if nobody answers. UDP is written to
# again and again: what comes back for one packet is told at the next.
knock() {
  local said address port pause
  IFS=/ read -r _ address port <<<"$1"
  case $1 in
  tcp/*) said=$(connect "$address" "$port") ;;
  udp/*) said=$({ for pause in 0.05 0.35 0.4 0.4 0.4; do printf x >&3 || break; sleep "$pause"; done; } 3<>"/dev/$1" 2>&1) || true ;;
  esac
  case $said in
  '') case $1 in tcp/*) echo "$1 open" ;; esac ;;
  *'Connection refused'*) echo "$1 closed" ;;
  *'No route to host'* | *'Permission denied'* | *'nreachable'*) echo "$1 barred" ;;
  esac
}

# ask TARGET…: knocks at all of them at the same time, and fills ANSWERS. What is missing there did not answer in time.
declare -A ANSWERS=()
ask() {
  local target answer
  for target in "$@"; do unset "ANSWERS[$target]"; done
  while read -r target answer; do ANSWERS[$target]=$answer; done < <(
    timeout "${ASK_SECONDS:-3}" bash -c "$(declare -f connect knock)"$'\nfor target in "$@"; do knock "$target" & done; wait' ask "$@" 2>/dev/null 9>&- || true
  )
}

# how_they_answer ADDRESS…: on TCP 6443, in words.
how_they_answer() {
  local address text='' targets=("${@/#/tcp/}")
  ask "${targets[@]/%//6443}"
  for address in "$@"; do
    case ${ANSWERS["tcp/$address/6443"]:-} in
    open) text+=", $address accepts and is no k3s that is up" ;;
    closed) text+=", $address refuses" ;;
    barred) text+=", $address is behind a firewall" ;;
    *) text+=", $address is silent" ;;
    esac
  done
  printf %s "${text#, }"
}
WHAT_ANSWERS_MEAN='who is silent is off or behind a firewall; who refuses runs no k3s, or has a firewall that rejects'

# What is remembered of a machine proves nothing: it may be gone since.
forget() { ip neigh flush to "$1" >/dev/null 2>&1 || true; }

# hardware_address ADDRESS: of the machine that answered for it on this network; nothing if none did, or it is not near.
hardware_address() {
  ip neigh show "$1" 2>/dev/null | awk '!/FAILED|INCOMPLETE/ { for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1) }'
}

# holder ADDRESS: the hardware address of who answers for it now. That is told at once, whether a port answers or not.
holder() {
  forget "$1"
  ASK_SECONDS=1 ask "tcp/$1/6443"
  hardware_address "$1"
}

# Whether this host has the address itself.
is_ours() { [[ $(ip -o route get "$1" 2>/dev/null) == local* ]]; }

# The authority of the k3s at ADDRESS; nothing if none answers there.
authority_at() { curl -sk --noproxy '*' --max-time 3 "https://$1:6443/cacerts" 2>/dev/null | grep -A 100 -e '-----BEGIN CERTIFICATE-----' || true; }
