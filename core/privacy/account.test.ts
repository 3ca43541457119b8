import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Account,
  boundUnder,
  type Claim,
  chargesUnder,
  type Entry,
  NOTHING_CHARGED,
  withEntry,
} from "./account.ts";
import { boundOf } from "./accountants/accountant.ts";
import type { Adjacency, Mechanism, Sampling } from "./accountants/mechanism.ts";

const gaussian = (
  noiseMultiplier: number,
  adjacency: Adjacency = "zero-out",
  sampling: Sampling = "full",
): Mechanism => {
  return { mechanism: "gaussian", noiseMultiplier, adjacency, sampling };
};
const tree = (adjacency: Adjacency): Mechanism => {
  return { mechanism: "tree", noiseMultiplier: 4, adjacency, numLeaves: 8, minSeparation: 0, maxParticipations: 2 };
};
const entry = (mechanism: Mechanism, changes: Partial<Entry> = {}): Entry => {
  return { jobId: "a", unit: "client", mechanism, times: 1, ...changes };
};
const account = (...entries: Entry[]): Account => entries.reduce(withEntry, NOTHING_CHARGED);
const zeroOut: Claim = { unit: "client", adjacency: "zero-out", delta: 1e-5 };
const replaceOne: Claim = { ...zeroOut, adjacency: "replace-one" };
const ofExamples: Claim = { ...zeroOut, unit: "example" };
const poisson = { poisson: { rate: 0.1 } };
const capped = { poisson: { rate: 0.1, cap: 20, population: 100 } };
const sized = { poisson: { rate: 0.1, cap: 20, population: 100, sizePublished: true } } as const;
const fixed = { fixed: { cohort: 10, population: 100 } };

describe("an account", () => {
  test("counts like charges of a job, whatever the order of their keys, and keeps jobs and units apart", () => {
    const { mechanism, noiseMultiplier, adjacency, sampling } = gaussian(2) as Extract<
      Mechanism,
      { sampling: Sampling }
    >;
    const turned = { sampling, adjacency, noiseMultiplier, mechanism };
    const paid = account(entry(gaussian(2)), entry(turned), entry(gaussian(2), { jobId: "b" }), entry(gaussian(3)));
    expect(paid.map((it) => [it.jobId, it.times])).toEqual([
      ["a", 2],
      ["b", 1],
      ["a", 1],
    ]);
    expect(account(entry(gaussian(2)), entry(gaussian(2), { unit: "example" }))).toHaveLength(2);
  });

  test("is the same account after nothing", () => {
    expect(withEntry(NOTHING_CHARGED, entry(gaussian(2), { times: 0 }))).toBe(NOTHING_CHARGED);
  });

  test("costs what its charges cost together, of whichever jobs", () => {
    const paid = account(entry(gaussian(2)), entry(gaussian(2), { jobId: "b", times: 3 }), entry(gaussian(5)));
    const charges = [
      { mechanism: gaussian(2), times: 4 },
      { mechanism: gaussian(5), times: 1 },
    ];
    expect(chargesUnder(paid, zeroOut)).toEqual(charges);
    expect(boundUnder(paid, zeroOut)).toEqual(boundOf(charges, 1e-5));
    expect(boundUnder(NOTHING_CHARGED, zeroOut).epsilon).toBe(0);
  });
});

