/**
 * Every way Holdfast refuses or fails, in one place. `status` is the gRPC status a caller sees, `told` the only
 * text that leaves the process. docs/errors.md explains each code; a test keeps the two lists equal.
 */
export const ERROR_CATALOG = {
  // who is calling
  SESSION_INVALID: { status: "UNAUTHENTICATED", told: "The session is unknown or has ended; connect again." },
  CLIENT_UNKNOWN: { status: "UNAUTHENTICATED", told: "This client is not enrolled in the federation." },
  CLIENT_REVOKED: { status: "PERMISSION_DENIED", told: "This client's key has been revoked." },
  KEY_EPOCH_STALE: { status: "UNAUTHENTICATED", told: "The key epoch is not the current one." },
  PROOF_INVALID: { status: "UNAUTHENTICATED", told: "The proof of possession does not verify." },
  TOKEN_INVALID: { status: "PERMISSION_DENIED", told: "The enrolment token is unknown, used or expired." },
  CLIENT_NOT_QUARANTINED: { status: "FAILED_PRECONDITION", told: "This client is not in quarantine." },
  CLIENT_NAME_TAKEN: { status: "ALREADY_EXISTS", told: "A client of that name is enrolled already." },
  PUBLIC_KEY_WEAK: { status: "INVALID_ARGUMENT", told: "The public key is not an acceptable Ed25519 key." },
  ADMIN_UNAUTHORIZED: {
    status: "PERMISSION_DENIED",
    told: "The administration call is not signed by a known administrator.",
  },
  SECOND_PERSON_NEEDED: {
    status: "FAILED_PRECONDITION",
    told: "This change takes the signatures of two administrators.",
  },
  CHANGE_UNKNOWN: {
    status: "NOT_FOUND",
    told: "No such change is waiting for a signature, or another one was made first.",
  },
  PROTOCOL_UNSUPPORTED: { status: "FAILED_PRECONDITION", told: "The protocol versions have no overlap." },
  MESSAGE_INVALID: { status: "INVALID_ARGUMENT", told: "The message is not valid in this place." },

  // the signed update, in the order admission looks at it
  RATE_EXCEEDED: { status: "RESOURCE_EXHAUSTED", told: "Too many calls or bytes; try again later." },
  HEADER_MALFORMED: { status: "INVALID_ARGUMENT", told: "The update header does not decode." },
  FEDERATION_MISMATCH: { status: "INVALID_ARGUMENT", told: "The update belongs to another federation." },
  JOB_UNKNOWN: { status: "NOT_FOUND", told: "No such job is running." },
  ROUND_NOT_OPEN: { status: "FAILED_PRECONDITION", told: "That round is not open." },
  NONCE_MISMATCH: { status: "FAILED_PRECONDITION", told: "The update does not answer the task of this attempt." },
  NOT_IN_COHORT: { status: "PERMISSION_DENIED", told: "This client was not asked in this round." },
  BASE_MODEL_MISMATCH: { status: "FAILED_PRECONDITION", told: "The update was trained from another model." },
  PLAN_MISMATCH: { status: "FAILED_PRECONDITION", told: "The update was made under another plan." },
  SCHEMA_MISMATCH: { status: "INVALID_ARGUMENT", told: "The update's tensors are not those of the model." },
  UPDATE_CONFLICT: { status: "ALREADY_EXISTS", told: "Another update of this client stands in this attempt." },
  SIGNATURE_INVALID: { status: "UNAUTHENTICATED", told: "The signature does not match." },
  SEQUENCE_REPLAYED: { status: "FAILED_PRECONDITION", told: "The client sequence number does not advance." },
  CHUNK_INVALID: { status: "INVALID_ARGUMENT", told: "The chunk does not continue the upload." },
  UPLOAD_TOO_SLOW: { status: "DEADLINE_EXCEEDED", told: "The upload fell below the minimum rate." },
  PAYLOAD_LENGTH_MISMATCH: { status: "INVALID_ARGUMENT", told: "The payload's length is not the announced one." },
  PAYLOAD_DIGEST_MISMATCH: { status: "DATA_LOSS", told: "The payload's digest is not the signed one." },
  NOT_FINITE: { status: "INVALID_ARGUMENT", told: "The update holds a value that is not finite." },
  NORM_TOO_LARGE: { status: "INVALID_ARGUMENT", told: "The update's norm is above the plan's bound." },
  NUM_EXAMPLES_INVALID: { status: "INVALID_ARGUMENT", told: "The number of examples is out of range." },
  PRIVACY_CLAIM_INVALID: {
    status: "INVALID_ARGUMENT",
    told: "The update's privacy claim is not the one that its plan asks for.",
  },
  RECEIPT_INVALID: { status: "INVALID_ARGUMENT", told: "The coordinator's receipt does not verify." },
  RECEIPT_UNKNOWN: { status: "NOT_FOUND", told: "No receipt is known for that update." },
  BLOB_UNKNOWN: { status: "NOT_FOUND", told: "No such blob is offered to this client." },

  // jobs and rounds
  PLAN_INVALID: { status: "INVALID_ARGUMENT", told: "The plan is not valid." },
  RULE_UNKNOWN: { status: "INVALID_ARGUMENT", told: "The plan names an unknown rule or pre-aggregator." },
  INFEASIBLE_RULE: {
    status: "FAILED_PRECONDITION",
    told: "The rule cannot hold with so few updates and so many attackers.",
  },
  PRIVACY_UNSUPPORTED: { status: "INVALID_ARGUMENT", told: "No honest guarantee is known for that privacy setting." },
  PRIVACY_BUDGET_SPENT: { status: "FAILED_PRECONDITION", told: "The next round would exceed the privacy budget." },
  TOO_FEW_UPDATES: { status: "FAILED_PRECONDITION", told: "Too few updates for the rule." },
  TOO_FEW_CLIENTS: { status: "FAILED_PRECONDITION", told: "Too few clients are enrolled for the plan." },
  ROUND_UNKNOWN: { status: "NOT_FOUND", told: "That round has not been closed." },
  MODEL_UNKNOWN: { status: "NOT_FOUND", told: "No such model version." },

  // this machine
  CONFIG_INVALID: { status: "INVALID_ARGUMENT", told: "The configuration is not valid." },
  FILE_MISSING: { status: "NOT_FOUND", told: "A file is missing." },
  DATA_FILE_INVALID: { status: "INVALID_ARGUMENT", told: "A data file is truncated or of another format." },
  TENSOR_FILE_INVALID: { status: "INVALID_ARGUMENT", told: "A tensor file is not valid." },
  MODEL_FILE_INVALID: {
    status: "INVALID_ARGUMENT",
    told: "The model file is not a usable TensorFlow.js Layers model.",
  },
  KEY_FILE_UNSAFE: { status: "FAILED_PRECONDITION", told: "A key file is missing, malformed or readable by others." },
  POLICY_REFUSED: { status: "FAILED_PRECONDITION", told: "This site's policy does not allow the task." },
  TASK_INVALID: { status: "INVALID_ARGUMENT", told: "The coordinator's task does not verify." },
  LOG_FORKED: {
    status: "DATA_LOSS",
    told: "The coordinator's log does not continue the one this client has seen.",
  },
  PRIVACY_UNDERSTATED: {
    status: "DATA_LOSS",
    told: "What the coordinator said of this client's privacy is less than its log comes to.",
  },
  TRAINER_FAILED: { status: "ABORTED", told: "Local training failed." },
  AGGREGATION_FAILED: { status: "INTERNAL", told: "The updates could not be aggregated." },
  EVALUATION_FAILED: { status: "INTERNAL", told: "The global model could not be evaluated." },
  BACKEND_UNAVAILABLE: { status: "UNAVAILABLE", told: "No TensorFlow.js backend could be started." },
  SQLITE_UNAVAILABLE: { status: "UNAVAILABLE", told: "No SQLite is available to the coordinator." },
  FOLDER_LOCKED: { status: "FAILED_PRECONDITION", told: "Another process uses this folder." },
  FOLDER_NOT_INITIALIZED: { status: "FAILED_PRECONDITION", told: "The folder holds no coordinator; run init first." },
  JOURNAL_CORRUPT: { status: "DATA_LOSS", told: "The journal's chain does not verify." },
  STORAGE_FAILED: { status: "UNAVAILABLE", told: "The coordinator could not store the data." },
  DISK_FULL: { status: "RESOURCE_EXHAUSTED", told: "The coordinator's disk is full; the update was not taken." },
  PANEL_TOO_LARGE: { status: "RESOURCE_EXHAUSTED", told: "The updates do not fit the memory of the kernels." },
  PORT_IN_USE: { status: "UNAVAILABLE", told: "The port is in use." },
  PROCESS_FAILED: { status: "ABORTED", told: "A process of the demo could not be started or ended by itself." },
  REPORT_UNVERIFIED: { status: "DATA_LOSS", told: "The report does not come out of its scenario." },
  PLAINTEXT_REFUSED: {
    status: "FAILED_PRECONDITION",
    told: "Plaintext is allowed on loopback only, unless forced by name.",
  },
  WINDOW_CONTROL_UNAVAILABLE: { status: "UNAVAILABLE", told: "This grpc-js version hides its HTTP/2 sessions." },
  COORDINATOR_UNREACHABLE: { status: "UNAVAILABLE", told: "The coordinator cannot be reached." },
  SHUTTING_DOWN: { status: "UNAVAILABLE", told: "The coordinator is shutting down." },
  INTERNAL: { status: "INTERNAL", told: "An internal error; the coordinator's log has the details." },
} as const satisfies Record<string, { status: GrpcStatusName; told: string }>;

/** The gRPC status names of grpc.io's status codes page that the catalogue uses. */
export type GrpcStatusName =
  | "ABORTED"
  | "ALREADY_EXISTS"
  | "DATA_LOSS"
  | "DEADLINE_EXCEEDED"
  | "FAILED_PRECONDITION"
  | "INTERNAL"
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE";

export type ErrorCode = keyof typeof ERROR_CATALOG;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, text);
}

/** `message` is for our own log and may name clients; only the catalogue's `told` leaves the process. */
export class FederationError extends Error {
  override readonly name = "FederationError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A refusal is a value, not an exception: it is expected, counted and shown. `detail` stays in our log. */
export interface Refusal {
  readonly refused: ErrorCode;
  readonly detail: string;
}

export function refuse(code: ErrorCode, detail: string): Refusal {
  return { refused: code, detail };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refused" in value;
}
