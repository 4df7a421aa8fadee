import type { Account } from '@cairn/protocol'
import { escrowAbi } from '../abi/escrow.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainConnection } from '../chain-client.ts'
import { requireContract } from '../check-network.ts'
import type { NetworkAddresses } from '../network-addresses.ts'

type Module = Exclude<keyof NetworkAddresses, 'escrow'>

/** Reads where a network's contracts are from its Escrow. Throws `InputError` (`NoContract`) where none is. */
export async function readAddresses(connection: ChainConnection, escrow: Account): Promise<NetworkAddresses> {
  await requireContract(connection, 'Escrow', escrow)
  const contract = { address: escrow, abi: escrowAbi } as const
  const read = (functionName: Module) => connection.reader.readContract({ ...contract, functionName })
  return onChain(connection, async () => {
    const [token, registry, anchors, earnings, slashing, disputes] = await Promise.all([
      read('token'),
      read('registry'),
      read('anchors'),
      read('earnings'),
      read('slashing'),
      read('disputes'),
    ])
    return { token, registry, escrow, anchors, earnings, slashing, disputes }
  })
}
