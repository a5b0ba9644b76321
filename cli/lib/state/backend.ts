import { z } from "zod";
import { pulumi } from "../pulumi/cli.ts";

const whoAmI = z.looseObject({ url: z.string() });

/** Where the CLI keeps stacks: PULUMI_BACKEND_URL, or where it is logged in. Fails where that is not reached. */
export async function backendUrl(config: string): Promise<string> {
  return whoAmI.parse(JSON.parse(await pulumi(config, ["whoami", "--json"]))).url;
}

/** Whether two backend URLs mean the same place: the order of their settings does not count. */
export function samePlace(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(url: string): string {
  const [place = "", settings = ""] = url.split("?");
  const sorted = settings.split("&").filter(Boolean).map(decodeURIComponent).sort().join("&");
  return `${place.replace(/\/+$/, "")}?${sorted}`;
}
