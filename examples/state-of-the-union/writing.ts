/** What the demo's model writes when it has learnt, and how much of that is words. */
import { formatShare, loadFromDirectory, readJob, readSource, sampleText, writerOf } from '@cairn/cli'
import type { DemoRun } from './demo-job.ts'
import { shareOfRealWords, wordsOf } from './words.ts'

const PROMPT = 'The '
const LENGTH = 3000
const SHOWN = 480
/** Cooler than `cairn sample`: so small a model spells best when it is not adventurous. */
const SAMPLING = { temperature: 0.5, topK: 0, topP: 1, seed: 1 }

/** Lets the model of an output directory write a page; returns the share of its words that are in the corpus. */
export async function showWriting({ screen, options: { out, job }, signal }: DemoRun): Promise<number> {
  screen.status('Writing a page ...')
  const writer = writerOf(await loadFromDirectory(out))
  let text = ''
  for await (const piece of sampleText(writer, PROMPT, LENGTH, SAMPLING)) {
    signal.throwIfAborted()
    text += piece
  }
  const corpus = new TextDecoder().decode((await readSource(await readJob(job))).bytes)
  const share = shareOfRealWords(text, new Set(wordsOf(corpus)))
  screen.status('')
  screen.print(`\n${screen.colours.bold('What it writes now')}, byte by byte (temperature ${SAMPLING.temperature}):`)
  screen.print(screen.colours.cyan(`${PROMPT}${text.slice(0, SHOWN)} ...`))
  screen.print(`${formatShare(share)} of its words of three or more letters are words of the addresses.`)
  return share
}
