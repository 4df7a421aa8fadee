/** The peers of a fetch: a few at a time, and for each that fails the next one. Peers may be added while it runs. */

/** Works with one peer; tells whether the peer may be used again. */
type WithPeer = (peer: string) => Promise<boolean>

export interface PeerPool {
  add(peers: readonly string[]): void
  /** Works with peers until `isDone`, or until none is left. Rejects with what `work` throws, once all have returned. */
  run(work: WithPeer, isDone: () => boolean): Promise<void>
}

export function peerPool(maxPeers: number, signal: AbortSignal): PeerPool {
  const known = new Set<string>()
  const usable = new Set<string>()
  let fill: (() => void) | undefined

  async function run(work: WithPeer, isDone: () => boolean): Promise<void> {
    const idle = new Set(usable)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let busy = 0
    let fault: { cause: unknown } | undefined

    const use = async (peer: string): Promise<void> => {
      busy++
      try {
        if (!(await work(peer))) usable.delete(peer)
      } catch (cause) {
        fault ??= { cause }
      }
      busy--
      fill?.()
    }
    fill = () => {
      for (const peer of idle) {
        if (busy >= maxPeers || isDone() || signal.aborted || fault !== undefined) break
        idle.delete(peer)
        void use(peer)
      }
      if (fault !== undefined) reject(fault.cause)
      else if (busy === 0 || isDone() || signal.aborted) resolve()
    }
    addIdle = peer => idle.add(peer)
    fill()
    return promise.finally(() => {
      fill = undefined
    })
  }

  let addIdle: (peer: string) => void = () => undefined

  return {
    run,
    add(peers) {
      for (const peer of peers) {
        if (known.has(peer)) continue
        known.add(peer)
        usable.add(peer)
        addIdle(peer)
      }
      fill?.()
    },
  }
}
