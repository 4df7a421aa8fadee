/** Short commands start fast: they load neither libp2p nor viem, nor what a network needs besides. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LAUNCHER } from './testing/run-cairn.ts'
import { tinyJob } from './testing/tiny-job.ts'

/** Refuses to load modules of these packages. */
const GUARD = `
import { registerHooks } from 'node:module'
const heavy = /node_modules[/](viem|libp2p|@libp2p|pino|@openzeppelin)[/]/
registerHooks({
  load(url, context, next) {
    if (heavy.test(url)) throw new Error('loaded ' + url)
    return next(url, context)
  },
})`

function guarded(...args: readonly string[]) {
  const guard = join(mkdtempSync(join(tmpdir(), 'cairn-test-')), 'guard.mjs')
  writeFileSync(guard, GUARD)
  return spawnSync(process.execPath, ['--import', guard, LAUNCHER, ...args], { encoding: 'utf8' })
}

test.each(['--help', 'submit --help', 'key create --help'])('cairn %s loads nothing of the network', args => {
  expect(guarded(...args.split(' '))).toMatchObject({ status: 0, stderr: '' })
})

test('training loads nothing of the network, and the guard does refuse', () => {
  const { job, at } = tinyJob({ schedule: { rounds: 1, innerSteps: 5 } })
  expect(guarded('train', job, '--out', at('out'), '--threads', '1')).toMatchObject({ status: 0, stderr: '' })
  expect(guarded('key', 'create', '--key', at('key.json')).stderr).toMatch(/loaded .*viem/)
})
