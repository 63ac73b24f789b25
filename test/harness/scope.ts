/** What something that was started ends with: a test of tap is one. */
export interface Scope {
  readonly teardown: (end: () => unknown) => void
}

/** One that is ended by hand: the last thing that was begun ends first. */
export interface OwnScope extends Scope {
  readonly end: () => Promise<void>
}

/** Makes one. */
export function createScope(): OwnScope {
  const ends: (() => unknown)[] = []
  return {
    teardown: end => void ends.push(end),
    end: async () => {
      for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
    },
  }
}
