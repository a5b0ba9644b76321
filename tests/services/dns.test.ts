import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { serialOf } from "../../cli/lib/dns/serial.ts";
import { inOrder } from "../kits/in-order.ts";
import { until } from "../kits/lab/command.ts";
import { afterwards } from "./afterwards.ts";
import { fleet, project } from "./default-stacks.ts";
import { freePort, give, giveAll, start, workFolder, type Running } from "./process.ts";
import { requirePrograms } from "./programs.ts";

const bind = "apt-get install bind9 bind9-utils bind9-dnsutils";
const domain = fleet.model.fleet.domain;
const inZone = (name: string): boolean => name.endsWith(`.${domain}`);

/** Every name of the fleet with its addresses, as the plan has them. */
function addressesByName(): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { name, value } of fleet.sites.flatMap((site) => site.dnsRecords)) {
    names.set(name, [...(names.get(name) ?? []), value].sort());
  }
  return names;
}

describe("DNS files, by the real BIND", function () {
  inOrder(this);
  const later = afterwards(this);
  let folder: ReturnType<typeof workFolder>;
  let stacks: string;
  let ports: { readonly primary: number; readonly secondary: number };
  const servers: Running[] = [];

  before(async function () {
    requirePrograms(this, { named: bind, "named-checkzone": bind, dig: bind });
    folder = workFolder("dns");
    later(() => {
      folder.remove();
    });
    stacks = join(folder.path, "stacks");
    mkdirSync(stacks);
    for (const file of readdirSync(project).filter((name) => /^Pulumi.*\.yaml$/.test(name))) {
      cpSync(join(project, file), join(stacks, file));
    }
    ports = { primary: await freePort(), secondary: await freePort() };
  });

  const out = (): string => join(folder.path, "out");
  const zoneFile = (): string => join(out(), "site-a/dns/zone");

  /** Renders the stack files into the same folder as before, by the command that a person uses. */
  async function render(): Promise<void> {
    await execa("node", ["cli/isthmus.js", "preview", "--config", stacks, "--out", out()], {
      cwd: project,
    });
    giveAll(out());
  }

  function serve(name: "primary" | "secondary", zone: string): void {
    const own = join(folder.path, name);
    mkdirSync(own);
    give(own);
    const options = [
      `directory "${own}"; pid-file none; session-keyfile none; dnssec-validation no; recursion no;`,
      `listen-on port ${ports[name]} { 127.0.0.1; }; listen-on-v6 { none; }; allow-transfer { 127.0.0.1; };`,
    ];
    writeFileSync(
      join(own, "named.conf"),
      `options { ${options.join("\n")} };\ncontrols {};\nzone "${domain}" { ${zone} };\n`,
    );
    const server = start("named", ["-g", "-c", join(own, "named.conf")]);
    servers.push(server);
    later(() => server.stop("SIGKILL"));
  }

  async function ask(name: string, port = ports.primary): Promise<{ status: string; addresses: string[] }> {
    const { stdout } = await execa("dig", ["@127.0.0.1", "-p", String(port), "+tries=1", "+time=2", name, "A"], {
      reject: false,
    });
    return {
      status: /status: (\w+)/.exec(stdout)?.[1] ?? "no answer",
      addresses: [...stdout.matchAll(/\sIN\s+A\s+(\S+)$/gm)].map(([, address = ""]) => address).sort(),
    };
  }

  it("are a zone in which named-checkzone finds nothing", async () => {
    await render();
    const { all } = await execa("named-checkzone", ["-i", "full", domain, zoneFile()], { all: true });
    assert.match(all, new RegExp(`^zone ${domain}/IN: loaded serial \\d+\nOK$`), all);
  });

  it("are the same zone for each site: a name server has one file of it", () => {
    assert.equal(readFileSync(join(out(), "site-b/dns/zone"), "utf8"), readFileSync(zoneFile(), "utf8"));
  });

  it("are answered from as the plan says, each name with all of its addresses", async () => {
    serve(
      "primary",
      `type primary; file "${zoneFile()}"; notify explicit; also-notify { 127.0.0.1 port ${ports.secondary}; };`,
    );
    await until("the primary answers", async () => (await ask(`ns.${domain}`)).status === "NOERROR");
    const names = [...addressesByName()].filter(([name]) => inZone(name));
    assert.ok(names.length > 20, `${names.length} names`);
    for (const [name, addresses] of names) {
      assert.deepEqual(await ask(name), { status: "NOERROR", addresses }, name);
    }
    assert.equal((await ask(`s3.site-a.${domain}`)).addresses.length, 6);
    assert.deepEqual(await ask(`elsewhere.${domain}`), { status: "NXDOMAIN", addresses: [] });
  });

  it("reach a secondary server, and so does each change of them", async () => {
    serve("secondary", `type secondary; primaries { 127.0.0.1 port ${ports.primary}; }; file "copy"; notify no;`);
    const name = `k3s-a-agent-3.site-a.${domain}`;
    await until("the secondary answers", async () => (await ask(name, ports.secondary)).status === "NOERROR");
    // Twice: a serial that says nothing of the order goes forward by chance once.
    for (const last of [116, 117]) {
      const before = serialOf(readFileSync(zoneFile(), "utf8"));
      const stack = join(stacks, "Pulumi.site-a.yaml");
      writeFileSync(
        stack,
        readFileSync(stack, "utf8").replace(
          /address: 10\.0\.20\.1?16\b|address: 10\.0\.20\.11[67]\b/,
          `address: 10.0.20.${last}`,
        ),
      );
      await render();
      assert.equal(serialOf(readFileSync(zoneFile(), "utf8")), (before ?? 0) + 1);
      servers[0]?.signal("SIGHUP");
      for (const port of [ports.primary, ports.secondary]) {
        await until(`${name} is ${last} at port ${port}`, async () => {
          const { addresses } = await ask(name, port);
          return addresses.join() === `10.0.20.${last}`;
        });
      }
    }
    assert.doesNotMatch(servers[0]?.said() ?? "", /gone backwards|serial unchanged/);
  });

  it("keep the serial where no record has changed", async () => {
    const before = readFileSync(zoneFile(), "utf8");
    await render();
    assert.equal(readFileSync(zoneFile(), "utf8"), before);
  });

  it("name as comments what another zone has: such a name is answered for by nobody here", async () => {
    const others = [...addressesByName().keys()].filter((name) => !inZone(name));
    assert.deepEqual(others.sort(), ["grafana-b.example.com", "grafana.example.com"]);
    for (const name of others) {
      assert.match(readFileSync(zoneFile(), "utf8"), new RegExp(`^; in another zone: ${name}\\. 60 IN A `, "m"));
      assert.equal((await ask(name)).status, "REFUSED");
    }
  });
});
