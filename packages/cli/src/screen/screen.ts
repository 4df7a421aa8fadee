/**
 * Where a command writes. Results go to standard output, everything about them to standard error, so that output can be
 * piped. Colours and a line that is redrawn appear only on a terminal; NO_COLOR switches colours off.
 */
import pc from 'picocolors'

type Colours = ReturnType<typeof pc.createColors>

export interface Screen {
  readonly colours: Colours
  /** Whether `status` shows anything. */
  readonly isLive: boolean
  readonly columns: number
  /** Writes a line of the result. */
  print(line: string): void
  /** Writes a piece of the result as it comes, without a line end. */
  write(text: string): void
  /** Writes a line about the work. */
  note(line: string): void
  /** Replaces the status, a line or several, none wider than the terminal; the empty text takes it away. */
  status(text: string): void
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ScreenOptions {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly env: Readonly<Record<string, string | undefined>>
}

const CLEAR_LINE = '\r\x1b[2K'
const LINE_UP = '\x1b[1A'

/** Makes a screen on two streams. */
export function createScreen({ stdout, stderr, env }: ScreenOptions): Screen {
  const isTerminal = (stream: Stream) => stream.isTTY === true && env.TERM !== 'dumb'
  const isLive = isTerminal(stderr)
  let shownLines = 0
  const clear = () => {
    if (shownLines > 0) stderr.write(CLEAR_LINE + `${LINE_UP}${CLEAR_LINE}`.repeat(shownLines - 1))
    shownLines = 0
  }
  const above = (stream: Stream) => (text: string) => {
    clear()
    stream.write(text)
  }
  const [out, err] = [above(stdout), above(stderr)]
  return {
    colours: pc.createColors(isTerminal(stdout) && isLive && !env.NO_COLOR),
    isLive,
    columns: stderr.columns ?? 80,
    print: line => out(`${line}\n`),
    write: out,
    note: line => err(`${line}\n`),
    status(text) {
      if (!isLive) return
      clear()
      if (text !== '') stderr.write(text)
      shownLines = text === '' ? 0 : text.split('\n').length
    },
  }
}
