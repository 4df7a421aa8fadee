/** Asks a person for something that nobody else should read: what is typed is not shown. */
import { INTERRUPTED } from '@cairn/node/files'

/** The parts of a terminal that asking takes. */
export interface AskTerminal {
  readonly input: {
    readonly isTTY?: boolean
    setRawMode?(raw: boolean): unknown
    setEncoding(encoding: 'utf8'): unknown
    on(event: 'data', listener: (text: string) => void): unknown
    off(event: 'data', listener: (text: string) => void): unknown
    resume(): unknown
    pause(): unknown
  }
  readonly output: { write(text: string): unknown }
  /** Ends the process, when the answer is Ctrl-C. */
  readonly quit: (code: number) => void
}

const KEYS = { enter: /[\r\n]/, quit: '\x03', end: '\x04', back: /[\x7f\b]/ } as const

export const personAtTerminal = (): AskTerminal => ({
  input: process.stdin,
  output: process.stderr,
  quit: code => process.exit(code),
})

export const canAsk = ({ input }: AskTerminal): boolean => input.isTTY === true && input.setRawMode !== undefined

/** Asks a question; the answer ends with Enter. Only where `canAsk`. */
export function askSecret(question: string, { input, output, quit }: AskTerminal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const typed: string[] = []
  const finish = () => {
    input.off('data', onData)
    input.setRawMode?.(false)
    input.pause()
    output.write('\n')
  }
  const onData = (text: string) => {
    for (const char of text) {
      if (KEYS.enter.test(char) || char === KEYS.end) {
        finish()
        return resolve(typed.join(''))
      }
      if (char === KEYS.quit) {
        finish()
        return quit(INTERRUPTED)
      }
      if (KEYS.back.test(char)) typed.pop()
      else typed.push(char)
    }
  }
  input.setEncoding('utf8')
  input.setRawMode?.(true) // before the question: who is fast would see what they type
  output.write(question)
  input.on('data', onData)
  input.resume()
  return promise
}
