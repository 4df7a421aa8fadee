/** Jobs, units and nodes in words: names short enough for a line, and losses as numbers. */
import { floatOfBits } from '@cairn/engine'
import type { JobStatus, JobSummary, RoundSummary, UnitSummary } from '@cairn/node'

/** The beginning of a job's or a node's name: enough to tell it from others, and to type. */
export const shortName = (id: string): string => id.replace(/^0x/, '').slice(0, 8)

export const lossText = (bits: number): string => floatOfBits(bits).toFixed(3)

/** Losses of the units of a round that are done. */
export const roundLosses = ({ losses }: RoundSummary): number[] => losses.filter(bits => bits >= 0).map(floatOfBits)

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

export const unitTitle = ({ kind, round, replica }: UnitSummary): string =>
  kind === 'train' ? `replica ${replica + 1}` : `evaluation of round ${round + 1}`

/** The name of a unit as `cairn why` takes it. */
export const unitPath = (job: string, { kind, round, replica }: UnitSummary): string =>
  `${shortName(job)}/${round}/${kind === 'train' ? replica : 'evaluate'}`

/** How far a job is: `round 3/8`, or how it ended. */
export const jobProgress = ({ status, agreed, rounds }: JobSummary): string =>
  status === 'running' ? `round ${Math.min(agreed + 1, rounds)}/${rounds}` : `${agreed}/${rounds} rounds`

/** The units that somebody works on or that wait, newest round last. */
export const unitsUnderWay = ({ units }: JobStatus): UnitSummary[] =>
  units.filter(({ state }) => state === 'open' || state === 'leased')
