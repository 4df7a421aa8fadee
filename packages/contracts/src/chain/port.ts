/** Free ports of this machine. Another program may take one between the answer and its use. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Returns a port that nobody listens on. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Tells whether a port can be listened on. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
