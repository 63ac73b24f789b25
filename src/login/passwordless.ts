import type { Proof } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import { tokenSessionId } from '../credentials/session-record.js'
import type { Factor, FactorUser, ProofTraits } from '../factors/factor.js'
import type { WebAuthn } from '../factors/webauthn.js'
import { hashSecret } from '../store/secret-hash.js'
import type { RecordKey, Store } from '../store/store.js'
import type { DirectoryUser } from '../users/user-directory.js'
import { accountName, type Checks, refused } from './checks.js'
import type { ContinueLogin } from './continue-login.js'
import type { FindCurrentSession, FindUser } from './current-session.js'
import type { Attempt } from './attempt.js'
import type { Beginning, Client, Expired, LoginStep, Refused, Throttled } from './login-step.js'
import { factorUser } from './ready-factors.js'

/** The channels over which a login can begin with a code. */
export type CodeChannel = 'email' | 'sms'

export interface PasswordlessOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly checks: Checks
  readonly continueLogin: Pick<ContinueLogin, 'begin' | 'strengthen'>
  readonly findCurrentSession: FindCurrentSession
  /** The factors whose codes go over a channel; undefined where nothing can be sent over it. */
  readonly codeFactors: Readonly<Partial<Record<CodeChannel, Factor>>>
  readonly webauthn: Pick<WebAuthn, 'signIn' | 'signInOptions' | 'normalise'>
  /** What people may begin a login with. Backends with an API token may use every channel. */
  readonly offers: (method: CodeChannel | 'passkey') => boolean
  readonly findUser: FindUser
  /** Finds the one user of an e-mail address, a telephone number or a name. */
  readonly findByContact: FindUser
}

/** A login that has begun without a password and waits for its answer. */
export interface Begun {
  readonly step: 'begun'
  /** Names the login; a secret, for whoever began it. */
  readonly id: string
  /** Seconds. */
  readonly expiresIn: number
}

/** What goes on when the answer is right. */
export interface Ending extends Beginning {
  readonly id: string
  /**
   * The public name of a session that the proof is added to; only for backends, and only one that the same backend
   * has begun: the name is no secret, and a session may have more proofs than a backend is to speak with.
   */
  readonly joins?: string | undefined
}

/** Logins that begin with something else than a password. Whoever is not known gets the same answers as everybody. */
export interface Passwordless {
  /** Sends a code to the address that the directory has for somebody. */
  sendCode(request: {
    readonly channel: CodeChannel
    /** A user name, an e-mail address or a telephone number. */
    readonly to: string
    readonly client: Client
    readonly byBackend: boolean
  }): Promise<Begun | Throttled | Refused>
  authenticateCode(
    answer: Ending & { readonly code: string; readonly byBackend: boolean },
  ): Promise<LoginStep>
  /** Gives the options for `navigator.credentials.get()`. */
  askPasskey(): Promise<(Begun & { readonly options: unknown }) | Throttled | Refused>
  /** Logs in with what the browser answered: the passkey names its owner. */
  passkey(answer: Ending & { readonly response: string }): Promise<LoginStep>
}

interface BegunRecord {
  readonly channel: CodeChannel
  /** Null when nobody is known by what was typed: then no code is ever right. */
  readonly subject: string | null
  /** Whom the log names. */
  readonly account: string
  /** What failures are counted under: what was typed, so that no count tells that two addresses are one person's. */
  readonly asked: string
  readonly byBackend: boolean
}

const LIFE_SECONDS = 300
const ID_BYTES = 32
const MINUTE = 60_000
/** Most logins with a passkey that may be begun within a minute, by everybody together. */
const PASSKEYS_A_MINUTE = 3000
const EXPIRED: Expired = { step: 'expired' }

