/** gRPC in, gRPC out: turns Pulumi's messages into calls of a `Service`, and logs each. */
import * as grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import serviceProto from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";

import type { CallLog, Method } from "./call-log.ts";
import type { Change } from "./diff.ts";
import { Refusal } from "./contract.ts";
import type { Service, Target } from "./service.ts";
import { fromStruct, toStruct } from "./values.ts";

interface Messages {
  readonly check: InstanceType<typeof proto.CheckRequest>;
  readonly diff: InstanceType<typeof proto.DiffRequest>;
  readonly create: InstanceType<typeof proto.CreateRequest>;
  readonly read: InstanceType<typeof proto.ReadRequest>;
  readonly update: InstanceType<typeof proto.UpdateRequest>;
  readonly delete: InstanceType<typeof proto.DeleteRequest>;
  readonly invoke: InstanceType<typeof proto.InvokeRequest>;
  readonly configure: InstanceType<typeof proto.ConfigureRequest>;
}

type Answerer<Request> = (request: Request) => unknown;

export interface ServeOptions {
  readonly name: string;
  readonly version: string;
  readonly service: Service;
  readonly log: CallLog;
}

/** Listens on a free port of the loopback address and prints it: that is how the engine finds a provider. */
export async function serve({ name, version, service, log }: ServeOptions): Promise<void> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const logged = logging(name, log);
  server.addService(serviceProto.ResourceProviderService, {
    ...configuration(service, logged),
    ...resources(service, logged),
    cancel: handler(() => {
      service.cancel();
      return new empty.Empty();
    }),
    attach: handler(() => new empty.Empty()),
    getPluginInfo: handler(() => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(version);
      return info;
    }),
    getMapping: handler(() => new proto.GetMappingResponse()),
    getMappings: handler(() => new proto.GetMappingsResponse()),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  process.stdout.write(`${port}\n`);
}

type Logged = <Request extends object>(
  method: Method,
  answer: Answerer<Request>,
) => grpc.handleUnaryCall<Request, unknown>;

interface Named {
  getUrn(): string;
  getType(): string;
  getName(): string;
  getTok(): string;
  getPreview(): boolean;
}

