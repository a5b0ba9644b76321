import * as data from "@isthmus/data/pins";
import * as networking from "@isthmus/networking/pins";
import * as observability from "@isthmus/observability/pins";
import * as secrets from "@isthmus/secrets/pins";
import * as storage from "@isthmus/storage/pins";

/** The charts of all services. */
export const charts = {
  ...networking.charts,
  ...storage.charts,
  ...data.charts,
  ...secrets.charts,
  ...observability.charts,
} as const;
