/** Which key file is meant: a name is one of the network's own keys, anything else a path. */
import { join } from 'node:path'
import { networkDirectory } from './network-file.ts'

export interface KeyOptions {
  readonly key: string
  readonly passphraseFile?: string
  readonly network?: string | undefined
}

/** Whose key commands use unless told otherwise. */
export const DEFAULT_KEY = 'submitter'

const isName = (text: string): boolean => /^[\w-]+$/.test(text)

export const keyIn = (directory: string, name: string): string => join(directory, 'keys', `${name}.json`)

/** Finds the path of a key. */
export const keyPath = ({ key, network }: Pick<KeyOptions, 'key' | 'network'>): string =>
  isName(key) ? keyIn(networkDirectory({ named: network }), key) : key
