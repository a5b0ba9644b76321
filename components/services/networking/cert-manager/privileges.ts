import type { StatedPermissions } from "@isthmus/core";

/** Which of cert-manager's parts may do what. */
export function certManagerPermissions(instance: string, namespace: string): StatedPermissions[] {
  return [
    {
      subject: instance,
      in: "cluster",
      may: ["read Secrets", "write Secrets"],
      why: "each Certificate, of any namespace, names the Secret that the key and the certificate are kept in",
    },
    {
      subject: instance,
      in: "cluster",
      may: ["write workloads"],
      why: "an ACME HTTP-01 challenge is answered by a pod in the Certificate's namespace",
    },
    {
      subject: instance,
      in: "cluster",
      may: ["issue certificates"],
      why: "it signs CertificateSigningRequests that name one of its issuers as signer, and no others",
    },
    {
      subject: `${instance}-cainjector`,
      in: "cluster",
      may: ["read Secrets", "write admission", "write APIServices", "write CustomResourceDefinitions"],
      why: "it copies authorities out of Secrets into webhooks, APIServices and CRDs that ask for it by an annotation",
    },
    {
      subject: `${instance}-webhook`,
      in: namespace,
      may: ["read Secrets", "write Secrets"],
      why: "it makes its own authority and certificate",
    },
  ];
}
