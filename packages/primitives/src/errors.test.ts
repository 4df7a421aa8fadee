import { expect, test } from 'vitest'
import { CairnError, InputError } from './errors.ts'

test('an error carries its class name, code, details and cause', () => {
  const cause = new Error('below')
  const error = new InputError('BadThing', 'It is bad.', { path: 'a.b', expected: 'x', found: 'y', fix: 'z', cause })
  expect(error).toBeInstanceOf(CairnError)
  expect(error).toMatchObject({ name: 'InputError', code: 'BadThing', message: 'It is bad.', cause })
  expect(error).toMatchObject({ path: 'a.b', expected: 'x', found: 'y', fix: 'z' })
})

test('an error without details has no cause of its own', () => {
  expect(Object.hasOwn(new InputError('BadThing', 'It is bad.'), 'cause')).toBe(false)
})
