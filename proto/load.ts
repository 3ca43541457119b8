import { createRequire } from "node:module";
import path from "node:path";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type PackageDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import type { ProtoGrpcType as AdministrationPackage } from "./generated/administration.ts";
import type { ProtoGrpcType as EnrollmentPackage } from "./generated/enrollment.ts";
import type { ProtoGrpcType as ParticipationPackage } from "./generated/participation.ts";

/** Services and messages of package holdfast.v1 as grpc-js wants them, and as reflection describes them. */
export interface Wire {
  readonly v1: AdministrationPackage["holdfast"]["v1"] &
    EnrollmentPackage["holdfast"]["v1"] &
    ParticipationPackage["holdfast"]["v1"];
  readonly definition: PackageDefinition;
}

const FILES = ["enrollment", "participation", "administration"];

/** Reads the .proto files. The options are those the types in generated/ were made with (npm run proto). */
export function loadWire(): Wire {
  const { resolve } = createRequire(import.meta.url);
  const files = FILES.map((file) => resolve(`#proto/holdfast/v1/${file}.proto`));
  const root = path.resolve(path.dirname(resolve("#proto/holdfast/v1/common.proto")), "../..");
  const definition = loadSync(files, { includeDirs: [root], longs: Number, defaults: true, oneofs: true });
  takeEncoded(definition, "holdfast.v1.Participation", "UploadUpdate");
  const loaded = loadPackageDefinition(definition) as unknown as { holdfast: { v1: Wire["v1"] } };
  return { v1: loaded.holdfast.v1, definition };
}

/** Lets a client of this method hand over messages that it has encoded itself, beside plain ones. */
function takeEncoded(definition: PackageDefinition, service: string, name: string): void {
  const method = (definition[service] as ServiceDefinition)[name] as MethodDefinition<object, object>;
  const encode = method.requestSerialize;
  method.requestSerialize = (message) => (message instanceof Uint8Array ? (message as Buffer) : encode(message));
}
