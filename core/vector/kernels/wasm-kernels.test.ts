import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FederationError } from "../../errors.ts";
import { seededRandom } from "../../random/seeded.ts";
import type { ColumnKernel, Panel, PanelSize } from "./kernels.ts";
import { BLOCK_LENGTH, TILE_LENGTH } from "./layout.ts";
import { plainKernels } from "./plain-kernels.ts";
import { wasmKernels } from "./wasm-kernels.ts";

const kernels = wasmKernels();
const PATHS = ["fast", "exact"] as const;

/** What rows are made of: everyday values, and all that rounding, ties and overflow can go wrong with. */
const VALUES = {
  everyday: (u: number) => u - 0.5,
  spread: (u: number) => (u - 0.5) * 10 ** Math.floor(1e6 * u - 6 * Math.floor((1e6 * u) / 6)),
  ties: (u: number) => Math.floor(5 * u) - 2,
  zeros: (u: number) => [0, -0, 1e-45, -1e-45][Math.floor(4 * u)] as number,
  denormals: (u: number) => (u - 0.5) * 1e-38,
  huge: (u: number) => (u - 0.5) * 6.8e38,
  mixture: (u: number) => [0, -0, 1, -1, 1e-40, 3e38, -3e38, 16777216, 1e19, u][Math.floor(10 * u)] as number,
};
type Kind = keyof typeof VALUES;
const KINDS = Object.keys(VALUES) as Kind[];

function draws(seed: number): () => number {
  const random = seededRandom(new Uint8Array(32).fill(seed % 251).fill(seed >> 8, 16));
  let bytes = new Uint32Array(0);
  let used = 0;
  return () => {
    if (used === bytes.length) {
      bytes = new Uint32Array(random.bytes(1 << 14).slice().buffer);
      used = 0;
    }
    return (bytes[used++] as number) / 2 ** 32;
  };
}

interface Case {
  readonly n: number;
  readonly length: number;
  readonly kind: Kind;
  readonly seed: number;
}

const cases = ({ maxRows, maxLength }: { maxRows: number; maxLength: number }) =>
  fc.record({
    n: fc.integer({ min: 1, max: maxRows }),
    length: fc.integer({ min: 1, max: maxLength }),
    kind: fc.constantFrom(...KINDS),
    seed: fc.nat(60_000),
  });

/** The same rows in both kinds of panel: `length` values in the last block, zeros behind them. */
function panelsOf({ n, length, kind, seed }: Case, more: Partial<PanelSize> = {}): [wasm: Panel, plain: Panel] {
  const size = { numRows: n, numBlocks: 2, numMixed: 0, ...more };
  const [wasm, plain] = [kernels.panel(size), plainKernels.panel(size)];
  const draw = draws(seed);
  const start = (size.numBlocks - 1) * BLOCK_LENGTH;
  for (let i = 0; i < n; i++) {
    const row = Float32Array.from({ length }, () => VALUES[kind](draw()));
    wasm.row(i).set(row, start);
    plain.row(i).set(row, start);
  }
  return [wasm, plain];
}

/** Bit for bit; any NaN is as good as another. */
function expectSameBits(actual: Float32Array | Float64Array, expected: Float32Array | Float64Array): void {
  expect(actual.length).toBe(expected.length);
  const differing = actual.findIndex((value, i) => !Object.is(value, expected[i]));
  expect([differing, actual[differing], expected[differing]]).toEqual([-1, undefined, undefined]);
}

function both<Result extends Float32Array | Float64Array>(
  [wasm, plain]: [Panel, Panel],
  work: (panel: Panel) => readonly Result[],
): void {
  const expected = work(plain);
  for (const [k, result] of work(wasm).entries()) expectSameBits(result, expected[k] as Result);
}

const check = (arbitrary: fc.Arbitrary<Case>, numRuns: number, property: (one: Case) => void) =>
  fc.assert(fc.property(arbitrary, property), { numRuns });

