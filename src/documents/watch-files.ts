import { unwatchFile, watchFile } from 'node:fs'

/** Looks at files until it is closed. */
export interface FileWatch {
  /** Looks at these from now on, and at no others. */
  follow(files: Iterable<string>): void
  close(): void
}

/** How often a file is looked at; with the pause below, a change is told well within a second. In milliseconds. */
const LOOK_EVERY = 400
/** An editor may still be writing, and a change of several files is told once. In milliseconds. */
const SETTLE = 100

/**
 * Tells when files may have changed, however they change: written, renamed over, swapped behind a symbolic link
 * (ConfigMaps), gone or come. Looking beats being told: it also works on mounts and links that no change is reported
 * for.
 * @param mayHaveChanged is called soon after the start too: what was written between the first reading and the first
 *   look would go unseen
 */
export function watchFiles(files: Iterable<string>, mayHaveChanged: () => void): FileWatch {
  let settling: NodeJS.Timeout | undefined
  let followed = new Set<string>()
  const look = (): void => {
    clearTimeout(settling)
    settling = setTimeout(mayHaveChanged, SETTLE).unref()
  }
  const follow = (wanted: Iterable<string>): void => {
    const next = new Set(wanted)
    for (const file of followed) if (!next.has(file)) unwatchFile(file, look)
    for (const file of next)
      if (!followed.has(file)) watchFile(file, { interval: LOOK_EVERY, persistent: false }, look)
    followed = next
  }
  follow(files)
  look()
  return {
    follow,
    close: () => {
      clearTimeout(settling)
      follow([])
    },
  }
}
