import { InputError, InternalError, ResourceError } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { EXIT, errorEvent, showError } from './errors.ts'
import { createScreen } from './screen.ts'

function shown(error: unknown): { text: string; code: number } {
  let text = ''
  const stream = { write: (piece: string) => (text += piece) }
  const code = showError(createScreen({ stdout: { write: () => undefined }, stderr: stream, env: {} }), error)
  return { text, code }
}

const DETAILS = { path: 'model.heads', expected: 'a divisor of 128', found: '5', fix: 'Use 4.' }

test('an error that a person can mend says the four things, and ends with 2', () => {
  for (const error of [new InputError('X', 'No.', DETAILS), new ResourceError('X', 'No.', DETAILS)]) {
    const { text, code } = shown(error)
    expect(text).toBe(
      'error No. [X]\n  where     model.heads\n  expected  a divisor of 128\n  found     5\n  to do     Use 4.\n',
    )
    expect(code).toBe(EXIT.input)
  }
})

test('long values are cut', () => {
  expect(shown(new InputError('X', 'No.', { found: 'x'.repeat(5000) })).text.length).toBeLessThan(400)
})

test('a bug ends with 70 and asks for a report', () => {
  for (const error of [new TypeError('oops'), new InternalError('Broken', 'oops'), 'oops']) {
    const { text, code } = shown(error)
    expect(text).toMatch(/bug[\s\S]*oops[\s\S]*Node \d[\s\S]*report/)
    expect(code).toBe(EXIT.bug)
  }
})

test('programs get the same fields', () => {
  expect(errorEvent(new InputError('X', 'No.', DETAILS))).toEqual({
    event: 'error',
    code: 'X',
    message: 'No.',
    ...DETAILS,
  })
  expect(errorEvent(new TypeError('oops'))).toMatchObject({ code: 'Bug' })
})
