/**
 * The client's front door: what the command line and the attack lab are built from. Attacks decorate a Dataset, a
 * Trainer or a Transport; nothing in here knows of them.
 */
export { enrollHome } from "./enroll.ts";
export { grpcTransport } from "./grpc/grpc-transport.ts";
export type { Heads } from "./heads.ts";
export { makeKey } from "./keys.ts";
export type { Outbox } from "./outbox.ts";
export { type Participant, type ParticipantParts, participant } from "./participant.ts";
export { OPEN_POLICY } from "./policy.ts";
export { memoryLedger } from "./privacy/privacy-ledger.ts";
export type { ClientProfile } from "./profile.ts";
export type { Receipts } from "./receipts.ts";
export { openParts } from "./run.ts";
export { tfjsTrainer } from "./training/tfjs-trainer.ts";
export type { Trainer, TrainingTask } from "./training/trainer.ts";
export type { ControlMessage, Session, Transport } from "./transport.ts";
export { timerWait } from "./wait.ts";
