/** ln 2 in two parts: the first has zeros at its end, so that k times it is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/**
 * Natural logarithm of a positive finite double, to about 1 ulp. Math.log differs from engine to engine in its last
 * bit; this uses only operations that IEEE 754 rounds correctly, so that every machine gets the same bits.
 *
 * Method and coefficients of fdlibm's e_log.c (Sun Microsystems 1993): x = 2^k (1 + f) with 1 + f in
 * [sqrt(1/2), sqrt(2)); with s = f / (2 + f), ln(1 + f) = 2 artanh(s) = f - f^2/2 + s (f^2/2 + R(s^2)), R a minimax
 * polynomial with error below 2^-58.45.
 * @throws RangeError outside of (0, Infinity)
 */
export function ln(x: number): number {
  if (!(x > 0 && x < Infinity)) throw new RangeError(`ln(${x})`);
  const { k, f } = reduce(x);
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + (even + odd)) + k * LN2_LOW) - f);
}

/** Doubling and halving are exact, below the normal range too. */
function reduce(x: number): { k: number; f: number } {
  let k = 0;
  let m = x;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  for (; m >= Math.SQRT2; k++) m *= 0.5;
  return { k, f: m - 1 };
}
