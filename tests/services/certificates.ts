import { connect } from "node:tls";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getAt, type Manifest } from "@isthmus/core";

/** What cert-manager puts into the Secret of a Certificate. */
export interface Issued {
  readonly "ca.crt": string;
  readonly "tls.crt": string;
  readonly "tls.key": string;
  readonly [key: string]: string;
}

const openssl = (...args: readonly string[]): string =>
  execFileSync("openssl", [...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

const newKey = (file: string): void => {
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file);
};

/** A CA in a folder, in place of the site's own. */
export class Authority {
  readonly certificate: string;
  private count = 0;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    newKey(join(folder, "ca.key"));
    const file = join(folder, "ca.crt");
    openssl("req", "-x509", "-new", "-key", join(folder, "ca.key"), "-days", "2", "-subj", "/CN=site", "-out", file);
    this.certificate = readFileSync(file, "utf8");
  }

  /** As cert-manager issues it: the names that the object asks for and no other, and no subject. */
  issue({ spec }: Manifest): Issued {
    const names = (key: string): readonly string[] => (getAt(spec, key) as readonly string[] | undefined) ?? [];
    return this.issueFor(names("dnsNames"), names("ipAddresses"));
  }

  issueFor(dnsNames: readonly string[], ipAddresses: readonly string[] = []): Issued {
    const names = [...dnsNames.map((name) => `DNS:${name}`), ...ipAddresses.map((address) => `IP:${address}`)];
    return this.sign("/", ["extendedKeyUsage=serverAuth", `subjectAltName=critical,${names.join(",")}`]);
  }

  /** By which a client says who it is. */
  issueClient(name: string): Issued {
    return this.sign(`/CN=${name}`, ["extendedKeyUsage=clientAuth"]);
  }

  private sign(subject: string, extensions: readonly string[]): Issued {
    this.count += 1;
    const file = (extension: string): string => join(this.folder, `${this.count}.${extension}`);
    const usual = ["keyUsage=critical,digitalSignature,keyEncipherment", "basicConstraints=critical,CA:FALSE", ""];
    writeFileSync(file("ext"), [...extensions, ...usual].join("\n"));
    newKey(file("key"));
    openssl("req", "-new", "-key", file("key"), "-subj", subject, "-out", file("csr"));
    const authority = ["-CA", join(this.folder, "ca.crt"), "-CAkey", join(this.folder, "ca.key"), "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      file("csr"),
      ...authority,
      "-days",
      "1",
      "-extfile",
      file("ext"),
      "-out",
      file("crt"),
    );
    return {
      "ca.crt": this.certificate,
      "tls.crt": readFileSync(file("crt"), "utf8"),
      "tls.key": readFileSync(file("key"), "utf8"),
    };
  }
}

/** The number of the certificate that a server shows. */
export function shownSerial(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    });
    socket.on("error", reject);
  });
}
