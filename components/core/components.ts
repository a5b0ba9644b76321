import * as pulumi from "@pulumi/pulumi";
import type { Footprint } from "./service.ts";
import type { SourcePath } from "./source-path.ts";
import type { SiteTopology } from "./topology.ts";

/** The facts of a site: plain data, so that policies see them in preview too. */
export interface SiteArgs {
  readonly site: string;
  readonly topology: SiteTopology;
  readonly from: SourcePath;
}

/** Everything at one site; its args are what placement rules are checked against. */
export class Site extends pulumi.ComponentResource {
  constructor(name: string, args: SiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("isthmus:core:Site", name, { ...args }, opts);
    this.registerOutputs({});
  }
}

/** The facts of a service instance: plain data, so that policies see them in preview too. */
export interface ServiceArgs {
  readonly service: string;
  readonly instance: string;
  readonly site: string;
  readonly namespace: string;
  readonly footprint: Footprint;
  readonly from: SourcePath;
}

/** One instance of a service; parent of its releases and objects. */
export class ServiceInstance extends pulumi.ComponentResource {
  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("isthmus:core:Service", name, { ...args }, opts);
    this.registerOutputs({});
  }
}
