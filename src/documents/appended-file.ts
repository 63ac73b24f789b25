import { type FileHandle, open, stat } from 'node:fs/promises'

/** A file that grows at its end, and may be moved away by whoever rotates logs. */
export interface AppendedFile {
  /** Writes at the end of the file of this name, made anew where it was moved away. Rejects with what Node rejects. */
  append(lines: Buffer): Promise<void>
  /** Has the file opened anew for the next lines, whatever became of it. */
  reopen(): void
  close(): Promise<void>
}

const NEW_LINE = Buffer.from('\n')

/**
 * Opens a file for appending. Several processes may write to it: what is appended is one write, which the
 * system does not mix with another.
 * @param file absolute path; made with mode 0640, as far as the umask allows
 */
export function openAppendedFile(file: string): AppendedFile {
  let opened: { readonly handle: FileHandle; readonly inode: bigint } | undefined
  let stale = false
  /** What was written last did not end a line. */
  let torn = false

  async function current(): Promise<FileHandle> {
    if (opened !== undefined && (stale || opened.inode !== (await inodeOf(file)))) {
      const { handle } = opened
      opened = undefined
      torn = false
      await handle.close()
    }
    stale = false
    if (opened === undefined) {
      const handle = await open(file, 'a', 0o640)
      opened = { handle, inode: (await handle.stat({ bigint: true })).ino }
    }
    return opened.handle
  }

  return {
    async append(lines) {
      const handle = await current()
      const bytes = torn ? Buffer.concat([NEW_LINE, lines]) : lines
      let at = 0
      try {
        while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten
        torn = false
      } catch (error) {
        torn ||= at > 0
        throw error
      }
    },
    reopen: () => {
      stale = true
    },
    close: async () => {
      await opened?.handle.close()
      opened = undefined
    },
  }
}

async function inodeOf(file: string): Promise<bigint | undefined> {
  return stat(file, { bigint: true }).then(
    ({ ino }) => ino,
    () => undefined,
  )
}
