/** What a benchmark reports: rows that set a figure of Cairn beside that of a peer, measured in the same run. */
import { writeFileSync } from 'node:fs'

export interface Row {
  readonly suite: string
  readonly case: string
  readonly metric: string
  readonly unit: string
  /** Cairn's figure; null where Cairn was not measured. */
  readonly value: number | null
  /** Null where there is nobody to compare with. */
  readonly peer: string | null
  readonly peerValue: number | null
  /** How many times better Cairn is: above 1 it is the better one, whichever way the metric counts. */
  readonly ratio: number | null
}

const ratioOf = (better: number | null, worse: number | null): number | null =>
  better === null || worse === null ? null : better / worse

/** A row of a metric of which less is better, such as time or memory. */
export const lessIsBetter = (row: Omit<Row, 'ratio'>): Row => ({ ...row, ratio: ratioOf(row.peerValue, row.value) })

/** A row of a metric of which more is better, such as bytes per second. */
export const moreIsBetter = (row: Omit<Row, 'ratio'>): Row => ({ ...row, ratio: ratioOf(row.value, row.peerValue) })

/** A row that stands by itself. */
export const alone = (row: Omit<Row, 'peer' | 'peerValue' | 'ratio'>): Row => ({
  ...row,
  peer: null,
  peerValue: null,
  ratio: null,
})

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

/** Writes rows as a JSON array; to standard output where `file` is `-`. */
export function writeRows(file: string, rows: readonly Row[]): void {
  const json = `${JSON.stringify(rows, null, 2)}\n`
  if (file === '-') process.stdout.write(json)
  else writeFileSync(file, json)
}

/** Losses and their differences are close: they say something in their later digits only. */
const DECIMALS: Readonly<Record<string, number>> = { nats: 4, '%': 3 }

const figure = (value: number | null, unit = ''): string =>
  value === null ? '-' : value.toFixed(DECIMALS[unit] ?? (value >= 100 ? 0 : value >= 10 ? 1 : 2))

/** Lays rows out as a table for reading. */
export function formatTable(rows: readonly Row[]): string {
  const head = ['case', 'metric', 'unit', 'cairn', 'peer', 'figure', 'ratio']
  const body = rows.map(r => [
    r.case,
    r.metric,
    r.unit,
    figure(r.value, r.unit),
    r.peer ?? '-',
    figure(r.peerValue, r.unit),
    figure(r.ratio),
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...body.map(cells => cells[i]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()
  return [head, ...body].map(line).join('\n')
}
