import type { Clock } from '../clock.js'
import { linkMail } from '../factors/delivery/login-messages.js'
import type { Message } from '../factors/delivery/messenger.js'
import { LINK_LIFETIME, type MagicLinks } from '../factors/magic-link.js'
import type { OneTimeCodes } from '../factors/one-time-code.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import { accountName, type Checks, refused } from './checks.js'
import type { FindUser } from './current-session.js'
import type { Client, Expired, LoginStep, Refused, Throttled } from './login-step.js'
import { asTyped, type Begun, type Ending, type FinishFirstFactor, findActive } from './passwordless.js'

export interface LinkLoginOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly checks: Checks
  readonly finish: FinishFirstFactor
  readonly links: MagicLinks
  readonly codes: OneTimeCodes
  /** Takes a mail for delivery and returns at once; undefined where no mail is sent. */
  readonly send: ((message: Message) => void) | undefined
  /** The address of the page that confirms a link. */
  readonly addressOf: (token: string) => string
  /** The host as people see it in the address bar. */
  readonly site: string
  /** Whether people may begin a login with a link. Backends with an API token always may. */
  readonly offered: boolean
  readonly findUser: FindUser
  /** Finds the one user of an e-mail address or a name. */
  readonly findByContact: FindUser
}

/** Where a login began, for whoever is asked to confirm it. */
export interface LinkOrigin {
  readonly step: 'link'
  readonly address: string
  readonly userAgent: string
  /** Milliseconds since the epoch. */
  readonly begunAt: number
  /** Whether the browser that opens the link is the one that asked for it. */
  readonly sameBrowser: boolean
}

/**
 * Logins by a link in a mail. Opening the link does nothing, because mail scanners open every link: a button spends
 * it. In the browser that asked, that logs in; anywhere else it shows a code, to be typed where the login began.
 */
export interface LinkLogin {
  send(request: {
    /** A user name or an e-mail address. */
    readonly to: string
    readonly client: Client
    readonly byBackend: boolean
  }): Promise<Begun | Throttled | Refused>
  /** Looks at a link without spending it. `id`: what the browser was given when it asked. */
  look(token: string, id: string | undefined): Promise<LinkOrigin | Expired>
  /** Spends a link: logs in where it was asked for, or shows the code. */
  confirm(
    answer: Omit<Ending, 'id'> & { readonly token: string; readonly id: string | undefined },
  ): Promise<LoginStep | { readonly step: 'link_code'; readonly code: string }>
  /** Takes the code that a confirmed link has shown. */
  authenticate(answer: Ending & { readonly code: string; readonly byBackend: boolean }): Promise<LoginStep>
}

interface LinkRecord {
  readonly link: true
  /** Null when nobody is known by what was typed. */
  readonly subject: string | null
  /** Whom the log names. */
  readonly account: string
  /** What failures are counted under: what was typed. */
  readonly asked: string
  readonly byBackend: boolean
  readonly sealedCode: string | null
  /** Only then the code is good: whoever has it saw the mail. */
  readonly confirmed: boolean
  readonly address: string
  readonly userAgent: string
  readonly begunAt: number
}

const ID_BYTES = 32
const EXPIRED: Expired = { step: 'expired' }

const sealContext = (binding: string): string => `link_code:${binding}`

/** How the codes of links are sealed anew. */
export const LINK_SEALS: SealedRecords = {
  kind: 'first_factor',
  reseal: ({ key, value }, anew) => {
    if (!isLink(value) || value.sealedCode === null) return value
    return { ...value, sealedCode: anew(value.sealedCode, sealContext(key.id)) }
  },
}

/** Other ways to begin a login keep other records of this kind. */
function isLink(value: unknown): value is LinkRecord {
  return typeof value === 'object' && value !== null && 'link' in value && value.link === true
}

