/** The process that supervises this one, if one does: `cairn up`. It is told when this one is up, or why it cannot be. */

/** Set in the environment of supervised processes: others that have a channel, too, would not understand us. */
export const SUPERVISED_VARIABLE = 'CAIRN_SUPERVISED'

export const isSupervised = (): boolean => process.env[SUPERVISED_VARIABLE] !== undefined && process.send !== undefined

/** Tells the parent, if there is one. */
export function tellParent(event: object): void {
  if (isSupervised()) process.send?.(event)
}
