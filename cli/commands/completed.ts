import type { Verb } from "../lib/command/declare.ts";
import { command as bench } from "./bench.ts";
import { command as writeCase } from "./case.ts";
import { command as charts } from "./charts.ts";
import { command as destroy } from "./destroy.ts";
import { command as dns } from "./dns.ts";
import { command as doctor } from "./doctor.ts";
import { command as init } from "./init.ts";
import { command as pins } from "./pins.ts";
import { command as policy } from "./policy.ts";
import { command as preview } from "./preview.ts";
import { command as recover } from "./recover.ts";
import { command as restore } from "./restore.ts";
import { command as rotateCertificates } from "./rotate-certificates.ts";
import { command as snapshot } from "./snapshot.ts";
import { command as state } from "./state.ts";
import { command as status } from "./status.ts";
import { command as updateOs } from "./update-os.ts";

/** Every verb but the one that completes them, in the order in which people meet them. */
export const completed: readonly Verb[] = [
  init,
  preview,
  policy,
  charts,
  pins,
  doctor,
  status,
  dns,
  snapshot,
  restore,
  updateOs,
  rotateCertificates,
  recover,
  state,
  destroy,
  bench,
  writeCase,
];
