import fc from 'fast-check'
import t from 'tap'
import {
  faultOfQuestions,
  normaliseAnswer,
  type QuestionAndAnswer,
  tidyQuestion,
} from '../../src/factors/question-text.js'

t.test('an answer has one form, however it is typed', async t => {
  for (const typed of [
    'gray wolf',
    ' Gray  WOLF ',
    'gray\u00a0wolf',
    'gray\twolf\r\n',
    '\uff27\uff32\uff21\uff39 wolf',
    'gr\u00aday wo\u200blf',
    'gray \u00ad wolf',
    'gray\u0000 wolf\ud83d',
  ])
    t.equal(normaliseAnswer(typed), 'gray wolf', JSON.stringify(typed))
  t.equal(normaliseAnswer('STRASSE'), normaliseAnswer('Straße'))
  t.equal(normaliseAnswer('ΟΔΟΣ'), normaliseAnswer('οδος'))
  t.equal(normaliseAnswer('Zoe\u0308'), normaliseAnswer('ZO\u00cb'))
  t.not(normaliseAnswer('gray-wolf'), 'gray wolf')
})

t.test('an answer has 3 to 200 characters', async t => {
  for (const typed of ['', 'ab', ' a b', 'a\u200b\u200bb', '🐺🐺']) {
    const answer = normaliseAnswer(typed)
    t.ok(answer === undefined || answer === 'a b', JSON.stringify(typed))
  }
  t.equal(normaliseAnswer('🐺🐺🐺'), '🐺🐺🐺')
  t.ok(normaliseAnswer('a'.repeat(200)))
  for (const long of ['a'.repeat(201), '\ufdfa'.repeat(12), 'a'.repeat(5_000_000)])
    t.equal(normaliseAnswer(long), undefined, String(long.length))
})

/** Letters that change when they are folded or composed, marks, and what is not seen. */
const TRICKY = fc.constantFrom(
  ...Array.from('eEsßıİiΣςσᾳᾼﬁÅ\u0301\u0323\u0345\u0307\u00ad\u200b \u00a0\n\uff76\uff9e\u1e9b\u0378'),
)

t.test('the form of a form is the form itself', async () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: TRICKY })), typed => {
      const answer = normaliseAnswer(typed)
      const question = tidyQuestion(typed)
      const same = answer === undefined || normaliseAnswer(answer) === answer
      return same && tidyQuestion(question) === question
    }),
    { numRuns: 200 },
  )
})

const pair = (question: string, answer: string): QuestionAndAnswer => ({ question, answer })
const GOOD = [
  pair('First pet?', 'a gray wolf'),
  pair('Street of your school?', 'Elm Street'),
  pair('Best soup?', 'leek'),
]

t.test('three to five questions with answers of their own can be kept', async t => {
  t.equal(faultOfQuestions(GOOD), undefined)
  t.equal(faultOfQuestions([...GOOD, pair('Four?', 'four'), pair('Five?', 'five')]), undefined)
})

t.test('what is wrong with a set of questions is found', async t => {
  const with3rd = (question: string, answer: string): QuestionAndAnswer[] => [
    ...GOOD.slice(0, 2),
    pair(question, answer),
  ]
  const six = ['1', '2', '3', '4', '5', '6'].map(n => pair(`Question ${n}`, `answer ${n}`))
  const faults: readonly (readonly [readonly QuestionAndAnswer[], string])[] = [
    [[], 'incomplete'],
    [GOOD.slice(0, 2), 'incomplete'],
    [six, 'incomplete'],
    [with3rd(' \u200b', 'leek'), 'incomplete'],
    [with3rd('Best soup?', ' '), 'incomplete'],
    [with3rd('Best soup?', 'le'), 'too_short'],
    [with3rd('Best soup?', ' l e '.repeat(101)), 'too_long'],
    [with3rd('Soup? '.repeat(40), 'leek'), 'too_long'],
    [with3rd('Leek soup', ' LEEK  soup'), 'in_question'],
    [with3rd('Best soup?', 'A Gray WOLF'), 'same'],
    [with3rd('first  PET?', 'leek'), 'same'],
  ]
  for (const [questions, fault] of faults)
    t.equal(faultOfQuestions(questions), fault, JSON.stringify(questions.at(-1) ?? '').slice(0, 60))
})

t.test('a question is shown in one line', async t => {
  t.equal(tidyQuestion('  Who \n was\u0000 first?\u202e '), 'Who was first?')
})
