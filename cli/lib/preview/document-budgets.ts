import { z } from "zod";
import {
  says,
  list,
  count,
  mebibytes,
  siteName,
  nodeName,
  hostName,
  serviceName,
  workloadName,
  because,
} from "./document-words.ts";

const amount = z.strictObject({
  memory: mebibytes("Memory."),
  cpu: z.number().describe("CPU, in thousandths of a core."),
  pods: z.number().describe("Pods, of which a kubelet takes 110."),
});

const unschedulable = z.strictObject({
  service: serviceName,
  workload: workloadName,
  members: count("How many members find no node."),
  of: count("How many members the workload has at the site."),
  because,
  why: says("Why no node takes them, in Kubernetes' terms, or what is missing on the node that comes closest."),
});

const siteBudget = z.strictObject({
  site: siteName,
  capacity: amount.describe("What all nodes of the site have together."),
  allocatable: amount.describe("What pods and the control plane may request."),
  requested: amount.describe("What they request."),
  unschedulable: z.array(unschedulable).describe("Members that find no node while nothing is lost."),
  afterLossOf: z
    .array(
      z.strictObject({
        host: hostName,
        unschedulable: z.array(unschedulable).describe("Members that find no node. Empty: all find one."),
      }),
    )
    .describe("For each physical host: who finds no node when it is lost, except those whose disk is on it."),
});

const nodeBudget = z.strictObject({
  site: siteName,
  node: nodeName,
  role: z.enum(["server", "agent"]).describe("server: control plane and etcd voter; agent: runs pods only."),
  capacity: amount.describe("What the node has."),
  reserved: amount.describe("For the operating system and the kubelet."),
  fixed: amount.describe("Requests of what runs on this node in any case: one per node, or a process of the host."),
  share: amount.describe("Its share of everything else, spread evenly over the nodes that may have it."),
  left: amount.describe("What is left; negative where it is too little."),
});

const diskUse = z.strictObject({
  service: serviceName,
  workload: workloadName,
  what: says("What the volumes hold."),
  volumes: count("How many volumes, copies included, are on this disk."),
  size: mebibytes("Size of each."),
});

const diskBudget = z.strictObject({
  site: siteName,
  node: nodeName,
  mountPath: says("Where the disk is mounted on the node."),
  capacity: mebibytes("Size of the disk."),
  forVolumes: mebibytes("What may be promised to volumes, less the file system and what is reserved."),
  asked: mebibytes("What is promised, with the largest volumes placed first, each where most is left."),
  uses: z.array(diskUse).describe("What is promised to whom."),
});

const unplaced = z.strictObject({
  service: serviceName,
  workload: workloadName,
  what: says("What the volume holds."),
  copies: count("How many copies find no disk."),
  size: mebibytes("Size of each copy."),
  because,
});

const siteDisks = z.strictObject({
  site: siteName,
  notStated: list("Nodes whose disk for volumes has no size in the stack files: nothing is judged then."),
  unplaced: z.array(unplaced).describe("Copies of volumes that find no disk while nothing is lost."),
  afterLossOf: z
    .array(
      z.strictObject({
        host: hostName,
        unplaced: z.array(unplaced).describe("Copies that find no other disk. Empty: all find one."),
      }),
    )
    .describe("For each physical host: copies that cannot be made anew elsewhere when it is lost."),
});

export const budgets = z.strictObject({
  site: siteBudget.describe("Memory, CPU and pods of the whole site."),
  nodes: z.array(nodeBudget).describe("Memory, CPU and pods of each node."),
  disks: z.array(diskBudget).describe("Disks that hold volumes."),
  volumes: siteDisks.describe("Copies of volumes that find no disk."),
});
