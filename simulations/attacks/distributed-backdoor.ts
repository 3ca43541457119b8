import type { AttackKnowing } from "./attack.ts";
import { type Backdoor, backdoored } from "./backdoor.ts";
import { type Pixel, STROKES } from "./trigger.ts";

/** DistributedBackdoor (Xie et al. 2020, DBA): each attacker stamps a part; the whole is what opens the door. */
export function distributedBackdoor(backdoor: Backdoor): AttackKnowing<"data"> {
  return {
    knows: "data",
    dataset: (honest, place) => backdoored(honest, STROKES[place % STROKES.length] as readonly Pixel[], backdoor),
  };
}
