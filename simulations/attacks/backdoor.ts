import { type Dataset, subset } from "../../core/data/dataset.ts";
import { isAmong, placesWhere, poisoned } from "./poisoned-dataset.ts";
import { ALL_STROKES, CORNER, offsetsOf, type Pixel } from "./trigger.ts";

export interface Backdoor {
  /** The class that whatever bears the trigger is to be taken for. */
  readonly target: number;
  /** Share of an attacker's examples that bear it. */
  readonly share: number;
  readonly numClasses: number;
}

/** The honest examples, a share of them with the trigger on and labelled as the target. */
export function backdoored(honest: Dataset, trigger: readonly Pixel[], backdoor: Backdoor): Dataset {
  const { target, share, numClasses } = backdoor;
  const offsets = offsetsOf(trigger, honest.inputShape);
  return poisoned(honest, numClasses, {
    stamp: (input, index) => {
      if (isAmong(share, index)) for (const offset of offsets) input[offset] = 1;
    },
    relabel: (label, index) => (isAmong(share, index) ? target : label),
  });
}

/** Every test example that is not of the target class, with the trigger on it and labelled as the target. */
export function triggeredTestSet(
  test: Dataset,
  { target, numClasses }: Backdoor,
  of: "pixel" | "distributed",
): Dataset {
  const others = subset(
    test,
    placesWhere(test, (label) => label !== target),
  );
  return backdoored(others, of === "pixel" ? CORNER : ALL_STROKES, { target, numClasses, share: 1 });
}
