import * as pulumi from "@pulumi/pulumi";
import type { PolicyResource } from "@isthmus/policy/rule.ts";

/** Answers to the calls that a program makes of the engine. */
export type Calls = Readonly<Record<string, (inputs: Readonly<Record<string, unknown>>) => Record<string, unknown>>>;

/** Records what a program registers, in place of the engine. A call that nobody foresaw is an error. */
export class Recorder implements pulumi.runtime.Mocks {
  readonly resources: PolicyResource[] = [];
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  newResource(args: pulumi.runtime.MockResourceArgs): { id: string | undefined; state: Record<string, unknown> } {
    const inputs = args.inputs as Record<string, unknown>;
    const parent = args.registerRequest?.getParent();
    this.resources.push({
      type: args.type,
      name: args.name,
      urn: `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${args.type}::${args.name}`,
      ...(parent === undefined || parent === "" ? {} : { parent }),
      props: inputs,
    });
    return { id: args.custom === false ? undefined : `${args.name}-id`, state: { ...inputs, ...deployedState(args.type, args.name) } };
  }

  call(args: pulumi.runtime.MockCallArgs): Record<string, unknown> {
    const answer = this.#calls[args.token];
    if (answer === undefined) throw new Error(`the program called ${args.token}, which preview does not know`);
    return answer(args.inputs as Record<string, unknown>);
  }
}

/** What only a deployment knows, as text that says so. */
function deployedState(type: string, name: string): Record<string, unknown> {
  const known = (what: string): string => `(${what} of ${name}: known after up)`;
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: known("password") };
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: known("private key"),
        privateKeyOpenssh: known("private key"),
        publicKeyOpenssh: known("public key"),
        publicKeyPem: known("public key"),
      };
    case "tls:index/selfSignedCert:SelfSignedCert":
      return { certPem: known("certificate") };
    case "command:remote:Command":
      return { stdout: known("output"), stderr: "" };
    default:
      return {};
  }
}
