import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { type AskTerminal, askSecret, canAsk } from './ask-secret.ts'

function typist(...pieces: readonly string[]) {
  const events = new EventEmitter()
  const calls: string[] = []
  const shown: string[] = []
  const input = {
    isTTY: true,
    setRawMode: (raw: boolean) => calls.push(`raw ${raw}`),
    setEncoding: () => undefined,
    on: (event: 'data', listener: (text: string) => void) => events.on(event, listener),
    off: (event: 'data', listener: (text: string) => void) => events.off(event, listener),
    resume: () => {
      for (const piece of pieces) events.emit('data', piece)
    },
    pause: () => calls.push('pause'),
  }
  const terminal: AskTerminal = {
    input,
    output: { write: text => shown.push(text) },
    quit: code => calls.push(`quit ${code}`),
  }
  return { terminal, calls, shown, listeners: () => events.listenerCount('data') }
}

test('what is typed is taken and not shown', async () => {
  const { terminal, calls, shown, listeners } = typist('cor', 'rect horse', '\r')
  expect(await askSecret('Passphrase: ', terminal)).toBe('correct horse')
  expect(shown).toEqual(['Passphrase: ', '\n'])
  expect(calls).toEqual(['raw true', 'raw false', 'pause'])
  expect(listeners()).toBe(0)
})

test('the backspace takes back, pasted text ends at its line end', async () => {
  expect(await askSecret('', typist('ab\x7fc', '\x7f\x7f\x7f\x7fpäss\nrest').terminal)).toBe('päss')
})

test('Ctrl-C ends the process with the terminal as it was', () => {
  const { terminal, calls } = typist('abc\x03')
  askSecret('', terminal)
  expect(calls).toEqual(['raw true', 'raw false', 'pause', 'quit 130'])
})

test('nobody is asked where there is no terminal', () => {
  const { terminal } = typist()
  expect(canAsk(terminal)).toBe(true)
  expect(canAsk({ ...terminal, input: { ...terminal.input, isTTY: false } })).toBe(false)
})
