import { isOurCookie } from '../../credentials/session-cookie.js'
import type { Clock } from '../../clock.js'
import { createAsk, isCertificateFault, type Ask, type Heard } from './ask.js'
import type { Finding } from './finding.js'

export interface Examined {
  /** Where people log in: `public_url`. */
  readonly portal: URL
  readonly authPath: string
  /** A page that needs a login; undefined: the start of `portal`. */
  readonly app: URL | undefined
  /** Where the app itself listens, as seen from here; undefined: not looked at. */
  readonly appDirect: URL | undefined
  /** The port of plain http on the host of `portal`. */
  readonly httpPort: number
  /** A certificate that is trusted besides the usual ones, in PEM. */
  readonly ca: string | undefined
}

/** What is said of itself by whoever tries to be somebody else. */
const FORGED = 'gatehouse-doctor-was-here'
/** A host that cannot be (RFC 6761, section 6.4). */
const FOREIGN_HOST = 'doctor.invalid'
/** How far clocks may differ: TOTP codes live 30 s. In milliseconds. */
const CLOCK_TOLERANCE = 30_000

/**
 * Looks at a deployment from outside, as a stranger, and from where the app can be reached. Sends a dozen requests
 * without credentials, and changes nothing.
 */
export async function examine(examined: Examined, now: Clock): Promise<readonly Finding[]> {
  const { portal, authPath, ca } = examined
  const live = new URL(`${authPath}/health/live`, portal)
  const findings: Finding[] = []
  let ask = createAsk(true, ca)
  let first: Heard
  try {
    first = await ask(live)
  } catch (error) {
    if (!isCertificateFault(error)) return [unreachable(portal, error)]
    findings.push({
      id: 'certificate',
      what: `the certificate of ${portal.host} is not trusted: ${textOf(error)}`,
      why: 'anybody on the way can show one of the same kind, and read passwords and codes',
      cure: 'let a certificate authority sign it; for one of your own write --ca FILE',
    })
    ask = createAsk(false, ca)
    first = await ask(live)
  }
  const offset = Math.abs(now() - Date.parse(first.header('date')[0] ?? ''))
  if (offset > CLOCK_TOLERANCE)
    findings.push({
      id: 'clock',
      what: `its clock and the one here differ by ${Math.round(offset / 1000)} s`,
      why: 'codes of authenticator apps are refused, and tokens live too long or not at all',
      cure: 'let both machines follow the same time servers',
    })
  const isGatehouse = /"status": ?"live"/.test(first.body)
  const page = isGatehouse ? new URL(`${authPath}/login`, portal) : live
  const heard = isGatehouse ? await ask(page, { accept: 'text/html' }) : first
  if (!isGatehouse || !isOk(heard)) {
    findings.push({
      id: 'not_gatehouse',
      what: isGatehouse
        ? `Gatehouse has no login page at ${page.href} (${heard.status})`
        : `${page.href} was answered ${heard.status}, and not by Gatehouse`,
      why: 'the rest could not be looked at',
      cure: 'give the address of public_url; with another auth_path write --auth-path',
    })
    return [...findings, ...(await sideDoor(examined))]
  }
  return [
    ...findings,
    ...(await transport(examined, ask)),
    ...(await believedHeaders(examined, ask)),
    ...(await openDoors(examined, ask)),
    ...(await sideDoor(examined)),
  ]
}

/** https, what goes with it, and cookies. */
async function transport({ portal, authPath, httpPort }: Examined, ask: Ask): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const login = await ask(new URL(`${authPath}/login`, portal), { accept: 'text/html' })
  if (portal.protocol === 'http:')
    findings.push({
      id: 'plain_http',
      what: `${portal.href} is plain http`,
      why: 'passwords, codes and cookies can be read on the way',
      cure: 'serve https: with "tls" in gateway.yaml, or by a proxy in front',
    })
  else {
    const age = Number(/max-age=(\d+)/i.exec(login.header('strict-transport-security')[0] ?? '')?.[1] ?? 0)
    if (age === 0)
      findings.push({
        id: 'no_hsts',
        what: 'its answers have no Strict-Transport-Security',
        why: 'a browser can be made to come by plain http once more',
        cure: 'let the proxy in front pass the header on',
      })
    findings.push(...(await redirects(portal, httpPort)))
  }
  for (const line of login.header('set-cookie')) {
    const name = line.slice(0, line.indexOf('='))
    if (!isOurCookie(name)) continue
    const lacks = ['HttpOnly', 'SameSite', ...(portal.protocol === 'https:' ? ['Secure'] : [])].filter(
      attribute => !new RegExp(`;\\s*${attribute}\\b`, 'i').test(line),
    )
    if (lacks.length > 0)
      findings.push({
        id: 'cookie',
        what: `the cookie ${name} arrives without ${lacks.join(' and ')}`,
        why: 'scripts, other sites or plain http get to it',
        cure: 'let the proxy in front leave Set-Cookie as it is',
      })
  }
  return findings
}

