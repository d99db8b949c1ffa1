/**
 * The services of proto/*.proto as values: one entry per method with its codecs. Transports (in-process and
 * gRPC) are built over these; a test compares them with the generated descriptor set.
 */
import { grove, grpc } from './gen/messages.js';

export interface Codec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** One method. `streams` = the answer is a stream. */
export interface Method<Req, Res> {
  readonly service: string;
  readonly name: string;
  readonly streams: boolean;
  readonly request: Codec<Req>;
  readonly response: Codec<Res>;
}
export type UnaryMethod<Req, Res> = Method<Req, Res> & { readonly streams: false };
export type StreamMethod<Req, Res> = Method<Req, Res> & { readonly streams: true };

const unary = <Req, Res>(
  service: string,
  name: string,
  request: Codec<Req>,
  response: Codec<Res>,
): UnaryMethod<Req, Res> => ({ service, name, streams: false, request, response });
const stream = <Req, Res>(
  service: string,
  name: string,
  request: Codec<Req>,
  response: Codec<Res>,
): StreamMethod<Req, Res> => ({ service, name, streams: true, request, response });

const c = grove.cluster.v1;
const m = grove.metadata.v1;
const t = grove.task.v1;
const q = grove.query.v1;
const h = grpc.health.v1;

// Messages are taken in their plain `$Properties` form: every field optional, missing = protobuf default.
const plain = <P>(type: {
  encode(message: P): { finish(): Uint8Array };
  decode(bytes: Uint8Array): P;
}): Codec<P> => ({
  encode: (message) => type.encode(message).finish(),
  decode: (bytes) => type.decode(bytes),
});

export const codecs = {
  Heartbeat: plain<grove.cluster.v1.Heartbeat.$Properties>(c.Heartbeat),
  LoadSegment: plain<grove.cluster.v1.LoadSegment.$Properties>(c.LoadSegment),
  DropSegment: plain<grove.cluster.v1.DropSegment.$Properties>(c.DropSegment),
  CommandResult: plain<grove.cluster.v1.CommandResult.$Properties>(c.CommandResult),
  RunTask: plain<grove.task.v1.RunTask.$Properties>(t.RunTask),
  StopTask: plain<grove.task.v1.StopTask.$Properties>(t.StopTask),
  Frame: plain<grove.query.v1.Frame.$Properties>(q.Frame),
} as const;

const INVENTORY = 'grove.cluster.v1.InventoryService';
export const InventoryService = {
  WatchInventory: stream(
    INVENTORY,
    'WatchInventory',
    plain<grove.cluster.v1.WatchInventoryRequest.$Properties>(c.WatchInventoryRequest),
    plain<grove.cluster.v1.InventoryDelta.$Properties>(c.InventoryDelta),
  ),
} as const;

const EXPECTED = 'grove.cluster.v1.ExpectedService';
export const ExpectedService = {
  WatchExpected: stream(
    EXPECTED,
    'WatchExpected',
    plain<grove.cluster.v1.WatchExpectedRequest.$Properties>(c.WatchExpectedRequest),
    plain<grove.cluster.v1.ExpectedDelta.$Properties>(c.ExpectedDelta),
  ),
  Ack: unary(
    EXPECTED,
    'Ack',
    plain<grove.cluster.v1.ExpectedAckRequest.$Properties>(c.ExpectedAckRequest),
    plain<grove.cluster.v1.ExpectedAckResult.$Properties>(c.ExpectedAckResult),
  ),
} as const;

const LOOKUP = 'grove.cluster.v1.LookupService';
/** Served by the coordinators. */
export const LookupService = {
  List: unary(
    LOOKUP,
    'List',
    plain<grove.cluster.v1.ListLookupsRequest.$Properties>(c.ListLookupsRequest),
    plain<grove.cluster.v1.ListLookupsResult.$Properties>(c.ListLookupsResult),
  ),
  Get: unary(
    LOOKUP,
    'Get',
    plain<grove.cluster.v1.GetLookupRequest.$Properties>(c.GetLookupRequest),
    plain<grove.cluster.v1.GetLookupResult.$Properties>(c.GetLookupResult),
  ),
} as const;

const REST = 'grove.cluster.v1.RestService';
/** Each role that answers REST serves this under its own name: `RestService` + the role in the call metadata `role`. */
export const RestService = {
  Call: unary(
    REST,
    'Call',
    plain<grove.cluster.v1.RestRequest.$Properties>(c.RestRequest),
    plain<grove.cluster.v1.RestResponse.$Properties>(c.RestResponse),
  ),
} as const;

