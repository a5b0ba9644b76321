import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHostKey, unknownHostKey } from "@isthmus/core";
import fc from "fast-check";
import { parse } from "yaml";
import { planStackFiles } from "../../../plan/stack-files.ts";
import { byAsking, missing, withoutAsking, type Given } from "./answers.ts";
import { filesOf, scalar, type NewFleet } from "./files.ts";
import { readHardware, readMachine } from "./machine.ts";

const ours = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOVJtx5noboPwuxEGJsK+2DplvDXJqhiSzu7I5SxM3z";
const digest = "0d9c7a5e3b1f8264c0d9c7a5e3b1f8264c0d9c7a5e3b1f8264c0d9c7a5e3b1f8";

const nothing: Given = {
  site: undefined,
  domain: undefined,
  machines: [],
  hardware: undefined,
  network: undefined,
  api: undefined,
  user: undefined,
  backend: undefined,
  standsAt: undefined,
  passphraseAt: [],
};

const given: Given = {
  ...nothing,
  site: "home",
  machines: [readMachine("pi-1=192.168.1.11"), readMachine("pc=192.168.1.12:server:amd64/4/8Gi")],
  hardware: readHardware("raspberry-pi-5-8gb"),
  api: "192.168.1.10",
  backend: "file:///mnt/usb/state",
  standsAt: "a USB disk",
};

