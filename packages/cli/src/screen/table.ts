/** Names and values in two columns. */
import type { Screen } from './screen.ts'

export type Row = readonly [name: string, value: string]

/** Lays rows out, two spaces in front, names of one width. */
function layOut(rows: readonly Row[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`)
}

/** Prints rows, names dimmed. */
export function printRows(screen: Screen, rows: readonly Row[], write = screen.print): void {
  const width = Math.max(0, ...rows.map(([name]) => name.length)) + 2
  for (const line of layOut(rows)) write(`${screen.colours.dim(line.slice(0, width))}${line.slice(width)}`)
}
