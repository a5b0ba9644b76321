import "./program/start.ts";
import { fleetProgram } from "./program/fleet.ts";

/** Loads the stack files, plans the fleet, registers this stack's site, and gives out what others read. */
export default fleetProgram;
