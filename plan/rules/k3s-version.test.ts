import assert from "node:assert/strict";
import { charts } from "../pins.ts";
import type { ChartPin } from "@isthmus/core";
import { sampleModel } from "../../config/testing.ts";
import { catalogue } from "../catalogue.ts";
import { checkK3sVersion } from "./k3s-version.ts";

const [site] = sampleModel("three-pis", catalogue).sites;
assert.ok(site);

type Releases = Parameters<typeof checkK3sVersion>[1];

const told = (version: string, ...used: readonly ChartPin[]): string[] => {
  const releases = used.map((chart) => ({ chart })) as unknown as Releases[number]["releases"];
  return checkK3sVersion({ ...site, kubernetes: { ...site.kubernetes, version } }, [{ releases }]).map(
    ({ problem }) => problem.split(": ")[1] ?? "",
  );
};

describe("the version of k3s", () => {
  for (const version of ["v1.29.1+k3s1", "v1.34.3+k3s1", "v1.34.11+k3s2", "v1.37.0+k3s1", "v1.37.9+k3s1"]) {
    it(`may be ${version}`, () => {
      assert.deepEqual(told(version, ...Object.values(charts)), []);
    });
  }

  for (const version of ["v1.20.15+k3s1", "v1.28.15+k3s1", "v1.29.0+k3s1", "v1.38.0+k3s1", "v1.99.0+k3s1"]) {
    it(`is not ${version}`, () => {
      assert.deepEqual(told(version), ["this release supports k3s v1.29.1 to v1.37"]);
    });
  }

  it("is one that every chart takes, and one finding names those that do not", () => {
    const strict: ChartPin = { ...charts.vault, kubeVersion: ">= 1.35.0-0" };
    assert.deepEqual(told("v1.34.3+k3s1", charts.minio, strict), ["vault 0.34.1 takes Kubernetes >= 1.35.0-0"]);
    assert.deepEqual(told("v1.35.0+k3s1", charts.minio, strict), []);
    assert.deepEqual(told("v1.21.1+k3s1", charts.metallb, charts.cloudnativePg), [
      "this release supports k3s v1.29.1 to v1.37; cloudnative-pg 0.29.0 takes Kubernetes >=1.29.0-0",
    ]);
  });
});
