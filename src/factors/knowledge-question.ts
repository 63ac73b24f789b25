import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import type { Factor, FactorAttempt, FactorOutcome, FactorPrompt } from './factor.js'
import { faultOfQuestions, normaliseAnswer, type QuestionAndAnswer, tidyQuestion } from './question-text.js'

export type { QuestionAndAnswer } from './question-text.js'

export interface KnowledgeQuestionsOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Whether a right answer counts as a second factor beside a password, by the operator's word. */
  readonly countsAsSecondFactor: boolean
  /** Makes a slow, salted hash: answers can be guessed. What it rejects with, the caller gets. */
  readonly hash: (text: string) => Promise<string>
  /** Whether the hash was made of this text. What it rejects with, the caller gets. */
  readonly verify: (text: string, hash: string) => Promise<boolean>
}

/**
 * The factor `knowledge_question`: three to five questions that somebody has written, with answers. One is asked, by
 * chance. All logins of a user are asked the same one for an hour, and one login never another, so that nobody can
 * go on until an easy one comes.
 */
export interface KnowledgeQuestions extends Factor {
  /** Replaces all of them. False, and nothing is changed, when `faultOfQuestions()` finds something. */
  replaceAll(subject: string, questions: readonly QuestionAndAnswer[]): Promise<boolean>
  /** The questions in the order in which they were given. The answers never come back. */
  list(subject: string): Promise<readonly string[]>
}

/** One record holds all of a user's, so that they are replaced in one step. */
interface QuestionsRecord {
  readonly createdAt: number
  /** A sealed JSON list of `Question`. */
  readonly sealedQuestions: string
  /** The question whose hour it is; null before the first. */
  readonly turn: { readonly id: string; readonly until: number } | null
}

interface Question {
  /** Never the same again, so that what was asked before a replacement is not answered after it. */
  readonly id: string
  readonly question: string
  /** Of the normalised answer. */
  readonly hash: string
}

/** What one login was asked. */
interface AskedRecord {
  readonly question: string
}

/** Nobody can know the chance of an answer. It counts like a code of an app, so that the year has an end to it. */
export const CHANCE_OF_AN_ANSWER = 2

/** How long one question is asked, in milliseconds. */
const TURN = 60 * 60_000
/** Milliseconds that a question waits for its answer: longer than any login. */
const ASKED_FOR = 15 * 60_000
const ID_BYTES = 12

const keyOf = (subject: string): RecordKey => ({ kind: 'knowledge_questions', id: hashSecret(subject) })
const askedKey = ({ user, binding }: FactorAttempt): RecordKey => ({
  kind: 'knowledge_questions',
  id: `asked:${hashSecret(JSON.stringify([user.subject, binding]))}`,
})
const sealContext = (subject: string): string => `knowledge_questions:${subject}`

/** How questions and answers are sealed anew. */
export const QUESTION_SEALS: SealedRecords = {
  kind: 'knowledge_questions',
  reseal: ({ value, owner = '' }, anew) => {
    const record = value as QuestionsRecord | AskedRecord
    if ('question' in record) return record
    return { ...record, sealedQuestions: anew(record.sealedQuestions, sealContext(owner)) }
  },
}

