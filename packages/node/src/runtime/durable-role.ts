/**
 * Runs a role whose events are journalled: events of one turn of the event loop go to the disk together, and only then
 * are their effects performed, so that what this node said it can always say again. While the disk takes nothing, effects
 * wait; nothing is lost.
 */
import type { Logger } from '../log/logger.ts'

export interface DurableRole<State, Event> {
  state(): State
  tell(event: Event): void
  stop(): void
}

interface Entry<Event> {
  readonly event: Event
  readonly nowMs: number
  readonly seed: number
}

export interface DurableOptions<State, Event, Effect> {
  readonly initial: State
  readonly tick: (state: State, entry: Entry<Event>) => { readonly state: State; readonly effects: readonly Effect[] }
  /** Returns once the events are on the disk; throws when they are not. */
  readonly append: (events: readonly Entry<Event>[], state: State) => void
  readonly perform: (effect: Effect) => void
  readonly draw: () => number
  readonly log: Logger
}

export function durableRole<State, Event, Effect>(
  options: DurableOptions<State, Event, Effect>,
): DurableRole<State, Event> {
  const { tick, append, perform, draw, log } = options
  const waiting: Entry<Event>[] = []
  /** Events and effects that the disk has not taken yet. */
  let unsaved: Entry<Event>[] = []
  let held: Effect[] = []
  let state = options.initial
  let [isStopped, isStuck] = [false, false]

  function save(): boolean {
    try {
      if (unsaved.length > 0) append(unsaved, state)
      unsaved = []
      if (isStuck) log.info({}, 'the journal can be written again')
      isStuck = false
      return true
    } catch (error) {
      if (!isStuck) log.error({ error: String(error) }, 'the journal cannot be written; nothing is done until it can')
      isStuck = true
      return false
    }
  }

  function flush(): void {
    for (const entry of waiting.splice(0)) {
      const ticked = tick(state, entry)
      if (ticked.state !== state) unsaved.push(entry)
      state = ticked.state
      held.push(...ticked.effects)
    }
    if (!save()) return
    const effects = held
    held = []
    for (const effect of effects) perform(effect)
  }

  return {
    state: () => state,
    tell(event) {
      if (isStopped) return
      waiting.push({ event, nowMs: Date.now(), seed: draw() })
      // PERF: a microtask would run after every single message; the disk is waited for once for all that have come.
      if (waiting.length === 1) setImmediate(flush)
    },
    stop() {
      isStopped = true
    },
  }
}
