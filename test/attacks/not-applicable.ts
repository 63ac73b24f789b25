/** An attack that cannot be made against this gateway, and why. Whoever removes the reason writes the test. */
export interface NotApplicable {
  readonly id: string
  readonly attack: string
  readonly reason: string
}

/** Attacks of the known classes that have no test, each with its reason. */
export const NOT_APPLICABLE: readonly NotApplicable[] = [
  {
    id: 'k13',
    attack: 'apps whose upstream addresses begin alike',
    reason:
      'no address of an app is put together or kept: an upstream is an origin without a path (one with a path is refused), each app has a pool of connections of its own, and a path goes on as the judged request has it',
  },
]