export function createKnowledgeQuestions(options: KnowledgeQuestionsOptions): KnowledgeQuestions {
  const { store, seal, now, random } = options
  const right: FactorOutcome = options.countsAsSecondFactor
    ? { outcome: 'right', traits: { countsAsSecondFactor: true } }
    : { outcome: 'right' }
  let standIn: Promise<string> | undefined

  const randomId = (): string => random(ID_BYTES).toString('base64url')

  function open(record: QuestionsRecord | undefined, subject: string): readonly Question[] {
    if (record === undefined) return []
    const text = seal.open(record.sealedQuestions, sealContext(subject))
    if (text === undefined) throw new Error(SEALED_BY_ANOTHER)
    return JSON.parse(text) as readonly Question[]
  }

  async function questionsOf(subject: string): Promise<readonly Question[]> {
    return open((await store.get<QuestionsRecord>(keyOf(subject)))?.value, subject)
  }

  /** The question whose hour it is; the next one begins its own. */
  async function takeTurn(subject: string): Promise<Question | undefined> {
    const chance = random(6).readUIntBE(0, 6)
    return update<QuestionsRecord, Question | undefined>(store, keyOf(subject), record => {
      const questions = open(record, subject)
      const { turn } = record ?? { turn: null }
      const current = questions.find(({ id }) => id === turn?.id)
      if (current !== undefined && turn !== null && now() < turn.until) return { result: current }
      // With 48 bits, no question is noticeably more likely than another.
      const next = questions[chance % questions.length]
      if (record === undefined || next === undefined) return { result: undefined }
      const value: QuestionsRecord = { ...record, turn: { id: next.id, until: now() + TURN } }
      return { result: next, write: { value, options: { expiresAt: undefined, owner: subject } } }
    })
  }

  async function prepare(attempt: FactorAttempt): Promise<FactorPrompt> {
    const { subject } = attempt.user
    const next = await takeTurn(subject)
    if (next === undefined) return { prompt: 'none' }
    const questions = await questionsOf(subject)
    const asked = await update<AskedRecord, Question>(store, askedKey(attempt), current => {
      const before = questions.find(({ id }) => id === current?.question)
      if (before !== undefined) return { result: before }
      const written = { expiresAt: now() + ASKED_FOR, owner: subject }
      return { result: next, write: { value: { question: next.id }, options: written } }
    })
    return { prompt: 'question', question: asked.question }
  }

  /** A hash of something that nobody types, for the time that it takes to look at one. */
  async function hashOfNothing(): Promise<string> {
    standIn ??= options.hash(randomId())
    try {
      return await standIn
    } catch (error) {
      standIn = undefined
      throw error
    }
  }

  async function verify(attempt: FactorAttempt, answer: string): Promise<FactorOutcome> {
    const { subject } = attempt.user
    const asked = await store.get<AskedRecord>(askedKey(attempt))
    const isAsked = ({ id }: Question): boolean => id === asked?.value.question
    const question = (await questionsOf(subject)).find(isAsked)
    const nothing = await hashOfNothing()
    const same = await options.verify(answer, question?.hash ?? nothing)
    if (!same || question === undefined) return { outcome: 'wrong' }
    if ((await store.take(askedKey(attempt))) === undefined) return { outcome: 'used' }
    // The hash took its time: the questions may be others by now.
    return (await questionsOf(subject)).some(isAsked) ? right : { outcome: 'wrong' }
  }

  return {
    method: 'knowledge_question',
    isReady: async ({ subject }) => (await store.get(keyOf(subject))) !== undefined,
    prepare,
    normalise: normaliseAnswer,
    chance: () => Promise.resolve(CHANCE_OF_AN_ANSWER),
    verify,
    replaceAll: async (subject, given) => {
      if (faultOfQuestions(given) !== undefined) return false
      const questions: Question[] = []
      for (const { question, answer } of given) {
        const hash = await options.hash(normaliseAnswer(answer) ?? '')
        questions.push({ id: randomId(), question: tidyQuestion(question), hash })
      }
      const sealedQuestions = seal.seal(JSON.stringify(questions), sealContext(subject))
      const record: QuestionsRecord = { createdAt: now(), sealedQuestions, turn: null }
      await store.put(keyOf(subject), record, { expiresAt: undefined, owner: subject })
      return true
    },
    list: async subject => (await questionsOf(subject)).map(({ question }) => question),
    remove: subject => store.delete(keyOf(subject)),
  }
}

const SEALED_BY_ANOTHER =
  'The questions of a user cannot be opened: they were sealed by another secret. ' +
  'List the previous secret after the current one.'
