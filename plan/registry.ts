import { availabilityRules } from "@isthmus/availability";
import { byId, sharedRules, type Rule } from "@isthmus/core";
import { rules as dataRules } from "@isthmus/data";
import { rules as k3sRules } from "@isthmus/k3s";
import { rules as networkingRules } from "@isthmus/networking";
import { rules as proxmoxRules } from "@isthmus/proxmox";
import { rules as secretsRules } from "@isthmus/secrets";
import { rules as storageRules } from "@isthmus/storage";
import { rules as configRules } from "../config/rules.ts";
import { rules as planRules } from "./rules.ts";
// Who asks a rule loads it, so that it is in its package's table: these ask them all.
import "../config/load.ts";
import "./chart-mirror.ts";
import "./fleet.ts";

/** Every rule that stack files can break, by its id. */
export const stackFileRules: ReadonlyMap<string, Rule> = byId([
  ...configRules,
  ...planRules,
  ...sharedRules,
  ...availabilityRules,
  ...proxmoxRules,
  ...k3sRules,
  ...networkingRules,
  ...storageRules,
  ...dataRules,
  ...secretsRules,
]);
