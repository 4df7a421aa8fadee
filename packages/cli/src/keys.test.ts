import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { cairn, type Ran } from './testing/run-cairn.ts'

/** The first account of every development chain: as public as a key can be. */
const KNOWN = {
  privateKey: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
}

let directory = ''
let at = (name: string): string => name
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cairn-keys-'))
  at = name => join(directory, name)
  writeFileSync(at('one'), 'first passphrase\n')
  writeFileSync(at('two'), 'second passphrase\n')
})

const key = (command: string, ...args: readonly string[]): Promise<Ran> => cairn('key', command, ...args, '--json')

async function refused(ran: Promise<Ran>, code: string): Promise<Ran> {
  const { code: exit, events, err } = await ran
  expect(events.at(-1)).toMatchObject({ event: 'error', code, expected: expect.any(String), fix: expect.any(String) })
  expect(exit).toBe(2)
  return { code: exit, events, err, out: '' }
}

const create = (name: string, passphrase: string): Promise<Ran> =>
  key('create', '--key', at(name), '--passphrase-file', at(passphrase))

describe('a key', () => {
  test('is made, shown without a passphrase, and readable by its owner only', async () => {
    const made = await create('new.json', 'one')
    expect(made.events[0]).toMatchObject({ event: 'created', path: at('new.json') })
    expect(statSync(at('new.json')).mode & 0o777).toBe(0o600)
    const { event: _, ...facts } = made.events[0] ?? {}
    expect((await key('show', '--key', at('new.json'))).events[0]).toMatchObject(facts)
    expect((await cairn('key', 'show', '--key', at('new.json'))).out).toMatch(/account +0x[0-9a-fA-F]{40}\n/)
  })

  test('is made beside the network file under its name, with the passphrase of the environment', async () => {
    vi.stubEnv('CAIRN_PASSPHRASE', 'from the environment')
    const network = ['--network', at('network.json')]
    const made = await key('create', '--key', 'mine', ...network)
    vi.unstubAllEnvs()
    expect(made.events[0]).toMatchObject({ path: at('keys/mine.json') })
    await refused(key('export', '--key', 'mine', ...network, '--to', at('copy.json')), 'NoPassphrase')
  })

  test('is taken over from a file, and written out bare only where that was asked for', async () => {
    writeFileSync(at('wallet.txt'), `${KNOWN.privateKey}\n`)
    const own = ['--key', at('mine.json'), '--passphrase-file', at('one')]
    expect((await key('import', at('wallet.txt'), ...own)).events[0]).toMatchObject({ address: KNOWN.address })
    const bare = await key('export', ...own, '--to', at('bare.txt'), '--raw')
    expect(bare).toMatchObject({ code: 0, err: expect.stringContaining('owns the money') })
    expect(bare.out).not.toContain(KNOWN.privateKey.slice(2))
    expect(readFileSync(at('bare.txt'), 'utf8')).toBe(`${KNOWN.privateKey}\n`)
    expect(statSync(at('bare.txt')).mode & 0o777).toBe(0o600)
  })

  test('is copied under another passphrase, and taken over again', async () => {
    const { address, peerKey } = (await create('a.json', 'one')).events[0] ?? {}
    const passphrases = ['--passphrase-file', at('one'), '--new-passphrase-file', at('two')]
    await key('export', '--key', at('a.json'), ...passphrases, '--to', at('copy.json'))
    const old = ['--old-passphrase-file', at('two'), '--passphrase-file', at('one')]
    const again = await key('import', at('copy.json'), '--key', at('b.json'), ...old)
    expect(again.events[0]).toMatchObject({ event: 'imported', address, peerKey })
  })
})

describe('what cannot be done ends with code 2, and changes no file:', () => {
  test('a second key in one file', async () => {
    await create('a.json', 'one')
    const before = readFileSync(at('a.json'), 'utf8')
    await refused(create('a.json', 'one'), 'KeyExists')
    expect(readFileSync(at('a.json'), 'utf8')).toBe(before)
    const to = ['--to', at('one')]
    await refused(key('export', '--key', at('a.json'), '--passphrase-file', at('one'), ...to, '--raw'), 'FileExists')
  })

  test('a wrong passphrase, a damaged file, one that others can read', async () => {
    await create('a.json', 'one')
    const toCopy = ['--key', at('a.json'), '--to', at('copy'), '--raw', '--passphrase-file']
    await refused(key('export', ...toCopy, at('two')), 'WrongPassphrase')
    const text = readFileSync(at('a.json'), 'utf8')
    writeFileSync(at('a.json'), text.replace(/"n": \d+/, '"n": 4096'))
    await refused(key('show', '--key', at('a.json')), 'CorruptKeyFile')
    writeFileSync(at('b.json'), text, { mode: 0o644 })
    await refused(key('show', '--key', at('b.json')), 'KeyFileExposed')
  })

  test('a key as an argument, which is not repeated', async () => {
    const ran = await refused(key('import', KNOWN.privateKey, '--key', at('a.json')), 'KeyInArgument')
    expect(JSON.stringify(ran)).not.toContain(KNOWN.privateKey.slice(4))
  })

  test('no passphrase and nobody to ask', async () => {
    await refused(key('create', '--key', at('a.json')), 'NoPassphrase')
  })
})
