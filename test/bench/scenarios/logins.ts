import { once } from 'node:events'
import { hash } from '@node-rs/argon2'
import { LOGINS } from '../columns.js'
import { loadLogins } from '../load/login-load.js'
import { startModule } from '../processes.js'
import { type House, scenario } from '../scenario.js'
import { PASSWORD, type Settings, startGateway } from '../subjects/gateway.js'

const NAMES = Array.from({ length: 200 }, (_, number) => `user${number}`)

/** Checks passwords for some seconds, and gives how many a second. */
type Check = (seconds: number) => Promise<number>

/** What a login costs beside its hash: users without second factor get all their tokens. */
export const PASSWORDS = scenario<Check>({
  name: 'logins',
  title: 'Logins beside the bare hash (Argon2id, 19 MiB, two passes)',
  columns: [LOGINS],
  measure:
    check =>
    async ({ seconds }) => ({ [LOGINS.key]: await check(seconds) }),
  usual: { rounds: 6, seconds: 1 },
  subjects: [
    { name: 'hash', title: '@node-rs/argon2, one thread', start: startHash },
    {
      name: 'logins',
      title: 'Gatehouse: whole logins of people without a second factor',
      start: startLogins,
    },
  ],
  comparisons: [{ of: 'logins', against: 'hash', column: LOGINS }],
})

async function startHash(): Promise<Check> {
  const { child } = await startModule('peers/hash-process', 'subject')
  return async seconds => {
    const done = once(child, 'message') as Promise<[number]>
    child.send(seconds * 1000)
    return (await done)[0]
  }
}

async function startLogins(house: House): Promise<Check> {
  const password = await hash(PASSWORD)
  const person = { displayname: 'Somebody', email: 'somebody@example.com', password, groups: ['ops'] }
  const others: Settings = Object.fromEntries(NAMES.map(name => [name, { ...person, mfa: 'disabled' }]))
  const { target } = await startGateway(house, {
    users: { alice: person, ...others },
    settings: { trusted_proxies: ['127.0.0.1/32'] },
  })
  return async seconds => {
    const { requests, seconds: took } = await loadLogins(target.port, NAMES, PASSWORD, seconds)
    return requests / took
  }
}
