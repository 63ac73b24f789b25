import t from 'tap'
import { assuranceOf } from '../../src/access/assurance.js'
import {
  CLIENT,
  expectStep,
  loginBench,
  type LoginBench,
  type LoginBenchOptions,
  MINUTE,
  otherThan,
  reachable,
  user,
} from './login-bench.js'

const EXPIRED = { step: 'expired' }
const WRONG = { step: 'refused', reason: 'wrong_code' }
const ELSEWHERE = { address: '198.51.100.7', userAgent: 'a telephone', requestId: 'other' }

function bench(options: LoginBenchOptions = {}): LoginBench {
  const made = loginBench(options)
  made.users.set('alice', reachable('alice'))
  return made
}

/** Asks for a link. `token` is undefined when no mail went out. */
async function asked(it: LoginBench, to = 'alice', byBackend = false) {
  it.time.now += MINUTE
  const before = it.mails.length
  const begun = await it.linkLogin.send({ to, client: CLIENT, byBackend })
  if (begun.step !== 'begun') throw new Error(JSON.stringify(begun))
  const mail = it.mails[before]
  return { id: begun.id, token: /\/auth\/link\/([A-Za-z0-9_-]{43})\b/.exec(mail?.text ?? '')?.[1] ?? '' }
}

const confirm = (it: Pick<LoginBench, 'linkLogin'>, token: string, id: string | undefined, client = CLIENT) =>
  it.linkLogin.confirm({ token, id, client })

const type = (it: LoginBench, id: string, code: string, byBackend = false) =>
  it.linkLogin.authenticate({ id, code, client: CLIENT, byBackend })

/** Confirms a link in another browser. */
async function codeElsewhere(it: LoginBench, token: string): Promise<string> {
  return expectStep(t, await confirm(it, token, undefined, ELSEWHERE), 'link_code').code
}

t.test('in the browser that asked, confirming logs in', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  const due = expectStep(t, await confirm(it, token, id), 'enrol')
  t.match(due.session.record, { subject: 'alice', proofs: [{ method: 'email' }] })
  t.equal(assuranceOf(due.session.record.proofs), 'single')
})

t.test('f15: looking spends nothing, however often; confirming spends it for good', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  for (let n = 0; n < 100; n++) t.match(await it.linkLogin.look(token, undefined), { sameBrowser: false })
  t.same(await it.linkLogin.look(token, id), {
    step: 'link',
    address: CLIENT.address,
    userAgent: CLIENT.userAgent,
    begunAt: it.time.now,
    sameBrowser: true,
  })
  const nodes = [it, it.another()]
  const steps = await Promise.all(
    Array.from({ length: 50 }, (_, n) => confirm(nodes[n % 2] ?? it, token, n % 3 === 0 ? undefined : id)),
  )
  t.equal(steps.filter(({ step }) => step !== 'expired').length, 1)
  t.same(await it.linkLogin.look(token, id), EXPIRED)
  t.same(await confirm(it, token, id), EXPIRED)
})

t.test(
  'f15, j5: elsewhere, confirming shows a code that logs in where the login began, and only there',
  async t => {
    const it = bench()
    const { id, token } = await asked(it)
    const other = await asked(it, 'alice')
    t.same(await type(it, id, '123456'), WRONG, 'before the link was opened no code is right')
    const code = await codeElsewhere(it, token)
    t.match(code, /^[0-9]{6}$/)
    t.same(await it.sessions.list('alice'), [], 'nobody is logged in by that')
    t.same(await type(it, other.id, code), WRONG, 'not for another login')
    t.same(await type(it, id, otherThan(code)), WRONG)
    t.match(await type(it, id, '12345'), { reason: 'malformed_code' })
    const steps = await Promise.all(
      Array.from({ length: 10 }, () => type(it, id, `${code.slice(0, 3)} ${code.slice(3)}`)),
    )
    t.equal(steps.filter(({ step }) => step === 'enrol').length, 1)
    t.same(await type(it, id, code), EXPIRED)
  },
)

t.test('the link of another login is one of another browser', async t => {
  const it = bench()
  const mine = await asked(it)
  const other = await asked(it)
  t.match(await it.linkLogin.look(other.token, mine.id), { sameBrowser: false })
  expectStep(t, await confirm(it, other.token, mine.id), 'link_code')
})

t.test('a link that is confirmed elsewhere late shows a code that is still good', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  const begunAt = it.time.now
  it.time.now = begunAt + 9 * MINUTE
  const code = await codeElsewhere(it, token)
  it.time.now = begunAt + 10 * MINUTE - 1
  expectStep(t, await type(it, id, code), 'enrol')
})

