import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { totpCode } from '../harness/authenticator.js'
import { SECOND } from '../harness/gateway.js'
import { type Ask, LONG_PASSWORD, SESSION_COOKIE } from './all-ways-gateway.js'
import { startAllWaysProcess } from './all-ways-process.js'
import { beginMoment, type Kind, KINDS, setUpAlice } from './every-secret.js'
import { copyOf, findIn, type Loot } from './planted-secrets.js'

/** They name something and open nothing. */
const NAMES: readonly Kind[] = ['session name', 'id of a session of tokens', 'backend session name']

/** Remembers the value of every cookie that was set on the way. */
function gatherCookies(ask: Ask, into: Map<string, string>): Ask {
  return async (path, asked) => {
    const reply = await ask(path, asked)
    for (const line of reply.header('set-cookie')) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split(/=(.*)/s) ?? []
      if (value.length > 15) into.set(`cookie ${name} of ${path} ${into.size}`, value)
    }
    return reply
  }
}

t.test(
  'whoever steals the store, the logs and the users file has no secret, and a new one takes over',
  async t => {
    const [old, next] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
    const gate = await startAllWaysProcess(t, '{ file: old }', { old, next })
    const planted = new Map<string, string>([['the secret of the gateway', old]])
    const ask = gatherCookies(gate.ask, planted)
    const alice = await setUpAlice({ ...gate, ask })
    const moment = await beginMoment(alice)
    for (const kind of KINDS) if (!NAMES.includes(kind)) planted.set(kind, await moment.secret(kind))
    for (const [index, code] of alice.backupCodes.entries()) planted.set(`backup code ${index}`, code)
    for (const code of alice.backupCodes)
      planted.set(`backup code ${code.slice(0, 2)} bare`, code.replaceAll('-', ''))
    const cookies = { [SESSION_COOKIE]: await moment.secret('full cookie') }
    const passkey = await ask('/auth/passkey/options', { json: {} })
    planted.set('challenge of a passkey', (passkey.json.options as { challenge: string }).challenge)
    const app = await ask('/auth/mfa/enrol/totp', { json: {}, cookies })
    planted.set('offered TOTP key', String(app.json.secret))
    const key = await ask('/auth/mfa/enrol/webauthn', { json: {}, cookies })
    planted.set('challenge of a new key', (key.json.options as { challenge: string }).challenge)
    const wrong = { username: 'alice', password: 'typed by mistake: hunter22' }
    t.equal((await ask('/auth/login', { json: wrong })).status, 401)
    planted.set('wrong password', wrong.password)
    t.ok(planted.size > KINDS.length + 15, `${planted.size} secrets`)

    const steal = (): readonly Loot[] => [
      ...copyOf(join(gate.folder, 'data')),
      { name: 'users.yaml', bytes: readFileSync(join(gate.folder, 'users.yaml')) },
      ...readdirSync(gate.folder)
        .filter(name => name.startsWith('audit.jsonl') && statSync(join(gate.folder, name)).isFile())
        .map(name => ({ name, bytes: readFileSync(join(gate.folder, name)) })),
      { name: 'output', bytes: Buffer.from(gate.output()) },
    ]

    await t.test('no secret is in any file, in any form', async t => {
      await gate.restart('{ file: old }')
      const loot = steal()
      const names = loot.map(({ name }) => name)
      for (const name of ['data.mdb', 'users.yaml', 'audit.jsonl', 'output']) t.ok(names.includes(name), name)
      for (const [what, secret] of planted) {
        t.ok(secret.length > 5, what)
        t.same(findIn(loot, secret), [], what)
      }
      const [data] = loot.filter(({ name }) => name === 'data.mdb')
      t.ok(data?.bytes.includes('192.0.2') === false && data.bytes.includes('alice'), 'the files are read')
      const session = await moment.secret('session name')
      t.match(findIn(loot, session), ['the text in data.mdb'], 'what is there is found')
      const spoilt = { name: 'x', bytes: Buffer.from(`..${Buffer.from(`..${old}..`).toString('base64')}..`) }
      t.match(findIn([spoilt], old), ['base64 of the text in x'], 'also in another form')
    })

    await t.test('what the gateway makes is for its owner only', t => {
      const made = [
        'data',
        'audit.jsonl',
        ...readdirSync(join(gate.folder, 'data')).map(name => `data/${name}`),
      ]
      for (const name of made) t.equal(statSync(join(gate.folder, name)).mode & 0o077, 0, name)
      t.end()
    })

    const goesOn = async (): Promise<readonly number[]> => {
      gate.clock.advance(31 * SECOND)
      const session = await gate.ask('/full/x', { cookies })
      const { json, cookie } = await gate.ask('/auth/login', {
        json: { username: 'alice', password: LONG_PASSWORD },
      })
      const code = totpCode(alice.totpKey, gate.clock.now())
      const verified = await gate.ask('/auth/mfa/verify', {
        json: { challenge: json.challenge, factor: 'totp', code },
        cookies: { [SESSION_COOKIE]: cookie(SESSION_COOKIE) },
      })
      const authorization = `Bearer ${alice.apiTokens['machine token']}`
      const token = await gate.ask('/reports/x', { authorization })
      const refresh_token = await moment.secret('refresh token')
      const refreshed =
        refreshes++ > 0 ? { status: 200 } : await gate.ask('/auth/token/refresh', { json: { refresh_token } })
      return [session.status, verified.status, token.status, refreshed.status]
    }
    let refreshes = 0

    await t.test('a new secret takes over while everybody stays logged in', async t => {
      await gate.restart('[{ file: next }, { file: old }]')
      t.same(await goesOn(), [200, 200, 200, 200], 'with both')
      const resealed = gate.command('secret reseal', '--yes', '--json')
      t.equal(await resealed.ended, 0, resealed.output())
      t.match(resealed.output(), /"anew": [1-9][0-9]*,\s+"already": [0-9]+,\s+"unopened": \{\}/)
      t.same(await goesOn(), [200, 200, 200, 200], 'in the running gateway')
      await gate.restart('{ file: next }')
      t.same(await goesOn(), [200, 200, 200, 200], 'without the old one')
      t.same(findIn(steal(), next), [])
      t.same(findIn(steal(), old), [])
    })
  },
)
