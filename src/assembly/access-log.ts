import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/gateway-config.js'
import { openAppendedFile } from '../documents/appended-file.js'
import { createLineBuffer } from '../documents/line-buffer.js'
import { type AccessEntry, formatAccessLine } from '../gate/access-line.js'

/** The access log of the setting `access_log`. */
export interface AccessLog {
  /** Whether queries are wanted. */
  readonly query: boolean
  /** Takes a request that is over. Waits for nothing. */
  tell(entry: AccessEntry): void
  /** Has the file opened anew. */
  reopen(): void
  /** How many lines were lost since the start. */
  lost(): number
  close(): Promise<void>
}

/** Opens the log. `print` writes whole lines, without the end of the last one, to the standard output. */
export function openAccessLog(
  { file, format, query }: NonNullable<GatewayConfig['accessLog']>,
  print: (lines: string) => void,
  log: Logger,
): AccessLog {
  const home = file === undefined ? undefined : openAppendedFile(file)
  const buffer = createLineBuffer({
    write: async lines => (home === undefined ? print(lines.toString().trimEnd()) : home.append(lines)),
    onFault: error => log.error({ error: error.message }, 'access lines cannot be written'),
    onMended: lost => log.warn({ lost }, 'access lines are written again'),
  })
  return {
    query,
    tell: entry => buffer.add(formatAccessLine(format, entry)),
    reopen: () => home?.reopen(),
    lost: () => buffer.lost(),
    close: async () => {
      await buffer.close()
      await home?.close()
    },
  }
}
