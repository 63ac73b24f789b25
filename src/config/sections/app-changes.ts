import Type from 'typebox'
import type { AppChanges } from '../../gate/app-changes.js'
import { createHeaderRules, type HeaderRules } from '../../gate/header-rules.js'
import type { IdentityHeaderNames } from '../../gate/identity-headers.js'
import { quote } from '../../documents/problem.js'
import type { Findings } from '../findings.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, isBlock, list, soundSettings, text } from '../settings.js'
import { comparableHeader, FRAMING_HEADERS, headerName } from './headers.js'

const PREFIX = '^(?:/(?!\\.+(?:/|$))[A-Za-z0-9._~-]+)+$'
const PREFIX_CURE = 'write whole segments of letters, digits, "-", "." and "_", such as /wiki'

function rules(description: string, example: Readonly<Record<string, string>>) {
  return block(description, {
    set: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
        text(
          { description: 'The value.' },
          '^[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?$',
          'write printable ASCII characters on one line',
        ),
        {
          description: 'Headers with their values, each in place of any that are there.',
          examples: [example],
          minProperties: 1,
        },
      ),
    ),
    remove: Type.Optional(
      list(
        { description: 'Headers that are left out.', examples: [['X-Debug']] },
        headerName({ description: 'A header name.' }),
      ),
    ),
  })
}

/** The keys of an app that say what is changed on the way to it and back. */
export const changesSchema = {
  strip_prefix: Type.Optional(
    text(
      {
        description:
          'What the app does not see of the path. Routes are about the path of the client, and a path without the prefix is not found.',
        examples: ['/wiki'],
      },
      PREFIX,
      PREFIX_CURE,
    ),
  ),
  add_prefix: Type.Optional(
    text(
      {
        description: 'What the path of the app begins with, and that of the client does not.',
        examples: ['/app'],
      },
      PREFIX,
      PREFIX_CURE,
    ),
  ),
  request_headers: Type.Optional(
    rules('Changes the headers of requests to the app.', { 'X-Forwarded-Prefix': '/wiki' }),
  ),
  response_headers: Type.Optional(
    rules("Changes the headers of the app's answers.", { 'X-Content-Type-Options': 'nosniff' }),
  ),
}

type Rules = ReturnType<typeof rules>

/** What only the gateway may state to an app, besides the identity. */
const OF_REQUESTS: ReadonlySet<string> = new Set([
  'cookie',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])
/** What is the gateway's own in answers. */
const OF_ANSWERS: ReadonlySet<string> = new Set(['set-cookie'])

/** Reads what is changed on the way to an app and back; undefined: nothing is. */
export function readAppChanges(reading: Reading, path: Path, app: unknown): AppChanges | undefined {
  const written = isBlock(app) ? app : {}
  const prefixes = soundSettings(block('', changesSchema), written)
  const strip = prefixes.strip_prefix ?? ''
  const add = prefixes.add_prefix ?? ''
  const changes = {
    path: strip === '' && add === '' ? undefined : { strip, add },
    requestHeaders: readRules(
      reading.findings,
      [...path, 'request_headers'],
      written.request_headers,
      OF_REQUESTS,
    ),
    responseHeaders: readRules(
      reading.findings,
      [...path, 'response_headers'],
      written.response_headers,
      OF_ANSWERS,
    ),
  }
  return Object.values(changes).some(one => one !== undefined) ? changes : undefined
}

const RULES: Rules = changesSchema.request_headers

function readRules(
  findings: Findings,
  path: Path,
  written: unknown,
  taken: ReadonlySet<string>,
): HeaderRules | undefined {
  if (!isBlock(written)) return undefined
  const { set = {}, remove = [] } = soundSettings(RULES, written)
  const names = new Map<string, string>()
  for (const [name, place] of placesOf(set, remove, path)) {
    const known = comparableHeader(name)
    const before = names.get(known)
    const key = place.at(-2) === 'set' ? 'key' : 'value'
    if (FRAMING_HEADERS.has(known) || taken.has(known) || known.startsWith('gatehouse-')) {
      const message = `${quote(name)} belongs to the connection or to the gateway itself`
      findings.error(place, message, 'leave it out', key)
    } else if (before !== undefined) {
      const message = `${quote(name)} and ${quote(before)} are one header (case, "_" and "." do not count)`
      findings.error(
        place,
        message,
        'leave one of them out: what is set takes the place of what is there',
        key,
      )
    }
    names.set(known, name)
  }
  return names.size === 0 ? undefined : createHeaderRules(set, remove)
}

function placesOf(
  set: Readonly<Record<string, string>>,
  remove: readonly string[],
  path: Path,
): readonly (readonly [string, Path])[] {
  return [
    ...Object.keys(set).map((name): [string, Path] => [name, [...path, 'set', name]]),
    ...remove.map((name, index): [string, Path] => [name, [...path, 'remove', index]]),
  ]
}

/** Reports rules about the headers by which apps learn who is there. */
export function reportIdentityRules(
  findings: Findings,
  apps: readonly { readonly path: Path; readonly config: { readonly changes?: AppChanges | undefined } }[],
  identity: IdentityHeaderNames,
): void {
  for (const { path, config } of apps) {
    for (const name of Object.values(identity) as (string | undefined)[]) {
      if (name === undefined || config.changes?.requestHeaders?.removes(name) !== true) continue
      findings.error(
        [...path, 'request_headers'],
        `${quote(name)} tells the app who is there, and only the gateway may say that`,
        'leave it out here; its name is chosen by "headers"',
      )
    }
  }
}
