/** Lies about real traces, drawn from a seed: any operator of any graph, any element, any kind of lie. */
import type { Subject } from '@cairn/protocol'
import type { Lie, TracedJob } from '@cairn/training/conformance'

type SubjectName = keyof TracedJob['subjects']

const SUBJECTS: readonly SubjectName[] = ['first', 'second', 'update', 'outer', 'evaluation']
const COPIED = new Set(['input', 'constant', 'reshape'])
const SUMMED = new Set(['contract', 'sum', 'maximum', 'scatterAdd'])

export interface LieCase {
  readonly name: string
  readonly subject: Subject
  readonly lie: Lie
}

/** Numbers below a bound, from a seed: mulberry32. */
function drawFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** Draws a lie. Kinds of operators are drawn before operators: rare ones come up as often as common ones. */
export function randomLie({ job, subjects }: TracedJob, seed: number): LieCase {
  const draw = drawFrom(seed)
  const at = SUBJECTS[draw(SUBJECTS.length)] as SubjectName
  const subject = subjects[at]
  const run = draw(subject.runs)
  const { nodes } = job.program.graphs[subject.graph]
  const kinds = [...new Set(nodes.map(({ operator }) => operator))]
  const kind = kinds[draw(kinds.length)] as (typeof kinds)[number]
  const same = nodes.filter(({ operator }) => operator === kind)
  const operator = (same[draw(same.length)] as (typeof nodes)[number]).id
  const target = draw(subject.targets.length)
  const { slots } = subject.targets[target] as Subject['targets'][number]
  const lies: readonly Lie[] = [
    { about: 'element', run, operator, leaf: 0 },
    ...(SUMMED.has(kind) ? ([{ about: 'partial', run, operator, element: 0 }] as const) : []),
    ...(slots > 0 ? ([{ about: 'slot', run, target, slot: draw(slots) }] as const) : []),
    // Of what is copied nobody can show an element that left the domain: a liar would have nothing to say.
    ...(COPIED.has(kind) ? [] : ([{ about: 'flag', run, operator }] as const)),
  ]
  const lie = lies[draw(lies.length)] as Lie
  return { name: `${seed}: ${at} ${lie.about} ${kind} ${operator}`, subject, lie }
}
