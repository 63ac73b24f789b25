import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time that a process, its threads and the processes that it has started have used so far, in microseconds, user
 * and system together. From the scheduler's own account (nanoseconds), because clock ticks of 10 ms are too coarse for
 * a short round. Linux only: throws where `/proc` does not tell it.
 */
export function cpuMicroseconds(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + ownMicroseconds(one), 0)
}

/** The ids of a process and of all that descend from it. Linux only. */
export function processTree(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter(text => text !== ''),
  )
  return [pid, ...children.flatMap(child => processTree(Number(child)))]
}

function ownMicroseconds(pid: number): number {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  return nanoseconds / 1000
}
