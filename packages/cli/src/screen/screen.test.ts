import { describe, expect, test } from 'vitest'
import { createScreen } from './screen.ts'
import { sparkline } from './sparkline.ts'

function recorded(isTTY: boolean, env: Record<string, string> = {}) {
  const written: string[] = []
  const stream = { isTTY, write: (text: string) => written.push(text) }
  return { written, screen: createScreen({ stdout: stream, stderr: stream, env }) }
}

describe('a terminal', () => {
  test('has a status line that gives way to other lines', () => {
    const { screen, written } = recorded(true)
    screen.status('step 1')
    screen.status('step 2')
    screen.print('done')
    expect(written).toEqual(['step 1', '\r\x1b[2K', 'step 2', '\r\x1b[2K', 'done\n'])
  })

  test('has a status of several lines that is taken away as a whole', () => {
    const { screen, written } = recorded(true)
    screen.status('one\ntwo\nthree')
    screen.status('')
    screen.print('done')
    const [clear, up] = ['\r\x1b[2K', '\x1b[1A']
    expect(written).toEqual(['one\ntwo\nthree', `${clear}${up}${clear}${up}${clear}`, 'done\n'])
  })

  test('has colours, unless NO_COLOR is set or it is dumb', () => {
    expect(recorded(true).screen.colours.red('x')).toBe('\x1b[31mx\x1b[39m')
    expect(recorded(true, { NO_COLOR: '1' }).screen.colours.red('x')).toBe('x')
    expect(recorded(true, { TERM: 'dumb' }).screen.colours.red('x')).toBe('x')
  })
})

test('a file or pipe gets lines only', () => {
  const { screen, written } = recorded(false, { CI: 'true' })
  screen.status('step 1')
  screen.note(screen.colours.red('done'))
  expect(written).toEqual(['done\n'])
  expect(screen.isLive).toBe(false)
})

test('a sparkline has the shape of its values, in the width there is', () => {
  expect(sparkline([], 10)).toBe('')
  expect(sparkline([1, 1], 10)).toBe('▁▁')
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([4, 4, 2, 2, 0, 0], 3)).toBe('█▅▁')
})
