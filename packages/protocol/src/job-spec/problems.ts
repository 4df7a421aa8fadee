/**
 * Turns what zod reports into what a person needs: the key's path, what was expected, what was found, what to do.
 */
import type { z } from 'zod'
import { formatPath, type KeyPath, valueAt } from '../key-path.ts'
import { nearestKey } from './nearest-key.ts'

/** One thing wrong with a specification. */
export interface SpecProblem {
  /** Key path such as `model.heads` or `model.layers[0]`; empty for the document itself. */
  readonly path: string
  readonly expected: string
  readonly found: string
  readonly fix: string
}

type Issue = z.core.$ZodIssue
type IssueOf<Code extends Issue['code']> = Extract<Issue, { code: Code }>
type JsonSchema = z.core.JSONSchema.BaseSchema

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a section with keys',
  array: 'a list',
  tuple: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

const EXPECTED: { readonly [Code in Issue['code']]: (issue: IssueOf<Code>) => string } = {
  invalid_type: issue => TYPE_NAMES[issue.expected] ?? issue.expected,
  too_small: issue => `${amount(issue.origin)} of at least ${issue.minimum}`,
  too_big: issue => `${amount(issue.origin)} of at most ${issue.maximum}`,
  invalid_format: issue => issue.message,
  invalid_value: issue => oneOf(issue.values),
  invalid_union: issue => ('options' in issue && issue.options ? oneOf(issue.options) : issue.message),
  custom: issue => issue.message,
  unrecognized_keys: issue => issue.message,
  not_multiple_of: issue => issue.message,
  invalid_key: issue => issue.message,
  invalid_element: issue => issue.message,
}

/** Lists the problems of a document, one per key path, in the order of the schema. */
export function problemsOf(issues: readonly Issue[], document: unknown, schema: JsonSchema): SpecProblem[] {
  const all = issues.flatMap(issue =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue, document, schema) : [problemOf(issue, document)],
  )
  return all.filter(({ path }, i) => all.findIndex(other => other.path === path) === i)
}

/** Writes a problem as one line. */
export const describeProblem = ({ path, expected, found, fix }: SpecProblem): string =>
  `${path || 'the document'}: expected ${expected}, found ${found}. ${fix}`

function problemOf(issue: Exclude<Issue, IssueOf<'unrecognized_keys'>>, document: unknown): SpecProblem {
  const expected = (EXPECTED[issue.code] as (issue: Issue) => string)(issue)
  const found = valueAt(document, issue.path)
  const fix = issue.code === 'custom' ? issue.params?.fix : undefined
  return { path: formatPath(issue.path), expected, found: shown(found), fix: fix ?? usualFix(found) }
}

function unknownKeys(issue: IssueOf<'unrecognized_keys'>, document: unknown, schema: JsonSchema): SpecProblem[] {
  const known = knownKeys(schema, document, issue.path)
  return issue.keys.map(key => {
    const meant = nearestKey(key, known)
    return {
      path: formatPath([...issue.path, key]),
      expected: meant ? `a known key such as ${meant}` : `one of the keys ${known.join(', ')}`,
      found: 'an unknown key',
      fix: meant ? `Did you mean ${meant}?` : 'Remove it.',
    }
  })
}

/** The keys that the schema knows at a path, given which `kind` the document chose on the way. */
function knownKeys(schema: JsonSchema, document: unknown, path: KeyPath): string[] {
  const chosen = (schema.anyOf ?? schema.oneOf ?? [schema]).find(option => fits(option as JsonSchema, document))
  const properties = (chosen as JsonSchema | undefined)?.properties ?? {}
  const [key, ...rest] = path
  if (key === undefined) return Object.keys(properties)
  return knownKeys((properties[String(key)] ?? {}) as JsonSchema, valueAt(document, [key]), rest)
}

function fits(option: JsonSchema, document: unknown): boolean {
  const kind = (option.properties?.kind as JsonSchema | undefined)?.const
  const chosen = valueAt(document, ['kind'])
  return option.properties !== undefined && (kind === undefined || chosen === undefined || kind === chosen)
}

const usualFix = (found: unknown): string => (found === undefined ? 'Add this key.' : 'Change this value.')

const oneOf = (values: readonly unknown[]): string => values.map(value => String(value)).join(' or ')

const amount = (origin: string): string => (origin === 'array' ? 'a list with a length' : 'a number')

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const json = typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value)
  return json === undefined ? typeof value : json.length > 80 ? `${json.slice(0, 77)}...` : json
}
