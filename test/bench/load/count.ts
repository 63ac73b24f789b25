/** When answers of a load count. */
export interface Span {
  /** Before that, in seconds: connections are opened, and what rested wakes up. */
  readonly lead: number
  /** How long they count, in seconds. */
  readonly seconds: number
  /** Read at its beginning and at its end. */
  readonly probe: () => number
}

/** What a load saw while it counted. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** By how much the probe went up. */
  readonly used: number
}

/** The answers of a load, while it runs. */
export interface Count {
  /** To be called at each answer. False: it is over, and no more is to be asked for. */
  readonly answered: () => boolean
  /** Throws before the end. */
  readonly result: () => LoadResult
}

interface Mark {
  readonly at: number
  readonly answers: number
  readonly used: number
}

/** Begins to count: both ends of the span lie at an answer, so that what is under way then is the same. */
export function startCount({ lead, seconds, probe }: Span): Count {
  const begin = performance.now() + lead * 1000
  let answers = 0
  let first: Mark | undefined
  let last: Mark | undefined
  return {
    answered() {
      if (last !== undefined) return false
      answers += 1
      const at = performance.now()
      if (first === undefined && at >= begin) first = { at, answers, used: probe() }
      else if (first !== undefined && at >= first.at + seconds * 1000) last = { at, answers, used: probe() }
      return last === undefined
    },
    result() {
      if (first === undefined || last === undefined) throw new Error('the load has not come to its end')
      return {
        requests: last.answers - first.answers,
        seconds: (last.at - first.at) / 1000,
        used: last.used - first.used,
      }
    },
  }
}
