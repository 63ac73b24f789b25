import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a first configuration has to know. */
export interface FirstUrls {
  readonly publicUrl: string
  readonly upstream: string
}

const SCHEMA = fileURLToPath(new URL('../../../config/gateway.schema.json', import.meta.url))

/**
 * The text of a first gateway.yaml: few settings, and comments that say how to go on.
 * @param file its name: the schema for editors is named relative to it where it lies below
 */
export function gatewayFile(file: string, { publicUrl, upstream }: FirstUrls): string {
  const { listen, proxied } = addresses(publicUrl, upstream)
  return `# yaml-language-server: $schema=${schemaFrom(dirname(file))}
#
# Gatehouse: a login with a second factor in front of an app that knows nothing of it.
# "gatehouse check" says whether this file is sound, and "gatehouse explain GET URL" what becomes of a request.

# Where people reach it, as the browser sees it.
public_url: ${scalar(publicUrl)}

# What the gateway itself listens on.${proxied ? ' In front of it stands a proxy that speaks https: it is on this machine, and its\n# X-Forwarded headers are believed. To serve https without one, write tls: { cert: FILE, key: FILE } instead.' : ''}
listen: ${scalar(listen)}
${proxied ? 'trusted_proxies: [127.0.0.1]\n' : ''}
# Where the app listens.
upstream: ${scalar(upstream)}

# Every key is derived from this. Keep a copy in a safe place: without it, every second factor is lost.
secret: { file: secret }

# Where sessions and second factors are kept.
store: { embedded: ./data }

# Who may log in. "gatehouse users" edits the file.
users: { file: users.yaml }

# What no route names asks for login and second factor. The first route that a request fits decides, for example:
#
# routes:
#   - path: /healthz           # no login
#     access: public
#   - path: /reports/**        # login, second factor skipped
#     access: bypassed
#     reason: the kiosk in the lobby has no phone
#   - path: /admin/**          # login, second factor and one of these groups
#     access: required
#     groups: [ops]
`
}

/** What a first users.yaml begins with; users are added below. */
export function usersFileHead(): string {
  return `# Who may log in: displayname, password (a hash), email, groups, disabled, phone and mfa for each user.
# "gatehouse users add", "passwd" and the others edit this file and keep its comments.

users:
`
}

/** Where people log in over plain http, that is the very address; otherwise a proxy for https stands in front. */
function addresses(
  publicUrl: string,
  upstream: string,
): { readonly listen: string; readonly proxied: boolean } {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (url?.protocol !== 'http:') {
    const appPort = URL.canParse(upstream) ? new URL(upstream).port : ''
    return { listen: `127.0.0.1:${appPort === '8080' ? 8081 : 8080}`, proxied: true }
  }
  const isAddress = /^(\[|127\.)/.test(url.hostname)
  const host = isAddress ? url.hostname : '127.0.0.1'
  return { listen: `${host}:${url.port === '' ? 80 : url.port}`, proxied: false }
}

function schemaFrom(folder: string): string {
  const name = relative(folder, SCHEMA)
  return name.startsWith('..') ? SCHEMA : `./${name}`
}

/** Plain where that can be read in one way only; JSON strings are YAML. */
function scalar(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9./:-]*[A-Za-z0-9/]$/.test(text) ? text : JSON.stringify(text)
}
