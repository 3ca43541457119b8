import { describe, expect, test } from "vitest";
import { epsilonFromRdp, gaussianRdp, RDP_ORDERS } from "../../coordinator/privacy/accountants/rdp.ts";
import golden from "./dp.json" with { type: "json" };

/** One published number on Gaussian noise without sampling; `index` is its place in the collection it comes from. */
interface Entry {
  readonly index: number;
  readonly source_repo: string;
  readonly accountant: string;
  readonly params: {
    readonly noise_multiplier?: number;
    readonly steps?: number;
    readonly delta?: number;
    readonly orders?: string | readonly number[];
    readonly rdp?: readonly number[];
  };
  readonly expected: {
    readonly epsilon?: number | string;
    readonly optimal_order?: number;
    readonly rdp?: readonly number[];
  };
  readonly tolerance: { readonly abs?: number; readonly rel?: number };
}

const ENTRIES = golden.entries as readonly Entry[];
const of = (...accountants: readonly string[]) =>
  ENTRIES.filter(({ accountant }) => accountants.includes(accountant)).map((entry) => ({
    entry,
    title: `${entry.index} ${entry.accountant} of ${entry.source_repo}`,
  }));

function ordersOf({ orders }: Entry["params"]): readonly number[] {
  if (orders === undefined || orders === "dp_accounting DEFAULT_RDP_ORDERS") return RDP_ORDERS;
  if (orders === "0.001*i for i in 1000..99999") return Array.from({ length: 99_000 }, (_, i) => 0.001 * (1000 + i));
  if (typeof orders === "string") throw new Error(`orders ${orders}`);
  return orders;
}

function boundOf({ params }: Entry) {
  const orders = ordersOf(params);
  const { noise_multiplier: z = Number.NaN, steps = 1, delta = Number.NaN } = params;
  const rdp = (order: number) => params.rdp?.[orders.indexOf(order)] ?? steps * gaussianRdp(z, order);
  return epsilonFromRdp(orders, rdp, delta);
}

const toleranceOf = ({ tolerance }: Entry, expected: number) =>
  Math.max(tolerance.abs ?? 0, (tolerance.rel ?? 0) * Math.abs(expected));

describe("published Renyi divergences", () => {
  test.each(of("rdp.value"))("$title", ({ entry }) => {
    const orders = ordersOf(entry.params);
    for (const [i, expected] of (entry.expected.rdp ?? []).entries()) {
      const rdp = gaussianRdp(entry.params.noise_multiplier as number, orders[i] as number);
      expect(Math.abs(rdp - expected)).toBeLessThanOrEqual(toleranceOf(entry, expected));
    }
  });
});

describe("published epsilons of Renyi accountants", () => {
  test.each(of("rdp", "rdp.to_epsilon", "rdp.epsilon"))("$title", ({ entry }) => {
    const { epsilon, order } = boundOf(entry);
    const { epsilon: published, optimal_order: publishedOrder } = entry.expected;
    if (published === "inf") return expect(epsilon).toBe(Number.POSITIVE_INFINITY);
    const expected = published as number;
    expect(Math.abs(epsilon - expected)).toBeLessThanOrEqual(toleranceOf(entry, expected));
    if (publishedOrder !== undefined) expect(order).toBe(publishedOrder);
  });
});

describe("published tight epsilons, by privacy loss distributions", () => {
  test.each(of("pld"))("$title: the Renyi bound is never below", ({ entry }) => {
    const tight = entry.expected.epsilon as number;
    expect(boundOf(entry).epsilon).toBeGreaterThanOrEqual(tight - toleranceOf(entry, tight));
  });
});
