import type { MachineConnection } from "@isthmus/core";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import type { HostPlan } from "./plan.ts";

export interface MachineArgs {
  readonly plan: HostPlan;
}

/** A machine that is there already: nothing is made, and nothing on it is changed. */
export class Machine extends ComponentResource implements MachineConnection {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly machineId: string;

  constructor(name: string, { plan }: MachineArgs, options?: ComponentResourceOptions) {
    super("isthmus:hosts:Machine", name, { plan }, options);
    this.name = plan.name;
    this.address = plan.address;
    this.port = plan.port;
    this.user = plan.user;
    this.hostKey = plan.hostKey;
    this.machineId = plan.machineId;
    this.registerOutputs({
      address: this.address,
      user: this.user,
      hostKey: this.hostKey,
      machineId: this.machineId,
    });
  }
}
