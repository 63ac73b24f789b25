import { CPU_PER_MEGABYTE, MEGABYTES } from '../columns.js'
import { BIG, type Direction, transfer } from '../load/transfer.js'
import type { Measure } from '../scenario.js'
import type { Subject } from '../subject.js'
import { cpuOf } from './requests.js'

/** Bodies of 100 MB, one after another, at least one. */
export function measureBodies(direction: Direction) {
  return (subject: Subject): Measure =>
    async ({ seconds }) => {
      const before = cpuOf(subject)
      const begun = performance.now()
      let megabytes = 0
      do {
        await transfer(subject.target, direction)
        megabytes += BIG / 1e6
      } while (performance.now() - begun < seconds * 1000)
      const took = (performance.now() - begun) / 1000
      return {
        [CPU_PER_MEGABYTE.key]: (cpuOf(subject) - before) / megabytes,
        [MEGABYTES.key]: megabytes / took,
      }
    }
}