function configuration(service: Service, logged: Logged): grpc.UntypedServiceImplementation {
  return {
    checkConfig: logged("checkConfig", (request: Messages["check"]) => {
      const response = new proto.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: logged("diffConfig", (request: Messages["diff"]) => {
      const before = fromStruct(request.getOldInputs() ?? request.getOlds());
      const { changed, replaces } = service.diffConfig(before, fromStruct(request.getNews()));
      const response = new proto.DiffResponse();
      response.setChanges(
        changed.length > 0 ? proto.DiffResponse.DiffChanges.DIFF_SOME : proto.DiffResponse.DiffChanges.DIFF_NONE,
      );
      response.setDiffsList([...changed]);
      response.setReplacesList([...replaces]);
      return response;
    }),
    configure: logged("configure", (request: Messages["configure"]) => {
      service.configure(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    invoke: logged("invoke", (request: Messages["invoke"]) => {
      const response = new proto.InvokeResponse();
      response.setReturn(toStruct(service.invoke(request.getTok(), fromStruct(request.getArgs()))));
      return response;
    }),
  };
}

function resources(service: Service, logged: Logged): grpc.UntypedServiceImplementation {
  return {
    check: logged("check", (request: Messages["check"]) => check(service, request)),
    diff: logged("diff", (request: Messages["diff"]) => diff(service, request)),
    create: logged("create", async (request: Messages["create"]) => {
      const inputs = fromStruct(request.getProperties());
      const response = new proto.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(toStruct(service.previewCreate(target(request), inputs)));
        return response;
      }
      const made = await service.create(target(request), inputs);
      response.setId(made.id);
      response.setProperties(toStruct(made.outputs));
      return response;
    }),
    read: logged("read", async (request: Messages["read"]) => {
      const existing = { ...target(request), id: request.getId() };
      const found = await service.read(existing, fromStruct(request.getProperties()), fromStruct(request.getInputs()));
      const response = new proto.ReadResponse();
      if (found === undefined) return response;
      response.setId(found.id);
      response.setInputs(toStruct(found.inputs));
      response.setProperties(toStruct(found.outputs));
      return response;
    }),
    update: logged("update", async (request: Messages["update"]) => {
      const inputs = fromStruct(request.getNews());
      const before = { inputs: fromStruct(request.getOldInputs()), state: fromStruct(request.getOlds()) };
      const existing = { ...target(request), id: request.getId() };
      const outputs = request.getPreview()
        ? service.previewUpdate(existing, inputs, before)
        : await service.update(existing, inputs, before);
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(outputs));
      return response;
    }),
    delete: logged("delete", async (request: Messages["delete"]) => {
      await service.delete({ ...target(request), id: request.getId() }, fromStruct(request.getProperties()));
      return new empty.Empty();
    }),
  };
}

function check(service: Service, request: Messages["check"]): unknown {
  const checked = service.check(target(request), fromStruct(request.getOlds()), fromStruct(request.getNews()));
  const response = new proto.CheckResponse();
  response.setInputs(toStruct(checked.inputs));
  response.setFailuresList(
    checked.failures.map((failure) => {
      const message = new proto.CheckFailure();
      message.setProperty(failure.property);
      message.setReason(failure.reason);
      return message;
    }),
  );
  return response;
}

function diff(service: Service, request: Messages["diff"]): unknown {
  const diffed = service.diff(target(request), fromStruct(request.getOldInputs()), fromStruct(request.getNews()));
  const response = new proto.DiffResponse();
  const some = diffed.changes.length > 0;
  response.setChanges(some ? proto.DiffResponse.DiffChanges.DIFF_SOME : proto.DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(diffed.changes.map((change) => change.path.split(".")[0] ?? change.path))]);
  response.setReplacesList([...diffed.replaces]);
  response.setDeletebeforereplace(diffed.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const change of diffed.changes) {
    const detail = new proto.PropertyDiff();
    detail.setKind(kind(change, diffed.replaces.includes(change.path)));
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(propertyPath(change.path), detail);
  }
  return response;
}

function kind(change: Change, replaces: boolean): ReturnType<InstanceType<typeof proto.PropertyDiff>["getKind"]> {
  const { Kind } = proto.PropertyDiff;
  const plain = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE };
  const replacing = { add: Kind.ADD_REPLACE, delete: Kind.DELETE_REPLACE, update: Kind.UPDATE_REPLACE };
  return (replaces ? replacing : plain)[change.kind];
}

/** The engine's notation: indexes in brackets, keys that hold other signs in brackets and quotes. */
function propertyPath(path: string): string {
  return path
    .split(".")
    .map((key, index) => {
      if (/^\d+$/.test(key)) return `[${key}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join("");
}

function target(request: Pick<Named, "getUrn" | "getType" | "getName">): Target {
  return { urn: request.getUrn(), type: request.getType(), name: request.getName() };
}

function logging(name: string, log: CallLog): Logged {
  return (method, answer) =>
    handler(async (request) => {
      const { getType, getTok, getName, getUrn, getPreview } = request as Partial<Named>;
      const started = performance.now();
      const called = {
        package: name,
        method,
        type: getType?.call(request) ?? getTok?.call(request) ?? "",
        name: getName?.call(request) ?? "",
        urn: getUrn?.call(request) ?? "",
        preview: getPreview?.call(request) ?? false,
      };
      const ended = (failed: boolean): void => {
        const milliseconds = Math.round(performance.now() - started);
        log.append({ ...called, milliseconds, ...(failed ? { failed } : {}) });
      };
      try {
        const response = await answer(request);
        ended(false);
        return response;
      } catch (error) {
        ended(true);
        throw error;
      }
    });
}

function handler<Request>(answer: Answerer<Request>): grpc.handleUnaryCall<Request, unknown> {
  return (call, callback) => {
    void (async () => {
      try {
        callback(null, await answer(call.request));
      } catch (error) {
        const message = error instanceof Refusal ? error.message : String((error as Error).stack ?? error);
        callback({ code: grpc.status.UNKNOWN, details: message });
      }
    })();
  };
}
