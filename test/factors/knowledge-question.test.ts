import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import type { FactorAttempt } from '../../src/factors/factor.js'
import {
  createKnowledgeQuestions,
  type KnowledgeQuestions,
  type KnowledgeQuestionsOptions,
} from '../../src/factors/knowledge-question.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import type { Store } from '../../src/store/store.js'
import { hashPassword, verifyPassword } from '../../src/users/password-hash.js'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 60 * 60_000
const seal = createSeal(['a secret of the tests, long enough for a key'])

const ANSWERS: Readonly<Record<string, string>> = {
  'First pet?': 'a gray wolf',
  'Street of your school?': 'Elm Street',
  'Best soup?': 'leek',
  'Worst soup?': 'carrot',
}
const GIVEN = Object.entries(ANSWERS).map(([question, answer]) => ({ question, answer }))

interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly questions: KnowledgeQuestions
  /** A second process on the same store, perhaps with other options. */
  readonly elsewhere: (other?: Partial<KnowledgeQuestionsOptions>) => KnowledgeQuestions
  /** Every hash that was looked at. */
  readonly looked: string[]
}

/** Alice has four questions. The hash is a fast one. */
async function bench(): Promise<Bench> {
  const time = { now: NOW }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const looked: string[] = []
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
  const elsewhere: Bench['elsewhere'] = other =>
    createKnowledgeQuestions({
      store,
      seal,
      now,
      random: randomBytes,
      countsAsSecondFactor: false,
      hash: text => Promise.resolve(digest(text)),
      verify: (text, hash) => {
        looked.push(hash)
        return Promise.resolve(digest(text) === hash)
      },
      ...other,
    })
  const questions = elsewhere()
  t.ok(await questions.replaceAll('alice', GIVEN))
  return { time, store, questions, elsewhere, looked }
}

const attemptOf = (binding: string, subject = 'alice'): FactorAttempt => ({
  user: { subject, displayName: subject, email: undefined, phone: undefined },
  binding,
})

async function ask(questions: KnowledgeQuestions, binding: string, subject = 'alice'): Promise<string> {
  const prompt = await questions.prepare(attemptOf(binding, subject))
  return prompt.prompt === 'question' ? prompt.question : prompt.prompt
}

async function tries(
  questions: KnowledgeQuestions,
  binding: string,
  typed: string,
  subject = 'alice',
): Promise<string> {
  const answer = questions.normalise(typed)
  if (answer === undefined) return 'malformed'
  return (await questions.verify(attemptOf(binding, subject), answer)).outcome
}

const answerTo = (question: string): string => ANSWERS[question] ?? 'none'

t.test('the answer to the question that was asked is right, in any spelling', async t => {
  const { questions } = await bench()
  t.ok(await questions.isReady(attemptOf('login').user))
  const asked = await ask(questions, 'login')
  t.equal(await tries(questions, 'login', 'ab'), 'malformed')
  t.equal(await tries(questions, 'login', 'something else'), 'wrong')
  for (const other of Object.values(ANSWERS))
    if (other !== answerTo(asked)) t.equal(await tries(questions, 'login', other), 'wrong', other)
  t.equal(await tries(questions, 'login', ` ${answerTo(asked).toUpperCase()} `), 'right')
})

t.test('a right answer is a second factor only by the word of the operator', async t => {
  const { questions, elsewhere } = await bench()
  const right = answerTo(await ask(questions, 'login')).toLowerCase()
  t.strictSame(await questions.verify(attemptOf('login'), right), { outcome: 'right' })
  const counting = elsewhere({ countsAsSecondFactor: true })
  await counting.prepare(attemptOf('another login'))
  t.strictSame(await counting.verify(attemptOf('another login'), right), {
    outcome: 'right',
    traits: { countsAsSecondFactor: true },
  })
})

t.test('one login is asked one question, however often it asks, also at once', async t => {
  const { questions, elsewhere, time } = await bench()
  const other = elsewhere()
  const asked = await Promise.all(
    Array.from({ length: 30 }, (_, i) => ask(i % 2 === 0 ? questions : other, 'login')),
  )
  t.equal(new Set(asked).size, 1)
  time.now += 10 * 60_000
  t.equal(await ask(questions, 'login'), asked[0])
})

t.test('new logins do not lead to an easier question within the hour', async t => {
  const { questions, time } = await bench()
  const asked = new Set<string>()
  for (let login = 0; login < 50; login++) asked.add(await ask(questions, `login ${login}`))
  t.equal(asked.size, 1)
  for (let hour = 0; hour < 100; hour++) {
    time.now += HOUR
    asked.add(await ask(questions, `hour ${hour}`))
  }
  t.equal(asked.size, 4, 'each has its turn')
})

t.test('a login that was asked before the hour is over keeps its question', async t => {
  const { questions, time } = await bench()
  for (let round = 0; round < 20; round++) {
    await ask(questions, `first ${round}`)
    time.now += HOUR - 60_000
    const asked = await ask(questions, `late ${round}`)
    time.now += 2 * 60_000
    await ask(questions, `next ${round}`)
    t.equal(await ask(questions, `late ${round}`), asked)
    t.equal(await tries(questions, `late ${round}`, answerTo(asked)), 'right')
  }
})

