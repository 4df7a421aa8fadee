/** One question to several coordinators at once. */
import type { Answer } from '../network/queries.ts'

/** Whoever has not answered so long after the first is not waited for: it may be gone, and people wait. */
const MOMENT_MS = 3_000

const TOO_LATE: Answer = { ok: false, code: 'timeout' }

async function orThrow(asked: Promise<Answer>): Promise<void> {
  if (!(await asked).ok) throw new Error('no answer')
}

/** Waits for all answers, or for a moment after the first good one. */
export async function allAnswers(asked: readonly Promise<Answer>[], momentMs = MOMENT_MS): Promise<Answer[]> {
  let timer: NodeJS.Timeout | undefined
  const { promise: late, resolve } = Promise.withResolvers<Answer>()
  const startClock = (): void => {
    timer = setTimeout(() => resolve(TOO_LATE), momentMs)
  }
  const all = Promise.all(asked.map(one => Promise.race([one, late])))
  if (asked.length > 1) void Promise.any(asked.map(orThrow)).then(startClock, () => undefined)
  return all.finally(() => clearTimeout(timer))
}
