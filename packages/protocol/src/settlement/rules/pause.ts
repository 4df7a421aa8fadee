/** The guardian's bounded pause. Twin of GuardianPause.sol. */
import { done, type Outcome, type Rules, refuse } from '../rule.ts'
import type { Settlement } from '../state.ts'

export const pauseRules: Rules<'pause' | 'unpause'> = {
  pause(state, _, { from, now }) {
    const { guardian, pauseSeconds, pauseIntervalSeconds } = state.parameters
    if (from !== guardian) return refuse('NotGuardian')
    if (now < state.pausableFrom) return refuse('PauseTooSoon')
    const until = now + pauseSeconds
    const paused = { ...state, pausedUntil: until, pausableFrom: now + pauseIntervalSeconds }
    return done(paused, { event: 'PauseStarted', args: { until } })
  },

  unpause(state, _, { from, now }) {
    if (from !== state.parameters.guardian) return refuse('NotGuardian')
    return done({ ...state, pausedUntil: now }, { event: 'PauseEnded', args: {} })
  },
}

export const requireRunning = (state: Settlement, now: number): Outcome =>
  now < state.pausedUntil ? refuse('NetworkPaused') : done(state)
