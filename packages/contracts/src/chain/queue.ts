/** Runs tasks one after another, in the order in which they came; one that fails does not stop the next. */
export type Queue = <Value>(task: () => Promise<Value>) => Promise<Value>

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return task => {
    const result = last.then(task, task)
    last = result.catch(() => undefined)
    return result
  }
}
