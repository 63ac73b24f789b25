import type { House, HousePlan } from './house.js'

/** Something that breaks, and how it is made good. */
export interface Fault {
  readonly name: string
  readonly plan: HousePlan
  readonly break: (house: House) => unknown
  readonly mend: (house: House) => unknown
  /** Only root can do it. */
  readonly asRoot?: true
}
