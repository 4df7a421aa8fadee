/** Values for programs, one line each. Integers that may pass 2^53 are text, so that no reader rounds them. */

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

/** Writes a value as one line of JSON. */
export const jsonLine = (value: object): string => JSON.stringify(value, plain)
