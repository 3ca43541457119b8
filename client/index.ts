/**
 * The client's front door: what the command line and the attack lab are built from. Attacks decorate a Dataset, a
 * Trainer or a Transport; nothing in here knows of them.
 */
export { type EnrollOptions, enrollHome } from "./enroll.ts";
export { makeKey } from "./keys.ts";
export { type Participant, type ParticipantParts, participant } from "./participant.ts";
export { OPEN_POLICY, type Policy } from "./policy.ts";
export type { ClientProfile } from "./profile.ts";
export { openParts, openTrainer, type PartsOptions, type Training } from "./run.ts";
export { tfjsTrainer } from "./training/tfjs-trainer.ts";
export type { Trainer, TrainingTask } from "./training/trainer.ts";
export type { ControlMessage, Session, TaskKey, Transport } from "./transport.ts";
