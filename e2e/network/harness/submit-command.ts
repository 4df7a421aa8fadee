/** Submission as a person does it: by the command, in a process that is gone afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { writeKey } from '@cairn/node/keys'
import type { JobId } from '@cairn/protocol'
import { FAST, PASSPHRASE } from './cairn-node.ts'
import { LAUNCHER } from './cairn-process.ts'
import { readPurses } from './money.ts'
import type { RunningJob } from './running-job.ts'
import type { TestNetwork } from './test-network.ts'
import { TINY_SPEC, TINY_TEXT, type TinyJob } from './tiny-job.ts'

/** Writes the job as files; JSON is YAML. */
function writeJob(home: string): string {
  writeFileSync(join(home, TINY_SPEC.data.source), TINY_TEXT)
  const path = join(home, 'job.yaml')
  writeFileSync(path, JSON.stringify(TINY_SPEC))
  return path
}

/** Runs `cairn submit` to its end; throws unless it ends with exit code 0. */
export async function submitByCommand(network: TestNetwork, tiny: TinyJob): Promise<RunningJob> {
  const { home, networkFile, submitter } = network
  const before = await readPurses(network)
  const key = join(home, 'keys', 'person')
  await writeKey(`${key}.json`, submitter, PASSPHRASE, FAST)
  appendFileSync(`${key}.passphrase`, `${PASSPHRASE}\n`)
  const who = ['--key', `${key}.json`, '--passphrase-file', `${key}.passphrase`, '--network', networkFile]
  const child = spawn(process.execPath, [LAUNCHER, 'submit', writeJob(home), ...who, '--json'])
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  const last = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as { event?: string; job?: JobId }
  if (code !== 0 || last.event !== 'submitted' || last.job === undefined) throw new Error(`submit: ${out}${err}`)
  return { id: last.job, tiny, before }
}
