import { provesPossession, type Method } from '../../access/assurance.js'
import { describeDuration } from '../../access/describe-duration.js'
import type { Route } from '../../access/route.js'
import { describedPerson, type DescribedCaller } from '../described-caller.js'

/** One way in which callers differ. */
export interface Dimension {
  readonly kind: 'subject' | 'groups' | 'other'
  readonly size: number
  /** The chosen values in words. */
  readonly say: (chosen: readonly number[]) => string
}

/** Callers of one sort: every choice of one value from each dimension. */
export interface CallerFamily {
  readonly of: 'nobody' | 'person' | 'token'
  readonly dimensions: readonly Dimension[]
  /** Somebody with these values, and the moment at which they ask, in milliseconds since the epoch. */
  readonly pick: (choice: readonly number[]) => {
    readonly caller: DescribedCaller | undefined
    readonly at: number
  }
}

/** What decides who gets through, on either side. */
export interface CallerQuestion {
  readonly before: Route | undefined
  readonly after: Route | undefined
  /** The names of the app: API tokens can be kept for one. */
  readonly appNames: readonly string[]
  readonly now: number
  /** Whether browsers can be remembered. */
  readonly remembers: boolean
}

const METHODS: readonly Method[] = [
  'totp',
  'webauthn',
  'backup_code',
  'email',
  'sms',
  'password',
  'knowledge_question',
]

/**
 * Callers of every kind that one of two routes tells apart, by one of each: `decide()` reads no more of them. Times
 * are those from now on.
 */
export function callerSpace(question: CallerQuestion): readonly CallerFamily[] {
  const { before, after, appNames, now } = question
  const routes = [before, after].flatMap(route => route ?? [])
  const times = momentsOf(routes, now)
  const subjects = subjectsOf(before?.users, after?.users)
  const groups = setsOf('groups', before?.groups, after?.groups)
  const scopes = setsOf('scopes', before?.tokens, after?.tokens)
  const shown = shownBy(routes)
  const ages = agesOf(routes)
  const apps = appNames.length > 1 ? [undefined, ...appNames] : [undefined]
  const devices = question.remembers ? 2 : 1

  const at = (index: number | undefined): number => times.values[index ?? 0] ?? now
  return [
    { of: 'nobody', dimensions: [times], pick: ([time]) => ({ caller: undefined, at: at(time) }) },
    {
      of: 'person',
      dimensions: [
        subjects,
        groups,
        shown,
        ages,
        accounts,
        other(devices, index =>
          index === 0 ? 'on a browser that is not remembered' : 'on a remembered browser',
        ),
        times,
      ],
      pick: ([subject = 0, group = 0, method = 0, age = 0, account = 0, device = 0, time = 0]) => {
        const { mfa, has } = ACCOUNTS[account] ?? ACCOUNTS[0]
        const person = describedPerson(subjects.values[subject] ?? '', groups.values[group], mfa)
        const proofs = shown.values[method]?.(ages.values[age] ?? 0, ages.values.at(-1) ?? 0) ?? {
          factors: [],
        }
        return {
          caller: { person, ...proofs, hasSecondFactor: has, rememberedDevice: device === 1 },
          at: at(time),
        }
      },
    },
    {
      of: 'token',
      dimensions: [
        scopes,
        other(2, index => (index === 0 ? 'of a machine' : 'of a user')),
        subjects,
        groups,
        other(apps.length, index =>
          index === 0 ? 'for every app' : `kept for the app ${apps[index] ?? ''}`,
        ),
        times,
      ],
      pick: ([scope = 0, owner = 0, subject = 0, group = 0, app = 0, time = 0]) => {
        const name = apps[app]
        const apiToken = {
          scopes: scopes.values[scope] ?? [],
          apps: name === undefined ? undefined : [name],
          paths: undefined,
          owner: owner === 0 ? ('machine' as const) : ('user' as const),
        }
        const person = describedPerson(subjects.values[subject] ?? '', groups.values[group])
        return { caller: { person, factors: [], apiToken }, at: at(time) }
      },
    },
  ]
}

