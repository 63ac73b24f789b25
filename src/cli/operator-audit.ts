import { hostname } from 'node:os'
import type { Audit } from '../audit/audit-event.js'
import { openAuditLog } from '../audit/open-audit-log.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { CliIo } from './cli-io.js'
import { secretsOf } from './deployment.js'

/** The audit log of one command. */
export interface OperatorAudit {
  readonly audit: Audit
  /** Asked before anything is changed: rejects in mode `required` when the log takes no lines now. */
  ready(): Promise<void>
  /** Resolves when every line is written. Rejects in mode `required` when one cannot be. */
  close(): Promise<void>
}

/**
 * Opens the audit log of a command: the file that the gateway writes too, also while it runs. Without one, and with
 * `stdout: true`, lines of JSON go to the standard error, where whoever runs commands by program keeps what they say; a
 * person at a terminal has just typed the command and is spared.
 */
export function openOperatorAudit(
  config: Pick<GatewayConfig, 'audit' | 'secrets' | 'store'>,
  { stderr, now, isTTY }: Pick<CliIo, 'stderr' | 'now' | 'isTTY'>,
): OperatorAudit {
  const { file, mode, stdout, syslog } = config.audit
  let fault: Error | undefined
  const log = openAuditLog({
    file,
    mode,
    syslog,
    write: stdout && !isTTY ? line => stderr(`${JSON.stringify(line)}\n`) : undefined,
    secrets: file === undefined ? [] : secretsOf(config),
    now,
    hostname: hostname(),
    onFault: (error, where) => {
      if (where === 'file') fault = error
      if (where === 'syslog') stderr(`The audit log: syslog: ${error.message}\n`)
    },
    onMended: () => undefined,
  })
  const refuse = (): Error =>
    new Error(
      `The audit log ${file ?? ''} cannot be written (${fault?.message ?? 'it takes too long'}), and "audit" says ` +
        '"mode: required". Make room or set the rights right, and repeat the command.',
    )
  return {
    audit: log.audit,
    ready: async () => {
      if (await log.takesLines()) return
      await log.close()
      throw refuse()
    },
    close: async () => {
      if (await log.close()) return
      if (mode === 'required') throw refuse()
      stderr(`The audit log ${file ?? ''} could not be written: ${fault?.message ?? 'it takes too long'}\n`)
    },
  }
}