const METADATA = 'grove.metadata.v1.MetadataService';
const metadataRequest = plain<grove.metadata.v1.MetadataRequest.$Properties>(m.MetadataRequest);
const metadataResult = plain<grove.metadata.v1.MetadataResult.$Properties>(m.MetadataResult);
export const MetadataService = {
  Read: unary(METADATA, 'Read', metadataRequest, metadataResult),
  Transact: unary(METADATA, 'Transact', metadataRequest, metadataResult),
} as const;

const TASK = 'grove.task.v1.TaskService';
export const TaskService = {
  Submit: unary(
    TASK,
    'Submit',
    plain<grove.task.v1.SubmitRequest.$Properties>(t.SubmitRequest),
    plain<grove.task.v1.SubmitResult.$Properties>(t.SubmitResult),
  ),
  GetTask: unary(
    TASK,
    'GetTask',
    plain<grove.task.v1.GetTaskRequest.$Properties>(t.GetTaskRequest),
    plain<grove.task.v1.GetTaskResult.$Properties>(t.GetTaskResult),
  ),
  Action: unary(
    TASK,
    'Action',
    plain<grove.task.v1.TaskActionRequest.$Properties>(t.TaskActionRequest),
    plain<grove.task.v1.TaskActionResult.$Properties>(t.TaskActionResult),
  ),
  Beat: unary(
    TASK,
    'Beat',
    plain<grove.task.v1.PeonBeat.$Properties>(t.PeonBeat),
    plain<grove.task.v1.PeonBeatResult.$Properties>(t.PeonBeatResult),
  ),
  Done: unary(
    TASK,
    'Done',
    plain<grove.task.v1.TaskDone.$Properties>(t.TaskDone),
    plain<grove.task.v1.TaskDoneResult.$Properties>(t.TaskDoneResult),
  ),
  Report: unary(
    TASK,
    'Report',
    plain<grove.task.v1.WorkerReport.$Properties>(t.WorkerReport),
    plain<grove.task.v1.WorkerReportResult.$Properties>(t.WorkerReportResult),
  ),
} as const;

const WORKER = 'grove.task.v1.WorkerService';
export const WorkerService = {
  Log: stream(
    WORKER,
    'Log',
    plain<grove.task.v1.TaskLogRequest.$Properties>(t.TaskLogRequest),
    plain<grove.task.v1.TaskLogChunk.$Properties>(t.TaskLogChunk),
  ),
} as const;

const cancel = plain<grove.query.v1.CancelRequest.$Properties>(q.CancelRequest);
const cancelResult = plain<grove.query.v1.CancelResult.$Properties>(q.CancelResult);
const QUERY = 'grove.query.v1.QueryService';
/** The public door. */
export const QueryService = {
  Native: stream(
    QUERY,
    'Native',
    plain<grove.query.v1.NativeRequest.$Properties>(q.NativeRequest),
    plain<grove.query.v1.QueryResponse.$Properties>(q.QueryResponse),
  ),
  Sql: stream(
    QUERY,
    'Sql',
    plain<grove.query.v1.SqlRequest.$Properties>(q.SqlRequest),
    plain<grove.query.v1.QueryResponse.$Properties>(q.QueryResponse),
  ),
  Cancel: unary(QUERY, 'Cancel', cancel, cancelResult),
} as const;

const DATA_NODE = 'grove.query.v1.DataNodeService';
export const DataNodeService = {
  Query: stream(
    DATA_NODE,
    'Query',
    plain<grove.query.v1.DataQuery.$Properties>(q.DataQuery),
    plain<grove.query.v1.DataPart.$Properties>(q.DataPart),
  ),
} as const;

const BROKER = 'grove.query.v1.BrokerService';
export const BrokerService = {
  Native: stream(
    BROKER,
    'Native',
    plain<grove.query.v1.BrokerQuery.$Properties>(q.BrokerQuery),
    plain<grove.query.v1.BrokerPart.$Properties>(q.BrokerPart),
  ),
  Cancel: unary(BROKER, 'Cancel', cancel, cancelResult),
} as const;

const HEALTH = 'grpc.health.v1.Health';
export const HealthService = {
  Check: unary(
    HEALTH,
    'Check',
    plain<grpc.health.v1.HealthCheckRequest.$Properties>(h.HealthCheckRequest),
    plain<grpc.health.v1.HealthCheckResponse.$Properties>(h.HealthCheckResponse),
  ),
  Watch: stream(
    HEALTH,
    'Watch',
    plain<grpc.health.v1.HealthCheckRequest.$Properties>(h.HealthCheckRequest),
    plain<grpc.health.v1.HealthCheckResponse.$Properties>(h.HealthCheckResponse),
  ),
} as const;

export const services = {
  InventoryService,
  ExpectedService,
  LookupService,
  RestService,
  MetadataService,
  TaskService,
  WorkerService,
  QueryService,
  DataNodeService,
  BrokerService,
  HealthService,
} as const;
export type { grove, grpc };
