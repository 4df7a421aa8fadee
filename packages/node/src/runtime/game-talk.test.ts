import type { Side } from '@cairn/protocol'
import { afterEach, expect, it, vi } from 'vitest'
import { isPatienceOver, type Waiting } from './game-answer.ts'
import type { SaidStep } from './game-line.ts'
import { ownMoves } from './game-talk.ts'

const stepBy = (letter: string) => ({ before: { toMove: letter === 'd' ? 'defender' : 'challenger' } }) as SaidStep

/** Which of the moves of a line are the last ones of a side: `d` is a move of the defender. */
function places(line: string, side: Side): number[] {
  const said = [...line].map(stepBy)
  const { at, steps } = ownMoves({ said }, side)
  expect(steps).toEqual(said.slice(at, at + steps.length))
  return steps.map((_, i) => at + i)
}

it.each<[string, Side, number[]]>([
  ['', 'defender', []],
  ['d', 'challenger', []],
  ['d', 'defender', [0]],
  ['dc', 'challenger', [1]],
  // The defender may be on turn twice: the challenger has its answer, or half of it, and its own last move is that before.
  ['dcd', 'challenger', [1]],
  ['dcdd', 'defender', [2, 3]],
  ['dd', 'defender', [0, 1]],
  ['dcddcd', 'defender', [5]],
])('in %s the last moves of the %s are %o', (line, side, expected) => {
  expect(places(line, side)).toEqual(expected)
})

afterEach(() => void vi.useRealTimers())

it.each([
  [120, 10_000],
  [20, 2_000],
])(
  'with %i seconds for all moves an answer is waited for %i ms, then half as long',
  (maximumDelaySeconds, patienceMs) => {
    vi.useFakeTimers()
    const talk: Pick<Waiting, 'waiting' | 'disappointments'> = { disappointments: 0 }
    const isOver = (turn: number) => isPatienceOver({ maximumDelaySeconds }, talk, turn)
    expect(isOver(3)).toBe(false)
    vi.advanceTimersByTime(patienceMs - 1)
    expect(isOver(3)).toBe(false)
    vi.advanceTimersByTime(1)
    expect(isOver(3)).toBe(true)
    talk.disappointments++
    expect(isOver(5)).toBe(false)
    vi.advanceTimersByTime(patienceMs / 2)
    expect(isOver(5)).toBe(true)
  },
)
