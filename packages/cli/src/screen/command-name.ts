/** How the person called `cairn`, and words as a shell reads them: what we tell them to type next works as it stands. */

type Environment = Readonly<Record<string, string | undefined>>

/** `cairn`, `npx cairn` or `npm run cairn --`: npm says in the environment which it was. */
export function commandName(env: Environment = process.env): string {
  if (env.npm_lifecycle_event === 'cairn') return 'npm run cairn --'
  return env.npm_command === undefined ? 'cairn' : 'npx cairn'
}

/** Writes a word so that a shell reads it as one. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
