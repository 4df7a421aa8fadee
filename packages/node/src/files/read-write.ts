/** Reading and writing whole files. Writing is atomic: a crash at any moment leaves the old file or the new one. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { encodeUtf8, InputError } from '@cairn/primitives'
import { readError, writeError } from './io-errors.ts'

/** Ends the names of files that were being written when a process died. */
export const TEMPORARY = '.tmp'

interface Writing {
  readonly mode?: number
  /** Waits until the disk has it: what a power cut may take is written quicker. */
  readonly isSynced: boolean
}

async function writeParts(path: string, parts: readonly Uint8Array[], { mode, isSynced }: Writing): Promise<void> {
  const file = await open(path, 'w', mode)
  try {
    for (const part of parts) await file.writeFile(part)
    if (isSynced) await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a rename survive a power cut; some file systems cannot sync a directory, and need not. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  await directory?.sync().catch(() => undefined)
  await directory?.close()
}

const besides = (path: string): string => `${path}.${randomBytes(4).toString('hex')}${TEMPORARY}`

async function replace(path: string, parts: readonly Uint8Array[], isSynced: boolean): Promise<void> {
  const temporary = besides(path)
  try {
    await writeParts(temporary, parts, { isSynced })
    await rename(temporary, path)
    if (isSynced) await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0)
    throw writeError(path, sizeBytes, cause)
  }
}

/** Replaces a file at once. Throws `ResourceError` (`DiskFull`, `NotWritable`); the old file is then still there. */
export const writeWhole = (path: string, ...parts: readonly Uint8Array[]): Promise<void> => replace(path, parts, true)

/** Replaces a file at once, for all but a power cut. Throws as `writeWhole`. */
export const replaceWhole = (path: string, ...parts: readonly Uint8Array[]): Promise<void> =>
  replace(path, parts, false)

/**
 * Makes a file that is not there yet, whole from its first moment, with a mode. Answers false, and changes nothing, where
 * there is one. Throws `ResourceError`.
 */
export async function createWhole(path: string, bytes: Uint8Array, mode: number): Promise<boolean> {
  const temporary = besides(path)
  try {
    await writeParts(temporary, [bytes], { mode, isSynced: true })
    await link(temporary, path)
    await syncDirectory(dirname(path))
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeError(path, bytes.length, cause)
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

/** Makes a directory and those above it. Throws `ResourceError`. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw writeError(path, 0, cause)
  })
}

export const writeText = (path: string, text: string): Promise<void> => writeWhole(path, encodeUtf8(text))

/** Reads a file. Throws `InputError`; `fix` says what to do when it is missing. */
export async function readWhole(path: string, fix: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  } catch (cause) {
    throw readError(path, cause, fix)
  }
}

/** Reads a JSON document. Throws `InputError`. */
export async function readJson(path: string, fix: string): Promise<unknown> {
  const bytes = await readWhole(path, fix)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new InputError('NotJson', 'This file is not a JSON document.', {
      path,
      expected: 'JSON in UTF-8',
      found: cause instanceof Error ? cause.message : String(cause),
      fix,
      cause,
    })
  }
}
