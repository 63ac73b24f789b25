import type { AuditEventName } from '../audit/audit-event.js'
import type { Clock } from '../clock.js'
import { type RecordKey, type Store, update } from '../store/store.js'

export interface ActivityOptions {
  readonly store: Store
  readonly now: Clock
  /** Told what kept an entry from being written. Must not throw. */
  readonly onFault: (error: Error) => void
}

/** One thing that happened to an account. */
export interface NewActivity {
  readonly event: AuditEventName
  /** The client's address after trusted proxies. Undefined: it was done on the machine of the gateway. */
  readonly address: string | undefined
  /** What the client called itself; at most 256 characters are kept. */
  readonly browser: string | undefined
  /** A word or two more, such as the reason; at most 256 characters are kept. Never a secret. */
  readonly detail?: string | undefined
}

/** The same as it is remembered. */
export interface RememberedActivity extends NewActivity {
  /** Milliseconds since the epoch; of the last time, where it happened several times. */
  readonly at: number
  /** How often it happened with less than a minute in between; at least 1. */
  readonly count: number
}

/**
 * What happened to each account lately, for its owner to look at: at most 20 entries of the last 90 days. What
 * strangers can cause, and what whoever has the password can cause, takes five places each, and more only while they
 * are free: half of the list is for the rest. The last five logins with a second factor stay whatever comes.
 */
export interface Activity {
  /**
   * Remembers something; an event that is not for the owner's eyes is passed over. Never rejects. Not for subjects
   * that do not exist: anybody could fill the store with them.
   */
  note(subject: string, activity: NewActivity): Promise<void>
  /** The newest first. Rejects with `StoreUnavailable`. */
  list(subject: string): Promise<readonly RememberedActivity[]>
}

/** Who can cause an event: anybody, whoever has the first factor, whoever has the second, or the account's owner. */
type Cause = 'anybody' | 'first_factor' | 'second_factor' | 'owner'

const CAUSES: ReadonlyMap<AuditEventName, Cause> = new Map([
  ['login.password_refused', 'anybody'],
  ['login.first_factor_refused', 'anybody'],
  ['login.second_factor_refused', 'anybody'],
  ['login.throttled', 'anybody'],
  ['factor.code_sent', 'anybody'],
  ['session.started', 'first_factor'],
  ['login.second_factor_accepted', 'second_factor'],
  ['session.ended', 'owner'],
  ['token.reused', 'owner'],
  ['factor.enrolled', 'owner'],
  ['factor.renamed', 'owner'],
  ['factor.removed', 'owner'],
  ['factor.backup_codes_replaced', 'owner'],
  ['factor.reset', 'owner'],
  ['device.remembered', 'owner'],
  ['device.forgotten', 'owner'],
  ['account.password_changed', 'owner'],
  ['account.second_factor_off', 'owner'],
  ['account.second_factor_on', 'owner'],
  ['api_token.created', 'owner'],
  ['api_token.revoked', 'owner'],
])

/** JSON has no undefined: what is not known is absent. */
interface Entry {
  readonly event: AuditEventName
  readonly address?: string | undefined
  readonly browser?: string | undefined
  readonly detail?: string | undefined
  readonly at: number
  readonly count: number
}

const MOST = 20
const PLACES_EACH = 5
const KEPT_FOR = 90 * 24 * 60 * 60_000
const FOLDED_WITHIN = 60_000
const LONGEST_TEXT = 256

const keyOf = (subject: string): RecordKey => ({ kind: 'activity', id: subject })

export function createActivity({ store, now, onFault }: ActivityOptions): Activity {
  const isRecent = ({ at }: Entry): boolean => at > now() - KEPT_FOR

  function write(subject: string, entry: Entry): Promise<void> {
    return update<readonly Entry[], undefined>(store, keyOf(subject), entries => {
      const value = trim(fold(entry, (entries ?? []).filter(isRecent)))
      return { result: undefined, write: { value, options: { expiresAt: now() + KEPT_FOR, owner: subject } } }
    })
  }

  return {
    note: async (subject, { event, address, browser, detail }) => {
      if (!CAUSES.has(event)) return
      try {
        await write(subject, {
          event,
          address: shorten(address),
          browser: shorten(browser),
          detail: shorten(detail),
          at: now(),
          count: 1,
        })
      } catch (error) {
        onFault(error instanceof Error ? error : new Error(String(error)))
      }
    },
    list: async subject => {
      const entries = (await store.get<readonly Entry[]>(keyOf(subject)))?.value ?? []
      return entries.filter(isRecent).map(({ event, address, browser, detail, at, count }) => ({
        event,
        address,
        browser,
        detail,
        at,
        count,
      }))
    },
  }
}

const shorten = (text: string | undefined): string | undefined => text?.slice(0, LONGEST_TEXT)

/** Puts an entry before the others; one that says the same and is less than a minute old becomes part of it. */
function fold(entry: Entry, entries: readonly Entry[]): readonly Entry[] {
  const same = entries.find(
    other =>
      other.event === entry.event &&
      other.address === entry.address &&
      other.browser === entry.browser &&
      other.detail === entry.detail &&
      Math.abs(entry.at - other.at) < FOLDED_WITHIN,
  )
  const others = entries.filter(other => other !== same)
  return [{ ...entry, count: 1 + (same?.count ?? 0) }, ...others]
}

/** Leaves out what is too much, so that nobody pushes out what they could not cause themselves. The order stays. */
function trim(entries: readonly Entry[]): readonly Entry[] {
  const by = (cause: Cause): readonly Entry[] => entries.filter(({ event }) => CAUSES.get(event) === cause)
  const anybody = by('anybody')
  const first = by('first_factor')
  const second = by('second_factor')
  const kept = new Set([anybody, first, second].flatMap(each => each.slice(0, PLACES_EACH)))
  const limited = new Set([...anybody, ...first])
  for (const more of [entries.filter(entry => !limited.has(entry)), entries])
    for (const entry of more) if (kept.size < MOST) kept.add(entry)
  return entries.filter(entry => kept.has(entry))
}
