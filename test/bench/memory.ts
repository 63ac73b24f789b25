import { readFileSync } from 'node:fs'
import { processTree } from './cpu-time.js'

/** Resident memory of a process and of all that descend from it, in MiB. Linux only: throws where `/proc` does not tell it. */
export function residentMebibytes(pid: number): number {
  return processTree(pid).reduce((sum, one) => {
    const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1]
    return sum + Number(kibibytes) / 1024
  }, 0)
}
