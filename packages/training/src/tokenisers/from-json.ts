/** Rebuilds a tokeniser from its stored document, whichever kind it is. */
import { InputError } from '@cairn/primitives'
import { bytesTokeniser } from './bytes.ts'
import { charactersTokeniser } from './characters.ts'
import { TOKENISER_FORMAT } from './format.ts'
import { huggingFaceTokeniser } from './hugging-face.ts'
import type { Tokeniser, TokeniserJson } from './tokeniser.ts'

/**
 * Reads a parsed tokeniser document: what `toJson` gave, or any Hugging Face `tokenizer.json`.
 * Throws `InputError` (`BadTokeniser`) on anything else; `path` names the file in it.
 */
export function tokeniserFromJson(json: unknown, path = 'tokenizer.json'): Tokeniser {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw notATokeniser(path, JSON.stringify(json))
  const document = json as TokeniserJson
  if (document.format === TOKENISER_FORMAT) return ownTokeniser(document, path)
  if ('model' in document) return huggingFaceTokeniser(document, path)
  throw notATokeniser(path, `an object with the keys ${Object.keys(document).slice(0, 8).join(', ') || '(none)'}`)
}

function ownTokeniser({ kind, characters }: TokeniserJson, path: string): Tokeniser {
  if (kind === 'bytes') return bytesTokeniser
  if (kind === 'characters' && typeof characters === 'string') {
    return charactersTokeniser(characters, `${path}: characters`)
  }
  throw notATokeniser(path, `kind ${JSON.stringify(kind)}, characters of type ${typeof characters}`)
}

const notATokeniser = (path: string, found: string): InputError =>
  new InputError('BadTokeniser', 'This is not a tokeniser document.', {
    path,
    expected: `a Hugging Face tokenizer.json, or a document with format ${TOKENISER_FORMAT}`,
    found,
    fix: 'Make one with `cairn tokenizer train`, or name the right file.',
  })
