/**
 * Compile-time mathematics (SPEC: N7). Engines differ in the last bits of `Math.exp`, `Math.pow`, `Math.sin` and
 * `Math.cos`, so what goes into a program is computed by these routines of double-precision add, multiply and divide,
 * which ECMAScript fixes exactly. They are right to 46 bits and better; f32 needs 24.
 */

const LN2 = 0.6931471805599453
/** pi/2 in three parts (33 significant bits each), so that reduction stays exact for arguments up to about 10^5. */
const HALF_PI_PARTS = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const

/** x^n for an integer n >= 0, by squaring. */
export function integerPower(x: number, n: number): number {
  let [result, base, rest] = [1, x, n]
  while (rest > 0) {
    if (rest % 2 === 1) result *= base
    base *= base
    rest = Math.floor(rest / 2)
  }
  return result
}

/** 2^k for an integer |k| < 1022: exact. */
function powerOfTwo(k: number): number {
  return k >= 0 ? integerPower(2, k) : 1 / integerPower(2, -k)
}

/** e^x, by reduction to |r| <= ln2/2 and a Taylor series. */
export function exponential(x: number): number {
  const k = Math.round(x / LN2)
  const r = x - k * LN2
  let [sum, term] = [1, 1]
  for (let n = 1; n <= 20; n++) {
    term = (term * r) / n
    sum += term
  }
  return sum * powerOfTwo(k)
}

/** ln x for x > 0, by reduction to [1, 2) and the series of the inverse hyperbolic tangent. */
export function logarithm(x: number): number {
  let [mantissa, exponent] = [x, 0]
  while (mantissa >= 2) {
    mantissa /= 2
    exponent++
  }
  while (mantissa < 1) {
    mantissa *= 2
    exponent--
  }
  const z = (mantissa - 1) / (mantissa + 1)
  let [sum, power] = [0, z]
  for (let n = 1; n <= 41; n += 2) {
    sum += power / n
    power *= z * z
  }
  return 2 * sum + exponent * LN2
}

/** x^y for x > 0. */
export function power(x: number, y: number): number {
  return exponential(y * logarithm(x))
}

/** Square root by Newton's method; x >= 0. */
export function squareRootOf(x: number): number {
  if (x === 0) return 0
  let y = exponential(0.5 * logarithm(x))
  for (let step = 0; step < 3; step++) y = 0.5 * (y + x / y)
  return y
}

function series(r: number, first: number, from: number): number {
  let [sum, term] = [first, first]
  for (let n = from; n <= 24; n += 2) {
    term = (-term * r * r) / (n * (n + 1))
    sum += term
  }
  return sum
}

/** Returns [sin x, cos x] for |x| up to about 10^5 radians. */
export function sineCosine(x: number): readonly [number, number] {
  const quarter = Math.round(x / (HALF_PI_PARTS[0] + HALF_PI_PARTS[1]))
  const r = x - quarter * HALF_PI_PARTS[0] - quarter * HALF_PI_PARTS[1] - quarter * HALF_PI_PARTS[2]
  const [sin, cos] = [series(r, r, 2), series(r, 1, 1)]
  const turns: readonly (readonly [number, number])[] = [
    [sin, cos],
    [cos, -sin],
    [-sin, -cos],
    [-cos, sin],
  ]
  return turns[((quarter % 4) + 4) % 4] as readonly [number, number]
}
