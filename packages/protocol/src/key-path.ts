/**
 * Key paths into a document: `model.layers[0]` for people, a list of keys for programs.
 */

export type KeyPath = readonly PropertyKey[]

/** Reads the value at a path, or undefined where the path leads nowhere. Own keys only. */
export function valueAt(document: unknown, path: KeyPath): unknown {
  return path.reduce(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    document,
  )
}

/** Writes a path as `model.layers[0]`; the document itself is the empty text. */
export const formatPath = (path: KeyPath): string =>
  path
    .map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