export function createPasswordless(options: PasswordlessOptions): Passwordless {
  const { store, now, random, checks, codeFactors, webauthn, findUser } = options
  const finish = createFinish(options)
  const keyOf = (id: string): RecordKey => ({ kind: 'first_factor', id: hashSecret(id) })
  const newId = (): string => random(ID_BYTES).toString('base64url')

  /** Nobody is named yet, and each leaves a record behind. @returns the wait in seconds; 0: counted */
  async function countPasskey(): Promise<number> {
    const minute = Math.floor(now() / MINUTE)
    const key: RecordKey = { kind: 'first_factor', id: `passkeys:${String(minute)}` }
    const asked = (await store.get<number>(key))?.value ?? 0
    const over =
      asked >= PASSKEYS_A_MINUTE ||
      (await store.increment(key, { expiresAt: now() + 2 * MINUTE })) > PASSKEYS_A_MINUTE
    return over ? Math.ceil(((minute + 1) * MINUTE - now()) / 1000) : 0
  }

  return {
    sendCode: async ({ channel, to, client, byBackend }) => {
      const factor = codeFactors[channel]
      if (factor === undefined || !(byBackend || options.offers(channel))) return refused('not_offered')
      const user = findActive(options.findByContact, to)
      const asked = accountName(to)
      const account = user?.person.subject ?? asked
      const id = newId()
      const binding = hashSecret(id)
      // Who is told to wait, and how long, depends on what was typed alone, whoever that is. Whether the person whose
      // address it is has got too many messages already is for that person to know.
      const begins = { binding, isFirst: true }
      const first = await factor.prepare({ user: userOrNobody(undefined, asTyped(asked)), ...begins })
      if (first.prompt === 'too_many') return { step: 'throttled', retryAfter: first.retryAfter }
      const prompt = await factor.prepare({ user: userOrNobody(user, account), ...begins })
      if (prompt.prompt === 'too_many' && byBackend)
        return { step: 'throttled', retryAfter: prompt.retryAfter }
      const record: BegunRecord = {
        channel,
        subject: user?.person.subject ?? null,
        account,
        asked,
        byBackend,
      }
      await store.put(keyOf(id), record, { expiresAt: now() + LIFE_SECONDS * 1000 })
      checks.tell('factor.code_sent', account, client, channel)
      return { step: 'begun', id, expiresIn: LIFE_SECONDS }
    },

    authenticateCode: async answer => {
      const { id, code: typed, client, byBackend } = answer
      const begun = (await store.get<BegunRecord>(keyOf(id)))?.value
      const factor = begun && codeFactors[begun.channel]
      if (begun === undefined || factor === undefined || begun.byBackend !== byBackend) return EXPIRED
      const code = factor.normalise(typed)
      if (code === undefined) return refused('malformed_code')
      const { channel, account, asked: counted } = begun
      const user = begun.subject === null ? undefined : findActive(findUser, begun.subject)
      const attempt = { method: channel, asked: counted, user, client, byBackend }
      const blocked = await checks.mayTryCode(attempt)
      if (blocked !== undefined && blocked.step !== 'unheard') return blocked
      const asked = { user: userOrNobody(user, account), binding: hashSecret(id) }
      const checked = await factor.verify(asked, code)
      if (checked.outcome !== 'right' || user === undefined || blocked !== undefined) {
        checks.tell('login.first_factor_refused', account, client, channel)
        return refused('wrong_code')
      }
      await checks.codeSucceeded(attempt)
      await store.delete(keyOf(id))
      return finish(user, { method: channel, at: now() }, answer)
    },

    askPasskey: async () => {
      if (!options.offers('passkey')) return refused('not_offered')
      const retryAfter = await countPasskey()
      if (retryAfter > 0) return { step: 'throttled', retryAfter }
      const id = newId()
      const given = await webauthn.signInOptions(hashSecret(id))
      return { step: 'begun', id, expiresIn: LIFE_SECONDS, options: given }
    },

    passkey: async answer => {
      const { id, response: typed, client } = answer
      if (!options.offers('passkey')) return refused('not_offered')
      const response = webauthn.normalise(typed)
      if (response === undefined) return refused('malformed_code')
      // Nobody is named before the signature is checked, so failures are counted by address.
      const attempt: Attempt = { method: 'webauthn', account: '', address: client.address, isFirst: true }
      const blocked = await checks.mayTryAddress(attempt, client)
      if (blocked !== undefined) return blocked
      const checked = await webauthn.signIn(hashSecret(id), response)
      const user = checked.outcome === 'right' ? findActive(findUser, checked.subject) : undefined
      if (checked.outcome !== 'right' || user === undefined) {
        const account = checked.outcome === 'right' ? checked.subject : ''
        checks.tell('login.first_factor_refused', account, client, 'webauthn')
        return refused('wrong_code')
      }
      const { subject } = user.person
      await checks.succeeded({ ...attempt, account: subject, subject })
      return finish(user, { method: 'webauthn', at: now(), ...checked.traits }, answer)
    },
  }
}

/** Ends a login that began without a password: begins the session, or adds the proof to one that a backend names. */
export type FinishFirstFactor = (
  user: DirectoryUser,
  proof: Proof,
  ending: Omit<Ending, 'id'>,
) => Promise<LoginStep>

/** Makes the function that goes on after a right answer: codes, links and passkeys share it. */
export function createFinish({
  checks,
  continueLogin,
  findCurrentSession,
}: Pick<PasswordlessOptions, 'checks' | 'continueLogin' | 'findCurrentSession'>): FinishFirstFactor {
  return async (user, proof, ending) => {
    const { client, joins, backend } = ending
    const { subject } = user.person
    checks.tell('login.first_factor_accepted', subject, client, proof.method)
    if (joins === undefined) return continueLogin.begin(user, [proof], ending)
    const current = await findCurrentSession(tokenSessionId(joins), client)
    if (current?.user.person.subject !== subject) return EXPIRED
    if (backend === undefined || current.session.record.backend !== backend) return EXPIRED
    const { method, at: _at, ...traits } = proof
    const session = await continueLogin.strengthen(current, method, traits satisfies ProofTraits, client)
    return session === undefined
      ? EXPIRED
      : { step: 'done', session, backupCodes: undefined, returnTo: undefined }
  }
}

/** Somebody who may log in. */
export function findActive(find: FindUser, name: string): DirectoryUser | undefined {
  const user = find(name)
  return user?.disabled === true ? undefined : user
}

/** The name under which requests are counted by what was typed: no user has it, because names hold no such character. */
export function asTyped(asked: string): string {
  return `\u0000${asked}`
}

/** Somebody, or a stand-in without any address, for whom the same work is done. */
function userOrNobody(user: DirectoryUser | undefined, account: string): FactorUser {
  return user === undefined
    ? { subject: account, displayName: account, email: undefined, phone: undefined }
    : factorUser(user)
}
