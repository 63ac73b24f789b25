import type { Clock } from '../clock.js'
import type { Audit } from './audit-event.js'
import { type AuditFile, createAuditFile } from './audit-file.js'
import { createAuditKeys } from './audit-keys.js'
import { jsonLine, membersOf } from './audit-line.js'
import { openChainedFile } from './chained-file.js'
import { createSyslog, type SyslogTarget } from './syslog.js'

/** The audit log of one process. */
export interface AuditLog {
  readonly audit: Audit
  /**
   * Whether what is told now, and was told so far, is written. In mode `required` it is tried now, for at most five
   * seconds. True in mode `best_effort`, and without a file.
   */
  takesLines(): Promise<boolean>
  /** How many lines were lost since the start, on the way to the file or to syslog. */
  lost(): number
  /** Whether the file could not be written the last time. */
  failing(): boolean
  /** Writes what waits, signs the end. True: every line is in the file. */
  close(): Promise<boolean>
}

export interface AuditLogOptions {
  /** Absolute path of the chained file; undefined: there is none. */
  readonly file: string | undefined
  readonly mode: 'required' | 'best_effort'
  readonly syslog: SyslogTarget | undefined
  /** Takes each line as a JSON-able object too; undefined: nobody does. Must not throw and must not wait. */
  readonly write: ((line: Readonly<Record<string, unknown>>) => void) | undefined
  /** The first signs, each may have signed before. */
  readonly secrets: readonly string[]
  readonly now: Clock
  /** The name of this machine, for syslog. */
  readonly hostname: string
  /** Told once when lines cannot be written or sent, and again only after they could. */
  readonly onFault: (error: Error, where: 'file' | 'syslog') => void
  /** Told when the file can be written again. @param lost how many lines were lost since the start */
  readonly onMended: (lost: number) => void
}

/** Opens every place that the lines of a process go to. Writing makes nobody wait who does not ask. */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  const { file, mode, syslog, write, now, onFault } = options
  const chained = file === undefined ? undefined : openFile(file, options)
  const sender =
    syslog &&
    createSyslog({ target: syslog, hostname: options.hostname, onFault: error => onFault(error, 'syslog') })
  return {
    audit: told => {
      const at = now()
      const members = membersOf(told, at)
      chained?.take(members)
      write?.(members)
      sender?.send(jsonLine(members), at, told.event)
    },
    takesLines: () =>
      chained === undefined || mode !== 'required' ? Promise.resolve(true) : chained.flush(),
    lost: () => (chained?.lost() ?? 0) + (sender?.dropped() ?? 0),
    failing: () => chained?.failing() ?? false,
    close: async () => {
      const [written] = await Promise.all([chained?.close() ?? true, sender?.close()])
      return written
    },
  }
}

function openFile(file: string, options: AuditLogOptions): AuditFile {
  const { mode, secrets, now, onFault, onMended } = options
  const keys = createAuditKeys(secrets)
  return createAuditFile({
    chain: openChainedFile({ file, keys, now, durable: mode === 'required' }),
    lossLine: lines => membersOf({ event: 'audit.lost', detail: { lines } }, now()),
    onFault: error => onFault(error, 'file'),
    onMended,
  })
}
