/**
 * How often each peer may do something: buckets that refill steadily. Bounded: the peer that was heard least recently is
 * forgotten, which gives it no more than a full bucket.
 */

export interface RateLimit {
  readonly perSecond: number
  /** Most at once, after a pause. */
  readonly burst: number
}

export interface RateLimiter {
  /** Takes one from a peer's bucket; false when it is empty. */
  take(peer: string): boolean
}

interface Bucket {
  readonly left: number
  readonly atMs: number
}

const MAX_BUCKETS = 10_000

/** Makes a limiter on a clock in milliseconds. */
export function rateLimiter({ perSecond, burst }: RateLimit, nowMs: () => number): RateLimiter {
  const buckets = new Map<string, Bucket>()

  const leftIn = ({ left, atMs }: Bucket, now: number): number =>
    Math.min(burst, left + (Math.max(0, now - atMs) * perSecond) / 1000)

  return {
    take(peer) {
      const now = nowMs()
      const left = leftIn(buckets.get(peer) ?? { left: burst, atMs: now }, now)
      const isAllowed = left >= 1
      buckets.delete(peer)
      buckets.set(peer, { left: isAllowed ? left - 1 : left, atMs: now })
      const [oldest] = buckets.keys()
      if (buckets.size > MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest)
      return isAllowed
    },
  }
}