const ACCOUNTS = [
  { mfa: 'enabled', has: true, says: 'who has a second factor' },
  { mfa: 'enabled', has: false, says: 'who has no second factor yet' },
  { mfa: 'disabled', has: false, says: 'whose second factor is disabled' },
] as const

const accounts: Dimension = {
  kind: 'other',
  size: ACCOUNTS.length,
  say: chosen =>
    chosen.join() === '0,1'
      ? 'whose second factor is not disabled'
      : chosen.map(index => ACCOUNTS[index]?.says ?? '').join(' or '),
}

type Valued<T> = Dimension & { readonly values: readonly T[] }

function other(size: number, label: (index: number) => string): Dimension {
  return { kind: 'other', size, say: chosen => chosen.map(label).join(' or ') }
}

function valued<T>(
  kind: Dimension['kind'],
  values: readonly { readonly value: T; readonly says: string }[],
): Valued<T> {
  return {
    ...other(values.length, index => values[index]?.says ?? ''),
    kind,
    values: values.map(({ value }) => value),
  }
}

/** One user of each kind that the lists name, and one whom none does. */
function subjectsOf(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): Valued<string> {
  const named = [...new Set([...(before ?? []), ...(after ?? [])])]
  const kinds = new Map<string, string[]>()
  for (const name of named) {
    const kind = `${before?.includes(name) === true} ${after?.includes(name) === true}`
    kinds.set(kind, [...(kinds.get(kind) ?? []), name])
  }
  const lists = [...kinds.values()]
  const stranger = freeName('anybody', named)
  return {
    kind: 'subject',
    size: lists.length + 1,
    values: [stranger, ...lists.map(([first = '']) => first)],
    say: chosen => {
      const rest = lists.filter((_, index) => !chosen.includes(index + 1)).flat()
      const names = lists.filter((_, index) => chosen.includes(index + 1)).flat()
      if (chosen.includes(0)) return `anybody but ${listed(rest)}`
      return `${names.length === 1 ? 'user' : 'users'} ${listed(names)}`
    },
  }
}

/** Holders of none, of one, of the other, and of both lists, as far as there are such. */
function setsOf(
  of: 'groups' | 'scopes',
  before: readonly string[] = [],
  after: readonly string[] = [],
): Valued<readonly string[]> {
  const [within, without, one, several] = WORDS_OF[of]
  const say = (how: string, names: readonly string[]): string =>
    `${how} ${names.length === 1 ? one : `any of ${several}`} ${listed(names)}`
  const values = [{ value: [] as readonly string[], says: say(without, [...new Set([...before, ...after])]) }]
  for (const [mine, theirs] of [
    [before, after],
    [after, before],
  ] as const) {
    const only = mine.filter(name => !theirs.includes(name))
    const but = theirs.length === 0 ? '' : ` and ${say(without, theirs)}`
    if (only.length > 0) values.push({ value: only.slice(0, 1), says: say(within, only) + but })
  }
  const shared = before.filter(name => after.includes(name))
  if (shared.length > 0) values.push({ value: shared.slice(0, 1), says: say(within, shared) })
  else if (before.length > 0 && after.length > 0) {
    const value = [...before.slice(0, 1), ...after.slice(0, 1)]
    values.push({ value, says: `${say(within, before)} and ${say(within, after)}` })
  }
  return valued(of === 'groups' ? 'groups' : 'other', values)
}

const WORDS_OF = {
  groups: ['in', 'not in', 'group', 'the groups'],
  scopes: ['with', 'without', 'the scope', 'the scopes'],
} as const

/** What was shown at a login: the age of the proof that counts → proofs. `oldest` is older than any route accepts. */
type Shown = (age: number, oldest: number) => Pick<DescribedCaller, 'passwordAge' | 'factors' | 'factorAge'>

