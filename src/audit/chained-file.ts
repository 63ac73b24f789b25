import { mkdir, open, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.js'
import { openTurns, type Turns } from '../store/lmdb-turns.js'
import type { AuditKeys } from './audit-keys.js'
import {
  chainDirectory,
  type ChainHead,
  type FileEnd,
  formatHead,
  headFile,
  parseHead,
} from './chain-head.js'
import { HEAD_BYTES } from './chain-head.js'
import { chainLine, checkpointLine, type ChainEnd } from './chain-line.js'
import { findRecovery, type Recovery } from './recover-chain.js'

/** A file of lines that each name the one before. */
export interface ChainedFile {
  /**
   * Writes lines behind the last one, whoever wrote that. Rejects with what Node rejects when they cannot be written;
   * then none of them is there.
   * @param signs whether the end is signed in any case
   */
  append(batch: readonly Readonly<Record<string, unknown>>[], signs?: boolean): Promise<void>
  /** Rejects when no line could be written now: the file cannot be opened, or there is no room for a few lines. */
  probe(): Promise<void>
  close(): Promise<void>
}

export interface ChainedFileOptions {
  /** Absolute path. Made with mode 0600. */
  readonly file: string
  readonly keys: AuditKeys
  readonly now: Clock
  /** Whether a line counts as written only when the disk has it. */
  readonly durable: boolean
}

/** A checkpoint comes after so many lines or so much time (milliseconds) at the latest. */
const SIGNED_LINES = 1_000
const SIGNED_EVERY = 600_000

/** There is room for another line only while there is for so many bytes. */
const ROOM = 16_384

/** What this process left in the file. While nobody else has written, nothing has to be read. */
interface Known {
  readonly inode: bigint
  readonly head: ChainHead
}

/** Opens a chained file that any number of processes of this machine write to. Nothing is opened before the first line. */
export function openChainedFile({ file, keys, now, durable }: ChainedFileOptions): ChainedFile {
  const directory = chainDirectory(file)
  let turns: { readonly turns: Turns; readonly inode: bigint } | undefined
  let known: Known | undefined
  let log: { readonly handle: FileHandle; readonly inode: bigint } | undefined
  let record: { readonly handle: FileHandle; readonly inode: bigint } | undefined
  let before = Promise.resolve()
  /** Goes on where this process ended, should the record be gone. */
  let remembered: ChainHead | undefined

  /** The lock is one only while every process has the same: somebody may have removed the directory. */
  async function currentTurns(): Promise<Turns> {
    const lock = join(directory, 'lock.mdb')
    const inode = turns && (await inodeOf(lock))
    if (turns !== undefined && turns.inode === inode) return turns.turns
    await forget()
    // Not what is above it: a directory that somebody removed is not quietly made again.
    await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
    const opened = openTurns(directory)
    turns = { turns: opened, inode: (await inodeOf(lock)) ?? -1n }
    return opened
  }

  async function forget(): Promise<void> {
    const [oldLog, oldRecord, oldTurns] = [log, record, turns]
    log = record = turns = known = undefined
    await oldLog?.handle.close().catch(() => undefined)
    await oldRecord?.handle.close().catch(() => undefined)
    await oldTurns?.turns.close()
  }

  /** The file of this name now: whoever rotates logs moves it away. */
  async function currentLog(): Promise<{ handle: FileHandle; inode: bigint; size: number }> {
    if (log !== undefined && log.inode !== (await inodeOf(file))) {
      await log.handle.close()
      log = undefined
    }
    if (log === undefined) {
      const handle = await open(file, 'a+', 0o600)
      log = { handle, inode: (await handle.stat({ bigint: true })).ino }
    }
    const { size } = await log.handle.stat()
    return { ...log, size }
  }

  async function currentRecord(): Promise<FileHandle> {
    const name = headFile(file)
    if (record !== undefined && record.inode !== (await inodeOf(name))) {
      await record.handle.close()
      record = undefined
      known = undefined
    }
    if (record === undefined) {
      const handle = await open(name, 'r+', 0o600).catch(() => open(name, 'w+', 0o600))
      record = { handle, inode: (await handle.stat({ bigint: true })).ino }
    }
    return record.handle
  }

  async function writeRecord(handle: FileHandle, head: ChainHead): Promise<void> {
    await handle.write(formatHead(head, keys), 0)
    if (durable && head.writing !== undefined) await handle.datasync()
  }

  async function write(batch: readonly Readonly<Record<string, unknown>>[], signs: boolean): Promise<void> {
    const { handle, inode, size } = await currentLog()
    const beside = await currentRecord()
    const ours = known?.inode === inode && known.head.end.size === size ? known.head : undefined
    const head = ours ?? (await readRecord(beside, keys)) ?? remembered
    const start = ours ?? (await findRecovery(head, size, from => readFrom(handle, from, size)))
    const recovery = 'recovery' in start ? start.recovery : undefined
    const signed = head?.signed ?? { seq: 0, at: now() }
    const told = compose({ end: start.end, recovery, size, signed, batch, signs, keys, now: now() })
    if (told.lines === '') return
    known = undefined
    const bytes = Buffer.from(told.lines)
    const end: FileEnd = { seq: told.end.seq, hash: told.end.hash, size: size + bytes.length }
    const left: FileEnd = { seq: start.end.seq, hash: start.end.hash, size }
    // Whoever comes after a second fall has to find what this one found.
    const from = recovery === undefined ? left : (head?.end ?? left)
    await writeRecord(beside, { end: from, writing: end, signed })
    try {
      await writeAll(handle, bytes)
      if (durable) await handle.datasync()
    } catch (error) {
      // Nobody else writes in this turn. What cannot be taken back is found by the next writer.
      await takeBack(handle, size, () =>
        writeRecord(
          beside,
          recovery !== undefined && head !== undefined ? head : { end: left, writing: undefined, signed },
        ),
      )
      throw error
    }
    const done: ChainHead = { end, writing: undefined, signed: told.signed }
    await writeRecord(beside, done)
    known = { inode, head: done }
    remembered = done
  }

  /** One after the other in this process too: whoever has the turn has it for everybody who waits here. */
  function inOrder(work: () => Promise<void>): Promise<void> {
    const done = before.then(work)
    before = done.catch(() => undefined)
    return done
  }

  return {
    append: (batch, signs = false) =>
      inOrder(async () => (await currentTurns()).take(() => write(batch, signs))),
    probe: () =>
      inOrder(async () =>
        (await currentTurns()).take(async () => {
          await currentLog()
          await currentRecord()
          const room = join(directory, 'room')
          await writeFile(room, Buffer.alloc(ROOM), { mode: 0o600 })
          await truncate(room)
        }),
      ),
    close: () => inOrder(forget),
  }
}

async function inodeOf(file: string): Promise<bigint | undefined> {
  return stat(file, { bigint: true }).then(
    ({ ino }) => ino,
    () => undefined,
  )
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten
}

async function takeBack(handle: FileHandle, size: number, tell: () => Promise<void>): Promise<void> {
  try {
    await handle.truncate(size)
    await tell()
  } catch {
    // Told by what made it necessary.
  }
}

async function readRecord(handle: FileHandle, keys: AuditKeys): Promise<ChainHead | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  return parseHead(buffer.toString('utf8', 0, bytesRead), keys)
}

