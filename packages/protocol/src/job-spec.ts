/**
 * The job specification: what a submitter writes, and the normalised form that is hashed, compiled and put in receipts.
 * SPEC: protocol.md section 1; docs/spec/job.md. The schema is in `job-spec/`.
 * Not here: reading files and resolving references; `training` does that when it compiles a job.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashToHex, InputError } from '@cairn/primitives'
import { z } from 'zod'
import { describeProblem, problemsOf, type SpecProblem } from './job-spec/problems.ts'
import { jobSchema } from './job-spec/schema.ts'

/** `T` with everything in it read-only. */
export type Frozen<T> = T extends string | number | boolean | undefined
  ? T
  : { readonly [Key in keyof T]: Frozen<T[Key]> }

/** A normalised specification: every default filled in, every number that may have a fraction a `Decimal`. */
export type JobSpec = Frozen<z.output<typeof jobSchema>>

/** What checking a specification finds: the normalised form, or everything that is wrong with it. */
export type SpecCheck =
  | { readonly ok: true; readonly spec: JobSpec }
  | { readonly ok: false; readonly problems: readonly SpecProblem[] }

export type { SpecProblem }

/** Generates the JSON Schema (draft 2020-12) of what a submitter may write; rules between keys are not in it. */
export function jobJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(jobSchema, { io: 'input' })
}

/** Checks a parsed YAML or JSON document and normalises it. Never throws. */
export function checkJobSpec(value: unknown): SpecCheck {
  const result = jobSchema.safeParse(value)
  if (result.success) return { ok: true, spec: result.data }
  return { ok: false, problems: problemsOf(result.error.issues, value, jobJsonSchema()) }
}

/**
 * Normalises a parsed YAML or JSON document; a normalised specification comes back unchanged.
 * Throws `InputError` (`spec.invalid`) whose message has a line for every problem; its details are those of the first.
 */
export function parseJobSpec(value: unknown): JobSpec {
  const check = checkJobSpec(value)
  if (check.ok) return check.spec
  const lines = check.problems.map(problem => `  ${describeProblem(problem)}`)
  throw new InputError(
    'spec.invalid',
    ['The job specification cannot be used.', ...lines].join('\n'),
    check.problems[0],
  )
}

/** Hashes a normalised specification: the hash of its canonical CBOR. */
export const specHash = (hash: HashFunction, spec: JobSpec): HashHex => hashToHex(hash(encodeCanonical(spec)))
