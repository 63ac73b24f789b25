import { IDLE_MEMORY, MEMORY, START } from '../columns.js'
import { openIdle } from '../load/idle-connections.js'
import { endChildren } from '../processes.js'
import type { House, Measure, SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { memoryOf } from './requests.js'

/** What is started anew in each round, because what it remembers of the last one would be in the number. */
export type StartAnew = () => Promise<Subject>

/** A kind of subject that starts nothing yet. @param start told how often it was started before */
export function startedAnew(
  kind: Omit<SubjectKind<Subject>, 'start'>,
  start: (house: House, times: number) => Promise<Subject>,
): SubjectKind<StartAnew> {
  return {
    ...kind,
    start: async house => {
      let times = 0
      return () => start(house, times++)
    },
  }
}

/** How long a start takes, until something is answered, and what is used then. */
export function measureStart(start: StartAnew): Measure {
  return async () => {
    const subject = await start()
    const reading = { [START.key]: subject.startedWithin, [MEMORY.key]: memoryOf(subject) }
    await endChildren(subject.children)
    return reading
  }
}

/** How much each connection adds to the memory of the process: connections that had one answer and then wait. */
export function measureIdle(start: StartAnew): Measure {
  return async ({ idle }) => {
    const subject = await start()
    const before = memoryOf(subject)
    const close = await openIdle(subject.target, idle)
    const after = memoryOf(subject)
    close()
    await endChildren(subject.children)
    return { [IDLE_MEMORY.key]: ((after - before) * 1024) / idle, [MEMORY.key]: after }
  }
}
