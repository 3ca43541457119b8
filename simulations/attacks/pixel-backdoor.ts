import type { AttackKnowing } from "./attack.ts";
import { type Backdoor, backdoored } from "./backdoor.ts";
import { CORNER } from "./trigger.ts";

/** PixelBackdoor (Gu et al. 2017, BadNets): honest training on data of which a share bears a trigger and its label. */
export function pixelBackdoor(backdoor: Backdoor): AttackKnowing<"data"> {
  return { knows: "data", dataset: (honest) => backdoored(honest, CORNER, backdoor) };
}
