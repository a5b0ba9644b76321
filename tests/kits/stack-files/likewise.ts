const alike: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\d+\.\d+\.\d+\.\d+$/, ["10.0.20.1", "10.0.20.200", "10.0.20.205", "10.147.17.11", "0.0.0.0", "255.255.255.255"]],
  [
    /^[\d.]+\/\d+$/,
    ["0.0.0.0/0", "10.0.20.0/24", "10.0.20.4/31", "10.0.20.5/32", "10.147.17.0/24", "255.255.255.255/32"],
  ],
  [
    /^[\d.]+-[\d.]+$/,
    ["10.0.20.200-10.0.20.200", "10.0.20.209-10.0.20.200", "0.0.0.0-255.255.255.255", "10.147.17.100-10.147.17.109"],
  ],
  [/^\d+(Mi|Gi|Ti)$/, ["0Mi", "1Mi", "512Mi", "4Gi", "999999Ti"]],
  [/^\d+[smhd]$/, ["1s", "1d", "9999d"]],
  [
    /./,
    [
      "home",
      "cabin",
      "private",
      "overlay",
      "constructor",
      "metallb",
      "server",
      "agent",
      "public",
      "pi-1",
      "arm64",
      "amd64",
      "a.b",
      "local-path",
      "volumes",
    ],
  ],
];
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 32, 100, 512];

/** Another value of the same shape. */
export function likewise(value: unknown, choice: number): unknown {
  if (typeof value === "number") return numbers[choice % numbers.length];
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return choice % 2 === 0 ? [] : [...(value as unknown[]), ...(value as unknown[])];
  if (typeof value === "object") return {};
  const options = alike.find(([shape]) => shape.test(typeof value === "string" ? value : ""))?.[1] ?? ["home"];
  return options[choice % options.length];
}
