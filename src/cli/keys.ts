import { rotateSigningKeys } from '../credentials/key-ring.js'
import { createSeal } from '../store/seal.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, openStore, readConfig } from './deployment.js'
import { openOperatorAudit } from './operator-audit.js'
import { parseOptions } from './parse-options.js'

const HELP = `gatehouse keys rotate [--now] [--config gateway.yaml]

Makes new keys to sign with, one for assertions and one for access and ID tokens, also while the gateway runs. They are
published at once and sign after ten minutes, so that whoever keeps the published keys has them by then. The old ones
stay published until everything that they signed has expired. Nobody notices.

  --now    for a key that was stolen: the new keys sign at once and the old ones are worth nothing within 5 seconds.
           Every access token dies; refresh tokens, sessions and API tokens live on. For a few minutes apps that keep
           the published keys may refuse what the gateway signs.

Exit code 0: done. 1: not done, and why was said. 2: this command was not understood.
`

/** The command `keys`. */
export const run: Command = async (args, io) => {
  const options = { ...CONFIG_OPTION, now: { type: 'boolean' } } as const
  const parsed = parseOptions(args, io, HELP, options, [0, 1])
  if (!parsed.ok) return parsed.code
  const [subcommand] = parsed.positionals
  if (subcommand !== 'rotate') {
    io.stderr(
      `${subcommand === undefined ? 'Do what with keys?' : `"keys ${subcommand}" is not a command.`}\n\n${HELP}`,
    )
    return 2
  }
  return rotate(parsed.values.config, parsed.values.now === true, io)
}

async function rotate(file: string, immediately: boolean, io: CliIo): Promise<number> {
  const config = readConfig(file, io)
  if (config === undefined) return 1
  const operator = openOperatorAudit(config, io)
  await operator.ready()
  const { store, secrets } = openStore(config, io)
  try {
    const shared = { store, seal: createSeal(secrets), now: io.now, immediately }
    for (const { ring, algorithm, what } of [
      { ring: 'assertions', algorithm: 'ES256', what: 'assertions' },
      { ring: 'tokens', algorithm: config.tokens.algorithm, what: 'access and ID tokens' },
    ] as const) {
      const { kid, signsFrom, dropped } = await rotateSigningKeys({ ...shared, ring, algorithm })
      const command = immediately ? 'keys rotate --now' : 'keys rotate'
      operator.audit({ event: 'operator.command', address: 'local', detail: { command, ring, kid, dropped } })
      const when = signsFrom <= io.now() ? 'now' : `from ${new Date(signsFrom).toISOString()}`
      io.stdout(`The new key for ${what} (${algorithm}, ${kid}) signs ${when}.${wordsOf(dropped)}\n`)
    }
  } finally {
    await store.close()
    await operator.close()
  }
  return 0
}

function wordsOf(dropped: number): string {
  if (dropped === 0) return ''
  return dropped === 1 ? ' One old key is dropped.' : ` ${dropped} old keys are dropped.`
}
