/** Processes that others must find again: on the port they had the last time, on one that was asked for, or on a free one. */
import { CairnError } from '@cairn/primitives'
import type { Ready } from './child.ts'
import type { Supervised, SuperviseOptions } from './supervise.ts'

export interface PortOptions {
  readonly name: string
  /** Arguments of `cairn`; without a port it takes one that is free. */
  readonly argsFor: (port: number | undefined) => readonly string[]
  /** A port that a person asked for: no other will do. */
  readonly asked?: number | undefined
  /** The port of the last time: another will do. */
  readonly last?: number | undefined
  /** Reads the port out of what the process says when it is up. */
  readonly portOf: (facts: Ready) => number | undefined
}

export type Start = (options: Pick<SuperviseOptions, 'name' | 'args'>) => Supervised

const isPortTaken = (error: unknown): boolean => error instanceof CairnError && error.code === 'PortTaken'

/** Starts a process and waits until it is up; whenever it is started again, it keeps its port. */
export async function startOnPort(start: Start, options: PortOptions): Promise<Ready> {
  const { name, argsFor, asked, last, portOf } = options
  let port = asked ?? last
  try {
    const facts = await start({ name, args: () => argsFor(port) }).ready
    port = portOf(facts)
    return facts
  } catch (error) {
    if (asked !== undefined || last === undefined || !isPortTaken(error)) throw error
    return startOnPort(start, { ...options, last: undefined })
  }
}
