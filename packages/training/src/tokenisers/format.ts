/** The mark of Cairn's own tokeniser documents; every other tokeniser is stored as a Hugging Face `tokenizer.json`. */
export const TOKENISER_FORMAT = 'cairn/tokeniser/v1'
