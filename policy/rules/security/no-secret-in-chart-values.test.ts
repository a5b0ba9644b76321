import assert from "node:assert/strict";
import fc from "fast-check";
import { markSecret, unknownMark } from "@isthmus/core";
import { kinds, messages, outcomes } from "../../fixtures/answers.ts";
import { release, service, spoiled } from "../../fixtures/resources.ts";
import type { Props } from "../../resource.ts";
import { noSecretInChartValues as rule } from "./no-secret-in-chart-values.ts";

const withValues = (values: unknown) => spoiled(release, ["props", "values"], values);
const said = (values: Props) => messages(outcomes(rule, withValues(values)));
const plain = (path: string) => [`Release shop: ${path} holds a secret as plain text`];
/** Written in two parts, so that scanners of this repository do not take it for a secret. */
const joined = (...parts: readonly string[]) => parts.join("");

describe("no-secret-in-chart-values", () => {
  it("passes values that name Secrets", () => {
    assert.deepEqual(outcomes(rule, release), [{ kind: "pass" }]);
    for (const values of [
      { existingSecret: "login", existingSecretKey: "password", existingSecretPasswordKey: "rootPassword" },
      { secretName: "login", tlsSecret: "web-tls", imagePullSecret: "registry", authSecret: "users" },
      { passwordSecretRef: { name: "login", key: "password" }, secretKeyRef: { name: "db", key: "token" } },
      { s3: { secretName: "s3", secretKey: "key-of-the-secret", accessKey: "access" } },
      {
        password: "",
        token: "${TOKEN}",
        apiKey: "$(API_KEY)",
        adminPassword: "{{ .Values.x }}",
        passphrase: "/run/secrets/x",
      },
      {
        automountServiceAccountToken: true,
        token: { enabled: true },
        tokenTtl: "1h",
        maxTokens: 3,
        publicKey: "abc",
        key: "x",
      },
      { tls: { certSecret: "web-tls", publicCrt: "tls.crt", privateKey: "tls.key" } },
      { license: { secretName: "", secretKey: "license" } },
      { existingSecretKeys: { password: "admin-password", secretKey: "key" } },
      { url: "https://user@example.org", text: "ask for a password:\nnobody knows" },
    ]) {
      assert.deepEqual(outcomes(rule, withValues(values)), [{ kind: "pass" }], JSON.stringify(values));
    }
  });

  for (const key of [
    "password",
    "adminPassword",
    "DB_PASSWORD",
    "rootpassword",
    "passphrase",
    "token",
    "authToken",
    "secretKey",
    "secret_access_key",
    "privateKey",
    "api-key",
    "apiKey",
    "encryptionKey",
    "clientSecret",
    "htpasswd",
  ]) {
    it(`refuses a text under ${key}`, () => {
      assert.deepEqual(said({ auth: { [key]: "correct-horse" } }), plain(`values.auth.${key}`));
    });
  }

  it("says what to do, where, and never what the secret is", () => {
    const [found] = outcomes(rule, withValues({ password: "correct-horse" }), { others: [service] });
    assert.deepEqual(found, {
      kind: "fail",
      message: "Release shop: values.password holds a secret as plain text",
      fix: "Put it into a Secret object and give the chart its name, as existingSecret or the like.",
      from: "Pulumi.site-a.yaml#/services/shop",
    });
  });

  it("tells the secret from the name of a Secret where the key does not", () => {
    assert.deepEqual(said({ secret: "web-login" }), []);
    assert.deepEqual(said({ secret: "Xk9!vQ_2" }), plain("values.secret"));
  });

  it("refuses a literal in a list of environment variables, a numeric password, and one beside an existing Secret", () => {
    assert.deepEqual(said({ env: [{ name: "DB_PASSWORD", value: "x1" }] }), plain("values.env[0].value"));
    assert.deepEqual(said({ env: [{ name: "LOG_LEVEL", value: "x1" }] }), []);
    assert.deepEqual(said({ password: 1234 }), plain("values.password"));
    assert.deepEqual(said({ existingSecret: "login", password: "x" }), plain("values.password"));
    assert.deepEqual(said({ existingSecret: "", secretKey: "abc" }), plain("values.secretKey"));
    assert.deepEqual(said({ clientSecret: "abc", privateKey: "abc" }).length, 2);
    assert.deepEqual(said({ secretName: "s3", secretKey: "Zm9v+YmFy/" }), plain("values.secretKey"));
  });

  it("looks into files that are written down as text", () => {
    assert.deepEqual(
      said({ config: "storage:\n  s3:\n    secret_access_key: abc123\n" }),
      plain("values.config.storage.s3.secret_access_key"),
    );
  });

  const shapes: readonly (readonly [string, string])[] = [
    ["a private key", joined("-----BEGIN EC PRIVATE", " KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----")],
    ["a private key", joined("-----BEGIN OPENSSH PRIVATE", " KEY-----\nb3Bl")],
    ["a GitHub token", joined("gh", "p_", "a".repeat(36))],
    ["a GitLab token", joined("gl", "pat-", "a".repeat(20))],
    ["a Slack token", joined("xo", "xb-", "1".repeat(12))],
    ["a Vault token", joined("hv", "s.", "a".repeat(24))],
    ["an AWS access key", joined("AK", "IA", "A".repeat(16))],
    ["a Tailscale key", joined("ts", "key-auth-", "a".repeat(16))],
    ["a JSON web token", joined("ey", "J", "a".repeat(10), ".ey", "J", "b".repeat(10), ".", "c".repeat(10))],
    ["a password hash", joined("admin:$2", "y$05$", "a".repeat(22))],
    ["an age key", joined("AGE-SECRET", "-KEY-1", "Q".repeat(58))],
    ["a URL with a password", joined("postgres://shop:", "pw@db:5432/shop")],
  ];
  for (const [what, text] of shapes) {
    it(`refuses ${what}, whatever its key`, () => {
      assert.deepEqual(said({ some: { text: `x ${text}` } }), [`Release shop: values.some.text holds ${what}`]);
    });
  }

  it("refuses what carries the mark of a secret", () => {
    const message = (path: string) => [
      `Release shop: ${path} is a secret of the stack, and Helm keeps values in plain text`,
    ];
    assert.deepEqual(said({ harmless: markSecret("x") }), message("values.harmless"));
    assert.deepEqual(messages(outcomes(rule, withValues(markSecret({ a: 1 })))), message("values"));
  });

  it("says unknown of values that it cannot read, and of an unknown one under a secret's key", () => {
    assert.deepEqual(kinds(outcomes(rule, withValues(unknownMark))), ["unknown"]);
    assert.deepEqual(kinds(outcomes(rule, withValues({ password: unknownMark }))), ["unknown"]);
    assert.deepEqual(kinds(outcomes(rule, withValues({ address: unknownMark }))), ["pass"]);
    assert.deepEqual(kinds(outcomes(rule, spoiled(release, ["props", "valueYamlFiles"], [{}]))), ["unknown"]);
  });

  it("lets named places be", () => {
    const settings = { allowedPaths: ["shop/values.auth.token"] };
    const values = withValues({ auth: { token: "public-token", password: "x" } });
    assert.deepEqual(messages(outcomes(rule, values, { settings })), plain("values.auth.password"));
  });

  it("finds a secret wherever it is nested, and prints it nowhere", () => {
    const keys = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 6 });
    const canary = fc.stringMatching(/^canary[A-Z][a-z0-9]{6}[A-Z]$/);
    fc.assert(
      fc.property(keys, canary, (path, secret) => {
        const found = outcomes(
          rule,
          withValues(path.reduceRight<unknown>((inner, key) => ({ [key]: [inner] }), { password: secret })),
        );
        assert.ok(found.some((outcome) => outcome.kind === "fail"));
        assert.ok(!JSON.stringify(found).includes(secret));
      }),
    );
  });
});
