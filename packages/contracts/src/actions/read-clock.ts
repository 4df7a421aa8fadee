import { onChain } from '../chain/errors.ts'
import type { ChainConnection } from '../chain-client.ts'

/** Reads the second that the chain's next block will bear: what contracts go by, if they were called now. */
export const readClock = (connection: ChainConnection): Promise<number> =>
  onChain(connection, async () => Number((await connection.reader.getBlock({ blockTag: 'pending' })).timestamp))
