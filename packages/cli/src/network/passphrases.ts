/**
 * The passphrase of a key file: from the file that was named, from the one beside the key (`cairn up` writes it there),
 * from CAIRN_PASSPHRASE, or from a person.
 */
import { existsSync } from 'node:fs'
import { findPassphrase, PASSPHRASE_VARIABLE } from '@cairn/node/keys'
import { InputError } from '@cairn/primitives'
import { type AskTerminal, askSecret, canAsk, personAtTerminal } from '../screen/ask-secret.ts'

export interface PassphraseRequest {
  /** The key file. */
  readonly path: string
  /** As a person named it with `--passphrase-file`. */
  readonly file?: string | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly terminal?: AskTerminal
}

/** Where the passphrase of a key that asks nobody lies. */
export const passphraseBeside = (keyPath: string): string => keyPath.replace(/(\.json)?$/, '.passphrase')

const noPassphrase = (path: string): InputError =>
  new InputError('NoPassphrase', 'Nobody is there to type the passphrase.', {
    path,
    expected: `--passphrase-file FILE, or ${PASSPHRASE_VARIABLE} in the environment`,
    found: 'neither, and no terminal',
    fix: 'Give the passphrase in one of these ways. As an argument, others on this machine could read it.',
  })

const known = ({ path, file, environment = process.env }: PassphraseRequest): Promise<string | undefined> => {
  const beside = passphraseBeside(path)
  return findPassphrase({ file: file ?? (existsSync(beside) ? beside : undefined), environment })
}

/** Finds the passphrase of a key file, or asks for it. Throws `InputError` (`NoPassphrase`, `MissingFile`). */
export async function passphraseOf(request: PassphraseRequest): Promise<string> {
  const found = await known(request)
  if (found !== undefined) return found
  const { path, terminal = personAtTerminal() } = request
  if (canAsk(terminal)) return askSecret(`Passphrase of ${path}: `, terminal)
  throw noPassphrase(path)
}

/** Finds the passphrase for a key file that is to be written; a person types it twice. Throws `InputError`. */
export async function newPassphrase(request: PassphraseRequest): Promise<string> {
  const { path, file, environment = process.env, terminal = personAtTerminal() } = request
  const found = await findPassphrase({ file, environment })
  if (found !== undefined) return found
  if (!canAsk(terminal)) throw noPassphrase(path)
  const first = await askSecret(`New passphrase for ${path}: `, terminal)
  if ((await askSecret('The same again: ', terminal)) === first) return first
  throw new InputError('PassphrasesDiffer', 'The two passphrases differ; nothing was written.', {
    path,
    expected: 'the same twice',
    found: 'two different ones',
    fix: 'Run the command again.',
  })
}
