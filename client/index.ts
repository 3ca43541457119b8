/**
 * The client's front door: what the command line and the attack lab are built from. Attacks decorate a Dataset, a
 * Trainer or a Transport; nothing in here knows of them.
 */
export { enrollHome } from "./enroll.ts";
export { makeKey } from "./keys.ts";
export { type ParticipantParts, participant } from "./participant.ts";
export { OPEN_POLICY } from "./policy.ts";
export { openParts } from "./run.ts";
export { tfjsTrainer } from "./training/tfjs-trainer.ts";
export type { Trainer, TrainingTask } from "./training/trainer.ts";
export type { Session, Transport } from "./transport.ts";
