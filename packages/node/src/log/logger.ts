/** What every part of a node says while it works. Parts are given a logger; none makes its own. */

/** Facts about an event, by name. Secrets are blacked out by their names, but do not count on it. */
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

const nothing = (): void => undefined

/** Says nothing: for tests, and for whoever does not care. */
export const silentLogger: Logger = Object.freeze({ info: nothing, warn: nothing, error: nothing })
