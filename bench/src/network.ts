/**
 * Suite `network`: what a network of processes costs over one process, and what its parts carry: blobs, gossip, chain,
 * coordinator. CPU seconds are as the system counts them per process, and say more than the clock on a busy machine.
 */
import { blobs } from './network/blobs.ts'
import type { CaseContext, RunCase } from './network/context.ts'
import { gas } from './network/gas.ts'
import { gossip } from './network/gossip.ts'
import { job } from './network/job.ts'
import { leases } from './network/leases.ts'
import { inScope } from './network/scope.ts'
import type { Row } from './rows.ts'
import { type Options, readCount, readNames, type Suite } from './suite.ts'

const cases: Record<string, RunCase> = { job, blobs, gossip, gas, leases }

type CaseName = keyof typeof cases

const readOptions = (options: Options): CaseContext['options'] => ({
  ...(options.rounds === undefined ? {} : { rounds: readCount(options, 'rounds') }),
  repeats: readCount(options, 'repeats'),
  nodes: readCount(options, 'nodes'),
  seconds: readCount(options, 'seconds'),
  ...(options.replicas === undefined ? {} : { replicas: readCount(options, 'replicas') }),
  ...(typeof options.profile === 'string' ? { profile: options.profile } : {}),
})

export const network: Suite = {
  help: 'a network of processes beside one process; blobs, gossip, gas, leases',
  options: {
    case: {
      argument: 'NAME',
      help: `measure this case only (${Object.keys(cases).join(', ')}; may be repeated)`,
      multiple: true,
    },
    rounds: { argument: 'N', help: 'job: rounds of the demo job (default: as in its file)' },
    repeats: { argument: 'N', help: 'blobs: transfers of each size (default 3)', default: '3' },
    nodes: { argument: 'N', help: 'leases: node identities (default 200)', default: '200' },
    seconds: { argument: 'N', help: 'leases: how long to lease (default 30)', default: '30' },
    replicas: { argument: 'N', help: 'leases: units of a round (default: as many as nodes)' },
    profile: { argument: 'DIR', help: 'leases: write a CPU profile of the coordinator into DIR' },
  },
  async run(given, log) {
    const options = readOptions(given)
    const rows: Row[] = []
    for (const name of readNames<CaseName>(given, 'case', Object.keys(cases))) {
      log(`case ${name}`)
      rows.push(...(await inScope(scope => (cases[name] as RunCase)({ options, scope, log }))))
    }
    return rows
  },
}
