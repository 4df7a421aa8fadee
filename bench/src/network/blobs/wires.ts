/**
 * The peers of the blob exchange: one file over a plain TCP stream, and over TLS. Both ends of TLS share a key, which saves
 * the certificate and changes nothing about how bytes are encrypted.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { connect as connectPlain, createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { connect as connectSecure, createServer as createSecureServer, type TLSSocket } from 'node:tls'

export type WireName = 'tcp' | 'tls'

const HOST = '127.0.0.1'
const KEY = Buffer.alloc(32, 7)
const NAME = 'bench'
const SECURE = { ciphers: 'PSK-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' } as const

interface Wire {
  serve(onSocket: (socket: Socket) => void): Server
  connect(port: number): Socket | TLSSocket
}

const WIRES: Record<WireName, Wire> = {
  tcp: {
    serve: onSocket => createPlainServer(onSocket),
    connect: port => connectPlain(port, HOST),
  },
  tls: {
    serve: onSocket => createSecureServer({ ...SECURE, pskCallback: () => KEY }, onSocket),
    connect: port =>
      connectSecure({
        ...{ ...SECURE, host: HOST, port, checkServerIdentity: () => undefined },
        pskCallback: () => ({ psk: KEY, identity: NAME }),
      }),
  },
}

/** Sends a file to whoever connects. Returns the port. */
export async function serveFile(name: WireName, path: string): Promise<number> {
  const server = WIRES[name].serve(socket => void pipeline(createReadStream(path), socket).catch(() => undefined))
  await new Promise<void>(resolve => server.listen(0, HOST, resolve))
  return (server.address() as { port: number }).port
}

/** Receives a file. */
export async function receiveFile(name: WireName, port: number, path: string): Promise<void> {
  await pipeline(WIRES[name].connect(port), createWriteStream(path))
}