const problems = (fleet: NewFleet): readonly string[] => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-init-"));
  try {
    for (const [name, text] of filesOf(fleet)) writeFileSync(join(folder, name), text);
    const planned = planStackFiles(folder);
    return "fleet" in planned ? [] : planned.findings.map(({ at, problem }) => `${at}: ${problem}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe("the files of a new fleet", () => {
  it("state what was given, and no more", () => {
    const answers = withoutAsking(given);
    const machines = answers.machines.map((machine, index) => ({
      ...machine,
      hostKey: index === 0 ? ours : undefined,
    }));
    const files = filesOf({ ...answers, machines, checksums: { arm64: digest }, program: "../isthmus" });
    assert.deepEqual([...files.keys()], ["Pulumi.yaml", "Pulumi.home.yaml", ".gitignore"]);
    assert.deepEqual(parse(files.get("Pulumi.yaml") ?? ""), {
      name: "isthmus",
      main: "../isthmus",
      runtime: { name: "nodejs", options: { typescript: false } },
      config: {
        "isthmus:fleet": {
          value: {
            domain: "home.arpa",
            sites: ["home"],
            state: {
              backend: "file:///mnt/usb/state",
              standsAt: "a USB disk",
              versioned: true,
              passphraseAt: ["password manager", "paper in a drawer"],
            },
          },
        },
      },
    });
    assert.deepEqual(parse(files.get("Pulumi.home.yaml") ?? ""), {
      config: {
        "isthmus:site": {
          networks: { lan: { cidr: "192.168.1.0/24" } },
          nodes: {
            "pi-1": { role: "agent", address: "192.168.1.11", machine: { board: "raspberry-pi-5-8gb", hostKey: ours } },
            pc: {
              role: "server",
              address: "192.168.1.12",
              machine: { architecture: "amd64", cores: 4, memory: "8Gi", hostKey: unknownHostKey },
            },
          },
          kubernetes: {
            api: { kind: "kube-vip", address: "192.168.1.10" },
            checksums: { arm64: { binary: digest } },
          },
        },
      },
    });
    assert.match(files.get("Pulumi.home.yaml") ?? "", /# NOT KNOWN YET.*: ssh-keyscan -t ed25519 192\.168\.1\.12\n/);
  });

  it("have a key of nobody for machines whose key is not known", () => {
    assert.equal(unknownHostKey, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIix3HUmEPzkvz5hcKtRLQX03z36w+t9aulq3Kjb6wa1");
    assert.ok(isHostKey(unknownHostKey));
  });

  it("keep every text as it is, whatever YAML would read", () => {
    for (const text of [
      "on",
      "1",
      "1e3",
      "null",
      "a: b",
      "a, b",
      "a]",
      "# a",
      "",
      " a",
      "it's",
      '"a"',
      "~",
      "@a",
      "*a",
      "2026-11-28",
    ])
      assert.deepEqual(parse(`[${scalar(text)}]`), [text]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.deepEqual(parse(`- ${scalar(text)}\n- [${scalar(text)}]`), [text, [text]]);
      }),
    );
  });

  it("are in order as a whole, whatever was given", function () {
    this.timeout(120_000);
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/);
    const hardware = fc.constantFrom(
      "raspberry-pi-4-4gb",
      "raspberry-pi-5-16gb",
      "amd64/4/8Gi",
      "arm64/8/16Gi",
      "amd64/64/1Ti",
    );
    const machine = fc.record({
      hardware: fc.option(hardware),
      known: fc.boolean(),
      user: fc.constantFrom(undefined, "root", "pi"),
    });
    const flags = fc.record({
      site: label,
      domain: fc.constantFrom("home.arpa", "homelab.internal", "lab.example.com"),
      user: fc.constantFrom(undefined, "root", "debian"),
      third: fc.integer({ min: 0, max: 255 }),
      machines: fc.dictionary(label, machine, { minKeys: 1, maxKeys: 9 }),
      standsAt: fc.constantFrom("Backblaze B2", "a USB disk: the red one", "on, off"),
      outside: fc.boolean(),
    });
    fc.assert(
      fc.property(flags, ({ site, domain, user, third, machines, standsAt, outside }) => {
        const prefix = `10.7.${String(third)}`;
        const named = Object.entries(machines).map(([name, one], index) => ({
          ...readMachine(`${name}=${prefix}.${String(index + 20)}`),
          user: one.user,
          ...(one.hardware === null ? {} : { hardware: readHardware(one.hardware) }),
        }));
        const answers = withoutAsking({ ...given, site, domain, user, machines: named, api: `${prefix}.10`, standsAt });
        const complete = answers.machines.map((one) => ({
          ...one,
          hostKey: machines[one.name]?.known ? ours : undefined,
        }));
        const fleet = {
          ...answers,
          machines: complete,
          checksums: { arm64: digest },
          program: outside ? "../isthmus" : "",
        };
        assert.deepEqual(problems(fleet), []);
      }),
      { numRuns: 150 },
    );
  });
});

describe("what a new fleet needs", () => {
  it("is told as a whole where nobody can be asked", () => {
    assert.deepEqual(
      missing(nothing).map((one) => one.split(" ")[0]),
      ["--site", "--node", "--machine", "--api", "--backend", "--stands-at"],
    );
    assert.deepEqual(missing(given), []);
    assert.throws(() => withoutAsking(nothing), /^UsageError|A fleet needs, besides what was given:\n {2}--site NAME/);
  });

  it("is refused where a machine is outside of the network, or two have one name", () => {
    const apart = { ...given, machines: [...given.machines, readMachine("far=10.0.0.1:agent")] };
    assert.throws(() => withoutAsking(apart), /far \(10\.0\.0\.1\) is not in 192\.168\.1\.0\/24: .*--network/);
    const twice = { ...given, machines: [...given.machines, ...given.machines] };
    assert.throws(() => withoutAsking(twice), /Two machines are called pi-1/);
  });

  it("is asked of a person, again where an answer cannot be taken, and not where it was given", async () => {
    const typed = [
      "Home!",
      "",
      "",
      "pi-1",
      "pi-1=10.0.0.11",
      "pi-2=10.0.0.12:agent",
      "",
      "toaster",
      "",
      "pi",
      "10.0.0.5",
      "",
      "",
      "one",
      "",
    ];
    const [questions, told]: [string[], string[]] = [[], []];
    const ask = (question: string): Promise<string> => {
      questions.push(question);
      return Promise.resolve(typed.shift() ?? assert.fail(`nothing is left to answer ${question}`));
    };
    const answers = await byAsking(nothing, ask, (text) => told.push(text));
    assert.deepEqual(typed, []);
    assert.deepEqual(
      told.map((one) => one.slice(0, 24)),
      ["A site's name has lower ", "A node is NAME=ADDRESS, ", "A machine is amd64/4/8Gi", "Two places, with a comma"],
    );
    assert.deepEqual(
      [answers.site, answers.domain, answers.user, answers.api, answers.network],
      ["home", "home.arpa", "pi", "10.0.0.5", "10.0.0.0/24"],
    );
    assert.deepEqual(
      answers.machines.map(({ name, role }) => `${name} ${role}`),
      ["pi-1 server", "pi-2 agent"],
    );
    assert.deepEqual(
      await byAsking({ ...given, domain: "a.b", user: "pi", passphraseAt: ["x", "y"] }, ask, () => undefined),
      {
        ...withoutAsking({ ...given, domain: "a.b", user: "pi", passphraseAt: ["x", "y"] }),
      },
    );
  });
});
