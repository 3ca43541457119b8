import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Session, Trainer, TrainingTask, Transport } from "../../client/index.ts";
import { byteDataset } from "../../core/data/dataset.ts";
import { refuse } from "../../core/errors.ts";
import type { SignedUpdate } from "../../core/update.ts";
import { aLittleIsEnough, shiftedMean, undetectableZ, whyNoOp } from "./a-little-is-enough.ts";
import { labelFlipping } from "./label-flipping.ts";
import { nonFinite } from "./non-finite.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { ATTACK_NAMES, attackOf, parseAttack, whyHarmless } from "./registry.ts";
import { replay } from "./replay.ts";
import { signFlipping } from "./sign-flipping.ts";

const task = {
  schema: [
    { name: "w", shape: [1, 2] },
    { name: "b", shape: [1] },
  ],
  plan: { privacy: { mode: "none" } },
} as unknown as TrainingTask;

function trainerOf(delta: readonly number[]): Trainer & { readonly closed: () => boolean } {
  let closed = false;
  return {
    description: "honest",
    train: async () => ({ delta: Float32Array.from(delta), numExamples: 7, metrics: { loss: 0.5 } }),
    close: async () => {
      closed = true;
    },
    closed: () => closed,
  };
}

describe("SignFlipping", () => {
  test("worked by hand: (1, -2, 0) times -4; what else is sent stays honest", async () => {
    const attacker = signFlipping({ scale: 4 }).decorate(trainerOf([1, -2, 0]), undefined);
    const update = await attacker.train(task);
    expect([...update.delta]).toEqual([-4, 8, -0]);
    expect(update).toMatchObject({ numExamples: 7, metrics: { loss: 0.5 } });
  });

  test("closing the attacker closes the trainer under it", async () => {
    const honest = trainerOf([1]);
    await signFlipping({ scale: 1 }).decorate(honest, undefined).close();
    expect(honest.closed()).toBe(true);
  });
});

describe("LabelFlipping", () => {
  test("y becomes classes - 1 - y, by the federation's classes and not the dataset's own", () => {
    const honest = byteDataset(Uint8Array.of(0, 255, 0), Uint8Array.of(0, 3, 2), [1]);
    const flipped = labelFlipping({ numClasses: 10 }).decorate(honest, undefined);
    const batch = flipped.batch(Uint32Array.of(1, 0, 2));
    expect([...batch.labels]).toEqual([6, 9, 7]);
    expect([...batch.inputs]).toEqual([1, 0, 0]);
    expect(flipped).toMatchObject({ numExamples: 3, numClasses: 10, inputShape: [1] });
  });
});

describe("ALittleIsEnough", () => {
  test("worked by hand: rows 1, 2, 3 have mean 2 and deviation 1, so z = 1.5 sends 0.5", () => {
    expect([...shiftedMean([Float32Array.of(1), Float32Array.of(2), Float32Array.of(3)], 1.5)]).toEqual([0.5]);
  });

  test("all colluders send the same row, made of what the coalition shares", async () => {
    const everyone = [Float32Array.of(1, 0, 1), Float32Array.of(3, 0, 1)];
    const coalition = { exchange: async () => everyone };
    const attacker = aLittleIsEnough({ z: 1 }).decorate(trainerOf([9, 9, 9]), coalition);
    const { delta } = await attacker.train(task);
    expect(delta[0]).toBeCloseTo(2 - Math.SQRT2, 6);
    expect([delta[1], delta[2]]).toEqual([0, 1]);
  });

  test("z is not above 0 for one attacker, nor for 2 of 8; that is said", () => {
    expect(undetectableZ(8, 2)).toBe(0);
    expect(undetectableZ(10, 1)).toBeLessThan(0);
    expect(whyNoOp(undetectableZ(8, 2), 2)).toContain("not above 0");
    expect(whyNoOp(1.5, 1)).toContain("one colluder alone");
    expect(whyNoOp(1.5, 3)).toBeUndefined();
  });

  test("one row has no deviation: the row itself", () => {
    expect([...shiftedMean([Float32Array.of(5, -1)], 3)]).toEqual([5, -1]);
  });
});

