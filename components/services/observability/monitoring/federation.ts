import { createHash } from "node:crypto";
import {
  entryAddresses,
  entryPort,
  entryService,
  fullName,
  generated,
  opaqueSecret,
  servingCertificate,
  type Manifest,
  type ObjectPlan,
  type PodPlaces,
  type SiteExports,
} from "@isthmus/core";
import { monitoringNames, type MonitoringArgs, type MonitoringContext } from "./schema.ts";
import { images } from "../pins.ts";

type Federation = NonNullable<MonitoringArgs["federation"]>;

const port = 9443;
const user = "federation";
const labelsOf = (instance: string) => ({
  "app.kubernetes.io/name": "federation",
  "app.kubernetes.io/instance": instance,
});

/**
 * What other sites may fetch of Prometheus: `/federate` and nothing else, with TLS and a password. A proxy, because the
 * operator lets Prometheus itself ask for no password.
 */
export function federationObjects(context: MonitoringContext, federation: Federation): ObjectPlan[] {
  return [
    password(context),
    certificate(context, federation),
    configuration(context),
    proxy(context),
    entry(context, federation),
  ];
}

/** What the other sites need to fetch it: by a name that their clusters resolve themselves. */
export function federationExports({ args, instance, needs }: MonitoringContext): Partial<SiteExports> {
  if (args.federation === undefined) return {};
  return {
    metrics: {
      endpoint: `${args.federation.hostName}:${entryPort(args.federation.reach, port)}`,
      ca: needs.get("certificates").ca,
      user,
      password: generated(monitoringNames(instance).federation, "password"),
    },
  };
}

function password(context: MonitoringContext): ObjectPlan {
  const name = monitoringNames(context.instance).federation;
  return opaqueSecret(context, { id: "federation-password", name, data: { password: generated(name, "password") } });
}

function certificate(context: MonitoringContext, federation: Federation): ObjectPlan {
  return servingCertificate(context, {
    id: "federation-certificate",
    name: monitoringNames(context.instance).federationTls,
    servers: [{ service: monitoringNames(context.instance).federation, namespace: context.namespace }],
    dnsNames: [federation.hostName],
    ipAddresses: entryAddresses(federation.reach),
  });
}

/** The image's start script writes files of templates with its environment's values in place of `${NAME}`. */
function configuration({ instance, namespace, from }: MonitoringContext): ObjectPlan {
  const upstream = `http://${fullName({ service: monitoringNames(instance).prometheus, namespace })}:9090`;
  return {
    id: "federation-configuration",
    from,
    manifest: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: monitoringNames(instance).federation, namespace },
      data: {
        "htpasswd.template": `${user}:{PLAIN}\${FEDERATION_PASSWORD}\n`,
        "default.conf.template": `# A variable in its name makes nginx read a certificate for each connection, and so a renewed one too.
map $ssl_protocol $certificate { default /tls/tls; }

server {
  listen ${port} ssl;
  ssl_certificate $certificate.crt;
  ssl_certificate_key $certificate.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  server_tokens off;

  location = /federate {
    limit_except GET { deny all; }
    auth_basic metrics;
    auth_basic_user_file /etc/nginx/conf.d/htpasswd;
    proxy_pass ${upstream};
    proxy_set_header Authorization "";
  }
  location / { return 404; }
}
`,
      },
    },
  };
}

/** The start script reads both once: another one of them is another pod. */
function readAtStart(context: MonitoringContext) {
  const { data } = configuration(context).manifest;
  return {
    "isthmus.dev/configuration": createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 12),
    "isthmus.dev/password": generated(monitoringNames(context.instance).federation, "fingerprint"),
  };
}

function proxy(context: MonitoringContext): ObjectPlan {
  const { instance, namespace, from } = context;
  const name = monitoringNames(instance).federation;
  const labels = labelsOf(instance);
  return {
    id: "federation",
    from,
    after: [
      `release/${instance}`,
      ...["federation-password", "federation-certificate", "federation-configuration"].map((id) => `object/${id}`),
    ],
    pods: { federation: proxyPlaces },
    manifest: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations: readAtStart(context) }, spec: proxyPod(instance) },
      },
    },
  };
}

const proxyPlaces: PodPlaces = {
  replicas: "spec.replicas",
  requests: "spec.template.spec.containers.0.resources.requests",
  limits: "spec.template.spec.containers.0.resources.limits",
  affinity: "spec.template.spec.affinity",
  tolerations: "spec.template.spec.tolerations",
};

function proxyPod(instance: string) {
  const names = monitoringNames(instance);
  return {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 101,
      runAsGroup: 101,
      fsGroup: 101,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "nginx",
        image: images.nginx,
        env: [
          { name: "FEDERATION_PASSWORD", valueFrom: { secretKeyRef: { name: names.federation, key: "password" } } },
        ],
        ports: [{ name: "https", containerPort: port }],
        readinessProbe: { tcpSocket: { port } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "templates", mountPath: "/etc/nginx/templates", readOnly: true },
          { name: "tls", mountPath: "/tls", readOnly: true },
          { name: "written", mountPath: "/etc/nginx/conf.d" },
          { name: "scratch", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [
      { name: "templates", configMap: { name: names.federation } },
      { name: "tls", secret: { secretName: names.federationTls, defaultMode: 0o440 } },
      // In memory: the password is among what is written.
      { name: "written", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
      { name: "scratch", emptyDir: { sizeLimit: "64Mi" } },
    ],
  };
}

function entry({ instance, namespace, needs, from }: MonitoringContext, federation: Federation): ObjectPlan {
  const { type, annotations, ...service } = entryService(federation.reach, needs);
  const manifest: Manifest = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: monitoringNames(instance).federation,
      namespace,
      annotations,
    },
    spec: {
      type,
      selector: labelsOf(instance),
      ports: [{ name: "https", port, targetPort: "https", protocol: "TCP", ...service }],
    },
  };
  // Pods that are not ready yet would be waited for here.
  return { id: "federation-address", after: ["object/federation"], manifest, from };
}
