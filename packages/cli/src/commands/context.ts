/** What every command gets: where to write, and a place for its exit code. */

import { availableParallelism } from 'node:os'
import { type Backend, reference, wasm } from '@cairn/engine'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { UnusualParts } from '../network/node-process.ts'
import type { Screen } from '../screen/screen.ts'

export interface CommandContext {
  /** Of nodes, where they are not the usual ones. */
  readonly parts?: UnusualParts
  readonly screen: Screen
  exitCode: number
}

const BACKENDS: Readonly<Record<string, Backend>> = { wasm, reference }

/** Parses an integer option from `minimum` on. */
export const integer =
  (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (value >= minimum && value <= maximum) return value
    const upTo = maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`
    throw new InvalidArgumentError(`Expected a whole number from ${minimum}${upTo}.`)
  }

/** Parses a number option between two bounds. */
export const decimal =
  (minimum: number, maximum = Number.POSITIVE_INFINITY) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= minimum && value <= maximum) return value
    const upTo = maximum === Number.POSITIVE_INFINITY ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`
    throw new InvalidArgumentError(`Expected a number${upTo}.`)
  }

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** Parses a size such as `512MiB` or `8GiB`; a number alone is bytes. */
export function byteSize(text: string): number {
  const [, count, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]iB)?$/.exec(text.trim()) ?? []
  const value = Math.floor(Number(count) * (UNITS[unit] as number))
  if (value >= 1 && value <= Number.MAX_SAFE_INTEGER) return value
  throw new InvalidArgumentError('Expected a size such as 512MiB or 8GiB, or a number of bytes.')
}

export interface MachineOptions {
  readonly threads: number
  readonly backend: string
}

const MOST_THREADS = 256

/** Adds `--threads` and `--backend`. */
export function machineOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--threads <n>', 'threads to compute with; they never change a bit of the result')
        .default(availableParallelism(), 'one per core')
        .argParser(integer(1, MOST_THREADS)),
    )
    .addOption(
      new Option('--backend <name>', 'what computes; every backend gives the same bits')
        .choices(Object.keys(BACKENDS))
        .default('wasm'),
    )
}

export const backendOf = ({ backend }: MachineOptions): Backend => BACKENDS[backend] as Backend

/** Appends examples to a command's help. */
export function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map(line => `  $ cairn ${line}`).join('\n')}\n`)
}
