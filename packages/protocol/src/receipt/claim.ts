/** A value of a receipt beside what the rest of the receipt says it must be. */
export interface Claim {
  readonly path: string
  readonly expected: string | number | boolean
  readonly found: string | number | boolean
}

export const claim = (path: string, expected: Claim['expected'], found: Claim['found']): Claim => ({
  path,
  expected,
  found,
})