describe("the wasm kernels have the bits of the plain ones", () => {
  const few = cases({ maxRows: 14, maxLength: BLOCK_LENGTH });

  test.each(PATHS)("squared distances and inner products, %s", (path) => {
    check(few, 15, (one) => {
      both(panelsOf(one), (panel) => {
        const pairs = [1, 2].map(() => new Float64Array(one.n ** 2).fill(7)) as [Float64Array, Float64Array];
        panel.pairs(BLOCK_LENGTH, one.n, 0, path, { squaredDistances: pairs[0], innerProducts: pairs[1] });
        return pairs;
      });
    });
  });

  test.each(PATHS)("pairs of the later rows alone, of fewer rows than there are, %s", (path) => {
    check(few, 15, (one) => {
      const used = Math.ceil(one.n * 0.8);
      both(panelsOf(one), (panel) => {
        const squaredDistances = new Float64Array(used ** 2).fill(7);
        const squaredNorms = new Float64Array(used).fill(7);
        panel.pairs(BLOCK_LENGTH, used, one.seed % used, path, { squaredDistances, squaredNorms });
        return [squaredDistances, squaredNorms];
      });
    });
  });

  test("more rows than one group of the kernel has", () => {
    const one = { n: 21, length: 5000, kind: "spread", seed: 3 } as const;
    both(panelsOf(one), (panel) =>
      PATHS.map((path) => {
        const squaredDistances = new Float64Array(one.n ** 2);
        panel.pairs(BLOCK_LENGTH, one.n, 0, path, { squaredDistances, squaredNorms: new Float64Array(one.n) });
        return squaredDistances;
      }),
    );
  });

  test.each(PATHS)("squared norms, and they are the diagonal of the inner products, %s", (path) => {
    check(few, 10, (one) => {
      both(panelsOf(one), (panel) => {
        const squaredDistances = new Float64Array(one.n ** 2);
        const squaredNorms = new Float64Array(one.n);
        const innerProducts = new Float64Array(one.n ** 2);
        panel.pairs(BLOCK_LENGTH, one.n, 0, path, { squaredDistances, squaredNorms });
        panel.pairs(BLOCK_LENGTH, one.n, 0, path, { squaredDistances, innerProducts });
        expectSameBits(
          squaredNorms,
          squaredNorms.map((_, i) => innerProducts[i * one.n + i] as number),
        );
        const alone = new Float64Array(one.n);
        panel.squaredNorms(BLOCK_LENGTH, path, alone);
        expectSameBits(alone, squaredNorms);
        return [squaredNorms, squaredDistances];
      });
    });
  });

  test("weighted sums and their norms, rows of coefficient 0 not read", () => {
    check(few, 25, (one) => {
      const draw = draws(one.seed + 1);
      const coefficients = Float64Array.from({ length: one.n }, () => Math.max(0, 3 * draw() - 1));
      const panels = panelsOf(one);
      for (const panel of panels) {
        for (const [i, coefficient] of coefficients.entries()) if (coefficient === 0) panel.row(i).fill(Number.NaN);
      }
      both<Float32Array | Float64Array>(panels, (panel) => {
        const sum = new Float32Array(one.length);
        panel.weightedSum(BLOCK_LENGTH, coefficients, sum);
        return [sum, Float64Array.of(panel.squaredNormOfSum(BLOCK_LENGTH, coefficients))];
      });
    });
  });

  test("mixed rows, which may overflow, and columns of them", () => {
    check(cases({ maxRows: 14, maxLength: 300 }), 20, (one) => {
      const draw = draws(one.seed + 1);
      const numMixed = 1 + (one.seed % 20);
      const mixing = Float64Array.from({ length: numMixed * one.n }, () => Math.max(0, 3 * draw() - 1));
      both(panelsOf(one, { numMixed }), (panel) => {
        panel.mix(BLOCK_LENGTH, one.length, mixing, numMixed, one.n);
        const median = new Float32Array(one.length);
        panel.columns("mixed", numMixed, { kernel: "median" }, median);
        return [median, ...Array.from({ length: numMixed }, (_, i) => panel.mixedRow(i).slice(0, one.length))];
      });
    });
  });

  test("any span, of the rows and of what is mixed from them", () => {
    check(few, 25, (one) => {
      const start = 16 * (one.seed % 1_000);
      const length = 1 + (one.seed % TILE_LENGTH);
      const [whole, part] = [new Float64Array(one.n), new Float64Array(2)];
      const coefficients = whole.map((_, i) => i - 1);
      const mixing = Float64Array.from({ length: 2 * one.n }, (_, k) => k - 1);
      both<Float32Array | Float64Array>(panelsOf(one, { numBlocks: 3, numMixed: 2 }), (panel) => {
        const sum = new Float32Array(length);
        panel.weightedSum(BLOCK_LENGTH + start, coefficients, sum);
        const median = new Float32Array(length);
        panel.columns({ start: BLOCK_LENGTH + start }, one.n, { kernel: "median" }, median, whole);
        panel.mix(BLOCK_LENGTH + start, length, mixing, 2, one.n);
        panel.countSigns("mixed", length, part, part.slice());
        return [sum, median, whole, part, panel.mixedRow(1).slice(0, length)];
      });
    });
  });

  test("inner products with a vector, signs and finiteness", () => {
    check(few, 15, (one) => {
      const panels = panelsOf(one);
      const vector = panels[1]
        .row(0)
        .slice(BLOCK_LENGTH, BLOCK_LENGTH + one.length)
        .reverse();
      both(panels, (panel) => {
        const products = new Float64Array(one.n);
        panel.innerProductsWith(BLOCK_LENGTH, vector, products);
        const [positive, negative] = [new Float64Array(one.n).fill(3), new Float64Array(one.n)];
        panel.countSigns({ start: BLOCK_LENGTH }, one.length, positive, negative);
        return [products, positive, negative];
      });
      for (const panel of panels) {
        const { n, length } = one;
        expect(panel.isFinite(0, BLOCK_LENGTH + length, n)).toBe(true);
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          panel.row(n - 1)[BLOCK_LENGTH + length - 1] = value;
          expect(panel.isFinite(BLOCK_LENGTH, length, n)).toBe(false);
          expect(panel.isFinite(0, BLOCK_LENGTH, n) && panel.isFinite(BLOCK_LENGTH, length, n - 1)).toBe(true);
        }
      }
    });
  });

  describe("columns, and what lies outside", () => {
    const many = cases({ maxRows: 130, maxLength: 50 });
    const weightsOf = (n: number, draw: () => number, equal: boolean) =>
      Float64Array.from({ length: n }, (_, i) =>
        i === 0 || equal ? 1 : Math.floor(4 * draw()) / (draw() < 0.5 ? 3 : 1),
      );
    const kernelOf: Record<ColumnKernel["kernel"], (n: number, draw: () => number) => ColumnKernel> = {
      median: () => ({ kernel: "median" }),
      trimmedMean: (n, draw) => ({ kernel: "trimmedMean", trim: trimOf(n, draw) }),
      meanAroundMedian: (n, draw) => ({ kernel: "meanAroundMedian", keep: n - trimOf(n, draw) }),
      meanAroundTrimmedMean: (n, draw) => {
        const trim = trimOf(n, draw);
        return { kernel: "meanAroundTrimmedMean", trim, keep: n - trim };
      },
      weightedMedian: (n, draw) => ({ kernel: "weightedMedian", weights: weightsOf(n, draw, draw() < 0.3) }),
      weightedTrimmedMean: (n, draw) => {
        const weights = weightsOf(n, draw, draw() < 0.3);
        const total = weights.reduce((sum, weight) => sum + weight);
        return { kernel: "weightedTrimmedMean", weights, trimWeight: 0.49 * draw() * total };
      },
    };

    test.each(Object.keys(kernelOf) as ColumnKernel["kernel"][])("%s", (name) => {
      check(many, 30, (one) => {
        const kernel = kernelOf[name](one.n, draws(one.seed + 1));
        both<Float32Array | Float64Array>(panelsOf(one, { numBlocks: 1 }), (panel) => {
          const values = new Float32Array(one.length);
          const outside = new Float64Array(one.n).fill(2);
          panel.columns({ start: 0 }, one.n, kernel, values, outside);
          const again = new Float32Array(Math.max(1, one.length - 20));
          panel.columns({ start: 0 }, one.n, kernel, again, outside);
          return [values, again, outside];
        });
      });
    });

    test("infinite values, as mixing may make them, are sorted and counted like the others", () => {
      const one = { n: 12, length: 20, kind: "mixture", seed: 5 } as const;
      const panels = panelsOf(one);
      for (const panel of panels) {
        panel.row(3).fill(Number.POSITIVE_INFINITY);
        panel.row(7).fill(Number.NEGATIVE_INFINITY);
        panel.row(8).fill(Number.NEGATIVE_INFINITY);
      }
      for (const make of Object.values(kernelOf)) {
        both<Float32Array | Float64Array>(panels, (panel) => {
          const values = new Float32Array(one.length);
          const outside = new Float64Array(one.n);
          panel.columns({ start: BLOCK_LENGTH }, one.n, make(one.n, draws(9)), values, outside);
          return [values, outside];
        });
      }
    });
  });
});

