/** Bytes for tests that look like no other: no two chunks are alike. */
export const pattern = (sizeBytes: number, seed = 0): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 16) + seed) % 251)
