/** Where reasons go: into the storage for `cairn why`, and into the log. */
import type { Logger } from '../log/logger.ts'
import type { Storage } from '../storage/open-storage.ts'

export interface ReasonNote {
  readonly job?: string
  readonly round?: number
  readonly replica?: number
  readonly node?: string
  readonly text: string
}

/** Makes the function that roles' reasons are given to. */
export const reasonBook = ({ reasons, transaction }: Pick<Storage, 'reasons' | 'transaction'>, log: Logger) => {
  // PERF: every commit waits for the disk, so those of one turn of the event loop share one.
  let waiting: Parameters<Storage['reasons']['add']>[0][] = []
  const write = () => {
    const all = waiting
    waiting = []
    try {
      transaction(() => all.forEach(reasons.add))
    } catch (error) {
      log.warn({ error: String(error) }, 'reasons cannot be written')
    }
  }
  return ({ job = '', round, replica, node, text }: ReasonNote): void => {
    const about = {
      ...(round === undefined ? {} : { round }),
      ...(replica === undefined ? {} : { replica }),
      ...(node === undefined ? {} : { node }),
    }
    waiting.push({ atMs: Date.now(), job, text, ...about })
    if (waiting.length === 1) setImmediate(write)
    log.info(
      { ...(job === '' ? {} : { job: job.slice(0, 8) }), ...about, ...(node ? { node: node.slice(0, 8) } : {}) },
      text,
    )
  }
}
