import type { CertificateFacts, ObjectFacts } from "../facts.ts";
import { byOwner, everything, type RenderedSite } from "../site.ts";
import type { Law } from "./law.ts";

export const tlsNames: Law = {
  id: "tls-names",
  sentence:
    "Every name of the cluster that something calls by https is in a certificate of the namespace that it is in.",
  fix: "Add the name to the certificate of the server: `dnsNames` of its Certificate.",
  breaches: (site) => {
    const certificates = everything(site).flatMap((facts) => facts.certificates);
    return byOwner(site).flatMap(({ release, facts }) =>
      facts.tlsNames
        .flatMap((name) =>
          membersOf(name, facts)
            .flatMap(expanded)
            .map((host) => ({ ...name, host })),
        )
        .filter(({ host }) => !isClusterApi(host) && !certificates.some((one) => serves(one, host, site)))
        .map(({ in: at, host }) => ({ release, at, problem: `no certificate has the name ${host}` })),
    );
  },
};

/** The API server shows a certificate of the cluster. */
const isClusterApi = (host: string): boolean => /^kubernetes(\.default)?(\.svc(\.cluster\.local)?)?$/.test(host);

const ownName = /\$\([A-Z0-9_]*POD_NAME\)/;

/** A pod's own name in an argument or its environment: that of each member of its StatefulSet. */
function membersOf({ in: owner, host }: ObjectFacts["tlsNames"][number], facts: ObjectFacts): string[] {
  if (!ownName.test(host)) return [host];
  const pods = facts.pods.find(({ controller, name }) => owner === `${controller} ${name}`);
  if (pods?.controller !== "StatefulSet") return [host];
  return Array.from({ length: pods.replicas ?? 1 }, (_, index) => host.replace(ownName, `${pods.name}-${index}`));
}

/** MinIO writes several names as one: `minio-{0...2}.minio-svc`. https://github.com/minio/minio/blob/master/docs/distributed/README.md */
function expanded(host: string): string[] {
  const range = /^(.*)\{(\d+)\.\.\.(\d+)\}(.*)$/.exec(host);
  if (range === null) return [host];
  const [, before = "", first = "0", last = "0", after = ""] = range;
  const numbers = Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  return numbers.flatMap((number) => expanded(`${before}${number}${after}`));
}

function serves(certificate: CertificateFacts, host: string, site: RenderedSite): boolean {
  const namespace = host
    .replace(/\.svc(\..*)?$/, "")
    .split(".")
    .at(-1);
  const known = site.plan.services.some((service) => service.namespace === namespace);
  if (known && certificate.namespace !== namespace) return false;
  return certificate.dnsNames.some((name) => matches(name, host));
}

/** A wildcard stands for exactly one label. https://www.rfc-editor.org/rfc/rfc9525#section-6.3 */
function matches(name: string, host: string): boolean {
  return name.startsWith("*.") ? host.split(".").slice(1).join(".") === name.slice(2) : name === host;
}