export function createLinkLogin(options: LinkLoginOptions): LinkLogin {
  const { store, seal, now, random, checks, finish, links, codes, findUser } = options
  const keyOf = (binding: string): RecordKey => ({ kind: 'first_factor', id: binding })
  const codePlace = (binding: string) => ({ channel: 'email', binding: `link:${binding}` }) as const

  const read = async (binding: string): Promise<LinkRecord | undefined> => {
    const record = (await store.get<Partial<LinkRecord>>(keyOf(binding)))?.value
    return record?.link === true ? (record as LinkRecord) : undefined
  }

  return {
    send: async ({ to, client, byBackend }) => {
      if (options.send === undefined || !(byBackend || options.offered)) return refused('not_offered')
      const user = findActive(options.findByContact, to)
      const target = user?.person.email
      const subject = target === undefined ? null : (user?.person.subject ?? null)
      const asked = accountName(to)
      const account = user?.person.subject ?? asked
      const id = random(ID_BYTES).toString('base64url')
      const binding = hashSecret(id)
      // As for codes: who is told to wait depends on what was typed alone.
      const first = await codes.issue({
        ...codePlace(`asked:${binding}`),
        target: undefined,
        account: asTyped(asked),
        isFirst: true,
      })
      if (first.outcome === 'too_many') return { step: 'throttled', retryAfter: first.retryAfter }
      const issued = await codes.issue({
        ...codePlace(binding),
        target,
        account,
        lifetime: LINK_LIFETIME,
        isFirst: true,
      })
      if (issued.outcome === 'too_many' && byBackend)
        return { step: 'throttled', retryAfter: issued.retryAfter }
      const code = issued.outcome === 'issued' ? issued.code : undefined
      const record: LinkRecord = {
        link: true,
        subject,
        account,
        asked,
        byBackend,
        sealedCode: code === undefined ? null : seal.seal(code, sealContext(binding)),
        confirmed: false,
        address: client.address,
        userAgent: client.userAgent.slice(0, 256),
        begunAt: now(),
      }
      await store.put(keyOf(binding), record, { expiresAt: now() + LINK_LIFETIME })
      // The same work for nobody: this link is not sent, and leads to a record without a user.
      const token = await links.create({ binding, subject: account })
      if (target !== undefined && code !== undefined) {
        const link = options.addressOf(token)
        options.send({ to: target, ...linkMail({ site: options.site, link, lifetime: LINK_LIFETIME }) })
      }
      checks.tell('factor.code_sent', account, client, 'link')
      return { step: 'begun', id, expiresIn: Math.floor(LINK_LIFETIME / 1000) }
    },

    look: async (token, id) => {
      const linked = await links.peek(token)
      const record = linked && (await read(linked.binding))
      if (linked === undefined || record === undefined) return EXPIRED
      const { address, userAgent, begunAt } = record
      const sameBrowser = !record.byBackend && id !== undefined && hashSecret(id) === linked.binding
      return { step: 'link', address, userAgent, begunAt, sameBrowser }
    },

    confirm: async ({ token, id, ...ending }) => {
      const linked = await links.spend(token)
      const record = linked && (await read(linked.binding))
      const user = typeof record?.subject === 'string' ? findActive(findUser, record.subject) : undefined
      if (linked === undefined || record === undefined || user === undefined) return EXPIRED
      const { binding } = linked
      // What a backend began ends there, and never in a browser's session.
      if (!record.byBackend && id !== undefined && hashSecret(id) === binding) {
        await store.delete(keyOf(binding))
        return finish(user, { method: 'email', at: now() }, ending)
      }
      const code = record.sealedCode === null ? undefined : seal.open(record.sealedCode, sealContext(binding))
      if (code === undefined) return EXPIRED
      const marked = await update<LinkRecord, boolean>(store, keyOf(binding), current => {
        if (current === undefined) return { result: false }
        const value = { ...current, confirmed: true }
        return { result: true, write: { value, options: { expiresAt: record.begunAt + LINK_LIFETIME } } }
      })
      return marked ? { step: 'link_code', code } : EXPIRED
    },

    authenticate: async answer => {
      const { id, client, byBackend } = answer
      const binding = hashSecret(id)
      const record = await read(binding)
      if (record?.byBackend !== byBackend) return EXPIRED
      const code = answer.code.replace(/[ -]/g, '')
      if (!/^[0-9]{6}$/.test(code)) return refused('malformed_code')
      const { account, asked } = record
      const user = record.subject === null ? undefined : findActive(findUser, record.subject)
      const attempt = { method: 'email', asked, user, client, byBackend } as const
      const blocked = await checks.mayTryCode(attempt)
      if (blocked !== undefined && blocked.step !== 'unheard') return blocked
      const checked = await codes.check(codePlace(binding), code)
      const isRight = checked.outcome === 'right' && record.confirmed && blocked === undefined
      if (!isRight || user === undefined) {
        checks.tell('login.first_factor_refused', account, client, 'link')
        return refused('wrong_code')
      }
      await checks.codeSucceeded(attempt)
      await store.delete(keyOf(binding))
      return finish(user, { method: 'email', at: now() }, answer)
    },
  }
}
