/** As much of a chain as a coordinator needs to be told. The real contracts' model is in `settlement`. */
import type { HashHex } from '@cairn/primitives'
import type { ChainCall, ChainView } from '../roles/coordinator/state.ts'

const WINDOW_MS = 2_000
const CANCEL_MS = 600_000
const ZERO = '0'.repeat(64) as HashHex

/** Creates a chain with one job of `rounds` rounds. Calls that do not fit its state are ignored, as a revert would be. */
export function toyChain(account: string, rounds: number) {
  let state: Omit<ChainView, 'earnings'> & { earnings: Omit<ChainView['earnings'], 'settledFinal'> } = {
    status: 'open',
    holdsLease: false,
    epoch: 0,
    anchored: 0,
    head: ZERO,
    isEnded: false,
    cancelEndsAtMs: 0,
    earnings: { settledRounds: 0, pending: false, settlesAtMs: 0 },
  }
  let [settledFinal, pendingFinal, pendingRounds] = [false, false, 0]
  const calls: string[] = []
  const table: { readonly [C in ChainCall['call']]: (call: Extract<ChainCall, { call: C }>, nowMs: number) => void } = {
    takeLease() {
      if (state.coordinator === undefined)
        state = { ...state, coordinator: account, holdsLease: true, epoch: state.epoch + 1 }
    },
    anchor({ round }) {
      if (round === state.anchored && round < rounds && state.status === 'open')
        state = { ...state, anchored: round + 1 }
    },
    end() {
      state = { ...state, isEnded: true }
    },
    assertEarnings({ rounds: asserted, final }, nowMs) {
      if (state.earnings.pending || settledFinal) return
      pendingFinal = final
      pendingRounds = asserted
      state = { ...state, earnings: { ...state.earnings, pending: true, settlesAtMs: nowMs + WINDOW_MS } }
    },
    settleEarnings(_, nowMs) {
      if (!state.earnings.pending || nowMs < state.earnings.settlesAtMs) return
      settledFinal = pendingFinal
      state = { ...state, earnings: { ...state.earnings, pending: false, settledRounds: pendingRounds } }
    },
    releaseLease() {
      const { coordinator: _, ...rest } = state
      state = { ...rest, holdsLease: false }
    },
    close() {
      if (settledFinal) state = { ...state, status: 'closed' }
    },
  }
  return {
    calls,
    /** What the submitter may do at any time. */
    cancel(nowMs: number): void {
      if (state.status === 'open' && !settledFinal)
        state = { ...state, status: 'cancelled', cancelEndsAtMs: nowMs + CANCEL_MS }
    },
    perform(call: ChainCall, nowMs: number): void {
      calls.push(call.call)
      ;(table[call.call] as (call: ChainCall, nowMs: number) => void)(call, nowMs)
    },
    view: (_nowMs: number): ChainView => ({ ...state, earnings: { ...state.earnings, settledFinal } }),
  }
}
