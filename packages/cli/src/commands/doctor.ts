/** `cairn doctor`: tells whether this machine can run Cairn, and take part in a network where there is one. */
import type { Command } from 'commander'
import { findNetwork, hasNetwork } from '../network/network-file.ts'
import { CHECKS, type Check, type Finding, runCheck } from '../run/doctor.ts'
import { EXIT } from '../screen/errors.ts'
import type { Screen } from '../screen/screen.ts'
import { type CommandContext, examples } from './context.ts'
import { type NetworkOptions, networkOptions, onAction } from './network-options.ts'

type Named = Finding & { readonly name: string }

function show({ print, colours }: Screen, { name, status, found, fix }: Named): void {
  const marks = { ok: colours.green('ok     '), warning: colours.yellow('warning'), failed: colours.red('FAILED ') }
  print(`${marks[status]}  ${name.padEnd(13)}  ${found}`)
  if (fix !== undefined) print(`         to do          ${fix}`)
}

/** The machine alone, and the network where there is one. */
async function checksFor({ network: named }: NetworkOptions): Promise<readonly Check[]> {
  if (!hasNetwork({ named })) return CHECKS
  const { networkChecks } = await import('../network/doctor.ts')
  return [...CHECKS, ...networkChecks(await findNetwork({ named }))]
}

async function doctorCommand({ screen }: CommandContext, options: NetworkOptions): Promise<number> {
  const { json } = options
  const findings: Named[] = []
  for (const check of await checksFor(options)) {
    screen.status(`checking ${check.name} ...`)
    const finding = { name: check.name, ...(await runCheck(check, '.')) }
    findings.push(finding)
    screen.status('')
    if (!json) show(screen, finding)
  }
  const isHealthy = findings.every(({ status }) => status !== 'failed')
  if (json) screen.print(JSON.stringify({ isHealthy, findings }))
  else screen.print(isHealthy ? 'This machine can train and verify.' : 'This machine is not ready; see above.')
  return isHealthy ? EXIT.ok : EXIT.disagreed
}

/** Adds the command. */
export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command('doctor')
    .summary('check this machine, its arithmetic included')
    .description(
      'Check memory, threads, disk and arithmetic of this machine, and where a network file is found, its chain, clock,\n' +
        'peers and ports. Exit code 1 if something has failed.',
    )
  networkOptions(command)
  onAction(command, context, (options: NetworkOptions) => doctorCommand(context, options))
  examples(command, ['doctor', 'doctor --json', 'doctor --network network.json'])
}
