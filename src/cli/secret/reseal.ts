import { SEALED_RECORDS } from '../../assembly/sealed-records.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { type Resealed, resealAll } from '../../store/reseal.js'
import { createSeal } from '../../store/seal.js'
import { hashSecret } from '../../store/secret-hash.js'
import type { CliIo } from '../cli-io.js'
import { confirm } from '../confirm.js'
import { CONFIG_OPTION, openStore, readConfig } from '../deployment.js'
import { openOperatorAudit } from '../operator-audit.js'
import { parseOptions } from '../parse-options.js'
import { readUsers } from '../read-users.js'
import { SECRET_HELP } from './help.js'

const QUESTION =
  'Seal everything in the store with the first secret? A gateway that runs without it cannot read the store then.'

/** `secret reseal`. */
export async function reseal(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    yes: { type: 'boolean', short: 'y' },
    json: { type: 'boolean' },
  } as const
  const parsed = parseOptions(args, io, SECRET_HELP, options)
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  if (parsed.values.yes !== true) {
    const refused = await confirm(QUESTION, io)
    if (refused !== undefined) return refused
  }
  const log = openOperatorAudit(config, io)
  await log.ready()
  const done = await resealStore(config, io)
  const unopened = Object.values(done.unopened).reduce((sum, count) => sum + count, 0)
  const detail = { command: 'secret reseal', anew: done.anew, already: done.already, unopened }
  log.audit({ event: 'operator.command', address: 'local', detail })
  await log.close()
  if (parsed.values.json === true) io.stdout(`${JSON.stringify(done, undefined, 2)}\n`)
  else tell(done, config, io)
  return unopened === 0 ? 0 : 1
}

async function resealStore(config: GatewayConfig, io: CliIo): Promise<Resealed> {
  const users = readUsers(config.users.file, io)
  const names = users.ok ? [...users.users.keys()] : []
  const subjects = new Map(names.map(name => [hashSecret(name), name]))
  const { store, secrets } = openStore(config, io)
  try {
    return await resealAll({
      store,
      seal: createSeal(secrets),
      kinds: SEALED_RECORDS,
      subjectOf: hash => subjects.get(hash),
    })
  } finally {
    await store.close()
  }
}

function tell({ anew, already, unopened }: Resealed, { secrets = [] }: GatewayConfig, io: CliIo): void {
  io.stdout(`Sealed anew: ${anew} records. Sealed with the first secret already: ${already}.\n`)
  const left = Object.entries(unopened).map(([kind, count]) => `${count} of "${kind}"`)
  if (left.length > 0) {
    io.stderr(
      `No listed secret opens ${left.join(', ')}: they were sealed with another one, or are damaged. ` +
        'If an older secret is still there, list it too and run this again.\n',
    )
  } else if (secrets.length > 1)
    io.stdout('The other secrets of the list can be taken out of it, and the gateway restarted.\n')
}
