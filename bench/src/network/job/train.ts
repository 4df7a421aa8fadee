/** The demo job by `cairn train`: one process, some threads. */
import { join } from 'node:path'
import type { CaseContext } from '../context.ts'
import { cpuSeconds } from '../usage.ts'
import { startCairn } from './cairn.ts'

export interface Trained {
  readonly root: string
  /** Of the whole command, from start to end. */
  readonly wallSeconds: number
  readonly cpuSeconds: number
}

/** Trains; the CPU time is that of the ended child, which the system adds to this process's. */
export async function train({ scope }: CaseContext, job: string, out: string, threads: number): Promise<Trained> {
  const own = () => process.cpuUsage()
  const [began, usedBefore, ownBefore] = [performance.now(), cpuSeconds(process.pid), own()]
  const command = startCairn(scope, 'train', job, '--out', join(out, `train-${threads}`), '--threads', String(threads))
  const { finalStateRoot } = await command.wait('finished')
  await command.end()
  const wallSeconds = (performance.now() - began) / 1000
  const ownNow = own()
  const ownSeconds = (ownNow.user + ownNow.system - ownBefore.user - ownBefore.system) / 1e6
  const used = cpuSeconds(process.pid) - usedBefore - ownSeconds
  return { root: String(finalStateRoot), wallSeconds, cpuSeconds: used }
}
