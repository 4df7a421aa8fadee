/**
 * A file that lines are added to, and that never grows beyond a size: then it becomes `FILE.1`, that `FILE.2`, and the
 * oldest goes. Writing is synchronous, so that the last words before a crash are there.
 */
import { appendFileSync, closeSync, fstatSync, openSync, renameSync, rmSync } from 'node:fs'
import { encodeUtf8 } from '@cairn/primitives'
import { writeError } from '../files/io-errors.ts'

export interface RotatingFile {
  /** Adds text. A disk that is full loses the text, never the process; `lost` counts. */
  write(text: string): void
  readonly lost: number
  close(): void
}

export interface RotationLimits {
  readonly maxBytes: number
  /** How many files there may be, the one that is written among them. */
  readonly files: number
}

interface OpenFile {
  readonly descriptor: number
  sizeBytes: number
}

function openForAppending(path: string): OpenFile {
  const descriptor = openSync(path, 'a')
  return { descriptor, sizeBytes: fstatSync(descriptor).size }
}

const nameOf = (path: string, age: number): string => (age === 0 ? path : `${path}.${age}`)

function shift(path: string, files: number): void {
  rmSync(nameOf(path, files - 1), { force: true })
  for (let age = files - 2; age >= 0; age--) {
    try {
      renameSync(nameOf(path, age), nameOf(path, age + 1))
    } catch {
      // There are not that many yet, or a person has moved one away.
    }
  }
}

/** Opens a file to add to. Throws `ResourceError` when it cannot be written at all. */
export function openRotatingFile(path: string, { maxBytes, files }: RotationLimits): RotatingFile {
  let lost = 0
  /** SAFETY: forgotten as soon as it is closed; its number may be another file's by the next line. */
  let current: OpenFile | undefined
  let isClosed = false

  function close(): void {
    if (current !== undefined) closeSync(current.descriptor)
    current = undefined
  }

  function append(bytes: Uint8Array): void {
    if (current !== undefined && current.sizeBytes > 0 && current.sizeBytes + bytes.length > maxBytes) {
      close()
      shift(path, files)
    }
    current ??= openForAppending(path)
    appendFileSync(current.descriptor, bytes)
    current.sizeBytes += bytes.length
  }

  try {
    current = openForAppending(path)
  } catch (cause) {
    throw writeError(path, 0, cause)
  }
  return {
    write(text) {
      if (isClosed) return
      try {
        append(encodeUtf8(text))
      } catch {
        lost += 1
      }
    },
    get lost() {
      return lost
    },
    close() {
      isClosed = true
      close()
    },
  }
}
