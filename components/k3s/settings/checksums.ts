import type { StatedDigest } from "@isthmus/core";
import type { ClusterFinding } from "./finding.ts";
import type { K3sNode } from "../plan/node.ts";
import { checksumsUrl, installerUrl, pinnedReleases } from "./pins.ts";
import type { K3sSettings } from "./schema.ts";
import { defineRule } from "../rules.ts";

export const checksumMissingRule = defineRule({
  id: "checksum-missing",
  severity: "critical",
  summary: "Every file that is installed has a checksum.",
  fix: "Give the checksum that its publisher states.",
  docs: "docs/reference/site.md#kubernetes",
});

const checksumContradictsRule = defineRule({
  id: "checksum-contradicts",
  severity: "critical",
  summary: "Stated checksums are those of the release.",
  fix: "Leave the checksum out, or compare both with the source that is named.",
  docs: "docs/reference/site.md#kubernetes",
});

type Architecture = "amd64" | "arm64";
const architectures = ["amd64", "arm64"] as const;

type Given = Pick<K3sSettings, "version" | "checksums">;

/** What the files of one architecture must be. */
export interface ArchitectureChecksums {
  readonly architecture: Architecture;
  readonly binary: string;
  readonly images?: string | undefined;
  readonly archives: Readonly<Record<string, string>>;
}

/** What the files of a release must be: as the stack file says, else as `pins.ts` does. An installer of nobody is empty. */
export function checksumsOf({ version, checksums }: Given): {
  readonly installer: string;
  readonly architectures: readonly ArchitectureChecksums[];
} {
  const pinned = pinnedReleases[version];
  return {
    installer: checksums.installer ?? pinned?.installer.digest ?? "",
    architectures: architectures.flatMap((architecture) => {
      const given = checksums[architecture];
      const binary = given?.binary ?? pinned?.[architecture]?.binary.digest;
      return binary === undefined ? [] : [{ archives: {}, ...given, architecture, binary }];
    }),
  };
}

/** Those of ours that a site relies on, with their sources. */
export function reliedOn({ version, checksums }: Given, nodes: readonly K3sNode[]): readonly StatedDigest[] {
  const pinned = pinnedReleases[version];
  if (pinned === undefined) return [];
  return [
    ...(checksums.installer === undefined ? [pinned.installer] : []),
    ...neededBy(nodes).flatMap((architecture) =>
      checksums[architecture]?.binary === undefined ? (pinned[architecture]?.binary ?? []) : [],
    ),
  ];
}

export function checksumFindings(nodes: readonly K3sNode[], settings: K3sSettings): readonly ClusterFinding[] {
  return [
    ...installerFindings(settings),
    ...neededBy(nodes).flatMap((one) => missing(one, settings)),
    ...contradictions(settings),
  ];
}

const neededBy = (nodes: readonly K3sNode[]): readonly Architecture[] =>
  [...new Set(nodes.flatMap(({ architecture }) => architecture ?? []))].sort();

function installerFindings({ version, checksums }: K3sSettings): readonly ClusterFinding[] {
  if (checksumsOf({ version, checksums }).installer !== "") return [];
  return [
    {
      rule: checksumMissingRule.id,
      about: "checksums.installer",
      problem: `the installer of ${version} has no checksum, and we state none for that version`,
      fix: `give the SHA-256 of ${installerUrl(version)} (curl -fsSL that URL | sha256sum)`,
    },
  ];
}

const binaryName = { amd64: "k3s", arm64: "k3s-arm64" } as const;

function missing(architecture: Architecture, { version, checksums, source }: K3sSettings): readonly ClusterFinding[] {
  const about = `checksums.${architecture}`;
  const list = checksumsUrl(version, architecture);
  const known = checksumsOf({ version, checksums }).architectures.find((one) => one.architecture === architecture);
  if (known === undefined) {
    const problem = `there are ${architecture} nodes, and no checksums for them: we state none for ${version}`;
    const fix = `give ${about}.binary: the line ${binaryName[architecture]} of ${list}`;
    return [{ rule: checksumMissingRule.id, about, problem, fix }];
  }
  if (!source.images || known.images !== undefined) return [];
  const fix = `give it: the line k3s-airgap-images-${architecture}.tar.zst of ${list}`;
  return [
    { rule: checksumMissingRule.id, about: `${about}.images`, problem: "the image archive has no checksum", fix },
  ];
}

/** Stated by us for that version, and otherwise by the stack file: one of both is of another file. */
function contradictions({ version, checksums }: K3sSettings): readonly ClusterFinding[] {
  const pinned = pinnedReleases[version];
  if (pinned === undefined) return [];
  const pairs: readonly (readonly [string, string | undefined, StatedDigest | undefined])[] = [
    ["checksums.installer", checksums.installer, pinned.installer],
    ...architectures.map((one) => [`checksums.${one}.binary`, checksums[one]?.binary, pinned[one]?.binary] as const),
  ];
  return pairs.flatMap(([about, given, stated]) => {
    if (given === undefined || stated === undefined || given === stated.digest) return [];
    return [
      {
        rule: checksumContradictsRule.id,
        about,
        problem: `${given} is declared for ${stated.of}, which is ${stated.digest}`,
        fix: `leave ${about} out, or compare both with ${stated.source}`,
      },
    ];
  });
}
