/**
 * Nominal types: values that look alike but must not mix get a name that exists only in the type checker.
 * SPEC: `Hash` is the 32-byte digest that protocol.md section 2 builds every root from.
 */
declare const brand: unique symbol

/** Marks `T` with a name so that an unmarked `T` is refused where the marked one is asked for. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A 32-byte digest or Merkle root. Treat it as frozen. */
export type Hash = Brand<Uint8Array, 'Hash'>

/** The same digest as 64 lower-case hex digits, for keys, documents and screens. */
export type HashHex = Brand<string, 'HashHex'>
