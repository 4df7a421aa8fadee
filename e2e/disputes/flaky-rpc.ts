/** An RPC address that loses answers: what was asked for is done, but nobody hears of it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface FlakyRpc {
  readonly rpcUrl: string
  /** From now on every sixth answer or so is lost. */
  begin(): void
  lost(): number
  stop(): Promise<void>
}

const headers = { 'content-type': 'application/json' }

export async function flakyRpc(target: string): Promise<FlakyRpc> {
  let [isFlaky, state, lost] = [false, 1, 0]
  const isLost = (): boolean => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return isFlaky && (state >>> 16) % 6 === 0
  }
  const server = createServer(async (request, response) => {
    const answer = await fetch(target, { method: 'POST', headers, body: await buffer(request) })
    const bytes = await answer.bytes()
    if (!isLost()) return void response.writeHead(200, headers).end(bytes)
    lost++
    request.socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin() {
      isFlaky = true
    },
    lost: () => lost,
    async stop() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
