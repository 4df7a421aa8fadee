/** Everything `cairn verify` decides: which files a receipt needs, which units to do again, and what that can miss. */
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { readJson, readWhole, sha256 } from '@cairn/node/files'
import { InputError, IntegrityError } from '@cairn/primitives'
import { decodeReceipt, type Receipt } from '@cairn/protocol'
import { type UnitChoice, type Verdict, verifyWeights } from '@cairn/training'
import type { Job } from '../files/job-file.ts'
import { ORIGIN, TOKENISERS } from '../files/run-directory.ts'
import type { SourceOverrides } from '../files/sources.ts'

export const unitsOf = ({ rounds, spec }: Receipt): number => rounds.length * spec.schedule.replicas

/** Reads a receipt. Throws `InputError`, or `IntegrityError` naming the place where it was changed. */
export async function readReceipt(path: string): Promise<Receipt> {
  return decodeReceipt(sha256, await readWhole(path, 'Name the receipt.json that a run wrote.'))
}

/** Where the run says its job file was, if the receipt still lies where it was written. */
async function origin(directory: string): Promise<string[]> {
  const path = join(directory, ORIGIN)
  if (!existsSync(path)) return []
  const { jobDirectory } = (await readJson(path, 'Remove this file.')) as { jobDirectory?: unknown }
  return typeof jobDirectory === 'string' ? [resolve(directory, jobDirectory)] : []
}

/** Makes the job of a receipt, with the places where its paths may start. The data's hash tells whether they are right. */
export async function jobOfReceipt(receipt: Receipt, path: string, jobDirectory?: string): Promise<Job> {
  const directory = resolve(dirname(path))
  const directories =
    jobDirectory === undefined ? [...(await origin(directory)), directory, resolve('.')] : [resolve(jobDirectory)]
  return { spec: receipt.spec, path, directories }
}

/** A tokeniser that lies beside the receipt is the run's own; its hash is in the receipt. */
export function besideReceipt(path: string, overrides: SourceOverrides): SourceOverrides {
  const beside = Object.values(TOKENISERS)
    .map(name => join(dirname(path), name))
    .find(existsSync)
  return { ...overrides, tokeniser: overrides.tokeniser ?? beside }
}

/** Compares the weights file with the receipt. A file that is no longer one is a disagreement, too. */
export async function checkWeights(receipt: Receipt, path: string, override?: string): Promise<Verdict> {
  const file = override ?? join(dirname(path), basename(receipt.weights.file))
  const bytes = await readWhole(file, 'Put the weights beside the receipt, or name them with --weights.')
  try {
    return verifyWeights(sha256, receipt, bytes)
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error
    return { ok: false, path: error.path ?? file, expected: error.expected ?? '', found: error.found ?? '' }
  }
}

/** Lists the units whose input states lie beside the receipt. Throws `InputError` (`MissingState`) when none does. */
export function checkableUnits(receipt: Receipt, directory: string): UnitChoice[] {
  const isThere = (root: string): boolean => existsSync(join(directory, 'states', root))
  const startsFresh = (round: number): boolean => round === 0 || receipt.spec.outer.innerState === 'reset'
  const units = receipt.rounds.flatMap(({ units }, round) =>
    units
      .filter(({ globalRoot, replicaRoot }) => isThere(globalRoot) && (startsFresh(round) || isThere(replicaRoot)))
      .map(({ unit: { replica } }) => ({ round, replica })),
  )
  if (units.length > 0 && isThere(receipt.finalStateRoot)) return units
  throw new InputError(
    'MissingState',
    'No unit can be done again by itself here: the states they start from are missing.',
    {
      path: join(directory, 'states'),
      expected: 'the states of some units, which `cairn train` keeps unless told --keep last',
      found: `states for ${units.length} units${isThere(receipt.finalStateRoot) ? '' : ', and not the final state'}`,
      fix: 'Leave --units out: the whole job can be done again from the receipt and the data alone.',
    },
  )
}

/** Draws units at random, without repetition, in the order of the job. */
export function drawUnits(units: readonly UnitChoice[], count: number): UnitChoice[] {
  const order = Array.from(units, (_, i) => i)
  for (let i = 0; i < Math.min(count, order.length); i++) {
    const j = randomInt(i, order.length)
    ;[order[i], order[j]] = [order[j] as number, order[i] as number]
  }
  const drawn = order.slice(0, count).sort((a, b) => a - b)
  return drawn.map(i => units[i] as UnitChoice)
}

/** The chance that none of `checked` units, drawn at random, is the one wrong unit of `all`. */
export const chanceToMiss = (all: number, checked: number): number => (all === 0 ? 0 : Math.max(0, 1 - checked / all))
