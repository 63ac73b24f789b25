import { spawnSync } from 'node:child_process'

/** Whether a program is on this machine: it tells its version. */
export function isInstalled(command: string, ...words: readonly string[]): boolean {
  return spawnSync(command, words).status === 0
}
