/** As much of a chain as a coordinator needs to be told. The real contracts' model is in `settlement`. */
import type { ChainCall, ChainView, JobFacts } from '../roles/coordinator/state.ts'
import { atLeast, type Counts, mostCounts, noCounts, type Terms } from '../settlement/terms.ts'

const WINDOW_MS = 2_000
const CANCEL_MS = 600_000
const LEASE_MS = 30_000

type Kept = Omit<ChainView, 'earnings' | 'coordinator' | 'holdsLease'>

export type ToyChain = ReturnType<typeof toyChain>

/** Creates a chain with one job. Calls that do not fit its state are ignored, as a revert would be. */
export function toyChain(facts: JobFacts) {
  let state: Kept = { status: 'open', epoch: 0, anchored: 0, isEnded: false, cancelEndsAtMs: 0 }
  let lease: { readonly holder: string; readonly endsAtMs: number } | undefined
  let pending: { readonly isFinal: boolean; readonly rounds: number; readonly totals: Counts; atMs: number } | undefined
  let settled: { readonly isFinal: boolean; readonly rounds: number; readonly totals: Counts } = {
    isFinal: false,
    rounds: 0,
    totals: noCounts,
  }
  const anchoredBy: string[] = []
  const calls: string[] = []
  const refused: string[] = []

  /** SPEC: docs/spec/earnings.md "Assertions". */
  function wrongTotals(totals: Counts, rounds: number, isFinal: boolean): string | undefined {
    if (!atLeast(totals, settled.totals)) return 'TotalsDecrease'
    const isCut = isFinal && (state.status === 'cancelled' || state.isEnded) && rounds < facts.rounds
    const evaluations = facts.evaluatesAfter.filter(Boolean).length
    const most = mostCounts({ ...facts, evaluations } as unknown as Terms, isCut ? rounds + 1 : rounds)
    return atLeast({ ...most, coordinated: BigInt(rounds) }, totals) ? undefined : 'TotalsExceedRounds'
  }

  interface Call<C extends ChainCall> {
    readonly call: C
    readonly account: string
    readonly totals: Counts
    readonly nowMs: number
  }
  type Table = {
    readonly [C in ChainCall['call']]: (call: Call<Extract<ChainCall, { call: C }>>) => string | undefined
  }
  const table: Table = {
    takeLease({ account, nowMs }) {
      if (lease !== undefined && lease.endsAtMs > nowMs) return 'LeaseHeld'
      lease = { holder: account, endsAtMs: nowMs + LEASE_MS }
      state = { ...state, epoch: state.epoch + 1 }
      return undefined
    },
    anchor({ call: { round }, account, nowMs }) {
      if (lease?.holder !== account) return 'NotLeaseHolder'
      if (round !== state.anchored || round >= facts.rounds || state.status !== 'open' || state.isEnded)
        return 'no round'
      lease = { holder: account, endsAtMs: nowMs + LEASE_MS }
      state = { ...state, anchored: round + 1 }
      anchoredBy.push(account)
      return undefined
    },
    end({ account }) {
      if (lease?.holder !== account || state.status !== 'open') return 'JobNotOpen'
      state = { ...state, isEnded: true }
      return undefined
    },
    assertEarnings({ call: { rounds, final: isFinal }, account, totals, nowMs }) {
      if (lease?.holder !== account) return 'NotLeaseHolder'
      if (pending !== undefined || settled.isFinal || rounds > state.anchored) return 'AssertionPending'
      const wrong = wrongTotals(totals, rounds, isFinal)
      if (wrong === undefined) pending = { isFinal, rounds, totals, atMs: nowMs + WINDOW_MS }
      return wrong
    },
    settleEarnings({ nowMs }) {
      if (pending === undefined || nowMs < pending.atMs) return 'ChallengeWindowOpen'
      settled = pending
      pending = undefined
      return undefined
    },
    releaseLease() {
      lease = undefined
      return undefined
    },
    close() {
      if (!settled.isFinal) return 'JobNotOpen'
      state = { ...state, status: 'closed' }
      return undefined
    },
  }
  return {
    calls,
    /** Accounts that anchored the rounds, in their order. */
    anchoredBy: (): readonly string[] => anchoredBy,
    /** Refusals that no lost or late message explains. */
    refused,
    /** What the submitter may do at any time. */
    cancel(nowMs: number): void {
      if (state.status === 'open' && !settled.isFinal)
        state = { ...state, status: 'cancelled', cancelEndsAtMs: nowMs + CANCEL_MS }
    },
    perform(call: ChainCall, account: string, totals: Counts, nowMs: number): boolean {
      calls.push(call.call)
      const wrong = (table[call.call] as (call: Call<ChainCall>) => string | undefined)({
        call,
        account,
        totals,
        nowMs,
      })
      if (wrong?.startsWith('Totals')) refused.push(wrong)
      return wrong === undefined
    },
    /** What one account sees. */
    view(account: string, nowMs: number): ChainView {
      const isHeld = lease !== undefined && lease.endsAtMs > nowMs
      return {
        ...state,
        ...(isHeld ? { coordinator: lease?.holder } : {}),
        holdsLease: lease?.holder === account,
        earnings: {
          settledRounds: settled.rounds,
          settledFinal: settled.isFinal,
          pending: pending !== undefined,
          settlesAtMs: pending?.atMs ?? 0,
        },
      } as ChainView
    },
  }
}
