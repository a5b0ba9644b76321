import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import type { PolicyResource, Props } from "../../../policy/resource.ts";

/** What the engine's monitor is told when a resource is registered, as much of it as is recorded. */
interface RegisterRequest {
  getParent(): string;
  getType(): string;
  getName(): string;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): unknown } | undefined;
}

type Respond = (error: unknown, response: { getUrn(): string } | undefined) => void;

/** A resource that the program registered. */
export interface Recorded extends PolicyResource {
  /** URNs of what it comes after. */
  readonly dependsOn: readonly string[];
}

/** Answers to the calls that a program makes of the engine. */
export type Calls = Readonly<Record<string, (inputs: Props) => Record<string, unknown>>>;

/**
 * Stands in the engine's place: records what a program registers, with its parent, and answers with what can be known
 * without a deployment. A call that nobody foresaw is an error.
 */
export class Recorder extends MockMonitor {
  readonly recorded: Recorded[] = [];

  constructor(calls: Calls) {
    super({
      newResource: ({ type, name, inputs, custom }) => ({
        id: custom === false ? undefined : `${name}-id`,
        state: { ...(inputs as Props), ...deployedState(type, name, inputs as Props) },
      }),
      call: ({ token, inputs }) => {
        const answer = calls[token];
        if (answer === undefined) throw new Error(`the program called ${token}, which preview does not know`);
        return answer(inputs as Props);
      },
    });
  }

  override async registerResource(request: RegisterRequest, respond: Respond): Promise<void> {
    const parent = request.getParent();
    await super.registerResource(request, (error: unknown, response: { getUrn(): string } | undefined) => {
      if (response !== undefined) {
        this.recorded.push({
          type: request.getType(),
          name: request.getName(),
          urn: response.getUrn(),
          ...(parent === "" ? {} : { parent }),
          props: (request.getObject()?.toJavaScript() ?? {}) as Props,
          dependsOn: request.getDependenciesList(),
        });
      }
      respond(error, response);
    });
  }
}

/** What only a deployment knows, as text that says so. */
function deployedState(type: string, name: string, inputs: Props): Record<string, unknown> {
  const known = (what: string): string => `(${what} of ${name}: known after up)`;
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: known("password") };
    case "pulumi:index:Stash":
      return { output: inputs["input"] };
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: known("private key"),
        privateKeyOpenssh: known("private key"),
        publicKeyOpenssh: known("public key"),
        publicKeyPem: known("public key"),
      };
    case "tls:index/selfSignedCert:SelfSignedCert":
      return { certPem: known("certificate") };
    case "command:local:Command":
    case "command:remote:Command":
      return { stdout: known("output"), stderr: "" };
    default:
      return {};
  }
}