t.test('after ten minutes there is neither link nor code', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  const code = await codeElsewhere(it, token)
  const late = await asked(it)
  it.time.now += 9 * MINUTE
  t.same(await type(it, id, code), EXPIRED)
  it.time.now += MINUTE
  t.same(await it.linkLogin.look(late.token, late.id), EXPIRED)
  t.same(await confirm(it, late.token, late.id), EXPIRED)
})

t.test('a code takes five tries, and guessing before the link is opened uses them up', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  for (let n = 0; n < 5; n++) t.same(await type(it, id, '999999'), WRONG)
  it.time.now += MINUTE
  t.same(await type(it, id, await codeElsewhere(it, token)), WRONG)
})

t.test('i3: who is not known, has no mailbox or is disabled gets the same answers, and no mail', async t => {
  for (const to of ['alice', 'bob', 'gone', 'nobody', 'nobody@example.com', '\u200b']) {
    const it = bench()
    it.users.set('bob', user('bob'))
    it.users.set('gone', { ...reachable('gone'), disabled: true })
    const begun = await it.linkLogin.send({ to, client: CLIENT, byBackend: false })
    t.match(begun, { step: 'begun', id: /^[A-Za-z0-9_-]{43}$/, expiresIn: 600 })
    t.equal(it.mails.length, to === 'alice' ? 1 : 0)
    t.match(await it.linkLogin.send({ to, client: CLIENT, byBackend: false }), { retryAfter: 30 })
    const id = begun.step === 'begun' ? begun.id : ''
    for (let n = 0; n < 5; n++) t.same(await type(it, id, '999999'), WRONG)
    t.match(await type(it, id, '999999'), { step: 'throttled', retryAfter: 1 })
  }
})

t.test('i3: no wait tells that a name and an address are one person’s', async t => {
  const it = bench()
  for (const to of ['alice', 'alice@example.com'])
    t.match(await it.linkLogin.send({ to, client: CLIENT, byBackend: false }), { step: 'begun' })
  t.equal(it.mails.length, 1)
})

t.test('e12: who was disabled meanwhile does not log in', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  const other = await asked(it)
  const code = await codeElsewhere(it, other.token)
  it.users.set('alice', { ...reachable('alice'), disabled: true })
  t.same(await confirm(it, token, id), EXPIRED)
  t.same(await type(it, other.id, code), WRONG)
  t.same(await it.sessions.list('alice'), [])
})

t.test('what is not offered is for backends alone, and what they began ends with them', async t => {
  const it = bench({ methods: ['password'] })
  const request = { to: 'alice', client: CLIENT, byBackend: false }
  t.same(await it.linkLogin.send(request), { step: 'refused', reason: 'not_offered' })
  const { id, token } = await asked(it, 'alice', true)
  t.match(await it.linkLogin.look(token, id), { sameBrowser: false })
  const { code } = expectStep(t, await confirm(it, token, id), 'link_code')
  t.same(await type(it, id, code), EXPIRED, 'not in a browser')
  const answer = { id, code, client: CLIENT, byBackend: true, asIs: true, carrier: 'tokens' } as const
  t.equal(expectStep(t, await it.linkLogin.authenticate(answer), 'done').session.record.carrier, 'tokens')
})

t.test('the ids and tokens of one way are nothing in another', async t => {
  const it = bench()
  const { id, token } = await asked(it)
  const code = await codeElsewhere(it, token)
  const { passwordless } = it
  t.same(await passwordless.authenticateCode({ id, code, client: CLIENT, byBackend: false }), EXPIRED)
  it.time.now += MINUTE
  const sent = await passwordless.sendCode({
    channel: 'email',
    to: 'alice',
    client: CLIENT,
    byBackend: false,
  })
  const other = sent.step === 'begun' ? sent.id : ''
  t.same(await type(it, other, code), EXPIRED)
  for (const text of ['', id, other, `link:${token}`, `${token}x`]) {
    t.same(await it.linkLogin.look(text, id), EXPIRED)
    t.same(await confirm(it, text, id), EXPIRED)
  }
  t.same(await type(it, token, code), EXPIRED)
  expectStep(t, await type(it, id, code), 'enrol')
})

t.test('the store holds neither link nor code', async t => {
  const it = bench()
  const written: unknown[] = []
  const put = it.store.put.bind(it.store)
  const spied = it.store as { put: typeof put }
  spied.put = (key, value, options) => {
    written.push(key, value)
    return put(key, value, options)
  }
  const { id, token } = await asked(it)
  const code = await codeElsewhere(it, token)
  const text = JSON.stringify(written)
  for (const secret of [id, token, `"${code}"`]) t.notOk(text.includes(secret))
  t.ok(written.length > 0)
})
