import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import process from "node:process";

import type { K3s } from "../../kits/k3s/k3s.ts";

const FOLDER = join(import.meta.dirname, "transcripts");

/** What a real k3s answered at one step, and which one, and when. */
interface Transcript {
  readonly version: string;
  readonly recorded: string;
  readonly answer: string;
}

/**
 * Answers of real k3s, kept as files that the stand-in has to reproduce.
 *
 * With a real k3s under test and RECORD=1 each answer is written; with the stand-in each is compared with what was
 * written. A step of which no real k3s was ever heard is not compared, and counted.
 */
export class Transcripts {
  readonly #k3s: K3s;
  #unconfirmed = 0;

  constructor(k3s: K3s) {
    this.#k3s = k3s;
  }

  /** Says how many answers were given of which no transcript is kept. */
  report(): void {
    if (this.#unconfirmed > 0)
      console.log(`      ${String(this.#unconfirmed)} answers have no transcript of a real k3s to be compared with`);
  }

  check(step: string, answer: string): void {
    const file = join(FOLDER, `${step}.json`);
    const plain = normalize(answer);
    if (this.#k3s.real && process.env["RECORD"] === "1") {
      mkdirSync(FOLDER, { recursive: true });
      const transcript: Transcript = { version: this.#k3s.version, recorded: new Date().toISOString(), answer: plain };
      writeFileSync(file, `${JSON.stringify(transcript, undefined, 2)}\n`);
    } else if (existsSync(file)) {
      const { version, answer: wanted } = JSON.parse(readFileSync(file, "utf8")) as Transcript;
      assert.equal(plain, wanted, `step ${step}: k3s ${version} answered otherwise`);
    } else {
      this.#unconfirmed += 1;
    }
  }
}

/** Without what differs from run to run: times, addresses, hashes, member names, colours. */
export function normalize(text: string): string {
  return text
    .replace(/\u001b\[\d*m/g, "")
    .replace(/time="[^"]*"/g, "time=T")
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)/g, "T")
    .replace(/\b10\.99\.\d+\./g, "10.99.N.")
    .replace(/\b[0-9a-f]{64}\b/g, "SHA256")
    .replace(/-\d{10}\b/g, "-SECONDS")
    .replace(/\b([a-z]\d)-[0-9a-f]{8}\b/g, "$1-MEMBER")
    .trim();
}
