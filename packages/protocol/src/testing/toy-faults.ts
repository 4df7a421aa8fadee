/** What fails in a toy network, and how often. */
export interface Faults {
  /** Of 100 messages. */
  readonly lost: number
  readonly doubled: number
  /** Of 100 fetches and transactions. */
  readonly failed: number
  /** A node dies about every so many milliseconds of virtual time; none when 0. */
  readonly deathEveryMs: number
  /** Of 100 deaths, those that take the disk along. */
  readonly wiped: number
  /** The coordinator is killed and restored about every so many milliseconds; never when 0. */
  readonly restoreEveryMs: number
  /** Another coordinator takes over about every so many milliseconds, with what it knew once or knowing nothing. */
  readonly replaceEveryMs: number
  /** Claims that are not final yet are proven wrong, about every so many milliseconds; none when 0. */
  readonly rewindEveryMs: number
  /** How many at most. */
  readonly rewinds: number
}

export const NO_FAULTS: Faults = {
  lost: 0,
  doubled: 0,
  failed: 0,
  deathEveryMs: 0,
  wiped: 0,
  restoreEveryMs: 0,
  replaceEveryMs: 0,
  rewindEveryMs: 0,
  rewinds: 4,
}
