#!/usr/bin/env node
// The launcher of the `cairn` command, in plain JavaScript so that an old Node can say that it is old. The command itself
// is TypeScript, which Node runs as it is; releases before 22.18 need a flag for that, hence a second process.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
const isSupported = major > 22 || (major === 22 && minor >= 13)
const stripsTypes = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
const ASKED = 'CAIRN_STRIPS_TYPES'
// PERF: what a node receives is soon garbage in large buffers. With a young generation of the usual size V8 notices them
// as external memory first, and marks its whole heap every few megabytes; a smaller one is swept before that. Such buffers
// count as growth of the heap, too, and of a process that allocates little else V8 allows growth by a quarter only.
const HEAP_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=100']
const isNode = process.argv[2] === 'node'
// Whoever forks a node with a channel passes the flags itself: a channel does not outlive the exec.
const hasHeapFlags = HEAP_FLAGS.every(flag => process.execArgv.includes(flag))
const wantsHeapFlags = isNode && !hasHeapFlags && process.channel === undefined

function refuse() {
  console.error(`cairn: this Node is too old.
  expected  Node 22.13 or newer
  found     Node ${process.versions.node}
  to do     Inside a Cairn checkout run \`npm run cairn -- ...\` or \`npx cairn ...\`, which use the Node that \`npm ci\`
            installed; elsewhere install a newer Node.`)
  process.exitCode = 2
}

/** Runs this launcher again with the flag; signals and exit code pass through. */
function runWithFlag() {
  const flags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [ASKED]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** Becomes the same process with the flags, where the platform can. */
function becomeNode() {
  const launcher = fileURLToPath(import.meta.url)
  const rest = [...process.execArgv, ...HEAP_FLAGS, launcher, ...process.argv.slice(2)]
  process.execve(process.execPath, [process.execPath, ...rest], process.env)
}

function run() {
  import('../src/main.ts').then(async ({ main }) => {
    process.exitCode = await main(process.argv.slice(2))
  })
}

if (!isSupported) refuse()
else if (wantsHeapFlags && process.platform !== 'win32' && process.execve !== undefined) becomeNode()
else if (stripsTypes || process.env[ASKED] !== undefined) run()
else runWithFlag()
