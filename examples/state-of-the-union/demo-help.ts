/** `npm run demo -- --help`: the options, and every kind of cheat in a line. */
import { DEMO_CHEATS } from './cheat.ts'

const OPTIONS = [
  ['--cheat KIND', 'somebody cheats, on a shorter job; the kinds are below'],
  ['--workers N', '1 to 9; 3 if left out. With a cheat 3, or the others would lack a custodian'],
  ['--verifiers N', '0 to 9; 2 if left out'],
  ['--threads-per-worker N', 'left out, the workers share the cores'],
  ['--challenge-seconds N', 'how long a round can be challenged; a side of a dispute thinks six times as long'],
  ['--job FILE', 'another job file'],
  ['--out DIR', 'where it leaves what it made; out/demo if left out'],
  ['--json', 'a summary on standard output, the story on standard error'],
] as const

const rows = (all: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...all.map(([name]) => name.length))
  return all.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
}

/** Says what the demo takes. */
export const helpText = (): string =>
  [
    'npm run demo [-- OPTIONS]: a network on this machine trains a small model, checks it and is paid.',
    '',
    ...rows(OPTIONS),
    '',
    'Kinds of cheats. All end in the state of an honest run; docs/zoo.md says what each costs.',
    ...rows(DEMO_CHEATS.map(({ name, description }) => [name, description])),
  ].join('\n')
