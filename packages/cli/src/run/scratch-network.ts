import { mkdtempSync, readFileSync } from 'node:fs'
import { faucet } from '@cairn/contracts'
import { connectClient, DEFAULT_RATES, downloadJob, listEarned, submitJob, termsOf } from '@cairn/node'
import { readKey } from '@cairn/node/keys'
import { readJob } from '../files/job-file.ts'
import { prepareJob } from './prepare.ts'
import { prepareSubmission } from './prepare-submission.ts'
import { writeDownload } from './write-download.ts'

const [dir, jobPath, out, k] = process.argv.slice(2) as [string, string, string, string]
const t0 = Date.now()
const stamp = () => ((Date.now() - t0) / 1000).toFixed(1)
const network = JSON.parse(readFileSync(`${dir}/network.json`, 'utf8'))
const key = await readKey(`${dir}/keys/submitter.json`, readFileSync(`${dir}/keys/submitter.passphrase`, 'utf8').trim())
const prepared = await prepareJob(await readJob(jobPath))
const submission = await prepareSubmission(prepared, { chainId: network.chainId, escrow: network.escrow }, key.address)
console.log(stamp(), 'prepared')
const client = await connectClient({ network, key })
const terms = termsOf(
  submission.document,
  submission.documentId,
  { ...DEFAULT_RATES, perTeraOperation: 100_000n },
  Number(k),
)
await faucet(client.chain, key.address, terms.budget)
await submitJob(client, { submission, terms, onEvent: e => console.log(stamp(), JSON.stringify(e)) })
let last = ''
for (;;) {
  const s = await client.job(submission.job)
  const line = `${s.agreed} ${s.anchored} ${s.reason}`.slice(0, 150)
  if (line !== last) console.log(stamp(), line)
  last = line
  if (s.isClosed) break
  await new Promise(r => setTimeout(r, 1000))
}
const tmp = mkdtempSync('/tmp/cairn-dl-')
const d = await downloadJob(client, submission.job, tmp, e => console.log(stamp(), JSON.stringify(e)))
const receipt = await writeDownload(d, out)
console.log(stamp(), receipt.finalStateRoot, receipt.payments)
for (const n of await client.nodes()) console.log(n.account, await listEarned(client, n.account as never))
await client.stop()
process.exit(0)
