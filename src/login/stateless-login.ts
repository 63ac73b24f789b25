import type { Proof } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import type { FactorPrompt, ProofTraits, SecondFactor } from '../factors/factor.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import { readAccount } from '../users/accounts.js'
import type { DirectoryUser } from '../users/user-directory.js'
import { type Checks, refused } from './checks.js'
import type { ContinueLogin } from './continue-login.js'
import type { Busy, Client, Expired, Locked, LoginStep, Refused, Throttled } from './login-step.js'
import { type EnrolmentRule, nextStep, type NextStep } from './next-step.js'
import { factorUser, type FindReadyFactors } from './ready-factors.js'

export interface StatelessLoginOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly checks: Checks
  readonly continueLogin: Pick<ContinueLogin, 'begin'>
  readonly readyFactors: FindReadyFactors
  readonly enrolmentRule: EnrolmentRule
  readonly questionsCount: boolean
}

/** Second factors that need no browser. */
export type StatelessFactor = Exclude<SecondFactor, 'webauthn'>

interface Credentials {
  readonly username: string
  readonly password: string
  readonly client: Client
}

type Obstacle = Refused | Throttled | Locked | Busy | Expired

/**
 * The login of clients that keep nothing between requests: each one carries the password, and a second factor is
 * exchanged for a token that lets one login pass.
 */
export interface StatelessLogin {
  /** Without `proof`, or with one that is not good, `factor_due` names what the user can show. */
  login(
    attempt: Credentials & { readonly proof: { factor: StatelessFactor; token: string } | undefined },
  ): Promise<LoginStep | { readonly step: 'factor_due'; readonly factors: readonly StatelessFactor[] }>
  /** Has a factor do its part; without `factor`, the usual one of the user. */
  challenge(request: Credentials & { readonly factor: StatelessFactor | undefined }): Promise<
    | {
        readonly step: 'challenge'
        readonly id: string
        readonly factor: StatelessFactor
        readonly prompt: FactorPrompt
        /** Seconds. */
        readonly expiresIn: number
      }
    | Obstacle
  >
  /** Exchanges a right answer for a token: good once, for five minutes, for this user. */
  verify(
    attempt: Credentials & { readonly id: string; readonly answer: string },
  ): Promise<
    | { readonly step: 'verified'; readonly token: string; /** Seconds. */ readonly expiresIn: number }
    | Obstacle
  >
}

interface ChallengeRecord {
  readonly subject: string
  readonly factor: StatelessFactor
  readonly tries: number
  readonly expiresAt: number
}

interface TokenRecord {
  readonly subject: string
  readonly factor: StatelessFactor
  readonly traits: ProofTraits
  readonly passwordVersion: string
  readonly provedAt: number
}

const LIFE_SECONDS = 300
const MAX_TRIES = 5
const SECRET_BYTES = 32
const TOKEN_KIND = 'mfa_token'
const EXPIRED: Expired = { step: 'expired' }

