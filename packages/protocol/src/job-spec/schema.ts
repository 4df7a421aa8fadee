/**
 * The one schema of a job specification, `apiVersion: cairn/v1`.
 * Parsing turns what a person wrote into the normalised specification: every default filled in, every decimal canonical.
 */
import { z } from 'zod'
import { count, text } from './fields.ts'
import { brokenRules } from './rules.ts'
import * as sections from './sections.ts'

const jobSchemaShape = z.strictObject({
  apiVersion: z.literal('cairn/v1'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, {
      error: 'up to 64 letters, digits, spaces, dots, dashes and underscores, a letter or digit first',
    })
    .describe('a name for people'),
  model: sections.model,
  data: sections.data,
  optimiser: sections.optimiser,
  schedule: sections.schedule,
  outer: sections.outer,
  evaluation: sections.evaluation,
  numerics: sections.numerics,
  verification: sections.verification,
  budget: sections.budget.exactOptional(),
  resources: sections.resources.exactOptional(),
  seed: count('start of all randomness in the job', 0, 2 ** 32 - 1),
  initialWeights: text('path of a safetensors file to start from', 'a path').exactOptional(),
})

/** SAFETY: `when` runs the rules beside other problems too, so that a person sees all of them at once. */
export const jobSchema = jobSchemaShape.superRefine(
  (spec, context) => {
    for (const { path, expected, fix } of brokenRules(spec)) {
      context.addIssue({ code: 'custom', path: [...path], message: expected, params: { fix } })
    }
  },
  { when: () => true },
)
