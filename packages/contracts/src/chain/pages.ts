/** Nodes limit how much one read may compute, so that long lists come in pages. */
const PAGE = 100

/** Reads pages until one is not full. */
export async function allPages<Item>(
  start: number,
  read: (from: bigint, count: bigint) => Promise<readonly Item[]>,
): Promise<Item[]> {
  const items: Item[] = []
  for (;;) {
    const page = await read(BigInt(start + items.length), BigInt(PAGE))
    items.push(...page)
    if (page.length < PAGE) return items
  }
}
