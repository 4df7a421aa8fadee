/** What tests have to put away: helpers say it as they make it, test files call `cleanUp` after each test. */
const pending: (() => unknown)[] = []

export const atEnd = (putAway: () => unknown): unknown => pending.push(putAway)

/** Puts everything away, the newest first. */
export async function cleanUp(): Promise<void> {
  for (const putAway of pending.splice(0).reverse()) await putAway()
}
