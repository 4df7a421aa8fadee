/**
 * The log of a node: lines of JSON in `node.log` of its data directory, in bounded files, and short lines for a person who
 * watches. pino makes the lines.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { writeError } from '../files/io-errors.ts'
import type { Logger } from './logger.ts'
import { printableFields } from './printable-fields.ts'
import { openRotatingFile, type RotationLimits } from './rotating-file.ts'
import { shortLine } from './short-line.ts'

type LogLevel = 'info' | 'warn' | 'error'

export interface LogOptions extends Partial<RotationLimits> {
  /** The least that is written. */
  readonly level?: LogLevel
  /** Takes short lines as well, for example `text => process.stderr.write(text)`. */
  readonly show?: (text: string) => unknown
}

export interface Log extends Logger {
  /** How many lines a full disk has cost. */
  readonly lost: number
  close(): void
}

export const LOG = 'node.log'

const MAX_BYTES = 8 * 2 ** 20
const FILES = 4

/** Opens the log in a data directory, which is made where it is missing. Throws `ResourceError`. */
export function openLog(directory: string, options: LogOptions = {}): Log {
  const { level = 'info', show, maxBytes = MAX_BYTES, files = FILES } = options
  try {
    mkdirSync(directory, { recursive: true })
  } catch (cause) {
    throw writeError(directory, 0, cause)
  }
  const file = openRotatingFile(join(directory, LOG), { maxBytes, files })
  const write = (line: string) => {
    file.write(line)
    show?.(shortLine(line))
  }
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: printableFields },
  }
  const log = pino(settings, { write })
  return {
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    get lost() {
      return file.lost
    },
    close: file.close,
  }
}
