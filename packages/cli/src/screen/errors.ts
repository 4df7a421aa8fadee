/** The one place that shows errors: what, where, expected, found, what to do; and the exit code that goes with each. */
import { INTERRUPTED } from '@cairn/node/files'
import { CairnError, InternalError } from '@cairn/primitives'
import type { SpecProblem } from '@cairn/protocol'
import type { Screen } from './screen.ts'
import { printRows, type Row } from './table.ts'

/** What the command's exit codes mean. */
export const EXIT = { ok: 0, disagreed: 1, input: 2, diverged: 3, bug: 70, interrupted: INTERRUPTED } as const

const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 297)}...` : text)

function detailRows({ path, expected, found, fix }: Partial<SpecProblem>): Row[] {
  const rows = [
    ['where', path],
    ['expected', expected],
    ['found', found],
    ['to do', fix],
  ] as const
  return rows.flatMap(([name, value]) => (value ? [[name, shortened(value)] as const] : []))
}

/** Problems of a specification travel as the cause of one error. */
const problemsOf = (error: CairnError): readonly Partial<SpecProblem>[] =>
  Array.isArray(error.cause)
    ? error.cause
    : [
        {
          ...(error.path === undefined ? {} : { path: error.path }),
          ...(error.expected === undefined ? {} : { expected: error.expected }),
          ...(error.found === undefined ? {} : { found: error.found }),
          ...(error.fix === undefined ? {} : { fix: error.fix }),
        },
      ]

function showCairnError(screen: Screen, error: CairnError): void {
  const { colours } = screen
  screen.note(`${colours.red('error')} ${colours.bold(error.message)} ${colours.dim(`[${error.code}]`)}`)
  problemsOf(error).forEach((problem, i) => {
    if (i > 0) screen.note('')
    printRows(screen, detailRows(problem), screen.note)
  })
}

function showBug(screen: Screen, error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  screen.note(
    `${screen.colours.red('bug')} Cairn failed in a way that is its own fault. Nothing that was saved is lost.`,
  )
  screen.note(stack)
  screen.note(`  with      Node ${process.versions.node} on ${process.platform} ${process.arch}`)
  screen.note('  to do     Please report this: the lines above, the command and the job file.')
}

/** Shows an error and returns the exit code. */
export function showError(screen: Screen, error: unknown): number {
  screen.status('')
  if (error instanceof CairnError && !(error instanceof InternalError)) {
    showCairnError(screen, error)
    return EXIT.input
  }
  showBug(screen, error)
  return EXIT.bug
}

/** The same error for programs. */
export function errorEvent(error: unknown): object {
  if (!(error instanceof CairnError)) return { event: 'error', code: 'Bug', message: String(error) }
  const { code, message, path, expected, found, fix } = error
  return { event: 'error', code, message, path, expected, found, fix }
}
