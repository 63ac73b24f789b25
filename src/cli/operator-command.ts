import type { Audit } from '../audit/audit-event.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { CliIo } from './cli-io.js'
import { openOperatorAudit } from './operator-audit.js'

/** A command that changes something, as the audit log names it. */
export interface OperatorCommand {
  /** Its words without names and options, such as `users disable`. */
  readonly command: string
  /** The user whom it is about. Undefined: none, or several. */
  readonly subject?: string | undefined
  /** Further plain facts. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

/**
 * Does the work of a command and tells the audit log one line of it, also when it was refused or failed. Nothing is
 * done when the log has to take the line and cannot.
 * @param work gives the exit code; it may tell more by the audit log that it is given
 */
export async function operatorCommand(
  config: GatewayConfig,
  io: CliIo,
  { command, subject, detail }: OperatorCommand,
  work: (audit: Audit) => Promise<number>,
): Promise<number> {
  const log = openOperatorAudit(config, io)
  await log.ready()
  const tell = (reason?: 'refused' | 'failed'): void =>
    log.audit({
      event: 'operator.command',
      subject,
      address: 'local',
      reason,
      detail: { command, ...detail },
    })
  let code
  try {
    code = await work(log.audit)
  } catch (error) {
    tell('failed')
    await log.close()
    throw error
  }
  tell(code === 0 ? undefined : 'refused')
  await log.close()
  return code
}
