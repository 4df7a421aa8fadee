/** A child process that is a real coordinator. */
import { join } from 'node:path'
import { type NetworkFile, openLog, type RunningNode, startNode } from '@cairn/node'
import { createKey } from '@cairn/node/keys'
import { answerParent } from '../helper.ts'

export interface StartCoordinator {
  readonly directory: string
  readonly network: NetworkFile
  readonly stake: bigint
}

const key = createKey()
let node: RunningNode | undefined

answerParent(
  {
    account: () => key.address,
    async start({ directory, network, stake }: StartCoordinator): Promise<{ peer: string; addresses: string[] }> {
      node = await startNode({
        ...{ directory, key, role: 'coordinator', network, stake, price: 0n, threads: 1, memoryBytes: 2 ** 30 },
        listen: ['/ip4/127.0.0.1/tcp/0'],
        log: openLog(join(directory)),
      })
      return { peer: node.peer, addresses: [...node.addresses] }
    },
    cpuSeconds: () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  },
  () => node?.stop('the benchmark is over'),
)
