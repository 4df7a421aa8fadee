/** What a suite is to `main.ts`, and the options that a person gave it. */
import { InputError } from '@cairn/primitives'
import type { Row } from './rows.ts'

export interface OptionDefinition {
  /** What stands for its value in the help. */
  readonly argument: string
  readonly help: string
  readonly default?: string
  /** Whether it may be given several times. */
  readonly multiple?: boolean
}

/** Values by option name: a list where the option may be given several times. */
export type Options = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Suite {
  readonly help: string
  readonly options: Readonly<Record<string, OptionDefinition>>
  /** Measures; `log` says what is going on, on standard error. */
  readonly run: (options: Options, log: (line: string) => void) => Promise<Row[]>
}

/** Reads a whole number of at least 1. Throws `InputError` on anything else. */
export function readCount(options: Options, name: string): number {
  const value = options[name]
  if (typeof value === 'string' && /^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InputError('BadCount', `--${name} must be a whole number of at least 1, not "${value}".`)
}

/** Reads names out of `known`; all of them where none is given. Throws `InputError` on any other. */
export function readNames<T extends string>(options: Options, name: string, known: readonly T[]): T[] {
  const asked = options[name] as readonly string[]
  const unknown = asked.filter(each => !known.includes(each as T))
  if (unknown.length === 0) return known.filter(each => asked.length === 0 || asked.includes(each))
  throw new InputError('UnknownName', `--${name} takes ${known.join(', ')}. Found: ${unknown.join(', ')}.`)
}
