/** The demo's job file, or a copy of it with fewer rounds. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DEMO = fileURLToPath(new URL('../../../../examples/state-of-the-union/job.yaml', import.meta.url))

/** Returns the path of the job to run. */
export async function jobFile(directory: string, rounds: number | undefined): Promise<string> {
  if (rounds === undefined) return DEMO
  const text = await readFile(DEMO, 'utf8')
  const shorter = text
    .replace(/rounds: \d+/, `rounds: ${rounds}`)
    .replace(/everyRounds: (\d+)/, (_, every) => `everyRounds: ${Math.min(rounds, Number(every))}`)
  const path = join(directory, 'job.yaml')
  await writeFile(path, shorter)
  return path
}

/** Counts the training units of a job file. */
export async function unitsOfJob(path: string): Promise<number> {
  const text = await readFile(path, 'utf8')
  const field = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(text)?.[1])
  return field('rounds') * field('replicas')
}
