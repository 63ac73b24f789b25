import type { GatewayConfig } from '../config/gateway-config.js'
import { loadConfig } from '../config/load-config.js'
import { readShadowReports } from '../gate/shadow-reports.js'
import { addUpReports, type ShadowReport } from '../gate/shadow-tally.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, hasStore, openStore, readConfig } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { tellProblems } from './read-users.js'
import { formatShadowReport } from './shadow/format-shadow-report.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse shadow report [--config gateway.yaml] [--json]

Says what the policy of the setting "shadow" would have decided otherwise, among the requests that the running gateway
has decided in the last seven days. Counted are only requests that were decided by these very two files; whoever edits
one of them begins anew. A running gateway writes what it counts every ten seconds.
Exit code 0: requests were compared, and none was decided otherwise. 1: some were, or none was compared, or a file is
broken. 2: this command was not understood.
`

/** The command `shadow`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, { ...CONFIG_OPTION, json: { type: 'boolean' } }, [1, 1])
  if (!parsed.ok) return parsed.code
  const [word = ''] = parsed.positionals
  if (word !== 'report') {
    io.stderr(`"${word}" is nothing that "gatehouse shadow" does.\n\n${HELP}`)
    return 2
  }
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const file = shortName(io.cwd, config.file)
  if (config.shadow === undefined) {
    io.stderr(`${file} names no shadow policy. To have one, add the line "shadow: next.yaml" to it.\n`)
    return 1
  }
  const loaded = loadConfig(config.shadow, { readFile: io.readFile, env: io.env, now: io.now() })
  if (!loaded.ok) {
    tellProblems(
      loaded.problems.map(problem => ({ ...problem, file: shortName(io.cwd, problem.file) })),
      io,
    )
    return 1
  }
  const names = { live: file, shadow: shortName(io.cwd, config.shadow) }
  const all = await readAll(config, loaded.config.hash, io)
  const current = all.filter(({ live }) => live === config.hash)
  const report = addUpReports(current) ?? nothing(config.hash, loaded.config.hash, io.now())
  const elsewhere = all.length - current.length
  if (parsed.values.json === true) {
    const { live, shadow, ...rest } = report
    const shown = {
      live: { file: names.live, hash: live },
      shadow: { file: names.shadow, hash: shadow },
      processes: current.length,
      ...rest,
    }
    io.stdout(`${JSON.stringify(shown, undefined, 2)}\n`)
  } else {
    const scheme = config.publicUrl.secure ? 'https' : 'http'
    const shortPlace = (name: string): string => shortName(io.cwd, name)
    io.stdout(formatShadowReport(report, { names, scheme, shortPlace, otherLive: elsewhere }))
  }
  return report.compared > 0 && report.different === 0 ? 0 : 1
}

/** A store that was never opened has none. */
async function readAll(
  config: GatewayConfig,
  shadow: string,
  io: Pick<CliIo, 'now' | 'random'>,
): Promise<readonly ShadowReport[]> {
  if (!hasStore(config)) return []
  const { store } = openStore(config, io)
  try {
    return await readShadowReports(store, shadow)
  } finally {
    await store.close()
  }
}

function nothing(live: string, shadow: string, now: number): ShadowReport {
  const counts = { compared: 0, different: 0, opened: 0, closed: 0, unknown: 0, skipped: 0, further: 0 }
  return { live, shadow, since: now, until: now, ...counts, kinds: [] }
}