t.test('of many right answers to one login at once exactly one is taken', async t => {
  const { questions, elsewhere } = await bench()
  const other = elsewhere()
  const right = answerTo(await ask(questions, 'login'))
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, i) => tries(i % 2 === 0 ? questions : other, 'login', right)),
  )
  t.equal(outcomes.filter(outcome => outcome === 'right').length, 1)
  t.equal(outcomes.filter(outcome => outcome === 'used').length, 49)
  t.equal(await tries(questions, 'login', right), 'wrong', 'and later it waits for none')
})

t.test('an answer is nothing for another login, another user, or one that was never asked', async t => {
  const { questions } = await bench()
  await questions.replaceAll('bob', GIVEN)
  const right = answerTo(await ask(questions, 'login'))
  t.equal(await tries(questions, 'another login', right), 'wrong')
  t.equal(await tries(questions, 'login', right, 'bob'), 'wrong')
  t.equal(await tries(questions, 'login', right), 'right')
})

t.test('a question does not wait for ever', async t => {
  const { questions, time } = await bench()
  const right = answerTo(await ask(questions, 'login'))
  time.now += 15 * 60_000
  t.equal(await tries(questions, 'login', right), 'wrong')
})

t.test('for nobody, and for a login that was not asked, one hash is looked at as well', async t => {
  const { questions, looked } = await bench()
  t.notOk(await questions.isReady(attemptOf('login', 'nobody').user))
  t.equal(await ask(questions, 'login', 'nobody'), 'none')
  await ask(questions, 'login')
  for (const [binding, subject] of [
    ['login', 'alice'],
    ['another login', 'alice'],
    ['login', 'nobody'],
  ] as const) {
    looked.length = 0
    t.equal(await tries(questions, binding, 'something else', subject), 'wrong')
    t.equal(looked.length, 1, `${binding} of ${subject}`)
  }
})

t.test('a stand-in hash that could not be made is made the next time', async t => {
  const { elsewhere } = await bench()
  let fails = true
  const questions = elsewhere({
    hash: text => (fails ? Promise.reject(new Error('too busy')) : Promise.resolve(text)),
  })
  await t.rejects(tries(questions, 'login', 'something else'), /too busy/)
  fails = false
  t.equal(await tries(questions, 'login', 'something else'), 'wrong')
})

t.test('questions are replaced as a whole; what was asked before is over', async t => {
  const { questions } = await bench()
  t.same(await questions.list('alice'), Object.keys(ANSWERS))
  const old = answerTo(await ask(questions, 'login'))
  t.notOk(await questions.replaceAll('alice', GIVEN.slice(0, 2)))
  t.same(await questions.list('alice'), Object.keys(ANSWERS), 'nothing has changed')
  t.ok(await questions.replaceAll('alice', GIVEN.slice(0, 3)))
  t.same(await questions.list('alice'), Object.keys(ANSWERS).slice(0, 3))
  t.equal(await tries(questions, 'login', old), 'wrong', 'although it may be the same question')
  t.equal(await tries(questions, 'login', answerTo(await ask(questions, 'login'))), 'right')
})

t.test('a check under way does not outlive its questions', async t => {
  const { questions, elsewhere } = await bench()
  const right = answerTo(await ask(questions, 'login'))
  const slow = elsewhere({ verify: () => questions.remove('alice').then(() => true) })
  t.equal(await tries(slow, 'login', right), 'wrong')
  t.same(await questions.list('alice'), [])
  t.notOk(await questions.isReady(attemptOf('login').user))
  t.notOk(await questions.remove('alice'))
})

t.test('the store holds neither questions nor answers nor their hashes to be read', async t => {
  const { questions, store, elsewhere } = await bench()
  await ask(questions, 'login')
  const stored = JSON.stringify(await store.listByOwner('knowledge_questions', 'alice'))
  t.match(stored, /sealedQuestions/)
  for (const [question, answer] of Object.entries(ANSWERS)) {
    t.notOk(stored.includes(question))
    t.notOk(stored.includes(answer.toLowerCase()))
    t.notOk(stored.includes(createHash('sha256').update(answer.toLowerCase()).digest('hex')))
  }
  const other = elsewhere({ seal: createSeal(['another secret, just as long as the first one']) })
  await t.rejects(other.list('alice'), /previous secret/)
})

t.test('with the hash that passwords have', async t => {
  const { elsewhere, store } = await bench()
  const questions = elsewhere({
    hash: text => Promise.resolve(hashPassword(text)),
    verify: (text, hash) => Promise.resolve(verifyPassword(text, hash) === 'right'),
  })
  t.ok(await questions.replaceAll('bob', GIVEN))
  const right = answerTo(await ask(questions, 'login', 'bob'))
  t.equal(await tries(questions, 'login', 'something else', 'bob'), 'wrong')
  t.equal(await tries(questions, 'login', right, 'bob'), 'right')
  t.equal(await tries(questions, 'login', right, 'nobody'), 'wrong')
  const [record] = await store.listByOwner<{ sealedQuestions: string }>('knowledge_questions', 'bob')
  const opened = seal.open(record?.value.sealedQuestions ?? '', 'knowledge_questions:bob') ?? '[]'
  for (const { hash } of JSON.parse(opened) as { hash: string }[]) t.match(hash, /^\$argon2id\$/)
})
