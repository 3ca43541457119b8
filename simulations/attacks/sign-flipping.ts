import { crafting, type TrainerAttack } from "./attack.ts";

/**
 * SignFlipping: the attacker's own delta, turned round and scaled. `scale` 1 is the plain form; 4 lets three
 * attackers of ten outweigh the honest mean.
 */
export function signFlipping({ scale }: { readonly scale: number }): TrainerAttack<"data"> {
  return {
    decorates: "trainer",
    knows: "data",
    decorate: (honest) => crafting(honest, ({ delta }) => flippedSigns(delta, scale)),
  };
}

/** @returns -scale * delta */
export function flippedSigns(delta: Float32Array, scale: number): Float32Array {
  return delta.map((value) => -scale * value);
}
