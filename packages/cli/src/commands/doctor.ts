/** `cairn doctor`: tells whether this machine can run Cairn, and what to do where it cannot. */
import type { Command } from 'commander'
import { CHECKS, type Finding, runCheck } from '../run/doctor.ts'
import { EXIT } from '../screen/errors.ts'
import type { Screen } from '../screen/screen.ts'
import { type CommandContext, examples } from './context.ts'

type Named = Finding & { readonly name: string }

function show({ print, colours }: Screen, { name, status, found, fix }: Named): void {
  const marks = { ok: colours.green('ok     '), warning: colours.yellow('warning'), failed: colours.red('FAILED ') }
  print(`${marks[status]}  ${name.padEnd(13)}  ${found}`)
  if (fix !== undefined) print(`         to do          ${fix}`)
}

async function doctorCommand({ screen }: CommandContext, { json }: { json: boolean }): Promise<number> {
  const findings: Named[] = []
  for (const check of CHECKS) {
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
    .description('Check memory, threads, disk and arithmetic of this machine. Exit code 1 if something has failed.')
    .option('--json', 'print one JSON object instead', false)
  command.action(async (options: { json: boolean }) => {
    context.exitCode = await doctorCommand(context, options)
  })
  examples(command, ['doctor', 'doctor --json'])
}
