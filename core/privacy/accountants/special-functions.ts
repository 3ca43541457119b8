/** ln(exp(a) + exp(b)), without leaving the range of a double. */
export function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  if (!Number.isFinite(high)) return high;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** ln(exp(x) - 1) for x > 0. */
export function logExpm1(x: number): number {
  return x > 1 ? x + Math.log1p(-Math.exp(-x)) : Math.log(Math.expm1(x));
}

/** The complementary error function, to a relative error of about 1e-14 where the result is a normal number. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x > NOTHING_FROM) return 0;
  return x < FRACTION_FROM ? 1 - erfSeries(x) : Math.exp(-x * x) * scaledErfc(x);
}

/** ln(erfc(x)), also where erfc(x) itself would be 0. */
export function logErfc(x: number): number {
  return x < FRACTION_FROM ? Math.log(erfc(x)) : Math.log(scaledErfc(x)) - x * x;
}

/** The probability that a standard normal is at most x. */
export function normalCdf(x: number): number {
  return erfc(-x * Math.SQRT1_2) / 2;
}

/** Its logarithm, also where the probability itself would be 0. */
export function logNormalCdf(x: number): number {
  return logErfc(-x * Math.SQRT1_2) - Math.LN2;
}

/** From here on e^(-x^2) is less than the least double. */
const NOTHING_FROM = 27.3;
/** From here on the continued fraction takes over: below, 1 - erf(x) still keeps 13 digits. */
const FRACTION_FROM = 1.5;

/** erf(x) = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6): no term cancels another. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** exp(x^2) erfc(x) by its continued fraction (Abramowitz and Stegun 7.1.14), evaluated from behind. */
function scaledErfc(x: number): number {
  let fraction = x;
  for (let n = Math.ceil(30 + 250 / (x * x)); n > 0; n--) fraction = x + n / 2 / fraction;
  return 1 / (Math.sqrt(Math.PI) * fraction);
}
