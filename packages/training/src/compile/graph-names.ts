/** The graphs of a job, in the order in which the program root covers them. */
export const graphNames = ['initial', 'inner', 'update', 'outer', 'evaluation'] as const
export type GraphName = (typeof graphNames)[number]

/** Makes something for every graph, in their order. */
export const perGraph = <T>(make: (name: GraphName) => T): Record<GraphName, T> =>
  Object.fromEntries(graphNames.map(name => [name, make(name)])) as Record<GraphName, T>
