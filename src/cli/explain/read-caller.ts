import type { Method } from '../../access/assurance.js'
import { type DescribedCaller, describedPerson } from '../../policy/described-caller.js'
import type { CliIo } from '../cli-io.js'
import { canonicalUserName } from '../../users/user-name.js'
import { findUser, readUsers } from '../read-users.js'

/** What the command line says of who asks, as written. */
export interface WrittenCaller {
  readonly as?: string | undefined
  readonly groups?: string | undefined
  readonly 'mfa-age'?: string | undefined
  readonly factor?: string | undefined
  readonly remembered?: boolean | undefined
  readonly 'token-scopes'?: string | undefined
}

/** Who asks. `caller` undefined is nobody; `says` is how to call them in a title. */
export type ReadCaller =
  | { readonly ok: true; readonly caller: DescribedCaller | undefined; readonly says: string }
  /** `why` undefined: it was told already. */
  | { readonly ok: false; readonly code: 1 | 2; readonly why?: string }

const FACTORS: readonly Method[] = ['totp', 'webauthn', 'backup_code', 'email', 'sms', 'knowledge_question']

/** Reads who asks. A user of the file has just shown password and second factor, unless it is said otherwise. */
export function readCaller(written: WrittenCaller, usersFile: string, io: CliIo): ReadCaller {
  const { as, groups, factor, remembered = false, 'token-scopes': scopes, 'mfa-age': writtenAge } = written
  if (as === undefined) {
    const needy = ['groups', 'mfa-age', 'factor', 'remembered'] as const
    const alone = needy.find(name => written[name] !== undefined)
    if (alone !== undefined) return wrong(`--${alone} needs --as USER.`)
    return scopes === undefined
      ? { ok: true, caller: undefined, says: 'as nobody' }
      : holder(undefined, splitNames(scopes))
  }
  if (scopes !== undefined && (factor ?? writtenAge ?? remembered) !== false)
    return wrong('--token-scopes is an API token, which has shown no password and no factor.')
  const age = readMfaAge(writtenAge)
  if (age === undefined) return wrong('--mfa-age is a time such as 90s, 6m, 12h or 30d, or "none".')
  const factors = factor === undefined ? undefined : splitNames(factor)
  const unknown = factors?.find(name => !(FACTORS as readonly string[]).includes(name))
  if (unknown !== undefined) return wrong(`--factor takes ${FACTORS.join(', ')}, not "${unknown}".`)
  if (factors !== undefined && age === 'none')
    return wrong('--factor and --mfa-age none contradict each other.')

  const found = findPerson(as, groups === undefined ? undefined : splitNames(groups), usersFile, io)
  if (found === undefined) return { ok: false, code: 1 }
  const { person, disabled } = found
  const member = person.groups.length === 0 ? '' : ` (${person.groups.join(', ')})`
  if (disabled)
    return { ok: true, caller: undefined, says: `as ${person.subject}, who is disabled and so is nobody` }
  if (scopes !== undefined) return holder(person, splitNames(scopes))
  if (factors !== undefined && person.mfa === 'disabled')
    return wrong(`--factor: the second factor is disabled for ${person.subject}.`)
  const isBare = age === 'none' || remembered || person.mfa === 'disabled'
  const shown = (factors as readonly Method[] | undefined) ?? (isBare ? [] : ['totp' as const])
  const howLong = age === 'none' ? 0 : age
  const caller = {
    person,
    passwordAge: howLong,
    factorAge: howLong,
    factors: shown,
    rememberedDevice: remembered,
  }
  const proofs = shown.length === 0 ? 'the password alone' : `password and ${shown.join(', ')}`
  const when = howLong === 0 ? 'just now' : `${writtenAge ?? ''} ago`
  const browser = remembered ? ', in a remembered browser' : ''
  return { ok: true, caller, says: `as ${person.subject}${member}, who showed ${proofs} ${when}${browser}` }
}

/** An API token: a user's own where somebody is named, a machine's otherwise. */
function holder(person: DescribedCaller['person'] | undefined, scopes: readonly string[]): ReadCaller {
  const owner = person === undefined ? 'machine' : 'user'
  const apiToken = { scopes, apps: undefined, paths: undefined, owner } as const
  const whose = person === undefined ? 'a machine' : person.subject
  const caller = { person: person ?? describedPerson('machine'), factors: [], apiToken }
  return { ok: true, caller, says: `with an API token of ${whose} for ${scopes.join(', ')}` }
}

/** Somebody of the users file; with groups given, also anybody else. */
function findPerson(
  name: string,
  groups: readonly string[] | undefined,
  usersFile: string,
  io: CliIo,
): { readonly person: DescribedCaller['person']; readonly disabled: boolean } | undefined {
  if (groups === undefined) return findUser(usersFile, name, io)
  const users = readUsers(usersFile, io)
  const known = users.ok ? users.users.get(canonicalUserName(name) ?? '') : undefined
  if (known === undefined) return { person: describedPerson(name, groups), disabled: false }
  return { person: { ...known.person, groups }, disabled: known.disabled }
}

/** How long ago somebody showed what they log in with; `none`: only the password, just now. */
function readMfaAge(written: string | undefined): number | 'none' | undefined {
  if (written === undefined) return 0
  if (written === 'none') return 'none'
  const [, count, unit = ''] = /^([0-9]{1,5})([smhd])$/.exec(written) ?? []
  const size = UNITS.get(unit)
  return count === undefined || size === undefined ? undefined : Number(count) * size
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

function splitNames(list: string): readonly string[] {
  return list
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

function wrong(why: string): ReadCaller {
  return { ok: false, code: 2, why }
}
