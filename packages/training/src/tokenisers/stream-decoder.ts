/**
 * Decoding token by token while text is sampled: a character may need several tokens, so text is held back until it is
 * whole. Where tokens are bytes the UTF-8 decoder does it; otherwise by comparing decoded prefixes.
 */
import type { Tokeniser } from './tokeniser.ts'

export interface StreamDecoder {
  /** Takes the next id; gives the text that has become certain, maybe none. */
  push(id: number): string
  /** Gives what was held back, an unfinished character as U+FFFD. */
  end(): string
}

/** Makes a decoder whose outputs, joined, are `tokeniser.decode` of all ids. */
export const createStreamDecoder = (tokeniser: Tokeniser): StreamDecoder =>
  tokeniser.decodeBytes ? decodeByBytes(ids => tokeniser.decodeBytes!(ids)) : decodeByPrefix(tokeniser)

function decodeByBytes(decodeBytes: (ids: number[]) => Uint8Array): StreamDecoder {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return Object.freeze({
    push: (id: number) => decoder.decode(decodeBytes([id]), { stream: true }),
    end: () => decoder.decode(),
  })
}

/** PERF: decodes everything again for each token; sampled texts are short, and no shorter window is exact. */
function decodeByPrefix(tokeniser: Tokeniser): StreamDecoder {
  const ids: number[] = []
  let given = ''
  const give = (text: string): string => {
    const rest = text.slice(given.length)
    given = text
    return rest
  }
  return Object.freeze({
    push(id: number) {
      ids.push(id)
      const text = tokeniser.decode(ids)
      return text.endsWith('\uFFFD') || !text.startsWith(given) ? '' : give(text)
    },
    end: () => give(tokeniser.decode(ids)),
  })
}
