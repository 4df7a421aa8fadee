/** A line of the log as a person at a terminal reads it: time of day, message, fields. */

const SIGN: Readonly<Record<string, string>> = { info: ' ', warn: '!', error: '✗' }

const hasSpaces = (text: string): boolean => text === '' || /[\s="]/.test(text)

function shown(value: unknown): string {
  const text = typeof value === 'string' && !hasSpaces(value) ? value : JSON.stringify(value)
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}

const timeOfDay = (time: string): string => new Date(time).toTimeString().slice(0, 8)

/** Writes a line of JSON in short. An error is its message and what to do; the file has the rest. */
export function shortLine(json: string): string {
  const { level, time, msg, error, ...fields } = JSON.parse(json)
  const { message, fix } = error ?? {}
  const reason = [message, fix].filter(text => typeof text === 'string').map(text => ` ${text}`)
  const rest = Object.entries(fields).map(([name, value]) => `  ${name}=${shown(value)}`)
  const line = `${timeOfDay(time)} ${SIGN[level] ?? '?'} ${msg}${reason.length > 0 ? `:${reason.join('')}` : ''}${rest.join('')}`
  // What a peer sent may be among it: nothing that moves the cursor or colours the screen gets through.
  return `${line.replace(/\p{Cc}/gu, ' ')}\n`
}
