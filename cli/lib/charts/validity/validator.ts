import { isIP } from "node:net";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

/** CRDs are written in Go, whose patterns may begin with `(?i)` where JavaScript has a flag. */
const goPattern = Object.assign(
  (pattern: string, flags: string): RegExp =>
    pattern.includes("(?i)") ? new RegExp(pattern.replace("(?i)", ""), `${flags}i`) : new RegExp(pattern, flags),
  { code: "new RegExp" },
);

/**
 * Formats that the API server checks; it takes no notice of others.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.3/staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go
 */
const formats = [
  "int32",
  "int64",
  "float",
  "double",
  "byte",
  "date",
  "date-time",
  "email",
  "hostname",
  "uuid",
] as const;

/** Validates as the API server does. `defaults`: what a schema has a default for is filled in, in the object itself. */
export function validator({ defaults }: { readonly defaults: boolean }): Ajv {
  const code = { regExp: goPattern };
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    verbose: true,
    logger: false,
    code,
    useDefaults: defaults,
  });
  addFormats.default(ajv, [...formats]);
  ajv.addFormat("ipv4", (text: string) => isIP(text) === 4);
  ajv.addFormat("ipv6", (text: string) => isIP(text) === 6);
  ajv.addFormat("cidr", isCidr);
  ajv.addFormat("uri", (text: string) => URL.canParse(text) || text.startsWith("/"));
  ajv.addFormat("duration", isDuration);
  return ajv;
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const most = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

/** Go's, or one number with a unit: https://github.com/go-openapi/strfmt/blob/v0.23.0/duration.go (ParseDuration) */
const isDuration = (text: string): boolean =>
  /^[-+]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text) ||
  /^\d+\s*(nanoseconds?|ns|microseconds?|us|µs|milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d|weeks?|w)$/.test(
    text,
  );
