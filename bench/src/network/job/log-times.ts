/** Reads out of nodes' logs when things happened, and what was moved. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface LogLine {
  readonly time: string
  readonly msg: string
  readonly [field: string]: unknown
}

const LOG = 'node.log'

/** Reads the lines of a node, those of its older files first. */
async function logLines(directory: string): Promise<LogLine[]> {
  const names = (await readdir(directory)).filter(name => name.startsWith(LOG)).sort()
  const texts = await Promise.all(names.toReversed().map(name => readFile(join(directory, name), 'utf8')))
  return texts.flatMap(text => text.split('\n').filter(line => line.startsWith('{'))).map(line => JSON.parse(line))
}

export interface JobTimes {
  readonly firstLeaseMs: number
  readonly lastAnchorMs: number
  readonly closedMs: number
}

/** Finds the steps of the only job in a coordinator's log. */
export async function jobTimes(coordinator: string): Promise<JobTimes> {
  const lines = await logLines(coordinator)
  const at = (line: LogLine | undefined): number => Date.parse(line?.time ?? '')
  const isAnchored = ({ msg }: LogLine): boolean => /^round \d+ is anchored$/.test(msg)
  return {
    firstLeaseMs: at(lines.find(({ msg }) => msg.includes(': leased to '))),
    lastAnchorMs: at(lines.findLast(isAnchored)),
    closedMs: at(lines.findLast(({ call }) => call === 'close')),
  }
}

export interface Moved {
  readonly blobBytes: number
  readonly messageBytes: number
}

/** Reads what a node says it has sent when it stops. */
export async function movedBy(directory: string): Promise<Moved> {
  const last = (await logLines(directory)).findLast(({ msg }) => msg === 'stopping')
  return { blobBytes: Number(last?.blobBytes ?? 0), messageBytes: Number(last?.messageBytes ?? 0) }
}