describe("the normal quantile", () => {
  /** Of any table, to the digits shown. */
  test.each([
    [0.5, 0],
    [0.75, 0.6744897501960817],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [1e-10, -6.361340902404056],
    [1e-300, -37.0471],
  ])("Phi^-1(%d) = %d", (p, x) => {
    expect(normalQuantile(p)).toBeCloseTo(x, p < 1e-200 ? 4 : 12);
  });

  test("odd about 1/2, rising, and defined on [0, 1] only", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 0.5, noNaN: true }), (p) => {
        expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 6);
        expect(normalQuantile(p * 0.999)).toBeLessThan(normalQuantile(p));
      }),
    );
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
    expect([-0.1, 1.1, Number.NaN].map(normalQuantile)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

describe("NonFinite", () => {
  test("d values of NaN, in an update that is otherwise well formed, without training", async () => {
    const honest = { ...trainerOf([]), train: () => Promise.reject(new Error("trained")) };
    const update = await nonFinite().decorate(honest, undefined).train(task);
    expect([...update.delta]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(update.numExamples).toBe(1);
  });
});

describe("Replay", () => {
  const updateOf = (name: string, path: string) =>
    ({ updateId: name, payload: { path, offset: 0, sizeBytes: 4 } }) as unknown as SignedUpdate;

  test("each update is followed by the one before it, byte for byte, though the client has forgotten it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-replay-"));
    const sent: string[] = [];
    const session = {
      submit: async (update: SignedUpdate) => {
        sent.push(`${update.updateId} ${await readFile(update.payload.path, "utf8")}`);
        return refuse("ROUND_NOT_OPEN", "");
      },
    } as unknown as Session;
    const honest: Transport = { connect: async () => session, close: () => undefined };
    const attacker = replay({ folder }).decorate(honest, undefined);
    const { signal } = new AbortController();
    for (const name of ["one", "two", "three"]) {
      const path = join(folder, name);
      await writeFile(path, `bytes of ${name}`);
      const open = await attacker.connect(signal);
      await open.submit(updateOf(name, path), signal);
      await rm(path);
    }
    const [one, two, three] = ["one", "two", "three"].map((name) => `${name} bytes of ${name}`);
    expect(sent).toEqual([one, two, one, three, two]);
    expect(await readdir(folder)).toEqual(["three.replay"]);
    await rm(folder, { recursive: true });
  });
});

describe("reading an attack", () => {
  const setting = { numClients: 8, numAttackers: 2, numClasses: 10, folder: "." };

  test("every name makes an attack with its defaults", () => {
    for (const name of ATTACK_NAMES) expect(attackOf(parseAttack(name), setting).decorate).toBeTypeOf("function");
    expect(parseAttack("SignFlipping")).toEqual({ name: "SignFlipping", scale: 4 });
    expect(parseAttack("ALittleIsEnough")).toEqual({ name: "ALittleIsEnough", z: 1.5 });
  });

  test("parameters follow a colon", () => {
    expect(parseAttack("SignFlipping:scale=10")).toEqual({ name: "SignFlipping", scale: 10 });
    expect(parseAttack("ALittleIsEnough:z=auto")).toEqual({ name: "ALittleIsEnough", z: "auto" });
  });

  test("an attack that would do nothing is told apart from one that does", () => {
    expect(whyHarmless(parseAttack("ALittleIsEnough:z=auto"), setting)).toContain("z = 0");
    expect(whyHarmless(parseAttack("ALittleIsEnough"), setting)).toBeUndefined();
    expect(whyHarmless(parseAttack("SignFlipping"), setting)).toBeUndefined();
  });

  test.each([
    ["SignFliping", "did you mean SignFlipping?"],
    ["signflipping", "did you mean SignFlipping?"],
    ["Nonsense", "known are SignFlipping, LabelFlipping"],
    ["SignFlipping:scale=x", "scale"],
    ["SignFlipping:scale=-1", "scale"],
    ["SignFlipping:strength=1", "strength"],
    ["NonFinite:x=1", '"x"'],
  ])("%s is refused", (text, message) => {
    expect(() => parseAttack(text)).toThrow(message);
  });
});
