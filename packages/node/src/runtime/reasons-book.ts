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
export const reasonBook =
  ({ reasons }: Pick<Storage, 'reasons'>, log: Logger) =>
  ({ job = '', round, replica, node, text }: ReasonNote): void => {
    const about = {
      ...(round === undefined ? {} : { round }),
      ...(replica === undefined ? {} : { replica }),
      ...(node === undefined ? {} : { node }),
    }
    reasons.add({ atMs: Date.now(), job, text, ...about })
    log.info(
      { ...(job === '' ? {} : { job: job.slice(0, 8) }), ...about, ...(node ? { node: node.slice(0, 8) } : {}) },
      text,
    )
  }
