/** A copy of the demo's job file that nobody audits, with fewer rounds if asked: what is measured here is the work. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DEMO = fileURLToPath(new URL('../../../../examples/state-of-the-union/job.yaml', import.meta.url))

const shortened = (text: string, rounds: number): string =>
  text
    .replace(/rounds: \d+/, `rounds: ${rounds}`)
    .replace(/everyRounds: (\d+)/, (_, every) => `everyRounds: ${Math.min(rounds, Number(every))}`)

/** Writes the job to run, and returns its path. */
export async function jobFile(directory: string, rounds: number | undefined): Promise<string> {
  const text = await readFile(DEMO, 'utf8')
  const path = join(directory, 'job.yaml')
  await writeFile(path, `${rounds === undefined ? text : shortened(text, rounds)}\nverification: { policy: none }\n`)
  return path
}

/** Counts the training units of a job file. */
export async function unitsOfJob(path: string): Promise<number> {
  const text = await readFile(path, 'utf8')
  const field = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(text)?.[1])
  return field('rounds') * field('replicas')
}