describe("a charge of the other adjacency", () => {
  const only = (mechanism: Mechanism, claim: Claim) => chargesUnder(account(entry(mechanism)), claim)[0]?.mechanism;

  test("counts half the multiplier where a client may be replaced", () => {
    expect(only(gaussian(2), replaceOne)).toEqual(gaussian(1, "replace-one"));
    expect(only(gaussian(2, "zero-out", poisson), replaceOne)).toEqual(gaussian(1, "replace-one", poisson));
    expect(only(gaussian(2, "zero-out", sized), replaceOne)).toEqual(gaussian(1, "replace-one", sized));
    expect(only(tree("zero-out"), replaceOne)).toEqual({ ...tree("replace-one"), noiseMultiplier: 2 });
  });

  test("holds as it is the other way round, a vanished client being a replaced one", () => {
    expect(only(gaussian(2, "replace-one"), zeroOut)).toEqual(gaussian(2));
    expect(only(tree("replace-one"), zeroOut)).toEqual(tree("zero-out"));
  });

  test("is not amplified where no theorem says so", () => {
    expect(only(gaussian(2, "zero-out", capped), replaceOne)).toEqual(gaussian(1, "replace-one"));
    expect(only(gaussian(2, "replace-one", fixed), zeroOut)).toEqual(gaussian(2));
  });

  test.each([fixed, poisson] as Sampling[])("never costs less than in its own terms: %o", (sampling) => {
    const own = fixed === sampling ? replaceOne : zeroOut;
    const paid = account(entry(gaussian(1, own.adjacency, sampling), { times: 20 }));
    const [inOwn, inOther] = [own, own === zeroOut ? replaceOne : zeroOut].map((it) => boundUnder(paid, it).epsilon);
    expect(inOther).toBeGreaterThan(inOwn as number);
  });
});

describe("units", () => {
  test("what protects examples says nothing of clients, and is left out of theirs", () => {
    expect(chargesUnder(account(entry(gaussian(2), { unit: "example" })), zeroOut)).toEqual([]);
  });

  test("what protects clients protects their examples, stated for replacing one and without amplification", () => {
    expect(chargesUnder(account(entry(gaussian(2, "zero-out", poisson))), ofExamples)).toEqual([
      { mechanism: gaussian(1), times: 1 },
    ]);
    expect(chargesUnder(account(entry(gaussian(2, "replace-one"))), ofExamples)).toEqual([
      { mechanism: gaussian(2), times: 1 },
    ]);
  });
});

describe("charges that no accountant knows together", () => {
  test("count without amplification, an upper bound of what either would say", () => {
    const paid = account(entry(gaussian(2, "zero-out", capped)), entry(tree("zero-out")));
    const bound = boundUnder(paid, { ...zeroOut, accountant: "best" });
    const plain = [gaussian(2), tree("zero-out")].map((mechanism) => ({ mechanism, times: 1 }));
    expect(bound).toEqual(boundOf(plain, 1e-5, "rdp"));
    const parts = paid.map((it) => boundUnder([it], zeroOut).epsilon);
    expect(bound.epsilon).toBeGreaterThan(Math.max(...parts));
  });

  test("an accountant that does not know the plan's own mechanism is no way to print a smaller epsilon", () => {
    const paid = account(entry(gaussian(2, "replace-one", fixed)));
    expect(boundUnder(paid, { ...replaceOne, accountant: "pld" }).epsilon).toBeGreaterThanOrEqual(
      boundUnder(paid, { ...replaceOne, accountant: "rdp" }).epsilon,
    );
  });
});

test("one more charge never costs less, under any claim", () => {
  const samplings = fc.constantFrom<Sampling>("full", poisson, fixed);
  const mechanisms = fc
    .tuple(
      fc.double({ min: 0.7, max: 8, noNaN: true }),
      fc.constantFrom<Adjacency>("zero-out", "replace-one"),
      samplings,
    )
    .map(([z, adjacency, sampling]) => gaussian(z, adjacency, sampling))
    .map((it) =>
      it.mechanism === "gaussian" && it.sampling === fixed ? { ...it, adjacency: "replace-one" as const } : it,
    );
  const entries = fc.record({
    jobId: fc.constantFrom("a", "b"),
    unit: fc.constantFrom("client", "example"),
    mechanism: mechanisms,
  });
  const claims = fc.constantFrom(zeroOut, replaceOne, ofExamples);
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 3 }), claims, (charged, claim) => {
      // divergences alone: a thousand distributions would take minutes
      const rdp = { ...claim, accountant: "rdp" as const };
      const all = charged.map((it) => ({ ...it, times: 2 }) as Entry);
      const [before, after] = [account(...all.slice(1)), account(...all.slice(1), all[0] as Entry)];
      expect(boundUnder(after, rdp).epsilon).toBeGreaterThanOrEqual(boundUnder(before, rdp).epsilon * (1 - 1e-9));
    }),
    { numRuns: 60 },
  );
});
