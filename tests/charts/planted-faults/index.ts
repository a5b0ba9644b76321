import { faultsInNamesAndPods } from "./names-and-pods.ts";
import { faultsInRightsAndObjects } from "./rights-and-objects.ts";
import type { PlantedFault } from "./spoil.ts";

export const plantedFaults: readonly PlantedFault[] = [...faultsInNamesAndPods, ...faultsInRightsAndObjects];
