/** How much of a sampled text is made of real words: those of the text that the model learnt from. */

const WORD = /[A-Za-z]{3,}/g

export const wordsOf = (text: string): string[] => (text.match(WORD) ?? []).map(word => word.toLowerCase())

/** Share of the words of three letters and more that occur in the corpus; the last, which may be cut off, is left out. */
export function shareOfRealWords(sample: string, corpus: ReadonlySet<string>): number {
  const words = wordsOf(sample.replace(/[A-Za-z]+$/, ''))
  return words.length === 0 ? 0 : words.filter(word => corpus.has(word)).length / words.length
}
