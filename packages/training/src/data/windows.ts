/** Windows of a token stream: what a language model reads and, one token further on, what it is to foretell. */
import { InputError, InternalError } from '@cairn/primitives'

export interface Windows {
  /** [batch, context], row-major. */
  readonly inputs: Int32Array
  /** [batch, context]: the token after each input. */
  readonly targets: Int32Array
}

/** Counts the windows in a stream: offsets run from 0 to this, exclusive. Throws `InputError` (`DataTooShort`) at none. */
export function countWindows(length: number, context: number, path: string): number {
  if (length > context) return length - context
  throw new InputError('DataTooShort', 'The data is shorter than one window of the model.', {
    path,
    expected: `at least ${context + 1} tokens (context ${context}, and one token to foretell)`,
    found: `${length} tokens`,
    fix: 'Use more data, a shorter context, or another validation fraction.',
  })
}

/** Copies the windows at the given offsets into one batch. Throws `InternalError` on an offset outside the stream. */
export function readWindows(tokens: ArrayLike<number>, context: number, offsets: ArrayLike<number>): Windows {
  const inputs = new Int32Array(offsets.length * context)
  const targets = new Int32Array(offsets.length * context)
  for (let row = 0; row < offsets.length; row++) {
    const offset = checkOffset(offsets[row]!, tokens.length - context)
    for (let i = 0; i < context; i++) {
      inputs[row * context + i] = tokens[offset + i]!
      targets[row * context + i] = tokens[offset + i + 1]!
    }
  }
  return { inputs, targets }
}

function checkOffset(offset: number, windows: number): number {
  if (Number.isInteger(offset) && offset >= 0 && offset < windows) return offset
  throw new InternalError('BadOffset', 'A window lies outside its token stream.', {
    path: 'offsets',
    expected: `an integer from 0 to ${windows - 1}`,
    found: `${offset}`,
    fix: 'Please report this; the data order is wrong.',
  })
}
