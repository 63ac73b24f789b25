import { randomBytes } from 'node:crypto'
import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { DEMO_USERS } from '../harness/demo-users.js'
import { startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { LONG_PASSWORD, startAllWays } from './all-ways-gateway.js'

/** How many of a list there are of each. */
function counts(statuses: readonly number[]): Readonly<Record<string, number>> {
  const of: Record<string, number> = {}
  for (const status of statuses) of[status] = (of[status] ?? 0) + 1
  return of
}

t.test('l3: 200 logins of unknown users at once are each answered, and the gateway goes on', async t => {
  const { ask, gateway } = await startAllWays(t)
  const strangers = Array.from({ length: 200 }, async () => {
    const json = { username: randomBytes(6).toString('hex'), password: 'wrong', mode: 'token' }
    const reply = await ask('/auth/login', { json })
    if (reply.status !== 401) t.match(reply.header('retry-after')[0], /^[0-9]+$/)
    return reply.status
  })
  t.equal((await ask('/public/x')).status, 200, 'an app is served meanwhile')
  const statuses = await Promise.all(strangers)
  t.same(
    statuses.filter(status => ![401, 429, 503].includes(status)),
    [],
    JSON.stringify(counts(statuses)),
  )
  const json = { username: 'alice', password: LONG_PASSWORD, mode: 'token' }
  t.equal((await ask('/auth/login', { json })).status, 202, 'the next login is checked')
  t.same(
    gateway.logLines.filter(line => /"level":(?:50|60)/.test(line)),
    [],
  )
})

for (const [what, most, path, json] of [
  ['mails', 5, '/auth/otp/send', { channel: 'email', to: 'alice' }],
  ['links', 5, '/auth/link/send', { to: 'alice' }],
  ['challenges of WebAuthn', 300, '/auth/passkey/options', {}],
] as const)
  t.test(`l13: a flood of ${what} from one address ends in 429`, async t => {
    const { ask } = await startAllWays(t)
    const statuses: number[] = []
    for (let sent = 0; sent < 310; sent++)
      statuses.push((await ask(path, { from: '198.51.100.7', json })).status)
    t.same(
      statuses.filter(status => status !== 200 && status !== 429),
      [],
    )
    t.ok((counts(statuses)['200'] ?? 0) <= most, JSON.stringify(counts(statuses)))
    t.same(
      statuses.slice(-10),
      Array.from({ length: 10 }, () => 429),
    )
  })

t.test('j20: logins at once never give one another their proofs', { skip: noAuthenticator }, async t => {
  const gateway = await startGateway(t, {})
  const names = DEMO_USERS.slice(0, 5).map(({ name }) => name)
  const people = names.map(name => ({ name, person: createPerson(gateway) }))
  await Promise.all(people.map(({ name, person }) => person.giveUserName(name)))
  const codes = people.map(({ person }) => person.nextCode())
  const done = await Promise.all(people.map(({ person }, index) => person.giveCode(codes[index] ?? '')))
  t.same(
    done.map(({ status }) => status),
    names.map(() => 200),
  )
  for (const { name, person } of people)
    t.match((await person.fetch('/auth/session')).text, new RegExp(`"${name}"`), 'each is who logged in')

  const [name = ''] = names
  const [first, second] = [createPerson(gateway), createPerson(gateway)]
  await Promise.all([first.giveUserName(name), second.giveUserName(name)])
  t.equal((await first.giveCode(first.nextCode())).status, 200)
  const other = await second.fetch('/admin/x')
  t.equal(other.status, 401, 'the code of one login is no proof for the other of the same user')
  t.match((await second.fetch('/auth/session')).json, { mfa_verified: false })
})
