import type { AttackKnowing } from "./attack.ts";
import type { Backdoor } from "./backdoor.ts";
import { type Crew, replacementFactor, scaled } from "./boost.ts";
import { crafting } from "./crafting.ts";
import { pixelBackdoor } from "./pixel-backdoor.ts";

/**
 * ModelReplacement (Bagdasaryan et al. 2020, "How to Backdoor Federated Learning", section 4.2): gamma times the delta
 * of a model X trained with a backdoor, so that after an average the global model is X.
 *
 * @param gamma `auto` is n / eta shared among the attackers: n deltas are averaged and the server steps by eta
 */
export function modelReplacement(
  settings: Backdoor & Crew & { readonly gamma: number | "auto" },
): AttackKnowing<"data"> {
  return {
    ...pixelBackdoor(settings),
    trainer: (honest) =>
      crafting(honest, ({ delta }, task) =>
        scaled(delta, settings.gamma === "auto" ? replacementFactor(task, settings) : settings.gamma),
      ),
  };
}
