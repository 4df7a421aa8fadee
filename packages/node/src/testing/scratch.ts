import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, deploy, faucet, localParameters, startLocalChain, createChainClient, readBalances } from '@cairn/contracts'
import { decodeHex, encodeUtf8, type HashHex, sha256 } from '@cairn/primitives'
import { wasm } from '@cairn/engine'
import { parseJobSpec } from '@cairn/protocol'
import { compileJob, createExecutor, globalSlots, prepareData, rootOfState, submissionOf, train } from '@cairn/training'
import { connectClient } from '../client/connect.ts'
import { submitJob } from '../client/submit.ts'
import { DEFAULT_RATES, termsOf } from '../client/terms.ts'
import { nodeKey } from '../keys/node-key.ts'
import { startNode } from '../runtime/start-node.ts'
import type { Logger } from '../log/logger.ts'

const W = Number(process.argv[2] ?? 2)
const t0 = Date.now()
const stamp = () => ((Date.now() - t0) / 1000).toFixed(2)
const log = (name: string): Logger => {
  const say = (level: string) => (f: object, m: string) => console.log(stamp(), name, level, m, JSON.stringify(f).slice(0, 150))
  return { info: say(''), warn: say('WARN'), error: say('ERROR') }
}
const dir = mkdtempSync(join(tmpdir(), 'cairn-scratch-'))
const chain = await startLocalChain()
const options = { rpcUrl: chain.rpcUrl, chainId: chain.chainId, pollingMs: 50 }
const addresses = await deploy(createConnection({ ...options, privateKey: chain.keys[0]! }), { parameters: localParameters })
const keyAt = (i: number) => nodeKey(decodeHex(chain.keys[i]!.slice(2)), sha256(encodeUtf8(`peer ${i}`)))
const network = { format: 'cairn/network/v1' as const, rpcUrl: chain.rpcUrl, chainId: chain.chainId, escrow: addresses.escrow, bootstrap: [] as string[], hasFaucet: true }
const common = { network, listen: [], price: 1000n, stake: 500_000_000n, threads: 1, memoryBytes: 2 ** 33 }
const coordinator = await startNode({ ...common, directory: join(dir, 'c'), key: keyAt(1), role: 'coordinator', log: log('C') })
network.bootstrap = [coordinator.addresses[0]!]
const workers = []
for (let i = 0; i < W; i++) workers.push(await startNode({ ...common, directory: join(dir, `w${i}`), key: keyAt(2 + i), role: 'worker', log: log(`W${i}`) }))
console.log(stamp(), 'up')
const TEXT = Array.from({ length: 300 }, (_, i) => `The ${['cat', 'dog'][i % 2]} sat on ${i % 7} mats. `).join('')
const spec = parseJobSpec({ apiVersion: 'cairn/v1', name: 'tiny', model: { kind: 'gpt', layers: 1, heads: 2, width: 32, context: 16 }, data: { kind: 'text', source: 'tiny.txt' }, optimiser: { learningRate: 0.003, warmupSteps: 2 }, schedule: { replicas: 3, innerSteps: 6, rounds: 4, batch: 2, checkpoints: 3 }, evaluation: { batches: 2, everyRounds: 2 }, seed: 7 })
const data = prepareData(spec, { path: 'tiny.txt', bytes: encodeUtf8(TEXT) }, sha256)
const program = compileJob(spec, data.vocabulary, sha256)
const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256 })
const initial = await executor.initialState()
if (!initial.ok) throw new Error('x')
const blobs = new Map<string, Uint8Array>()
let record: Uint8Array | undefined
const result = await train(program, executor, { hash: sha256, data: data.facts, keep: 'all', onEvent: async () => {}, shouldStop: () => false, shouldSave: () => false,
  store: { readRecord: async () => record, writeRecord: async b => { record = b }, readBlob: async (_, r) => blobs.get(r), writeBlob: async (_, r, p) => void blobs.set(r, Uint8Array.from(p.flatMap(x => [...x]))), deleteBlob: async (_, r) => void blobs.delete(r) } })
const key = keyAt(9)
const submission = submissionOf(sha256, { program, data, initialRoot: rootOfState(sha256, globalSlots(program.model), initial.value), stepMemoryBytes: await executor.stepMemoryBytes(), network: { chainId: chain.chainId, escrow: addresses.escrow.toLowerCase() }, submitter: key.address.toLowerCase(), salt: '5'.repeat(64) as HashHex })
const client = await connectClient({ network, key })
console.log(stamp(), 'nodes', (await client.nodes()).length)
await faucet(client.chain, key.address, 1_000_000_000n)
const terms = termsOf(submission.document, submission.documentId, { ...DEFAULT_RATES, perTeraOperation: 100_000n }, Math.min(1, W - 1))
console.log(terms)
await submitJob(client, { submission, terms, onEvent: e => console.log(stamp(), 'submit', JSON.stringify(e)) })
console.log(stamp(), 'submitted')
for (;;) {
  const job = await client.job(submission.job)
  if (job.isClosed) { console.log(stamp(), job.history.at(-1), result.record.rounds.at(-1)?.globalRoot, job.history.at(-1)?.globalRoot === result.record.rounds.at(-1)?.globalRoot ? 'SAME' : 'DIFFERENT'); break }
  if (Date.now() - t0 > 60_000) { console.log(job); break }
  await new Promise(r => setTimeout(r, 300))
}
console.log(await readBalances(client.chain, key.address))
console.log((await client.why(submission.job)).now, (await client.why(workers[0]!.account)).now)
await client.stop()
for (const w of workers) await w.stop('done')
await coordinator.stop('done')
await chain.stop()
process.exit(0)
