import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../harness/redis.js'
import type { Fault } from './fault.js'

/** Fills a disk up to the last byte. */
function fill(folder: string): void {
  for (let size = 1_048_576; size > 0; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(join(folder, 'filler'), Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full for pieces of this size.
    }
  }
}

const empty = (folder: string): void => {
  rmSync(join(folder, 'filler'))
}

/** A disk on which somebody is writing cannot be made read-only, so this waits for a moment in which nobody is. */
const remount = (folder: string, how: 'ro' | 'rw'): Promise<void> =>
  eventually(() => {
    execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'ignore' })
    return Promise.resolve(true)
  })

const full = (name: string, plan: Fault['plan'], disk: 'data' | 'log'): Fault => ({
  name,
  plan: { ...plan, disk },
  break: ({ folder }) => fill(join(folder, disk)),
  mend: ({ folder }) => empty(join(folder, disk)),
  asRoot: true,
})

/** The log is open all the time, so its disk cannot become read-only; another one that is takes its place. */
const readOnly = (name: string, audit: 'required' | 'best_effort'): Fault => ({
  name,
  plan: { audit, disk: 'log' },
  break: ({ folder }) => execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', join(folder, 'log')]),
  mend: ({ folder }) => execFileSync('umount', [join(folder, 'log')]),
  asRoot: true,
})

/** What happens to the disk. */
export const DISK_FAULTS: readonly Fault[] = [
  full('Disk of the embedded store: full', {}, 'data'),
  {
    name: 'Disk of the embedded store: read-only at a restart',
    plan: { disk: 'data' },
    break: async ({ gateway, folder }) => {
      await gateway.end('SIGTERM')
      await remount(join(folder, 'data'), 'ro')
      await gateway.startInVain()
    },
    mend: async ({ gateway, folder }) => {
      await remount(join(folder, 'data'), 'rw')
      await gateway.start()
    },
    asRoot: true,
  },
  {
    name: 'Disk of the embedded store: the process may write no file',
    plan: {},
    break: ({ gateway }) => gateway.limit('fsize', 0),
    mend: ({ gateway }) => gateway.limit('fsize', undefined),
    asRoot: true,
  },
  full('Disk of the audit log: full, lines required', { audit: 'required' }, 'log'),
  full('Disk of the audit log: full, best effort', { audit: 'best_effort' }, 'log'),
  readOnly('Disk of the audit log: read-only, lines required', 'required'),
  readOnly('Disk of the audit log: read-only, best effort', 'best_effort'),
]
