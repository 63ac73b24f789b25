import { openMessages } from '../../assembly/messages.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { type OperatorChange, operatorNotice } from '../../factors/delivery/operator-notices.js'
import type { UserRecord } from '../../users/users-file.js'
import type { CliIo } from '../cli-io.js'

/**
 * Tells a user by mail what an operator has done, where mail is sent and the users file has an address. What is done is
 * done: a mail that cannot be delivered within seconds is told to the operator, and fails nothing.
 */
export async function tellUser(
  { person }: Pick<UserRecord, 'person'>,
  change: OperatorChange,
  config: Pick<GatewayConfig, 'mail' | 'publicUrl'>,
  io: Pick<CliIo, 'env' | 'now' | 'random' | 'stderr'>,
): Promise<void> {
  const { subject: account, email: to } = person
  if (config.mail === undefined || to === undefined) return
  const messages = openMessages({
    config: { mail: config.mail, sms: undefined },
    now: io.now,
    random: io.random,
    environment: io.env,
    onFault: error => {
      io.stderr(`The mail that tells ${account} of it was not delivered: ${error.message}\n`)
    },
  })
  const site = new URL(config.publicUrl.origin).host
  messages.mail?.({ to, ...operatorNotice(change, { site, account, at: io.now() }) })
  await messages.close()
}
