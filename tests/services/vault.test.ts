import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { listAt, mapAt, type Json } from "../../cli/lib/charts/kubernetes.ts";
import { inOrder } from "../kits/in-order.ts";
import { run, until } from "../kits/lab/command.ts";
import { afterwards } from "./afterwards.ts";
import { askVault, fillUp, hostName, type Answer } from "./vault-api.ts";
import { Authority, shownSerial } from "./certificates.ts";
import { objectOf, siteOf } from "./default-stacks.ts";
import { installedFolder, installMissing } from "./installed.ts";
import { servePods, type PodsApi } from "./kubernetes-api.ts";
import { PodLab } from "../kits/pods/lab.ts";
import { dataOf, type Pod } from "../kits/pods/pod.ts";
import type { Held } from "../kits/pods/volumes.ts";
import { podProgramsMissing, requireAll } from "./programs.ts";
import { claimNames, renderedObject, withTexts } from "./rendered.ts";

const site = siteOf("site-a");
const namespace = "vault";
const statefulSet = renderedObject(site, "vault", { kind: "StatefulSet", name: "vault" });
const apiPort = 6443;
/** https://github.com/hashicorp/vault/blob/main/.release/docker/docker-entrypoint.sh, for a user that is not root. */
const entrypoint = '#!/bin/sh\nexec "$@"\n';

