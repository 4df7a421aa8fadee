/** Scripts as tables: when, who, what, and how it must end, on the contracts and on the model at once. */
import { type CallName, type JobId, NO_HASH, type Settlement, type SettlementCalls } from '@cairn/protocol'
import { type Players, playScript, type ScriptReport, type ScriptStep } from '../conformance.ts'
import type { LocalChain } from '../local-chain.ts'

/** A step: when, which account, what, and how it must end (by default it goes through). `job` is the latest. */
export type Line<Name extends CallName = CallName> = readonly [
  at: number,
  by: number,
  call: Name,
  args: (job: JobId, state: Settlement, players: Players) => SettlementCalls[Name],
  outcome?: string,
]

export const line = <Name extends CallName>(...parts: Line<Name>): Line => parts as unknown as Line

/** Plays lines on the contracts and the model. Throws `Error` at the first that does not end as it says. */
export async function play(chain: LocalChain, lines: readonly Line[]): Promise<ScriptReport> {
  const steps: ScriptStep[] = lines.map(([at, by, call, args]) => ({
    at,
    call: (players, state) => {
      const job = [...state.jobs.keys()].at(-1) ?? (NO_HASH as string as JobId)
      return { call, from: players.accounts[by]!, args: args(job, state, players) } as never
    },
  }))
  const report = await playScript(chain, steps)
  for (const [i, [at, by, call, , outcome = call]] of lines.entries()) {
    const found = report.outcomes[i]
    if (found !== outcome) throw new Error(`line ${i}: ${call} by ${by} at ${at} ends with ${found}, not ${outcome}`)
  }
  return report
}

export const ofJob = (job: JobId): { readonly job: JobId } => ({ job })
