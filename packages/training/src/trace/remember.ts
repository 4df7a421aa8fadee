/** Keeping what was computed last, and doing one thing at a time: compiled graphs hold one run's memory. */

/** Keeps the values of the last few keys. */
export function latest<T>(most: number): (key: string, compute: () => Promise<T>) => Promise<T> {
  const known = new Map<string, Promise<T>>()
  return (key, compute) => {
    const value = known.get(key) ?? compute()
    known.delete(key)
    known.set(key, value)
    value.catch(() => known.delete(key))
    for (const oldest of [...known.keys()].slice(0, -most)) known.delete(oldest)
    return value
  }
}

export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>

/** Makes a queue: work begins when all before it has ended. */
export function exclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}
