import type { HashHex } from '@cairn/primitives'

/** Tells whether two rounds are of the same work: after a rewind, a round may be closed once more with other units. */
export const areSameClaims = (a: readonly HashHex[], b: readonly HashHex[]): boolean =>
  a.length === b.length && a.every((claim, i) => claim === b[i])
