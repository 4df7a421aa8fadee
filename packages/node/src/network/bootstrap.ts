/** Keeps connected to the peers a node was told to begin with: dialled until they answer, and again when they are lost. */
import type { Connections } from './connections.ts'
import type { NetworkLimits } from './limits.ts'

export interface Bootstrap {
  stop(): void
}

interface Target {
  readonly address: string
  /** Who answered there last. */
  peer: string | undefined
  pauseMs: number
  timer: NodeJS.Timeout | undefined
}

/** Begins to dial. The pause after a failure doubles; it starts over when a peer has answered. */
export function bootstrap(connections: Connections, addresses: readonly string[], limits: NetworkLimits): Bootstrap {
  let isStopped = false
  const targets = addresses.map((address): Target => {
    return { address, peer: undefined, pauseMs: limits.redialMs, timer: undefined }
  })

  async function dial(target: Target): Promise<void> {
    target.peer = await connections.dial(target.address)
    if (target.peer !== undefined) {
      target.pauseMs = limits.redialMs
      if (connections.connected().includes(target.peer)) return
    }
    retry(target)
  }

  function retry(target: Target): void {
    if (isStopped) return
    clearTimeout(target.timer)
    target.timer = setTimeout(() => void dial(target), target.pauseMs)
    target.pauseMs = Math.min(2 * target.pauseMs, limits.longestRedialMs)
  }

  const stopListening = connections.onDisconnect(peer => {
    for (const target of targets) if (target.peer === peer) retry(target)
  })
  for (const target of targets) void dial(target)

  return {
    stop() {
      isStopped = true
      stopListening()
      for (const { timer } of targets) clearTimeout(timer)
    },
  }
}
