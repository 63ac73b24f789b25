import t from 'tap'
import type { Reply } from '../harness/person.js'
import { SECOND } from '../harness/gateway.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { type Asked, begunCookie, DEVICE_COOKIE, SESSION_COOKIE, startAllWays } from './all-ways-gateway.js'
import { type Input, NO_SECRETS, OPEN, type Place, PLACES } from './every-place.js'
import { beginMoment, KINDS, type Kind, later, setUpAlice } from './every-secret.js'

/** The user names beside API tokens, where they come as the password of Basic. */
const NAMES: Readonly<Partial<Record<Kind, string>>> = {
  'machine token': 'reporter',
  'backend token': 'backend',
}
const basicOf = (kind: Kind, secret: string): string =>
  Buffer.from(`${NAMES[kind] ?? 'alice'}:${secret}`).toString('base64')

/** Puts a secret into a request, in the place of what was right there. */
function withSecret(asked: Asked, input: Input, kind: Kind, secret: string): Asked {
  const { json, form, cookies, authorization: _authorization, ...rest } = asked
  const body = { ...(json === undefined ? {} : { json }), ...(form === undefined ? {} : { form }) }
  const { [SESSION_COOKIE]: _session, ...others } = cookies ?? {}
  switch (input) {
    case 'cookie':
      return { ...rest, ...body, cookies: { ...others, [SESSION_COOKIE]: secret } }
    case 'bearer':
      return { ...rest, ...body, cookies: others, authorization: `Bearer ${secret}` }
    case 'basic':
      return { ...rest, ...body, cookies: others, authorization: `Basic ${basicOf(kind, secret)}` }
    case 'mfa':
      return { ...asked, authorization: `MFA authType="BACKUP", token="${secret}"` }
    case 'device':
      return { ...asked, cookies: { ...cookies, [DEVICE_COOKIE]: secret } }
    case 'code cookie':
      return { ...asked, cookies: { ...cookies, [begunCookie('code')]: secret } }
    case 'link cookie':
      return { ...asked, cookies: { ...cookies, [begunCookie('link')]: secret } }
    case 'assertion':
      return { ...asked, headers: { 'Gatehouse-Assertion': secret } }
    case 'path':
    case 'query':
      return asked
    default:
      return form === undefined
        ? { ...asked, json: { ...json, [input]: secret } }
        : { ...asked, form: { ...form, [input]: secret } }
  }
}

/** They are there to be told, and open nothing. */
const NAMES_OF_SESSIONS: readonly Kind[] = [
  'session name',
  'backend session name',
  'id of a session of tokens',
]
const succeeds = ({ status }: Reply): boolean => status >= 200 && status < 300
const nameOf = ({ operation, asking }: Place): string =>
  operation + (asking === undefined ? '' : ` (${asking})`)

await t.test(
  'j1, j3, j7: every secret at every place: only the intended ones are taken',
  { skip: noAuthenticator },
  async t => {
    const ways = await startAllWays(t)
    const { gateway, upstream, store } = ways
    const alice = await setUpAlice(ways)
    later(ways)
    const moment = await beginMoment(alice)
    const secrets = await Promise.all(KINDS.map(async kind => [kind, await moment.secret(kind)] as const))
    const sessions = async (): Promise<number> => (await store.listByOwner('session', 'alice')).length
    const base = gateway.clock.now()
    store.keep()
    let cells = 0

    /** Every cell begins with everything as it was. The clock goes to and fro, so that nothing read before is trusted. */
    const rewind = (): void => {
      store.rewind()
      upstream.forget()
      gateway.clock.advance(base + (++cells % 2) * SECOND - gateway.clock.now())
    }

    async function tryOne(
      place: Place,
      input: Input,
      kind: Kind,
      secret: string,
    ): Promise<readonly string[]> {
      rewind()
      const asked = withSecret((await place.right?.(moment)) ?? {}, input, kind, secret)
      const before = await sessions()
      const reply = await ways.ask(place.path.replace('{secret}', encodeURIComponent(secret)), asked)
      const isTaken = (place.isTaken ?? succeeds)(reply, before - (await sessions()))
      const bytes = upstream.received().toString('latin1')
      return [
        ...(isTaken ? [kind] : []),
        ...(reply.status >= 500 ? [`${kind} is answered ${reply.status}`] : []),
        ...(bytes.includes(secret) || bytes.includes(basicOf(kind, secret))
          ? [`${kind} went to the app`]
          : []),
      ]
    }

    for (const place of PLACES) {
      for (const [input, intended] of Object.entries(place.opens) as [Input, readonly Kind[]][]) {
        const found: string[] = []
        for (const [kind, secret] of secrets) found.push(...(await tryOne(place, input, kind, secret)))
        t.same(
          found,
          KINDS.filter(kind => intended.includes(kind)),
          `${nameOf(place)}: ${input}`,
        )
      }
    }
    t.comment(`${cells} cells`)
    const log = gateway.logLines.join('\n')
    const told = secrets.filter(
      ([kind, secret]) => !NAMES_OF_SESSIONS.includes(kind) && secret.length > 8 && log.includes(secret),
    )
    t.same(told, [], 'f19: no secret is in the log')
  },
)

/** As much of the description of the interface as is looked at. */
interface Described {
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Members }>> }
}
interface Members {
  readonly properties?: Readonly<Record<string, unknown>>
}

await t.test(
  'no operation is forgotten: each one of the description is in the table, with all its inputs',
  async t => {
    const { ask } = await startAllWays(t)
    const { paths } = (await ask('/auth/openapi.json')).json as {
      paths: Record<string, Record<string, Described>>
    }
    const inputsOf = (operation: string): readonly string[] =>
      PLACES.filter(place => place.operation === operation).flatMap(({ opens }) => Object.keys(opens))
    let count = 0
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { tags, security, requestBody }] of Object.entries(methods)) {
        const operation = `${method.toUpperCase()} ${path}`
        // What other proxies ask is tried with each credential in forward-auth.test.ts.
        if (tags.length === 1 && ['pages', 'forward-auth'].includes(tags[0] ?? '')) continue
        count++
        const tried = inputsOf(operation)
        t.ok(
          tried.length > 0 !== OPEN.includes(operation),
          `${operation} is in the table or open to everybody`,
        )
        const members = Object.keys(requestBody?.content['application/json']?.schema.properties ?? {})
        const harmless = [...(NO_SECRETS['*'] ?? []), ...(NO_SECRETS[operation] ?? [])]
        const missing = members.filter(member => !harmless.includes(member) && !tried.includes(member))
        t.same(OPEN.includes(operation) ? [] : missing, [], `${operation}: every member is tried`)
        const asksWho = security.length > 0 && security.every(scheme => Object.keys(scheme).length > 0)
        if (asksWho)
          for (const input of ['cookie', 'bearer', 'basic'])
            t.ok(tried.includes(input), `${operation}: ${input}`)
      }
    }
    t.ok(count > 25, `${count} operations`)
  },
)