async function redirects(portal: URL, httpPort: number): Promise<readonly Finding[]> {
  const plain = new URL(portal)
  plain.protocol = 'http:'
  plain.port = String(httpPort)
  let heard
  try {
    heard = await createAsk(false, undefined)(plain)
  } catch {
    // Nobody there is as good.
    return []
  }
  const leads =
    heard.status >= 300 && heard.status < 400 && /^https:/i.test(heard.header('location')[0] ?? '')
  return leads
    ? []
    : [
        {
          id: 'no_redirect',
          what: `${plain.href} is answered ${heard.status} by plain http`,
          why: 'whoever types the name without https stays there, and can be led anywhere',
          cure: 'redirect every request by http to https, or close the port',
        },
      ]
}

/** Whether strangers can say from where, by which host and by which scheme they come, or who they are. */
async function believedHeaders({ portal, authPath, app }: Examined, ask: Ask): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const login = new URL(`${authPath}/login`, portal)
  const usual = await ask(login, { accept: 'text/html' })
  const differs = async (headers: Readonly<Record<string, string>>): Promise<boolean> => {
    const heard = await ask(login, { accept: 'text/html', ...headers })
    return heard.status !== usual.status || heard.header('location')[0] !== usual.header('location')[0]
  }
  const cure = 'name only your own proxies in trusted_proxies, and let the one in front set the header anew'
  if (await differs({ 'x-forwarded-host': FOREIGN_HOST }))
    findings.push({
      id: 'forwarded_host',
      what: 'a stranger can say with X-Forwarded-Host for which host a request is',
      why: 'routes of one app are asked about the pages of another',
      cure,
    })
  const other = portal.protocol === 'https:' ? 'http' : 'https'
  if (await differs({ 'x-forwarded-proto': other }))
    findings.push({
      id: 'forwarded_proto',
      what: 'a stranger can say with X-Forwarded-Proto by which scheme a request came',
      why: 'plain http passes for https, and the address of a client can be made up by X-Forwarded-For in the same way',
      cure,
    })
  const page = app ?? portal
  const asStranger = await ask(page)
  const asSomebody = await ask(page, forgedHeaders())
  if ((isOk(asSomebody) && !isOk(asStranger)) || asSomebody.body.includes(FORGED))
    findings.push({
      id: 'forged_identity',
      what: `${page.href} takes a stranger for whoever the header Remote-User or one like it names`,
      why: 'anybody is anybody',
      cure: 'let the proxy in front set every identity header from the answer of the gateway, blank ones too',
    })
  return findings
}

/** What is for other machines, and open to strangers. */
async function openDoors({ portal, authPath }: Examined, ask: Ask): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const question = await ask(new URL(`${authPath}/verify`, portal), {
    'x-original-url': portal.href,
    'x-original-method': 'GET',
    'x-forwarded-for': '192.0.2.1',
  })
  const isClosed = question.status === 404 || question.body.includes('"untrusted_proxy"')
  if (!isClosed && question.status !== 403)
    findings.push({
      id: 'questions',
      what: `a stranger can ask ${authPath}/verify for decisions (${question.status})`,
      why: 'it tells what the policy says, and whoever asks there is believed from where a request comes',
      cure: 'let the proxy in front answer 404 for /auth/verify, /api/authz/ and /oauth2/auth',
    })
  const metrics = await ask(new URL('/metrics', portal))
  if (isOk(metrics) && metrics.body.includes('gatehouse_'))
    findings.push({
      id: 'metrics',
      what: '/metrics is open to strangers',
      why: 'it names every route and tells what happens there',
      cure: 'let "metrics" listen on an address that only your monitoring gets to',
    })
  return findings
}

/** Whether the app can be reached past the gateway. */
async function sideDoor({ appDirect }: Examined): Promise<readonly Finding[]> {
  if (appDirect === undefined) return []
  let heard
  try {
    heard = await createAsk(false, undefined)(appDirect, forgedHeaders())
  } catch {
    return []
  }
  const believes = heard.body.includes(FORGED) ? ', and shows the name that was made up' : ''
  return [
    {
      id: 'side_door',
      what: `the app answers at ${appDirect.href} (${heard.status})${believes}`,
      why: 'whoever gets there needs no login, and can send the identity headers of anybody',
      cure: 'let the app listen where only the gateway or the proxy in front gets to, or verify Gatehouse-Assertion in it',
    },
  ]
}

/** In the spellings that some apps take for the same. */
function forgedHeaders(): Readonly<Record<string, string>> {
  const names = ['Remote-User', 'Remote_User', 'X-Forwarded-User', 'X-Auth-Request-User', 'X-Remote-User']
  return Object.fromEntries(names.map(name => [name, FORGED]))
}

function isOk({ status }: Heard): boolean {
  return status >= 200 && status < 300
}

function unreachable(portal: URL, error: unknown): Finding {
  return {
    id: 'unreachable',
    what: `${portal.href} does not answer: ${textOf(error)}`,
    why: 'nothing could be looked at',
    cure: 'correct the address, or look whether the gateway runs',
  }
}

function textOf(error: unknown): string {
  return error instanceof Error
    ? error.message || ((error as NodeJS.ErrnoException).code ?? 'failed')
    : String(error)
}
