import type { Clock } from '../clock.js'
import { hashSecret } from '../store/secret-hash.js'
import type { RecordKey, Store } from '../store/store.js'

export interface MagicLinksOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** Which login a link is for, and who logs in with it. */
export interface LinkedLogin {
  /** Names the login that asked for the link: a hash, never what opens anything. */
  readonly binding: string
  readonly subject: string
}

/** The secrets of links that log somebody in. Each is good for ten minutes and once. */
export interface MagicLinks {
  /**
   * Makes the one link of this login; an older one is dead from then on.
   * @returns the token for its address: 256 random bits in base64url, 43 characters
   */
  create(login: LinkedLogin): Promise<string>
  /** Reads without using it up, for the page that asks to confirm: mail scanners open every link. */
  peek(token: string): Promise<LinkedLogin | undefined>
  /** Uses it up: of many callers at once exactly one gets the login. */
  spend(token: string): Promise<LinkedLogin | undefined>
}

/** Milliseconds that a link is good for. */
export const LINK_LIFETIME = 10 * 60_000

const TOKEN_BYTES = 32
const TOKEN = /^[A-Za-z0-9_-]{43}$/

const linkKey = (name: string): RecordKey => ({ kind: 'first_factor', id: `link:${name}` })
/** Says which link is the newest of a login. */
const newestKey = (binding: string): RecordKey => ({
  kind: 'first_factor',
  id: `link:of:${hashSecret(binding)}`,
})

export function createMagicLinks({ store, now, random }: MagicLinksOptions): MagicLinks {
  /** The login of a link, unless a newer link took its place. */
  async function whileNewest(name: string, login: LinkedLogin | undefined): Promise<LinkedLogin | undefined> {
    if (login === undefined) return undefined
    const newest = await store.get<string>(newestKey(login.binding))
    return newest?.value === name ? login : undefined
  }

  return {
    create: async ({ binding, subject }) => {
      const token = random(TOKEN_BYTES).toString('base64url')
      const name = hashSecret(token)
      const options = { expiresAt: now() + LINK_LIFETIME }
      const login: LinkedLogin = { binding, subject }
      await store.put(newestKey(binding), name, options)
      await store.put(linkKey(name), login, options)
      return token
    },
    peek: async token => {
      if (!TOKEN.test(token)) return undefined
      const name = hashSecret(token)
      return whileNewest(name, (await store.get<LinkedLogin>(linkKey(name)))?.value)
    },
    spend: async token => {
      if (!TOKEN.test(token)) return undefined
      const name = hashSecret(token)
      return whileNewest(name, await store.take<LinkedLogin>(linkKey(name)))
    },
  }
}
