import { expect, test } from 'vitest'
import { textFromJsonl } from './jsonl.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (text: string, options = {}) => textFromJsonl(utf8(text), 'a.jsonl', options)

test('joins the texts of all lines with a line feed', () => {
  expect(read('{"text":"one","id":1}\r\n\n{"text":"tw\\u00f6\\n"}\n')).toBe('one\ntwö\n')
})

test('takes another field and another separator', () => {
  expect(read('{"body":"a"}\n{"body":"b"}', { field: 'body', separator: '<|endoftext|>' })).toBe('a<|endoftext|>b')
})

test.each([
  ['what is not JSON', '{"text":"a"}\n{"text":', 'a.jsonl:2', 'one JSON object a line'],
  ['a value that is no object', '\n["a"]', 'a.jsonl:2', 'an object'],
  ['null', 'null', 'a.jsonl:1', 'an object'],
  ['a missing field', '{"body":"a"}', 'a.jsonl:1', 'a field "text"'],
  ['a field that only the prototype has', '{"text":"a"}\n{}', 'a.jsonl:2', 'a field "text"'],
  ['a field that is no text', '{"text":7}', 'a.jsonl:1: text', 'a string'],
  ['an escaped half of a surrogate pair', '{"text":"\\ud800"}', 'a.jsonl:1: text', 'well-formed Unicode'],
])('refuses %s and names the line', (_, text, path, expected) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ name: 'InputError', code: 'BadJsonl', path, expected }))
})

test.each(['', '\n \n', '{"text":""}'])('refuses %j as empty', text => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'EmptyData', path: 'a.jsonl' }))
})

test('refuses what is not UTF-8', () => {
  expect(() => textFromJsonl(Uint8Array.of(0x22, 0xff), 'a.jsonl')).toThrow(
    expect.objectContaining({ code: 'NotUtf8' }),
  )
})
