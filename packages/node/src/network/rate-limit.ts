/** How often each peer may do something: buckets that refill steadily. Memory is bounded by forgetting full buckets. */

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

  function forgetFull(now: number): void {
    for (const [peer, bucket] of buckets) if (leftIn(bucket, now) >= burst) buckets.delete(peer)
    // Only an attack fills the table with empty buckets; forgetting the oldest gives it nothing that lasts.
    for (const peer of buckets.keys()) {
      if (buckets.size < MAX_BUCKETS) return
      buckets.delete(peer)
    }
  }

  return {
    take(peer) {
      const now = nowMs()
      const left = leftIn(buckets.get(peer) ?? { left: burst, atMs: now }, now)
      if (!buckets.has(peer) && buckets.size >= MAX_BUCKETS) forgetFull(now)
      const isAllowed = left >= 1
      buckets.set(peer, { left: isAllowed ? left - 1 : left, atMs: now })
      return isAllowed
    },
  }
}
