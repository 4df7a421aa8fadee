/**
 * Documents from peers: canonical CBOR with a strict schema, in the one form that the schema gives back. What is wrong
 * with one is a value.
 */
import { type CanonicalValue, decodeCanonical, encodeCanonical, equal } from '@cairn/primitives'
import type { z } from 'zod'
import { formatPath } from './key-path.ts'

/** Why bytes are no document, and where. */
export interface DocumentProblem {
  readonly ok: false
  readonly code: 'too-large' | 'not-canonical' | 'malformed' | 'not-normal'
  /** Key path; empty for the whole. */
  readonly path: string
  readonly found: string
}

export type Decoded<Document> = { readonly ok: true; readonly document: Document } | DocumentProblem

const problem = (code: DocumentProblem['code'], path: string, found: string): DocumentProblem => ({
  ok: false,
  code,
  path,
  found,
})

function decodeValue(bytes: Uint8Array): CanonicalValue | undefined {
  try {
    return decodeCanonical(bytes)
  } catch {
    return undefined // its reason is of no use to a program, and the sender's to find
  }
}

/** Decodes a document. Never throws. */
export function decodeDocument<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  maxBytes: number,
): Decoded<z.output<Schema>> {
  if (bytes.length > maxBytes) return problem('too-large', '', `${bytes.length} bytes`)
  const value = decodeValue(bytes)
  if (value === undefined) return problem('not-canonical', '', 'bytes that are not canonical CBOR')
  const result = schema.safeParse(value)
  if (!result.success) {
    const issue = result.error.issues[0]
    return problem('malformed', formatPath(issue?.path ?? []), issue?.message ?? '')
  }
  if (!equal(encodeCanonical(result.data), bytes)) return problem('not-normal', '', 'another form of the same document')
  return { ok: true, document: result.data }
}
