import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { redisAt } from '../../config/sections/redis.js'
import { parseRedisUrl } from '../../config/sections/redis-address.js'
import { copyRecords, hasRecords } from '../../store/copy-records.js'
import type { Store } from '../../store/store.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, openRecords, readConfig } from '../deployment.js'
import { operatorCommand } from '../operator-command.js'
import { parseOptions } from '../parse-options.js'
import { STORE_HELP } from './help.js'

type Place = GatewayConfig['store']

/** How many records are written between two words about it. */
const TELL_EVERY = 100

/** `store migrate`. */
export async function migrate(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    from: { type: 'string' },
    to: { type: 'string' },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const parsed = parseOptions(args, io, STORE_HELP, options)
  if (!parsed.ok) return parsed.code
  const { from, to, force = false, json = false } = parsed.values
  if (to === undefined) {
    io.stderr(`Migrate where? Say --to STORE.\n\n${STORE_HELP}`)
    return 2
  }
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const source = from === undefined ? config.store : placeOf(from, io)
  const target = placeOf(to, io)
  if (source === undefined || target === undefined) return 1
  if (JSON.stringify(source) === JSON.stringify(target)) {
    io.stderr('Both are the same store.\n')
    return 1
  }
  if (source.embedded !== undefined && !existsSync(source.embedded)) {
    io.stderr(`There is no store in ${source.embedded}.\n`)
    return 1
  }
  return operatorCommand(config, io, { command: 'store migrate' }, async () => {
    const opened: Store[] = []
    try {
      opened.push(openRecords(source, io), openRecords(target, io))
      return await copy(opened, { force, json }, io)
    } finally {
      for (const store of opened) await store.close()
    }
  })
}

async function copy(
  [from, to]: readonly Store[],
  { force, json }: { readonly force: boolean; readonly json: boolean },
  io: CliIo,
): Promise<number> {
  if (from === undefined || to === undefined) throw new TypeError('two stores are needed')
  if (!force && (await hasRecords(to))) {
    io.stderr(
      'The store to copy into is not empty. Empty it, or say --force to replace what has the same name.\n',
    )
    return 1
  }
  const { counts, differing } = await copyRecords({
    from,
    to,
    onCopied: count => {
      if (io.errorIsTTY && count % TELL_EVERY === 0) io.stderr(`\r${String(count)} records`)
    },
  })
  if (io.errorIsTTY) io.stderr('\r')
  const records = Object.values(counts).reduce((sum, count) => sum + count, 0)
  if (json) io.stdout(`${JSON.stringify({ records, kinds: counts, differing }, undefined, 2)}\n`)
  else {
    for (const [kind, count] of Object.entries(counts)) io.stdout(`${kind.padEnd(20)} ${String(count)}\n`)
    io.stdout(`${String(records)} records are copied.\n`)
  }
  if (differing === 0) return 0
  io.stderr(
    `${String(differing)} records differ: they were changed meanwhile. Stop every gateway, and say it again.\n`,
  )
  return 1
}

/** Which store a word of the command line means; undefined when that was reported. */
function placeOf(written: string, io: CliIo): Place | undefined {
  if (/\.ya?ml$/i.test(written)) return readConfig(written, io)?.store
  if (!/^rediss?:/i.test(written)) return { embedded: resolve(io.cwd, written) }
  const read = parseRedisUrl(written)
  if (typeof read !== 'string' && read.password === undefined) return { redis: redisAt(read) }
  const why =
    typeof read === 'string'
      ? `The store to migrate ${read}.`
      : 'A password on the command line can be read by everybody on this machine: write it into a configuration file.'
  io.stderr(`${why}\n`)
  return undefined
}
