import { canonicalHost } from '../../../access/host.js'
import type { Path, YamlDocument } from '../../../config/read-yaml.js'
import type { LineColumn } from '../../../documents/source-text.js'
import { type AddressRange, readRange } from '../address-range.js'
import type { Conjunction } from '../carried-rule.js'
import type { NoteTaker } from '../imported.js'
import { asBlock, type Block } from '../yaml-block.js'

/** What a rule of Authelia asks for. */
export type AutheliaPolicy = 'bypass' | 'one_factor' | 'two_factor' | 'deny'

/** One condition on the query. */
export interface QueryCondition {
  readonly key: string
  readonly operator: string
  readonly value: string | undefined
}

/** One rule of `access_control.rules`, as it was written. Every criterion that is there must hold. */
export interface AutheliaRule {
  readonly place: LineColumn
  /** Counted from 1. */
  readonly number: number
  /** Lower case; `*.`, `{user}.` and `{group}.` may stand in front. */
  readonly domains: readonly string[]
  readonly domainRegexes: readonly string[]
  readonly policy: AutheliaPolicy
  /** Any one of them; undefined: every path. */
  readonly resources: readonly string[] | undefined
  readonly methods: readonly string[] | undefined
  readonly networks: readonly AddressRange[] | undefined
  readonly subjects: readonly Conjunction[] | undefined
  /** Any one of the lists, of which all must hold. */
  readonly query: readonly (readonly QueryCondition[])[] | undefined
  /** Whether something of it was not understood: which requests it was for is then not known. */
  readonly isUnclear: boolean
}

/** `access_control`, as it was written. */
export interface AccessControl {
  readonly rules: readonly AutheliaRule[]
  readonly defaultPolicy: AutheliaPolicy
}

const POLICIES: readonly AutheliaPolicy[] = ['bypass', 'one_factor', 'two_factor', 'deny']
const KEYS = new Set([
  'domain',
  'domain_regex',
  'policy',
  'resources',
  'methods',
  'networks',
  'subject',
  'query',
])

/** Reads `access_control`. What is not understood is noted, and makes its rule unclear. */
export function readAccessControl(document: YamlDocument, raw: unknown, notes: NoteTaker): AccessControl {
  const block = asBlock(raw)
  const at = (path: Path): LineColumn => document.placeOf(['access_control', ...path], 'value')
  const named = readNamedNetworks(block, at, notes)
  const written = Array.isArray(block.rules) ? (block.rules as readonly unknown[]) : []
  const rules = written.map((rule, index) => readRule(asBlock(rule), index, at, named, notes))
  const defaultPolicy = readPolicy(block.default_policy ?? 'deny')
  if (defaultPolicy === undefined)
    notes.lost(
      at(['default_policy']),
      'this default_policy is not known: it is taken for deny',
      'write denied routes otherwise where they are meant to be open',
    )
  return { rules, defaultPolicy: defaultPolicy ?? 'deny' }
}

type PlaceOf = (path: Path) => LineColumn
type NamedNetworks = ReadonlyMap<string, readonly AddressRange[]>

/** A text or a list of texts, as Authelia takes either. */
function asTexts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.filter(one => typeof one === 'string' || typeof one === 'number').map(String)
}

function readNamedNetworks(block: Block, at: PlaceOf, notes: NoteTaker): NamedNetworks {
  const named = new Map<string, readonly AddressRange[]>()
  const list = Array.isArray(block.networks) ? (block.networks as readonly unknown[]) : []
  for (const [index, one] of list.entries()) {
    const { name, networks } = asBlock(one)
    const texts = asTexts(networks)
    const ranges = texts.flatMap(text => readRange(text) ?? [])
    // A name that is not wholly understood is unknown: its rules become unclear.
    if (typeof name === 'string' && ranges.length === texts.length) named.set(name, ranges)
    else
      notes.lost(
        at(['networks', index]),
        'these networks are not understood',
        'write them into the routes yourself',
      )
  }
  return named
}

