import { resolve } from 'node:path'
import type { CliIo, Command } from './cli-io.js'
import { examine } from './doctor/examine.js'
import { describeFinding } from './doctor/finding.js'
import { parseOptions } from './parse-options.js'

const HELP = `gatehouse doctor URL [--app URL] [--app-direct URL] [--json]

Looks at a deployment as a stranger sees it, with a dozen requests that carry no credentials and change nothing. URL is
public_url, where people log in. Looked at: the certificate, https and the redirect to it, HSTS, cookies, the clock,
whether a stranger can say with X-Forwarded-* where he comes from, whether made-up identity headers pass, whether
/auth/verify and /metrics are open.
  --app URL          a page that needs a login, for the identity headers. Default: URL
  --app-direct URL   where the app itself listens: it should not be reached from here
  --auth-path PATH   the auth_path of gateway.yaml. Default: /auth
  --http-port N      where plain http is tried. Default: 80
  --ca FILE          a certificate that is trusted here, in PEM
  --json             { "ok": …, "findings": [{ id, what, why, cure }] }
Exit code 0: nothing found. 1: findings. 2: this command was not understood.
`

const OPTIONS = {
  app: { type: 'string' },
  'app-direct': { type: 'string' },
  'auth-path': { type: 'string', default: '/auth' },
  'http-port': { type: 'string', default: '80' },
  ca: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** The command `doctor`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, OPTIONS, [1, 1])
  if (!parsed.ok) return parsed.code
  const { values, positionals } = parsed
  const [portal, app, appDirect] = [positionals[0], values.app, values['app-direct']].map(readAddress)
  const httpPort = Number(values['http-port'])
  if (portal === undefined || app === 'wrong' || appDirect === 'wrong' || portal === 'wrong')
    return notUnderstood(io, 'An address is written as https://auth.example.com.')
  if (!Number.isInteger(httpPort) || httpPort < 1 || httpPort > 65535)
    return notUnderstood(io, '--http-port is a number from 1 to 65535.')
  if (!values['auth-path'].startsWith('/')) return notUnderstood(io, '--auth-path begins with "/".')
  const ca = values.ca === undefined ? undefined : io.readFile(resolve(io.cwd, values.ca))
  const authPath = values['auth-path'].replace(/\/+$/, '')
  const findings = await examine({ portal, authPath, app, appDirect, httpPort, ca }, io.now)
  const ok = findings.length === 0
  if (values.json === true) io.stdout(`${JSON.stringify({ ok, findings }, undefined, 2)}\n`)
  else if (ok) io.stdout(`${portal.href}: nothing to find fault with, as far as a stranger sees.\n`)
  else io.stdout(`${findings.map(describeFinding).join('\n')}\n${findings.length} found.\n`)
  return ok ? 0 : 1
}

function readAddress(text: string | undefined): URL | 'wrong' | undefined {
  if (text === undefined) return undefined
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? new URL(text) : 'wrong'
}

function notUnderstood(io: CliIo, why: string): number {
  io.stderr(`${why}\n\n${HELP}`)
  return 2
}
