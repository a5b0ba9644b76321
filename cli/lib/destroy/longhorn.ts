import { z } from "zod";
import type { ClusterApi } from "./cluster-api.ts";

const settings = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string(), namespace: z.string() }) })),
});

/**
 * Longhorn's uninstallation refuses as long as this setting is false, and with it the whole destroy would stop.
 * Source: https://longhorn.io/docs/1.12.1/deploy/uninstall/
 */
export async function letLonghornGo(api: ClusterApi): Promise<string> {
  const path = "/apis/longhorn.io/v1beta2";
  const all = await api.get(`${path}/settings`);
  if (all === undefined) return "Longhorn is not there.";
  const flag = settings.parse(all).items.find(({ metadata }) => metadata.name === "deleting-confirmation-flag");
  if (flag === undefined) return "Longhorn has no setting that would hold it back.";
  const { name, namespace } = flag.metadata;
  await api.merge(`${path}/namespaces/${namespace}/settings/${name}`, { value: "true" });
  return "Longhorn is told that its data may be deleted.";
}
