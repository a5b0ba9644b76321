import type { Finding, SourcePath } from "@isthmus/core";
import { fleetFile } from "../files.ts";
import type { Model } from "../load.ts";
import { defineRule } from "../rules.ts";

const stateAtOneSiteRule = defineRule({
  id: "state-at-one-site",
  severity: "critical",
  summary: "Losing one site does not lose the state.",
  fix: "Keep the state outside the fleet, or add `state.copyAt` with another place.",
  docs: "docs/guide/secrets-and-state.md#state",
  needsWhole: [],
});

const passphraseAtOnePlaceRule = defineRule({
  id: "passphrase-at-one-place",
  severity: "critical",
  summary: "The passphrase is kept at two places that are not lost together.",
  fix: "Keep it at a second place.",
  docs: "docs/guide/secrets-and-state.md#state",
  needsWhole: [],
});

const at = (key: string): SourcePath => `${fleetFile}#/state/${key}`;

/** Losing one site loses neither the state nor its passphrase. */
export function checkState({ fleet, sites }: Model): Finding[] {
  const { state } = fleet;
  const names = sites.map((site) => site.name);
  const findings: Finding[] = [];
  const atSite = names.includes(state.standsAt);
  if (atSite && (state.copyAt === undefined || state.copyAt === state.standsAt)) {
    findings.push({
      rule: stateAtOneSiteRule.id,
      at: at("standsAt"),
      problem: `the state stands at "${state.standsAt}" only: with that site it is lost, and with it every token and key`,
      fix: "keep it outside the fleet, or add copyAt with another place and run `npm run state -- backup` on a schedule",
    });
  }
  const places = new Set(state.passphraseAt);
  if (
    places.size < 2 ||
    (names.length > 0 && [...places].every((place) => place === state.standsAt && names.includes(place)))
  ) {
    findings.push({
      rule: passphraseAtOnePlaceRule.id,
      at: at("passphraseAt"),
      problem: `the passphrase is kept at ${[...places].join(", ")} only`,
      fix: "keep it at two places that are not lost together",
    });
  }
  return findings;
}
