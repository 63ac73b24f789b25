import type { AuditPublicKey } from './audit-keys.js'
import type { ChainHead } from './chain-head.js'
import { hashLine, isSignedCheckpoint, type ReadChainLine, readChainLine } from './chain-line.js'

/** What was done to a log. `cut`: lines are missing at its end. */
export type TamperKind = 'changed' | 'dropped' | 'reordered' | 'inserted' | 'cut'

/** Something in a log that the gateway did not write so. */
export interface ChainFault {
  readonly kind: TamperKind
  readonly file: string
  /** Counted from 1; where lines are missing: the line behind them, or the last one. */
  readonly line: number
  /** The number that the line has, or that is missing. */
  readonly seq: number
  /** What was seen, in one sentence. */
  readonly message: string
}

/** What holds in a log. */
export interface ChainReport {
  readonly lines: number
  readonly checkpoints: number
  /** The numbers of the first and the last line; 0: there is none. */
  readonly first: number
  readonly last: number
  /** When the last line was written, as it says. */
  readonly until: string | undefined
  /** How many lines come after the last checkpoint. Only the record beside the file proves them. */
  readonly unsigned: number
  /** How many unfinished lines of killed processes were closed as they should be. */
  readonly recovered: number
}

/** Follows a chain line by line. */
export interface ChainCheck {
  /** Takes the next line, without its end. @param isWhole whether it has one */
  take(bytes: Buffer, file: string, line: number, isWhole: boolean): void
  /**
   * Says what holds.
   * @param after the record beside the last file, read after its last line
   */
  end(after: ChainHead | undefined): ChainReport
}

export interface ChainCheckOptions {
  /** Whose checkpoints hold. */
  readonly keys: readonly AuditPublicKey[]
  /** The record beside the last file, read before its first line; undefined: there is none. */
  readonly before: ChainHead | undefined
  readonly onFault: (fault: ChainFault) => void
}

interface Entry {
  readonly file: string
  readonly line: number
  readonly hash: string
  readonly bytes: number
  readonly isWhole: boolean
  /** Undefined: it is no line of a chain. */
  readonly said: ReadChainLine | undefined
  readonly isCheckpoint: boolean
  readonly isSigned: boolean
}

interface Link {
  readonly entry: Entry
  readonly seq: number
  readonly hash: string | null
  /** The hash of the line before it. */
  readonly prev: string | null
}

/** How far ahead it is looked for lines that stand elsewhere. */
const AHEAD = 256