function trimOf(n: number, draw: () => number): number {
  return Math.floor(draw() * ((n + 1) >> 1));
}

test("the sum of no rows is zero", () => {
  for (const { panel } of [kernels, plainKernels]) {
    const into = Float32Array.of(1, 2, 3);
    panel({ numRows: 0, numBlocks: 1, numMixed: 0 }).weightedSum(0, new Float64Array(0), into);
    expect([...into]).toEqual([0, 0, 0]);
  }
});

test("a panel that does not fit the memory is refused by name", () => {
  const tooLarge = { numRows: 70_000, numBlocks: 1, numMixed: 0 };
  expect(() => kernels.panel(tooLarge)).toThrow(FederationError);
  expect(() => kernels.panel({ numRows: 1, numBlocks: 70_000, numMixed: 0 })).toThrow(/70000 blocks/);
});

test("a panel of more than 2 GiB is addressed to its end", () => {
  const panel = kernels.panel({ numRows: 2, numBlocks: 20_000, numMixed: 1 });
  panel.row(1).fill(3, -5);
  const norms = new Float64Array(2);
  panel.squaredNorms(19_999 * BLOCK_LENGTH, "exact", norms);
  expect([...norms]).toEqual([0, 45]);
  panel.mix(20_000 * BLOCK_LENGTH - TILE_LENGTH, TILE_LENGTH, Float64Array.of(0, 2), 1, 2);
  expect(
    panel
      .mixedRow(0)
      .subarray(-5)
      .every((value) => value === 6),
  ).toBe(true);
});
