import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError, type ChartPin } from "@isthmus/core";
import { execa, ExecaError } from "execa";
import type { PlacedRelease } from "../../../plan/service-plans.ts";
import { MissingError } from "../exit.ts";

/** What of a release Helm is told. */
export type HelmRelease = Pick<PlacedRelease, "name" | "namespace" | "values">;

/**
 * What a cluster of ours has, beyond what Helm takes for granted without one: by k3s, or by a release of CRDs that comes first.
 * Charts also ask for single kinds, which Helm knows of a cluster alone.
 */
const apiVersions = [
  "cert-manager.io/v1",
  "helm.cattle.io/v1",
  "monitoring.coreos.com/v1",
  "policy/v1",
  "policy/v1/PodDisruptionBudget",
];

/** The Helm program. */
export class Helm {
  constructor(private readonly program: string) {}

  /** The text that Helm makes of a release and the folder of its chart, hooks and tests included. */
  async template(release: HelmRelease, chart: string, kubernetes: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-charts-"));
    const values = join(folder, "values.json");
    try {
      // JSON is YAML that every reader takes alike.
      writeFileSync(values, JSON.stringify(release.values));
      const versions = apiVersions.flatMap((one) => ["--api-versions", one]);
      const where = ["--namespace", release.namespace, "--kube-version", kubernetes];
      return await this.run(`${release.name}: Helm does not render it`, [
        "template",
        release.name,
        chart,
        "--values",
        values,
        "--include-crds",
        ...where,
        ...versions,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Unpacks a chart below `into`, from its own repository. */
  async pull(chart: ChartPin, into: string): Promise<void> {
    const from = chart.repository.startsWith("oci://") ? [chart.repository] : [chart.name, "--repo", chart.repository];
    const versioned = [...from, "--version", chart.version];
    await this.run(`${chart.name} ${chart.version} cannot be had`, [
      "pull",
      ...versioned,
      "--untar",
      "--untardir",
      into,
    ]);
  }

  private async run(what: string, words: readonly string[]): Promise<string> {
    try {
      const { stdout } = await execa(this.program, words, { stdin: "ignore" });
      return stdout;
    } catch (error) {
      if (!(error instanceof ExecaError)) throw error;
      if (error.code === "ENOENT" || error.code === "EACCES") throw new MissingError(this.absent());
      throw new UserError(refusal(what, error));
    }
  }

  private absent(): string {
    return `${this.program} is not there: install Helm 3, or name the program with --helm`;
  }
}

function refusal(what: string, error: Pick<ExecaError, "stderr" | "shortMessage">): string {
  const lines = (typeof error.stderr === "string" ? error.stderr : error.shortMessage).split("\n");
  const [reason = lines[0] ?? ""] = lines.filter((line) => line.startsWith("Error:"));
  return `${what}: ${reason.replace(/^Error: /, "")}`;
}
