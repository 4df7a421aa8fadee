/**
 * Runs dependency-cruiser over the tree and sums up what it saw. Its own command line is not used because it calls
 * "0 modules" a success, which is what it sees when its TypeScript parser is missing.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import readRules from 'dependency-cruiser/config-utl/extract-depcruise-config'

const FOLDERS = ['packages', 'apps', 'bench', 'e2e', 'examples', 'vectors', 'tools']
const RULES_FILE = join(import.meta.dirname, '..', '.dependency-cruiser.mjs')
const OWN_SOURCE = new RegExp(`^(${FOLDERS.join('|')})/.*[.]tsx?$`)

export interface FloorReport {
  /** Source files of this repository that were read. */
  readonly moduleCount: number
  /** Import statements and expressions in them. */
  readonly dependencyCount: number
  /** One line each: `rule: from -> to (why)`. */
  readonly violations: readonly string[]
}

/** Checks every import below `baseDir` against the floors. */
export async function checkFloors(baseDir: string): Promise<FloorReport> {
  const folders = FOLDERS.filter(folder => existsSync(join(baseDir, folder)))
  const { forbidden = [], options } = await readRules(RULES_FILE)
  const { output } = await cruise(folders, { ...options, baseDir, validate: true, ruleSet: { forbidden } })
  if (typeof output === 'string') throw new TypeError('dependency-cruiser answered with text instead of a result')
  return summarise(output, new Map(forbidden.map(rule => [rule.name ?? '', rule.comment ?? ''])))
}

function summarise({ modules, summary }: ICruiseResult, reasons: ReadonlyMap<string, string>): FloorReport {
  const own = modules.filter(module => OWN_SOURCE.test(module.source))
  return {
    moduleCount: own.length,
    dependencyCount: own.reduce((sum, module) => sum + module.dependencies.length, 0),
    violations: summary.violations.map(v => `${v.rule.name}: ${v.from} -> ${v.to} (${reasons.get(v.rule.name)})`),
  }
}
