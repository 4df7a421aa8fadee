/**
 * The floors of the architecture as rules: which package may import which. Everything not listed here fails the build.
 * Run it with `npm run floors`; `tools/floors.test.ts` shows that each rule can fail.
 */
const FLOORS = {
  primitives: [],
  engine: ['primitives'],
  protocol: ['primitives'],
  training: ['primitives', 'engine', 'protocol'],
  contracts: ['primitives', 'protocol'],
  node: ['primitives', 'engine', 'protocol', 'training', 'contracts'],
  simulator: ['primitives', 'protocol'],
  gateway: ['primitives', 'node'],
  cli: ['primitives', 'engine', 'protocol', 'training', 'contracts', 'node', 'simulator', 'gateway'],
}

/** Programs at the root that may import every package; no package may import them. */
const PROGRAMS = 'apps|bench|e2e|examples|vectors|tools'

const TEST = '[.]test[.]ts$'

/** Where `node:*` may be imported; everything else has to run in a browser. */
const NODE_HOSTS = [
  '^packages/(node|cli|contracts)/',
  '^packages/engine/src/backend/(loader|.+/loader)[^/]*[.]ts$',
  '^packages/[^/]+/src/(node-|.+/node-)[^/]*[.]ts$',
  TEST,
]

const floorRules = Object.entries(FLOORS).map(([name, below]) => ({
  name: `floor-of-${name}`,
  comment: `${name} may import: ${below.join(', ') || 'no other package'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...below].join('|')})/` },
}))

export default {
  forbidden: [
    ...floorRules,
    {
      name: 'unknown-package',
      comment: 'A new package needs a row in FLOORS, and a decision record if the architecture does not name it.',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${Object.keys(FLOORS).join('|')})/` },
      to: {},
    },
    {
      name: 'package-to-program',
      comment: 'Packages never import benchmarks, end-to-end tests, examples or tools.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: `^(${PROGRAMS})/` },
    },
    {
      name: 'internals-from-package',
      comment: "Import another package by its name, through its package.json's exports.",
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'internals-from-program',
      comment: "Import a package by its name, through its package.json's exports.",
      severity: 'error',
      from: { path: `^(${PROGRAMS})/` },
      to: { path: '^packages/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'node-builtin',
      comment: 'Only node, cli, contracts, backend loaders and node-*.ts files import node:*. Inject it instead.',
      severity: 'error',
      from: { path: '^packages/', pathNot: NODE_HOSTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'development-dependency',
      comment: 'What ships may not import what is installed for tests and tools only.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TEST, '^packages/contracts/build/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'test-imported',
      comment: 'A test is nobody’s dependency; move what others need into a file of its own.',
      severity: 'error',
      from: {},
      to: { path: TEST },
    },
    {
      name: 'cycle',
      comment: 'No import cycles anywhere, types included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'unresolvable',
      comment: 'The import leads nowhere: a typing error, a package not installed, or one not in its exports.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(coverage|out)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
}
