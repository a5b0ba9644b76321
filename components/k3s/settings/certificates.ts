import { z } from "zod";

/** One certificate in PEM form, or several. */
export const certificates = z
  .string()
  .regex(
    /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n*)+$/,
    "is no certificate in PEM form, -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
  );