async function readFrom(handle: FileHandle, from: number, size: number): Promise<Buffer> {
  if (size <= from) return Buffer.alloc(0)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
  return buffer.subarray(0, bytesRead)
}

interface Composing {
  readonly end: ChainEnd
  readonly recovery: Recovery | undefined
  readonly size: number
  readonly signed: ChainHead['signed']
  readonly batch: readonly Readonly<Record<string, unknown>>[]
  readonly signs: boolean
  readonly keys: AuditKeys
  readonly now: number
}

/** The lines of one turn. */
function compose({ end: start, recovery, size, signed, batch, signs, keys, now }: Composing) {
  let end = start
  let last = signed
  let lines = ''
  const add = (line: ChainEnd & { readonly text: string }): void => {
    lines += `${line.text}\n`
    end = line
  }
  const sign = (): void => {
    add(checkpointLine(end, now, keys))
    last = { seq: end.seq, at: now }
  }
  if (recovery !== undefined) {
    const { endsLine, reason, torn } = recovery
    if (endsLine) lines = '\n'
    const at = new Date(now).toISOString()
    add(chainLine(end, { at, audit: 'audit.recovered', reason, detail: { torn } }))
  }
  // The first line of a new file says where the one before ended.
  if (size === 0 && end.seq > 0 && batch.length > 0) sign()
  for (const members of batch) {
    add(chainLine(end, members))
    if (end.seq - last.seq >= SIGNED_LINES) sign()
  }
  if (end.seq > last.seq && (signs || now - last.at >= SIGNED_EVERY)) sign()
  return { lines, end, signed: last }
}
