/** Why a host could not be worked on, in our words. */
export interface Trouble {
  readonly because: string;
  readonly fix: string;
  /** Waiting rarely helps: a machine that starts for the first time may still be set up for so long. */
  readonly lasting?: boolean;
}

/** Where a connection goes to, as messages name it. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
}

/** What `ssh2` and Node.js put on their errors: the layer it comes from, and the system's own code. */
type Failed = Error & { readonly level?: string; readonly code?: string };

/** The host showed another key than the pinned one. */
export function otherKey({ host, port, hostKey }: Place, shown: string): Trouble {
  const type = hostKey.split(" ")[0] ?? "";
  return {
    because: `its host key is another than the one that was pinned: it shows ${shown}, and ${type} was pinned: another machine has this address, or it was installed anew`,
    fix: `if it was installed anew, compare the key on its console and set hostKey to what \`ssh-keyscan -p ${port} -t ${scanType(type)} ${host}\` prints; else see who has ${host}`,
    lasting: true,
  };
}

/** Why no session came about. */
export function whyNoSession(error: Failed, place: Place): Trouble {
  const at = `${place.host} port ${place.port}`;
  return bySystemCode(error.code ?? "", at) ?? byLayer(error, place, at);
}

function bySystemCode(code: string, at: string): Trouble | undefined {
  switch (code) {
    case "ECONNREFUSED":
      return {
        because: `nothing listens at ${at} (ECONNREFUSED)`,
        fix: "see that sshd runs there (systemctl status ssh) and that the address and port are the host's",
      };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return {
        because: `there is no way to ${at} (${code}): the host is off, or no route leads there`,
        fix: "power it on, or see `ip route get` here: a VPN, an overlay or a jump host may be missing",
      };
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return {
        because: `no DNS server knows ${at} (${code})`,
        fix: "give the address, or a name that this computer resolves",
      };
    case "ECONNRESET":
    case "EPIPE":
      return {
        because: `${at} ended the connection (${code})`,
        fix: "the host may be starting or going down; else see the journal of sshd there (MaxStartups, fail2ban, AllowUsers)",
      };
    case "ETIMEDOUT":
      return noAnswer(at);
    default:
      return undefined;
  }
}

function byLayer(error: Failed, place: Place, at: string): Trouble {
  if (error.level === "client-authentication") {
    return {
      because: `${at} does not let ${place.user} in with this key`,
      fix: `put the key's public half into ~${place.user}/.ssh/authorized_keys there, or set the right user; sshd's journal there says why it refused`,
      lasting: true,
    };
  }
  if (error.level === "client-timeout") return noAnswer(at);
  if (/no matching host key format/.test(error.message)) {
    const type = place.hostKey.split(" ")[0] ?? "";
    return {
      because: `${at} has no host key of the type that was pinned, ${type}`,
      fix: `set hostKey to a key that it has: \`ssh-keyscan -p ${place.port} -t ed25519 ${place.host}\``,
      lasting: true,
    };
  }
  if (/^(Cannot parse privateKey|privateKey value|Encrypted )/.test(error.message)) {
    return {
      because: `the private key cannot be used: ${error.message}`,
      fix: "use a key without a passphrase, in OpenSSH's format: ssh-keygen -t ed25519 -N ''",
      lasting: true,
    };
  }
  return {
    because: `no SSH session with ${at}: ${error.message}`,
    fix: `try \`ssh -v -p ${place.port} ${place.user}@${place.host}\` from here`,
  };
}

function noAnswer(at: string): Trouble {
  return {
    because: `${at} does not answer: the host is off or hangs, or a firewall drops what comes`,
    fix: "power it on, and see that TCP to that port is let through from here",
  };
}

/** The session broke while a command ran. */
export function whyLost(error: Failed, host: string): Trouble {
  const died = error.level === "client-timeout";
  return {
    because: died
      ? `${host} was not heard of for 20 seconds while the script ran: it died, hangs, or the network between is cut`
      : `${host} ended the session before the script had ended (${error.message}): it was shut down or restarted`,
    fix: "see that the host is up and can be reached, then run the same command again: the script goes on where it was",
  };
}

/** As `ssh-keyscan -t` and `ssh-keygen -t` name types of keys. */
function scanType(type: string): string {
  if (type.startsWith("ecdsa-")) return "ecdsa";
  return type === "ssh-rsa" ? "rsa" : "ed25519";
}
