# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Who is on the network, and whether the way there is open although nobody listens at its end yet: a host answers for a
# closed port, too, while a firewall swallows what is sent or says that it forbids.

# knock_all TARGET…, as tcp/10.0.20.12/6443: says open, closed or barred after each; nothing of whom nobody answers for. A
# closed TCP port is answered by TCP itself: what comes as ICMP instead is a firewall's, though both are called refused.
# IP_RECVERR keeps them apart (Linux 5.8). UDP is written to again and again: an answer to one packet may be lost.
knock_all() {
  perl -e '
    my (%asked, %word);
    $| = 1;
    @word{1, 13, 101, 113} = ("barred") x 4;
    for my $target (@ARGV) {
      my ($kind, $name, $port) = split(/\//, $target);
      my ($socket, $address) = (undef, scalar gethostbyname($name));
      $address && socket($socket, 2, $kind eq "tcp" ? 1 : 2, 0) && setsockopt($socket, 0, 11, pack("i", 1)) or next;
      fcntl($socket, 4, 2048);
      $asked{$target} = [$socket, $kind];
      connect($socket, pack("S n a4 x8", 2, $port, $address)) || $! == 115 || ($asked{$target}[2] = $! + 0);
    }
    sub udp { grep { $asked{$_}[1] eq "udp" } keys %asked }
    sub listen_for {
      for (my $left = shift; $left > 0 && %asked;) {
        my ($in, $out) = ("", "");
        vec($_->[1] eq "udp" ? $in : $out, fileno($_->[0]), 1) = 1 for values %asked;
        (my $found, $left) = select($in, $out, undef, $left);
        for my $target (keys %asked) {
          my ($socket, $kind, $error, $answer) = @{$asked{$target}};
          next unless vec($kind eq "udp" ? $in : $out, fileno($socket), 1) || $error;
          $error ||= unpack("i", getsockopt($socket, 1, 4));
          my $forbidden = $kind eq "tcp" && defined(recv($socket, $answer, 1, 0x2040));
          my $word = $error == 0 ? "open" : $error == 111 && !$forbidden ? "closed" : $error == 111 ? "barred" : $word{$error};
          print "$target $word\n" if $word && ($kind eq "tcp" || $error);
          delete $asked{$target};
        }
      }
    }
    for my $pause (0.05, 0.35, 0.4, 0.4, 0.4) {
      for (udp()) { syswrite($asked{$_}[0], "x") || ($asked{$_}[2] = $! + 0) }
      listen_for($pause);
    }
    delete @asked{udp()};
    listen_for(9);
  ' "$@"
}

# The same without perl, for one target, where a firewall that answers by ICMP cannot be told from a closed port.
knock() {
  local said pause
  case $1 in
  tcp/*) if said=$({ : 3<>"/dev/$1"; } 2>&1); then said=open; fi ;;
  udp/*) said=$({ for pause in 0.05 0.35 0.4 0.4 0.4; do printf x >&3 || break; sleep "$pause"; done; } 3<>"/dev/$1" 2>&1) || true ;;
  esac
  case $said in
  open) echo "$1 open" ;;
  *'Connection refused'*) echo "$1 closed" ;;
  *'No route to host'* | *'Permission denied'* | *'nreachable'*) echo "$1 barred" ;;
  esac
}

# ask TARGET…: knocks at all of them at the same time, and fills ANSWERS. What is missing there did not answer in time.
declare -A ANSWERS=()
ask() {
  local target answer each=$'for target in "$@"; do knock "$target" & done; wait'
  ! command -v perl >/dev/null || each='knock_all "$@"'
  for target in "$@"; do unset "ANSWERS[$target]"; done
  while read -r target answer; do ANSWERS[$target]=$answer; done < <(
    timeout "${ASK_SECONDS:-3}" bash -c "$(declare -f knock knock_all)"$'\n'"$each" ask "$@" 2>/dev/null 9>&- || true
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
