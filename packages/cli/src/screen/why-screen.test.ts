import { expect, test } from 'vitest'
import { createScreen } from './screen.ts'
import { showWhy } from './why-screen.ts'

const TOKEN = { symbol: 'TEST', decimals: 6 }
const JOB = 'f00d'.repeat(16)
const counts = { trained: 6n, evaluated: 2n, kept: 0n, coordinated: 0n, audited: 0n }
const account = { account: '0x01', peer: 'abcdef0123', counts, earned: 3_000_000n, withdrawn: 500_000n }
const heard = { isLive: true, isWorking: false, seenMsAgo: 0 }

function shown(...args: [Parameters<typeof showWhy>[1], Parameters<typeof showWhy>[2]]): string {
  let out = ''
  const stream = { write: (text: string) => (out += text) }
  showWhy(createScreen({ stdout: stream, stderr: stream, env: {} }), ...args, TOKEN)
  return out
}

test('of a job one sees who has earned how much, what is asserted and when it settles', () => {
  const asserted = { amount: 3_000_000n, rounds: 16, settlesAtSeconds: 0 }
  const pay = { job: JOB, settled: 1_000_000n, asserted, accounts: [{ ...account, withdrawable: 500_000n }] }
  const text = shown({ now: 'running', history: [] }, [pay])
  expect(text).toMatch(/abcdef01 +0x01 +6 +2 +0 +0 +0 +3 TEST +0\.5 TEST\n/)
  const time = new Date(0).toLocaleTimeString()
  expect(text).toContain(`3 TEST earned, 1 TEST settled; 3 TEST for 16 rounds can be settled from ${time}.`)
})

test('of a node one sees what it earned with each job', () => {
  const pay = { job: JOB, settled: 0n, accounts: [account] }
  expect(shown({ now: 'idle', history: [], heard }, [pay])).toMatch(/f00df00d +6 +2 +0 +0 +0 +3 TEST +unknown/)
})

test('of a unit, or where nothing was done, there is no table', () => {
  expect(shown({ now: 'open', history: [] }, [])).toBe('open\n')
})