function readRule(
  rule: Block,
  index: number,
  at: PlaceOf,
  named: NamedNetworks,
  notes: NoteTaker,
): AutheliaRule {
  let isUnclear = false
  const unclear = (key: string, says: string): void => {
    isUnclear = true
    notes.lost(
      at(['rules', index, key]),
      `rule ${index + 1}: ${says}: which requests it was for is not known`,
      'the routes made of it take the stricter side; write what it means yourself',
    )
  }
  for (const key of Object.keys(rule).filter(key => !KEYS.has(key))) unclear(key, `"${key}" is not known`)
  const policy = readPolicy(rule.policy)
  if (policy === undefined) unclear('policy', 'its policy is not known, and taken for deny')
  // An empty list is no criterion.
  const has = (key: string): boolean => {
    const value = rule[key]
    return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
  }
  const networks = has('networks') ? asTexts(rule.networks) : undefined
  const ranges = networks?.flatMap(text => {
    const range = readRange(text)
    const found = range === undefined ? named.get(text) : [range]
    if (found === undefined) unclear('networks', 'one of its networks is not known')
    return found ?? []
  })
  return {
    place: at(['rules', index]),
    number: index + 1,
    domains: asTexts(rule.domain).map(domain => domain.toLowerCase()),
    domainRegexes: asTexts(rule.domain_regex),
    policy: policy ?? 'deny',
    resources: has('resources') ? asTexts(rule.resources) : undefined,
    methods: has('methods') ? asTexts(rule.methods).map(one => one.toUpperCase()) : undefined,
    networks: ranges,
    subjects: has('subject')
      ? readSubjects(rule.subject, says => {
          unclear('subject', says)
        })
      : undefined,
    query: has('query') ? readQuery(rule.query) : undefined,
    isUnclear,
  }
}

function readPolicy(value: unknown): AutheliaPolicy | undefined {
  return POLICIES.find(policy => policy === value)
}

/** The outer list is "or", the inner one "and"; either may be left out. */
function readSubjects(value: unknown, unclear: (says: string) => void): readonly Conjunction[] {
  const outer: readonly unknown[] = Array.isArray(value) ? value : [value]
  return outer.flatMap((one): Conjunction[] => {
    const parts = asTexts(one)
    const users = parts.filter(part => part.startsWith('user:')).map(part => part.slice(5))
    const groups = parts.filter(part => part.startsWith('group:')).map(part => part.slice(6))
    // A client of OAuth 2.0 is nobody who could log in here.
    if (parts.length > 0 && parts.every(part => part.startsWith('oauth2:'))) {
      unclear('it is for a client of OAuth 2.0, and there is none here')
      return []
    }
    if (parts.length === 0 || users.length + groups.length !== parts.length)
      unclear('its subject is not understood')
    return [{ users, groups }]
  })
}

function readQuery(value: unknown): AutheliaRule['query'] {
  const outer: readonly unknown[] = Array.isArray(value) ? value : [value]
  return outer.map(one => {
    const inner: readonly unknown[] = Array.isArray(one) ? one : [one]
    return inner.map(item => {
      const { key, operator, value: wanted } = asBlock(item)
      const text = typeof wanted === 'string' || typeof wanted === 'number' ? String(wanted) : undefined
      return {
        key: typeof key === 'string' ? key : '',
        operator: typeof operator === 'string' ? operator : text === undefined ? 'present' : 'equal',
        value: text,
      }
    })
  })
}

/** Whether a pattern of `domain` has this host in it; undefined: it depends on who asks. */
export function isOfDomain(pattern: string, host: string): boolean | undefined {
  if (pattern.startsWith('{user}.') || pattern.startsWith('{group}.'))
    return host.endsWith(pattern.slice(pattern.indexOf('}') + 1)) ? undefined : false
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length
    : pattern === host || canonicalHost(pattern) === host
}
