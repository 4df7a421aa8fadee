import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkFloors } from './floors.ts'

const ROOT = join(import.meta.dirname, '..')
const PACKAGES = ['primitives', 'engine', 'protocol', 'training', 'cli']
let tree = ''

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'cairn-floors-'))
  cpSync(join(ROOT, 'package.json'), join(tree, 'package.json'))
  mkdirSync(join(tree, 'node_modules/@cairn'), { recursive: true })
  for (const name of PACKAGES) {
    write(`packages/${name}/package.json`, JSON.stringify({ name: `@cairn/${name}`, exports: './src/index.ts' }))
    write(`packages/${name}/src/index.ts`, 'export const x = 1\n')
    symlinkSync(join(tree, 'packages', name), join(tree, 'node_modules/@cairn', name))
  }
})

afterEach(() => rmSync(tree, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), text)
}

async function rulesBrokenBy(path: string, text: string): Promise<string[]> {
  write(path, text)
  const { violations } = await checkFloors(tree)
  return violations.map(violation => violation.split(':')[0]!)
}

describe('checkFloors', () => {
  test.each([
    ['packages/engine/src/a.ts', "import { x } from '@cairn/primitives'"],
    ['packages/training/src/a.ts', "import { x } from '@cairn/engine'"],
    ['packages/cli/src/a.ts', "import { x } from '@cairn/training'; import 'node:fs'"],
    ['packages/engine/src/a.test.ts', "import 'node:fs'"],
    ['packages/engine/src/backend/native/loader.ts', "import 'node:fs'"],
    ['packages/training/src/data/node-files.ts', "import 'node:fs'"],
    ['bench/src/a.ts', "import { x } from '@cairn/training'; import 'node:fs'"],
    ['examples/a.ts', "import { x } from '@cairn/cli'"],
  ])('lets %s say %s', async (path, text) => {
    expect(await rulesBrokenBy(path, text)).toEqual([])
  })

  test.each([
    ['floor-of-primitives', 'packages/primitives/src/a.ts', "import type { x } from '@cairn/engine'"],
    ['floor-of-engine', 'packages/engine/src/a.ts', "import { x } from '@cairn/protocol'"],
    ['floor-of-protocol', 'packages/protocol/src/a.ts', "await import('@cairn/engine')"],
    ['floor-of-training', 'packages/training/src/a.ts', "export { x } from '@cairn/cli'"],
    ['unknown-package', 'packages/utils/src/a.ts', "import { x } from '@cairn/primitives'"],
    ['internals-from-package', 'packages/engine/src/a.ts', "import { x } from '../../primitives/src/index.ts'"],
    ['internals-from-program', 'examples/a.ts', "import { x } from '../packages/cli/src/index.ts'"],
    ['unresolvable', 'packages/engine/src/a.ts', "import { x } from '@cairn/primitives/src/index.ts'"],
    ['node-builtin', 'packages/engine/src/a.ts', "import type { Stats } from 'node:fs'"],
    ['node-builtin', 'packages/engine/src/backend/uploader.ts', "import 'fs'"],
    ['cycle', 'packages/engine/src/index.ts', "export const x = 1; import '@cairn/engine'"],
  ])('reports %s when %s says %s', async (rule, path, text) => {
    expect(await rulesBrokenBy(path, text)).toContain(rule)
  })

  test('reports a package that imports a program, and a test that is imported', async () => {
    write('bench/src/main.ts', 'export const x = 1')
    write('packages/cli/src/b.test.ts', 'export const x = 1')
    expect(await rulesBrokenBy('packages/cli/src/a.ts', "import '../../../bench/src/main.ts'")).toEqual([
      'package-to-program',
    ])
    expect(await rulesBrokenBy('packages/cli/src/a.ts', "import './b.test.ts'")).toEqual(['test-imported'])
  })

  test('reports a development dependency in what ships, and lets tests have it', async () => {
    write('node_modules/fast-check/package.json', JSON.stringify({ name: 'fast-check', exports: './index.js' }))
    write('node_modules/fast-check/index.js', '')
    expect(await rulesBrokenBy('packages/engine/src/a.test.ts', "import 'fast-check'")).toEqual([])
    expect(await rulesBrokenBy('packages/engine/src/a.ts', "import 'fast-check'")).toEqual(['development-dependency'])
  })

  test('counts nothing in an empty tree, so that its caller can fail', async () => {
    rmSync(join(tree, 'packages'), { recursive: true })
    expect(await checkFloors(tree)).toEqual({ moduleCount: 0, dependencyCount: 0, violations: [] })
  })
})
