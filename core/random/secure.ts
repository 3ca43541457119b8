import { randomBytes } from "node:crypto";
import { DOUBLE_BYTES, doubleOf } from "./double.ts";
import type { Random } from "./random.ts";

/** The operating system's generator: for keys, nonces, tokens and everything else that must not be guessed. */
export const secureRandom: Random = {
  bytes: (length) => randomBytes(length),
  uniform: () => doubleOf(randomBytes(DOUBLE_BYTES), 0),
};
