import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ProcessEvent, supervise } from './supervise.ts'

/** A command that is over at once, which is nothing that a supervised process should be. */
const run = (args: readonly string[], restart: boolean) => {
  const events: ProcessEvent[] = []
  const process = supervise({ name: 'it', args: () => args, restart, onEvent: event => events.push(event) })
  return { process, events }
}

test('a process that cannot start fails with its own error, and is not started again', async () => {
  const { process, events } = run(['balance', '--network', '/nowhere.json'], true)
  const error = { code: 'MissingFile', path: '/nowhere.json', fix: expect.stringContaining('cairn up') }
  await expect(process.ready).rejects.toMatchObject(error)
  expect(await process.failed).toMatchObject(error)
  expect(events.filter(({ event }) => event === 'started')).toHaveLength(1)
  expect(events.at(-1)).toEqual({ event: 'ended', name: 'it', how: 'exit code 2' })
  await process.stop()
})

test('one that ends without a word is told of with its last lines', async () => {
  const { process } = run(['nonsense'], true)
  await expect(process.ready).rejects.toMatchObject({
    code: 'ProcessFailed',
    found: expect.stringMatching(/exit code 2[\s\S]*unknown command/),
  })
  await process.stop()
})

test('another program than the command may be run', async () => {
  const program = join(mkdtempSync(join(tmpdir(), 'cairn-program-')), 'program.mjs')
  writeFileSync(program, 'process.send({ event: "ready", args: process.argv.slice(2) }); setInterval(() => {}, 9999)')
  const options = { name: 'it', program, args: () => ['node', '--role', 'worker'], restart: false }
  const process = supervise({ ...options, onEvent: () => undefined })
  expect(await process.ready).toEqual({ event: 'ready', args: ['node', '--role', 'worker'] })
  await process.stop()
})