/** Makes a check that tells each fault once, in the order of the log, and goes on behind it. */
export function createChainCheck({ keys, before, onFault }: ChainCheckOptions): ChainCheck {
  const queue: Entry[] = []
  let last: Link | undefined
  let first = 0
  let until: string | undefined
  const counts = { lines: 0, checkpoints: 0, recovered: 0, signedSeq: 0 }
  let covered = false
  let unfinished: Entry | undefined

  const tell = (kind: TamperKind, { file, line }: Entry, seq: number, message: string): void =>
    onFault({ kind, file, line, seq, message })

  function accept(entry: Entry, seq: number, prev: string | null, hash: string | null = entry.hash): void {
    queue.shift()
    last = { entry, seq, hash, prev }
    counts.lines += 1
    if (first === 0) first = seq
    if (entry.said?.at) until = entry.said.at
    if (entry.isCheckpoint) {
      if (entry.isSigned) {
        counts.checkpoints += 1
        counts.signedSeq = seq
      } else tell('changed', entry, seq, 'the signature of this checkpoint does not hold')
    }
    if (entry.said?.event === 'audit.recovered') {
      if (entry.said.reason === 'unknown')
        tell('cut', entry, seq, 'the record beside the file was missing here: lines may be missing before')
      counts.recovered += 1
    }
    if (before?.end.seq === seq) {
      covered = true
      if (hash !== before.end.hash && hash === entry.hash)
        tell('changed', entry, seq, 'the record beside the file has another hash for this line')
    }
  }

  /** A line that was changed: what comes after says what its hash was. */
  function acceptChanged(entry: Entry, link: Link, next: Entry | undefined, message: string): void {
    const seq = link.seq + 1
    tell('changed', entry, seq, message)
    accept(entry, seq, link.hash, next?.said?.seq === seq + 1 ? next.said.prev : entry.hash)
  }

  function step(ended: boolean): void {
    const [entry, next] = queue
    if (entry === undefined) return
    const { said } = entry
    if (last === undefined) begin(entry, next)
    else if (said === undefined) unreadable(entry, next, last, ended)
    else if (said.seq === last.seq + 1 && said.prev === last.hash) accept(entry, said.seq, said.prev)
    else broken(entry, said, next, last)
  }

  function begin(entry: Entry, next: Entry | undefined): void {
    const seq = entry.said?.seq ?? (next?.said?.seq ?? 1) - 1
    const isTorn = entry.said === undefined && closes(entry, next, seq + 1)
    if (entry.said === undefined && !isTorn) {
      tell('changed', entry, seq, 'this is no line of an audit log')
      accept(entry, seq, null, next?.said?.prev ?? entry.hash)
      return
    }
    if (seq === 1 && entry.said?.prev !== null)
      tell('changed', entry, seq, 'the first line of a log has nothing before it')
    accept(entry, seq, entry.said?.prev ?? null)
  }

  function unreadable(entry: Entry, next: Entry | undefined, link: Link, ended: boolean): void {
    const due = link.seq + 1
    if (closes(entry, next, due)) {
      queue.shift()
      last = { ...link, hash: entry.hash, prev: link.hash }
    } else if (next?.said?.seq === due && next.said.prev === link.hash) inserted(entry, due - 1)
    else if (next === undefined && ended && !entry.isWhole) {
      // Judged with the record beside the file: it may be on its way, or be what a cut left.
      unfinished = queue.shift()
    } else if (next === undefined && before !== undefined && before.end.seq < due) inserted(entry, link.seq)
    else acceptChanged(entry, link, next, 'this is no line of an audit log any more')
  }

  function inserted(entry: Entry, seq: number): void {
    queue.shift()
    tell('inserted', entry, seq, 'the gateway did not write this line here')
  }

  function broken(entry: Entry, said: ReadChainLine, next: Entry | undefined, link: Link): void {
    const due = link.seq + 1
    if (said.seq === due) {
      if (isIntact(entry, said, next))
        tell('changed', link.entry, link.seq, 'the line behind it has another hash for this line')
      else tell('changed', entry, due, 'its hash of the line before, or the line itself, was changed')
      accept(entry, due, said.prev, next?.said?.seq === due + 1 ? next.said.prev : entry.hash)
    } else if (said.seq === link.seq && said.prev === link.prev) twice(entry, next, link)
    else if (said.prev === link.hash || (next?.said?.seq === due + 1 && !waits(due)))
      acceptChanged(entry, link, next, 'its number was changed')
    else if (said.seq < due) inserted(entry, said.seq)
    else if (waits(due)) {
      tell('reordered', entry, said.seq, `line ${due} of the log belongs here`)
      const place = queue.findIndex(other => other.said?.seq === due)
      const inOrder = queue.slice(0, place + 1).sort((one, other) => seqOf(one) - seqOf(other))
      queue.splice(0, inOrder.length, ...inOrder)
    } else {
      const missing =
        said.seq - 1 === due ? `line ${due} is missing` : `lines ${due} to ${said.seq - 1} are missing`
      tell('dropped', entry, due, `${missing} before it`)
      accept(entry, said.seq, said.prev)
    }
  }

  /** Whether a line stands further on. */
  function waits(seq: number): boolean {
    return queue.some(({ said }) => said?.seq === seq)
  }

  /** Two lines have one number and the same one before: what comes after says which was there. */
  function twice(entry: Entry, next: Entry | undefined, link: Link): void {
    if (next?.said?.prev === entry.hash) {
      tell('inserted', link.entry, link.seq, 'the gateway did not write this line here')
      last = { ...link, entry, hash: entry.hash }
      queue.shift()
    } else inserted(entry, link.seq)
  }

  function isIntact(entry: Entry, said: ReadChainLine, next: Entry | undefined): boolean {
    if (entry.isSigned) return true
    if (next !== undefined) return next.said?.seq === said.seq + 1 && next.said.prev === entry.hash
    return before?.end.seq !== said.seq || before.end.hash === entry.hash
  }

  return {
    take: (bytes, file, line, isWhole) => {
      const text = bytes.toString()
      const said = readChainLine(text)
      const isCheckpoint = said?.event === 'audit.checkpoint'
      queue.push({
        file,
        line,
        hash: hashLine(bytes),
        bytes: bytes.length,
        isWhole,
        said,
        isCheckpoint,
        isSigned: isCheckpoint && isSignedCheckpoint(text, keys),
      })
      if (queue.length > AHEAD) step(false)
    },

    end: after => {
      while (queue.length > 0) step(true)
      if (before !== undefined && after !== undefined) endWith(before, after)
      return {
        lines: counts.lines,
        checkpoints: counts.checkpoints,
        first,
        last: last?.seq ?? 0,
        until,
        unsigned: (last?.seq ?? 0) - (counts.signedSeq === 0 ? first - 1 : counts.signedSeq),
        recovered: counts.recovered,
      }
    },
  }

  /** The gateway may have gone on writing meanwhile: what was there before has to be, and nothing it does not know of. */
  function endWith(start: ChainHead, after: ChainHead): void {
    const seq = last?.seq ?? 0
    const at = last?.entry ?? { file: '', line: 0 }
    const { end } = start
    if (seq < end.seq) {
      const missing = end.seq === seq + 1 ? `line ${end.seq}` : `lines ${seq + 1} to ${end.seq}`
      const message = `${missing} of the log were there and are cut off`
      onFault({ kind: 'cut', file: at.file, line: at.line, seq: seq + 1, message })
    } else if (last !== undefined && seq > (after.writing ?? after.end).seq) {
      const message = 'the gateway does not know of this line'
      onFault({ kind: 'inserted', file: at.file, line: at.line, seq, message })
    } else if (unfinished !== undefined && after.writing === undefined && seq === after.end.seq)
      tell('inserted', unfinished, seq, 'the gateway did not begin this line')
    else if (last !== undefined && !covered && seq === after.end.seq && last.hash !== after.end.hash)
      tell('changed', last.entry, seq, 'the record beside the file has another hash for this line')
  }
}

/** Whether the next line says that this one is what a killed process left. */
function closes(entry: Entry, next: Entry | undefined, seq: number): boolean {
  const said = next?.said
  return (
    said?.event === 'audit.recovered' &&
    said.seq === seq &&
    said.prev === entry.hash &&
    said.torn === entry.bytes
  )
}

function seqOf({ said }: Entry): number {
  return said?.seq ?? 0
}
