/** Everything that may end the demo before its time, as one signal. */
import { type Screen, stopOnSignals } from '@cairn/cli'

const LOOK_EVERY_MS = 300

/** npm passes signals on to the shell that it started us with, which ends and says nothing: our parent is another then. */
function watchLauncher(onGone: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** Listens for Ctrl-C and its relatives, for readers that went away, and for the end of what started this process. */
export function stopRequest(screen: Screen): AbortSignal {
  const stop = new AbortController()
  const ask = () => {
    if (stop.signal.aborted) return
    screen.status('')
    screen.note('Stopping the network; Ctrl-C again quits at once.')
    stop.abort()
  }
  stopOnSignals(ask)
  watchLauncher(ask)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort())
  return stop.signal
}