/** The program that a person runs, as the plan says it: what stands behind `-- vault`, and what is remarked left out. */
function step(pattern: RegExp): readonly string[] {
  const lines = site.services.find(({ instance }) => instance === "vault")?.afterwards ?? [];
  const line = lines.find((one) => pattern.test(one));
  const command = /-- vault (.+?)(?: {3}#.*)?$/.exec(line ?? "")?.[1];
  assert.ok(command !== undefined, `${pattern.source} among\n${lines.join("\n")}`);
  return command.split(" ");
}

describe("Vault's cluster, by the real OpenBao, as Vault's chart starts it", function () {
  inOrder(this);
  this.timeout(180_000);
  const later = afterwards(this);
  let lab: PodLab;
  let authority: Authority;
  let api: PodsApi;
  let keys: readonly string[];
  let token: string;
  const pods: Pod[] = [];

  before(async function () {
    requireAll(this, [...podProgramsMissing(), ...installMissing("vault")]);
    lab = await PodLab.create();
    later(() => lab.remove());
    authority = new Authority(join(lab.folder, "authority"));
    const usr = await lab.image("vault", {
      over: [installedFolder("vault")],
      programs: { "local/bin/docker-entrypoint.sh": entrypoint },
    });
    const claims = claimNames(statefulSet);
    for (const name of ["vault-0", "vault-1", "vault-2"]) {
      const pod = await lab.pod({ name, namespace, spec: podSpec(), claims, usr, held: held() });
      lab.resolve(pod.address, [`${name}.vault-internal.${namespace}.svc.cluster.local`]);
      pods.push(pod);
      // A volume that can be filled up.
      await run("mount", ["-t", "tmpfs", "-o", "size=2m,uid=100,gid=1000,mode=770", "audit", pod.volume("audit")]);
    }
    const certificate = authority.issueFor([], [lab.ownAddress]);
    api = await servePods(
      pods.map(({ spec }) => spec.name),
      { certificate, address: lab.ownAddress, port: apiPort },
    );
    later(() => {
      api.close();
    });
  });

  /** With what every pod is given beside: where the API server is, and the token of its account. */
  function podSpec(): Json {
    const account = { name: "account", secret: { secretName: "account" } };
    const mount = { name: "account", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true };
    const address = [
      { name: "KUBERNETES_SERVICE_HOST", value: lab.ownAddress },
      { name: "KUBERNETES_SERVICE_PORT", value: String(apiPort) },
    ];
    const template = mapAt(statefulSet, "spec", "template", "spec");
    return withTexts(
      {
        ...template,
        volumes: [...listAt(template, "volumes"), account],
        containers: listAt(template, "containers").map((container) => ({
          ...container,
          env: [...listAt(container, "env"), ...address],
          volumeMounts: [...listAt(container, "volumeMounts"), mount],
        })),
      },
      // The sidecar looks each minute: here each second, and a log of a tenth of 5 GiB is one of 100 KiB.
      { "sleep 60": "sleep 1", "536870912": "102400" },
    );
  }

  function held(): Held {
    const { "extraconfig-from-values.hcl": configuration = "" } = dataOf(
      renderedObject(site, "vault", { kind: "ConfigMap", name: "vault-config" }),
    );
    return {
      "Secret/account": { token: "of-the-account", "ca.crt": authority.certificate, namespace },
      "Secret/vault-tls": authority.issue(objectOf(site, "Certificate", "vault-tls")),
      "ConfigMap/vault-config": {
        // OpenBao alone asks for it, before anyone may make an audit device by the API as Vault's steps do:
        // https://openbao.org/docs/configuration/#unsafe_allow_api_audit_creation
        "extraconfig-from-values.hcl": `${configuration}\nunsafe_allow_api_audit_creation = true\n`,
      },
    };
  }

  const all = (): string => pods.map((pod) => `--- ${pod.spec.name}\n${pod.said.slice(-3000)}`).join("\n");

  /** A command of a person in a pod; with the root token once there is one. */
  async function vault(pod: Pod | undefined, ...args: readonly string[]): Promise<string> {
    const { code, out } = await attempt(pod, ...args);
    assert.equal(code, 0, `vault ${args.join(" ")}: ${out}\n${all()}`);
    return out;
  }

  function attempt(pod: Pod | undefined, ...args: readonly string[]): Promise<{ code: number; out: string }> {
    assert.ok(pod !== undefined);
    const login = (token as string | undefined) === undefined ? [] : [`VAULT_TOKEN=${token}`];
    return pod.exec(["env", ...login, "vault", ...args]);
  }

  async function unseal(pod: Pod): Promise<void> {
    // A server that waits for the first one knows no seal yet.
    await until(
      `${pod.spec.name} is unsealed`,
      async () => {
        for (const key of keys.slice(0, 3)) await attempt(pod, "operator", "unseal", key);
        const { out } = await attempt(pod, "status");
        return /^Sealed\s+false$/m.test(out);
      },
      { timeoutMs: 60_000, everyMs: 500 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${all()}`);
    });
  }

  const peers = async (pod: Pod | undefined): Promise<string> => await vault(pod, "operator", "raft", "list-peers");
  /** Whom a Service that wants who leads finds: pods that run. Vault's own label is `vault-active`, of which OpenBao makes its own. */
  const active = (): readonly string[] =>
    [...api.labels]
      .filter(([name, labels]) => labels["openbao-active"] === "true" && podOf(name)?.running === true)
      .map(([name]) => name);
  const podOf = (name: string | undefined): Pod | undefined => pods.find(({ spec }) => spec.name === name);

  it("starts sealed, and is opened by the steps that preview prints", async () => {
    await Promise.all(pods.map((pod) => pod.start()));
    await until("the first answers", async () => (await attempt(pods[0], "status")).code === 2, { everyMs: 250 }).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${all()}`);
      },
    );
    const init = await vault(pods[0], ...step(/operator init/));
    keys = [...init.matchAll(/^Unseal Key \d+: (\S+)$/gm)].map(([, key = ""]) => key);
    const root = /^Initial Root Token: (\S+)$/m.exec(init)?.[1] ?? "";
    assert.equal(keys.length, 5);
    for (const pod of pods) await unseal(pod);
    token = root;
  });

  it("is a raft of three voters, each by its own name, and says who leads by that pod's label", async () => {
    await until("all three vote", async () => ((await peers(pods[0])).match(/\strue$/gm) ?? []).length === 3, {
      everyMs: 500,
    });
    const list = await peers(pods[0]);
    for (const { spec } of pods) {
      assert.match(
        list,
        new RegExp(`^${spec.name}\\s+${spec.name}\\.vault-internal\\.vault\\.svc\\.cluster\\.local:8201\\s`, "m"),
      );
    }
    await until("one pod has the label", () => active().length === 1);
    const leader = active()[0] ?? "";
    assert.match(list, new RegExp(`^${leader}\\s+\\S+\\s+leader\\s`, "m"));
  });

  it("keeps a secret, asked for by the name that people use, and nothing without TLS", async () => {
    await vault(pods[0], "secrets", "enable", "-path=kv", "kv");
    assert.equal((await ask("PUT", "kv/one", { body: { value: "kept" } })).status, 204);
    for (const pod of pods) {
      // Followers answer by themselves, a moment later.
      await until(`${pod.spec.name} has it`, async () => (await ask("GET", "kv/one", { pod })).status === 200);
      assert.deepEqual((await ask("GET", "kv/one", { pod })).data, { value: "kept" });
    }
    const plain = await fetch(`http://${pods[0]?.address}:8200/v1/kv/one`);
    assert.deepEqual([plain.status, await plain.text()], [400, "Client sent an HTTP request to an HTTPS server.\n"]);
  });

  it("writes both audit logs that preview's steps enable", async () => {
    await vault(pods[0], ...step(/audit enable -path=file/));
    await vault(pods[0], ...step(/audit enable -path=stdout/));
    await ask("GET", "kv/one");
    const leader = podOf(active()[0]);
    await until(
      "both say so",
      () => /"path":"kv\/one"/.test(leader?.said ?? "") && /"path":"kv\/one"/.test(auditLog(leader)),
    );
  });

  it("begins a new log before the volume is full, and goes on writing there", async () => {
    const leader = podOf(active()[0]);
    const log = join(leader?.volume("audit") ?? "", "audit.log");
    for (let tries = 0; !existsSync(`${log}.1`) && tries < 400; tries += 1) await ask("GET", "kv/one");
    await until("the log was put aside", () => existsSync(`${log}.1`) && existsSync(log), { timeoutMs: 10_000 });
    assert.ok(statSync(`${log}.1`).size > 102_400);
    await ask("GET", "kv/one");
    assert.match(auditLog(leader), /"path":"kv\/one"/);
  });

  it("answers on while the volume of the log cannot be written, because of the second device", async () => {
    const leader = podOf(active()[0]);
    await fillUp(leader?.volume("audit") ?? "");
    assert.equal((await ask("GET", "kv/one")).status, 200);
    // And that is why: with one device it answers nothing.
    await attempt(leader, "audit", "disable", "stdout");
    assert.equal((await ask("GET", "kv/one")).status, 500);
    rmSync(join(leader?.volume("audit") ?? "", "filler"));
    await until("it answers again", async () => (await ask("GET", "kv/one")).status === 200);
    await vault(leader, ...step(/audit enable -path=stdout/));
  });

  it("shows a renewed certificate without a restart, and so without being sealed", async () => {
    const serials = (): Promise<readonly string[]> => Promise.all(pods.map((pod) => shownSerial(pod.address, 8200)));
    const before = await serials();
    const secrets = held();
    for (const pod of pods) pod.hold(secrets);
    await until("all show the new one", async () => (await serials()).every((serial, at) => serial !== before[at]));
    assert.equal((await ask("GET", "kv/one")).status, 200);
  });

  it("saves a snapshot by the step that preview prints", async () => {
    await vault(podOf(active()[0]), ...step(/raft snapshot save/));
    assert.ok(existsSync(join(podOf(active()[0])?.volume("data") ?? "", "before-change.snap")));
  });

  it("goes on without its leader, and the label goes to who leads now", async () => {
    const former = podOf(active()[0]);
    await former?.kill();
    const rest = pods.filter((pod) => pod !== former);
    await until("another one leads", () => active().some((name) => name !== former?.spec.name), { timeoutMs: 60_000 });
    await until("it answers", async () => (await ask("GET", "kv/one", { pod: rest[0] })).status === 200, {
      timeoutMs: 60_000,
    });
    await until(
      "it takes",
      async () => (await ask("PUT", "kv/two", { body: { value: "by two" }, pod: rest[0] })).status === 204,
    );
    await former?.start();
    await until("it is back, sealed", async () => (await attempt(former, "status")).code === 2);
    assert.ok(former !== undefined);
    await unseal(former);
    await until(
      "it has what was written meanwhile",
      async () => (await ask("GET", "kv/two", { pod: former })).status === 200,
    );
  });

  // Reads too, of Vault; OpenBao's followers answer reads by themselves, whoever is away.
  it("takes nothing with a minority, as its footprint states", async () => {
    const workload = site.services.find(({ instance }) => instance === "vault")?.footprint.workloads[0];
    assert.deepEqual([workload?.reads, workload?.writes], [{ kind: "majority" }, { kind: "majority" }]);
    await pods[0]?.kill();
    await pods[1]?.kill();
    for (const value of ["by one alone", "again"]) {
      assert.notEqual((await ask("PUT", "kv/three", { body: { value }, pod: pods[2] })).status, 204);
    }
  });

  const auditLog = (pod: Pod | undefined): string =>
    readFileSync(join(pod?.volume("audit") ?? "", "audit.log"), "utf8");

  /** A request with the root token, by the name that people use. */
  const ask = (
    method: "GET" | "PUT",
    path: string,
    { pod, body }: { pod?: Pod | undefined; body?: unknown } = {},
  ): Promise<Answer> => {
    const address = (pod ?? podOf(active()[0]))?.address ?? "";
    return askVault({ method, path, body, token }, { address, name: hostName, ca: authority.certificate });
  };
});
