/** How much work a search may take, so that no file makes it slow. */
export interface Allowance {
  /** Takes so much of what is left. False: that much was not left, and from then on nothing is. */
  spend(steps: number): boolean
  /** Whether something had to be left out. */
  isSpent(): boolean
}

/**
 * A fresh allowance.
 * @param steps how many steps it is good for
 */
export function createAllowance(steps: number): Allowance {
  let left = steps
  return {
    spend: wanted => {
      left = left < wanted ? -1 : left - wanted
      return left >= 0
    },
    isSpent: () => left < 0,
  }
}
