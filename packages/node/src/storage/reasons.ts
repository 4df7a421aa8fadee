/** Why things are as they are: sentences for people, read by `cairn why`. Old ones go when there are too many. */
import type { Database, Row } from './sqlite.ts'

interface Reason {
  readonly atMs: number
  readonly job: string
  readonly round?: number
  readonly replica?: number
  /** The address of the node that it is about. */
  readonly node?: string
  readonly text: string
}

/** What is asked about; a part that is left out is not looked at. */
interface ReasonQuery extends Partial<Omit<Reason, 'atMs' | 'text'>> {
  /** How many at most; the newest ones. */
  readonly limit?: number
}

export interface Reasons {
  add(reason: Reason): void
  /** Finds reasons, the oldest first. */
  find(query?: ReasonQuery): readonly Reason[]
}

/** Some ten megabytes: weeks of a busy coordinator. */
export const REASONS_KEPT = 100_000

const reasonOf = ({ at_ms, job, round, replica, node, text }: Row): Reason => ({
  atMs: at_ms as number,
  job: job as string,
  ...(round === null ? {} : { round: round as number }),
  ...(replica === null ? {} : { replica: replica as number }),
  ...(node === null ? {} : { node: node as string }),
  text: text as string,
})

/** PERF: a scan from the newest; any index would help one of the questions only, and there are few rows. */
const FIND = `SELECT * FROM reasons
  WHERE (? IS NULL OR job = ?) AND (? IS NULL OR round = ?) AND (? IS NULL OR replica = ?) AND (? IS NULL OR node = ?)
  ORDER BY seq DESC LIMIT ?`

export function openReasons(database: Database, kept: number = REASONS_KEPT): Reasons {
  const insert = database.prepare(
    'INSERT INTO reasons (at_ms, job, round, replica, node, text) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const forget = database.prepare('DELETE FROM reasons WHERE seq <= ?')
  const find = database.prepare(FIND)
  return {
    add({ atMs, job, round = null, replica = null, node = null, text }) {
      forget.run(insert.run(atMs, job, round, replica, node, text) - kept)
    },
    find({ job = null, round = null, replica = null, node = null, limit = 100 } = {}) {
      const parts = [job, round, replica, node].flatMap(part => [part, part])
      return find
        .all(...parts, limit)
        .map(reasonOf)
        .reverse()
    },
  }
}
