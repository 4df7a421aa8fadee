/** Rows of several cells under a heading, each column as wide as its widest cell. */
import type { Screen } from './screen.ts'

/** Prints a table; the last column may be long, and is cut at the edge of a terminal. */
export function printColumns(screen: Screen, heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]?.length ?? 0)))
  const layOut = (row: readonly string[]): string => {
    const line = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] as number))).join('  ')
    return screen.isLive ? line.slice(0, screen.columns - 1) : line
  }
  screen.print(screen.colours.dim(layOut(heading)))
  for (const row of rows) screen.print(layOut(row))
}
