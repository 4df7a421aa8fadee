import { wasm } from '@cairn/engine'
import { encodeUtf8, sha256 } from '@cairn/primitives'
import { parseJobSpec } from '@cairn/protocol'
import { compileJob, createExecutor, prepareData, train } from '@cairn/training'
const TEXT = Array.from({ length: 300 }, (_, i) => `The ${['cat', 'dog'][i % 2]} sat on ${i % 7} mats. `).join('')
const spec = parseJobSpec({ apiVersion: 'cairn/v1', name: 'tiny', model: { kind: 'gpt', layers: 1, heads: 2, width: 64, context: 64 }, data: { kind: 'text', source: 'tiny.txt' }, optimiser: { learningRate: 0.003, warmupSteps: 2 }, schedule: { replicas: 3, innerSteps: 120, rounds: 3, batch: 4, checkpoints: 3 }, evaluation: { batches: 2, everyRounds: 2 }, seed: 7 })
let t=performance.now(); const lap=(s:string)=>{const n=performance.now(); console.log(s,(n-t).toFixed(0)); t=n}
const data = prepareData(spec, { path: 'tiny.txt', bytes: encodeUtf8(TEXT) }, sha256)
const program = compileJob(spec, data.vocabulary, sha256)
lap('compile')
const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256, threads: 1 })
await executor.initialState(); lap('init')
console.log(await executor.stepMemoryBytes()); lap('mem')
const blobs = new Map<string, Uint8Array>()
let record: Uint8Array | undefined
const result = await train(program, executor, { hash: sha256, data: data.facts, keep: 'all', onEvent: async e => { if (e.kind==='unit') lap('unit') }, shouldStop: () => false, shouldSave: () => false,
  store: { readRecord: async () => record, writeRecord: async b => { record = b }, readBlob: async (_, r) => blobs.get(r), writeBlob: async (_, r, p) => void blobs.set(r, Uint8Array.from(p.flatMap(x => [...x]))), deleteBlob: async (_, r) => void blobs.delete(r) } })
await executor.close()