function shownBy(routes: readonly Route[]): Valued<Shown> {
  const stepUps = routes.flatMap(({ stepUp }) => stepUp ?? [])
  const password: Shown = age => ({ passwordAge: age, factors: [] })
  const withPassword =
    (...factors: readonly Method[]): Shown =>
    (age, oldest) => ({ passwordAge: oldest, factors, factorAge: age })
  const alone = { value: password, says: 'with the password alone' }
  if (stepUps.length === 0)
    return valued('other', [alone, { value: withPassword('totp'), says: 'with a second factor' }])

  const kinds = new Map<string, Method[]>()
  const named = new Set(stepUps.flatMap(({ methods }) => methods ?? []))
  for (const method of METHODS) {
    const lists = stepUps.map(({ methods }) => methods?.includes(method) ?? 'any')
    const kind = [...lists, provesPossession(method)].join()
    kinds.set(kind, [...(kinds.get(kind) ?? []), method])
  }
  // What is only known and no route names adds nothing to the password.
  const counting = [...kinds.values()].filter(methods =>
    methods.some(method => named.has(method) || provesPossession(method)),
  )
  const classes = counting.map(methods => ({
    methods,
    first: methods[0] ?? 'totp',
    says: methods.some(method => named.has(method))
      ? methods.join(' or ').replaceAll('_', ' ')
      : named.size === 0
        ? 'a second factor'
        : 'another second factor',
  }))
  const values = [alone]
  const listsDiffer = new Set(stepUps.map(({ methods }) => [...(methods ?? [])].sort().join())).size > 1
  classes.forEach(({ methods, first, says }, index) => {
    const possesses = provesPossession(first)
    if (possesses) {
      const onlyThis: Shown = age => ({ passwordAge: 'none', factors: [first], factorAge: age })
      values.push({ value: onlyThis, says: `with ${says} alone` })
    }
    if (!methods.includes('password')) values.push({ value: withPassword(first), says: `with ${says}` })
    // Two at once can meet what neither meets alone.
    for (const more of classes.slice(index + 1)) {
      const isOne = possesses || provesPossession(more.first)
      const isKnown = [...methods, ...more.methods].some(
        method => named.has(method) && !provesPossession(method),
      )
      if (isOne && (listsDiffer || isKnown))
        values.push({ value: withPassword(first, more.first), says: `with both ${says} and ${more.says}` })
    }
  })
  return valued('other', values)
}

/** Ages on both sides of every limit. */
function agesOf(routes: readonly Route[]): Valued<number> {
  const limits = new Set(routes.flatMap(({ stepUp }) => stepUp?.maxAge ?? []))
  const sorted = [...limits].sort((a, b) => a - b)
  const values = sorted.map((limit, index) => {
    const from = sorted[index - 1]
    const most = describeDuration(limit)
    const says = from === undefined ? `at most ${most} ago` : `${describeDuration(from)} to ${most} ago`
    return { value: limit, says: `shown ${says}` }
  })
  const last = sorted.at(-1)
  const older =
    last === undefined ? [] : [{ value: last + 1, says: `shown more than ${describeDuration(last)} ago` }]
  return valued('other', last === undefined ? [{ value: 0, says: '' }] : [...values, ...older])
}

/** Moments on both sides of every end that is still to come. */
function momentsOf(routes: readonly Route[], now: number): Valued<number> {
  const ends = new Set(routes.flatMap(({ until }) => (until !== undefined && until > now ? until : [])))
  const sorted = [...ends].sort((a, b) => a - b)
  const date = (moment: number): string => new Date(moment).toISOString().replace(/(?::00)?\.000Z$/, 'Z')
  return valued(
    'other',
    [now, ...sorted].map((moment, index) => {
      const end = sorted[index]
      const from = index === 0 ? '' : `from ${date(moment)} on`
      const to = end === undefined ? '' : `before ${date(end)}`
      return { value: moment, says: [from, to].filter(part => part !== '').join(', ') }
    }),
  )
}

function freeName(name: string, taken: readonly string[]): string {
  let free = name
  while (taken.includes(free)) free += '-else'
  return free
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ')
}
