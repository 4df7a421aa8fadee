/**
 * Case `blobs`: a blob from one process to another over the loopback, checked and safe on the disk at the end, beside the
 * same bytes from file to file over plain TCP and TLS, by turns in one run. Figures are medians.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lessIsBetter, median, moreIsBetter, type Row } from '../rows.ts'
import type { Offer, Transfer } from './blobs/ends.ts'
import type { CaseContext, RunCase } from './context.ts'
import { type Helper, startHelper } from './helper.ts'

const MIB = 2 ** 20
const SIZES_MIB = [4, 64, 256] as const
const WAYS = ['cairn', 'tcp', 'tls'] as const
type Way = (typeof WAYS)[number]
/** Small blobs are sent more often: one transfer says little. */
const LEAST_MIB_PER_WAY = 64
const CPU_PER_MIB = 256

interface Figures {
  readonly megabytesPerSecond: number
  /** Of both ends together, for 256 MiB. */
  readonly cpuSeconds: number
}

async function startEnd({ scope }: CaseContext): Promise<Helper> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
  scope.add(() => rm(directory, { recursive: true, force: true }))
  const helper = startHelper(scope, 'blobs/ends.ts')
  await helper.ask('open', directory)
  return helper
}

/** Transfers of one size by one way, one after another. */
async function send(ends: readonly Helper[], transfer: Transfer, times: number): Promise<Figures> {
  const cpu = async () => (await Promise.all(ends.map(end => end.ask<number>('cpuSeconds')))).reduce((a, b) => a + b)
  const [before, seconds] = [await cpu(), [] as number[]]
  for (let i = 0; i < times; i++) seconds.push(await (ends[1] as Helper).ask<number>('transfer', transfer))
  const sentMiB = (times * transfer.sizeBytes) / MIB
  return {
    megabytesPerSecond: transfer.sizeBytes / 1e6 / median(seconds),
    cpuSeconds: (((await cpu()) - before) * CPU_PER_MIB) / sentMiB,
  }
}

function rowsOf(sizeMiB: number, figures: ReadonlyMap<Way, readonly Figures[]>): Row[] {
  const of = (way: Way, field: keyof Figures): number => median((figures.get(way) ?? []).map(each => each[field]))
  const common = { suite: 'network', case: 'blobs' } as const
  return (['tcp', 'tls'] as const).flatMap(peer => [
    moreIsBetter({
      ...{ ...common, metric: `transfer, ${sizeMiB} MiB`, unit: 'MB/s', peer },
      ...{ value: of('cairn', 'megabytesPerSecond'), peerValue: of(peer, 'megabytesPerSecond') },
    }),
    lessIsBetter({
      ...{ ...common, metric: `CPU per ${CPU_PER_MIB} MiB, ${sizeMiB} MiB blobs`, unit: 's', peer },
      ...{ value: of('cairn', 'cpuSeconds'), peerValue: of(peer, 'cpuSeconds') },
    }),
  ])
}

async function measure(context: CaseContext, ends: readonly [Helper, Helper], sizeMiB: number): Promise<Row[]> {
  const sizeBytes = sizeMiB * MIB
  const offer = await ends[0].ask<Offer>('offer', sizeBytes)
  const times = Math.max(1, Math.floor(LEAST_MIB_PER_WAY / sizeMiB))
  const figures = new Map(WAYS.map(way => [way, [] as Figures[]]))
  for (let repeat = 0; repeat < context.options.repeats; repeat++)
    for (const way of WAYS) figures.get(way)?.push(await send(ends, { way, offer, sizeBytes }, times))
  const [speed] = (figures.get('cairn') ?? []).map(each => each.megabytesPerSecond.toFixed(0))
  context.log(`  ${sizeMiB} MiB: ${speed} MB/s at first`)
  return rowsOf(sizeMiB, figures)
}

/** Measures every size between the same two processes. */
export const blobs: RunCase = async context => {
  const ends = [await startEnd(context), await startEnd(context)] as const
  const rows: Row[] = []
  await measure({ ...context, log: () => undefined, options: { ...context.options, repeats: 1 } }, [...ends], 4)
  for (const sizeMiB of SIZES_MIB) rows.push(...(await measure(context, [...ends], sizeMiB)))
  return rows
}