export function createStatelessLogin(options: StatelessLoginOptions): StatelessLogin {
  const { store, now, random, checks, continueLogin } = options
  const challengeKey = (id: string): RecordKey => ({ kind: 'stateless_challenge', id: hashSecret(id) })
  const tokenKey = (token: string): RecordKey => ({ kind: TOKEN_KIND, id: hashSecret(token) })
  const newSecret = (): string => random(SECRET_BYTES).toString('base64url')

  async function nextFor(user: DirectoryUser): Promise<NextStep> {
    return nextStep({
      person: user.person,
      proofs: [{ method: 'password', at: now() }],
      factors: await options.readyFactors(user),
      everEnrolled: (await readAccount(store, user.person.subject)).everEnrolled,
      enrolment: options.enrolmentRule,
      questionsCount: options.questionsCount,
      goal: 'login',
      stepUp: undefined,
    })
  }

  /** What the user can show here, the usual one first; undefined when a password is all there is. */
  async function factorsOf(user: DirectoryUser): Promise<readonly StatelessFactor[] | undefined> {
    const next = await nextFor(user)
    if (next.next === 'done') return undefined
    return next.next === 'second_factor' ? next.factors.filter(factor => factor !== 'webauthn') : []
  }

  /**
   * The proof that a token stands for. It is used up by looking, whoever it belongs to, and is worth nothing when the
   * user could not show that factor any more.
   */
  async function proofOf(
    user: DirectoryUser,
    { factor, token }: { readonly factor: StatelessFactor; readonly token: string },
  ): Promise<Proof | undefined> {
    const record = await store.take<TokenRecord>(tokenKey(token))
    const isTheirs =
      record?.subject === user.person.subject && record.passwordVersion === user.passwordVersion
    if (record === undefined || !isTheirs || record.factor !== factor) return undefined
    // The last backup code is gone by being used; what else can be shown can be shown again.
    const isTheirsNow = factor === 'backup_code' || (await factorsOf(user))?.includes(factor) === true
    if (!isTheirsNow) return undefined
    return { method: factor, at: record.provedAt, ...record.traits }
  }

  const login: StatelessLogin['login'] = async ({ username, password, client, proof: given }) => {
    const checked = await checks.password(username, password, client)
    if (checked.step !== 'known') return checked
    const { user } = checked
    const proofs: readonly Proof[] = [{ method: 'password', at: now() }]
    const beginning = { client, carrier: 'tokens' } as const
    const shown = given === undefined ? undefined : await proofOf(user, given)
    if (shown !== undefined) return continueLogin.begin(user, [...proofs, shown], beginning)
    if (given !== undefined)
      checks.tell('login.second_factor_refused', user.person.subject, client, 'stateless_token')
    const factors = await factorsOf(user)
    if (factors === undefined) return continueLogin.begin(user, proofs, beginning)
    return factors.length === 0 ? refused('no_suitable_factor') : { step: 'factor_due', factors }
  }

  const challenge: StatelessLogin['challenge'] = async ({ username, password, client, factor: wanted }) => {
    const checked = await checks.password(username, password, client)
    if (checked.step !== 'known') return checked
    const { user } = checked
    const { subject } = user.person
    const ready = (await factorsOf(user)) ?? []
    const method = wanted === undefined ? ready[0] : ready.find(other => other === wanted)
    const factor = method && checks.factorOf(method)
    if (method === undefined || factor === undefined) return refused('no_suitable_factor')
    const id = newSecret()
    const prompt = await factor.prepare({ user: factorUser(user), binding: hashSecret(id) })
    if (prompt.prompt === 'too_many') return { step: 'throttled', retryAfter: prompt.retryAfter }
    const expiresAt = now() + LIFE_SECONDS * 1000
    const record: ChallengeRecord = { subject, factor: method, tries: 0, expiresAt }
    await store.put(challengeKey(id), record, { expiresAt, owner: subject })
    if (prompt.prompt === 'sent') checks.tell('factor.code_sent', subject, client, method)
    return { step: 'challenge', id, factor: method, prompt, expiresIn: LIFE_SECONDS }
  }

  /** Counts a try of this user at this challenge, before the answer is looked at. */
  const countTry = (id: string, subject: string): Promise<ChallengeRecord | undefined> =>
    update<ChallengeRecord, ChallengeRecord | undefined>(store, challengeKey(id), record => {
      if (record?.subject !== subject || record.tries >= MAX_TRIES) return { result: undefined }
      const value = { ...record, tries: record.tries + 1 }
      return { result: record, write: { value, options: { expiresAt: record.expiresAt, owner: subject } } }
    })

  const verify: StatelessLogin['verify'] = async ({ username, password, client, id, answer }) => {
    const checked = await checks.password(username, password, client)
    if (checked.step !== 'known') return checked
    const { user } = checked
    const { subject } = user.person
    const waiting = (await store.get<ChallengeRecord>(challengeKey(id)))?.value
    if (waiting?.subject !== subject) return EXPIRED
    const { factor } = waiting
    const right = await checks.factor({
      user,
      factor,
      binding: hashSecret(id),
      typed: answer,
      client,
      countTry: async () => ((await countTry(id, subject)) === undefined ? EXPIRED : undefined),
    })
    if (right.step !== 'right') return right
    if ((await store.take(challengeKey(id))) === undefined) return EXPIRED
    const token = newSecret()
    const { passwordVersion } = user
    const record: TokenRecord = { subject, factor, traits: right.traits, passwordVersion, provedAt: now() }
    await store.put(tokenKey(token), record, { expiresAt: now() + LIFE_SECONDS * 1000, owner: subject })
    return { step: 'verified', token, expiresIn: LIFE_SECONDS }
  }

  return { login, challenge, verify }
}

/** Makes the tokens worthless that somebody was given for factors shown so far: the factors are others now. */
export async function forgetStatelessTokens(store: Store, subject: string): Promise<void> {
  for (const { key } of await store.listByOwner(TOKEN_KIND, subject)) await store.delete(key)
}
