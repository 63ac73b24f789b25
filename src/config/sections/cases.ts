import { isIP } from 'node:net'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { quote } from '../../documents/problem.js'
import type { PolicyCase } from '../policy-case.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, isBlock, soundSettings, text } from '../settings.js'
import { asSchema, readCaller } from './case-caller.js'
import { expectSchema, readExpectation } from './case-expectation.js'
import { MOMENT_CURE, MOMENT_PATTERN, readMoment } from './until.js'

/** Further methods are written as `request`. Those of WebDAV (RFC 4918) are here because importers meet them. */
const METHOD_KEYS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'propfind'] as const
type MethodKey = (typeof METHOD_KEYS)[number]

const URL_CURE = 'write https:// and the host, or for public_url only the path, such as /admin/x'

function request(method: MethodKey) {
  return Type.Optional(
    text({
      description: `A ${method.toUpperCase()} request for this URL. One that is only a path belongs to public_url.`,
      examples: ['https://wiki.example.com/admin/x'],
    }),
  )
}

/** What every case has, whatever its method. */
const caseKeys = {
  request: Type.Optional(
    text(
      {
        description: 'A request with any other method: the method as it is sent, a space and the URL.',
        examples: ['REPORT https://wiki.example.com/calendar'],
      },
      '^\\S+ \\S',
      'write method, space and URL, such as "REPORT https://wiki.example.com/calendar"',
    ),
  ),
  name: Type.Optional(text({ description: 'What the case shows, for messages.', examples: ['ops get in'] })),
  as: Type.Optional(asSchema),
  from: Type.Optional(
    text({
      description: "The client's address. Default: one that belongs to nobody.",
      examples: ['10.2.0.7'],
    }),
  ),
  at: Type.Optional(
    text(
      {
        description:
          'When it happens: a time, or a date for its begin (UTC). Default: when the cases are run.',
        examples: ['2027-04-01'],
      },
      MOMENT_PATTERN,
      MOMENT_CURE,
    ),
  ),
  preflight: Type.Optional(
    Type.Boolean({
      description:
        'A genuine CORS preflight, with Origin and Access-Control-Request-Method. Only for options.',
      default: false,
    }),
  ),
  expect: expectSchema,
  headers: Type.Optional(
    Type.Record(
      Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
      Type.Union([Type.String(), Type.Null()]),
      {
        additionalProperties: false,
        description:
          'Header fields that the app must see, by name; null: no field of that name. Case does not count.',
        examples: [{ 'remote-user': 'alice' }],
      },
    ),
  ),
}

const caseSchema = block('One case: a request, who asks, and what must become of it.', {
  ...(Object.fromEntries(METHOD_KEYS.map(method => [method, request(method)])) as Record<
    MethodKey,
    ReturnType<typeof request>
  >),
  ...caseKeys,
})

export const casesSchema = Type.Array(caseSchema, {
  description:
    'What must become of requests. "gatehouse test" runs these cases, and those of gateway.tests.yaml beside this file.',
  minItems: 1,
})

/** A file of nothing but cases. */
export const casesFileSchema = block('A file of cases.', { tests: casesSchema })

/** From so many on, the check is compiled first: that takes as long as checking a hundred cases without. */
const MANY = 200

/** Makes what tells whether a case fits its schema. `count`: of how many. */
export function createCaseCheck(count: number): (raw: unknown) => boolean {
  if (count < MANY) return raw => Value.Check(caseSchema, raw)
  const compiled = Compile(caseSchema)
  return raw => compiled.Check(raw)
}

type WrittenCase = Partial<Static<typeof caseSchema>>

/**
 * Reads a list of cases. What does not fit the schema has been reported; what else is wrong is reported here.
 * @param origin what a URL that is only a path belongs to; undefined when `public_url` is wrong
 */
export function readCases(
  reading: Reading,
  path: Path,
  raw: unknown,
  origin: string | undefined,
): readonly PolicyCase[] {
  if (!Array.isArray(raw)) return []
  const fits = createCaseCheck(raw.length)
  return raw.flatMap((item: unknown, index) => {
    if (!isBlock(item)) return []
    const written: WrittenCase = fits(item) ? item : soundSettings(caseSchema, item)
    return readCase(reading, [...path, index], { raw: item, written }, origin ?? '') ?? []
  })
}

function readCase(
  reading: Reading,
  path: Path,
  { raw, written }: { readonly raw: Readonly<Record<string, unknown>>; readonly written: WrittenCase },
  origin: string,
): PolicyCase | undefined {
  const { name, from, preflight = false } = written
  const expect =
    written.expect === undefined ? undefined : readExpectation(reading, [...path, 'expect'], written.expect)
  const asked = readRequest(reading, path, written, raw, origin)
  if (from !== undefined && isIP(from) === 0)
    reading.findings.error(
      [...path, 'from'],
      `${quote(from)} is not an IP address`,
      'write one such as 10.2.0.7',
    )
  if (preflight && asked !== undefined && asked.method !== 'OPTIONS') {
    const message = 'a preflight is an OPTIONS request'
    reading.findings.error([...path, 'preflight'], message, 'write "options:" in place of the method')
  }
  if (Object.hasOwn(raw, 'headers') && expect !== undefined && expect.outcome !== 'allow') {
    const message = '"headers" are what the app gets, and it gets only what is allowed'
    reading.findings.error([...path, 'headers'], message, 'leave them out, or write "expect: allow"', 'key')
  }
  const caller = readCaller(reading, [...path, 'as'], written.as)
  const at = readMoment(reading, [...path, 'at'], written.at, 'begin')
  if (asked === undefined || expect === undefined) return undefined
  const { url, ...request } = asked
  return {
    name,
    place: reading.findings.place(path),
    asked: { ...request, address: from ?? SOMEWHERE, asksPreflight: preflight },
    url,
    caller,
    at,
    expect,
    headers: headersOf(written.headers),
  }
}

/** Where a request comes from when nobody says: an address for documentation (RFC 5737), so no network of anybody. */
const SOMEWHERE = '192.0.2.1'

interface WrittenRequest {
  readonly method: string
  readonly secure: boolean
  readonly authority: string
  readonly target: string
  readonly url: string
}

/** Takes method and URL apart, and parses neither: a parser would repair what the gateway refuses. */
function readRequest(
  reading: Reading,
  path: Path,
  written: WrittenCase,
  raw: Readonly<Record<string, unknown>>,
  origin: string,
): WrittenRequest | undefined {
  const keys = REQUEST_KEYS.filter(key => Object.hasOwn(raw, key))
  const [key, second] = keys
  if (key === undefined) {
    reading.findings.error(path, 'this case has no request', 'add "get:" and a URL, or another method')
    return undefined
  }
  if (second !== undefined) {
    const message = `a case is one request, and this one has "${key}" and "${second}"`
    reading.findings.error([...path, second], message, 'make two cases of it', 'key')
    return undefined
  }
  const value = written[key]
  if (value === undefined) return undefined
  const space = key === 'request' ? value.indexOf(' ') : -1
  const method = key === 'request' ? value.slice(0, space) : key.toUpperCase()
  const url = value.slice(space + 1)
  const parts = ABSOLUTE_URL.exec(url.startsWith('/') ? origin + url : url)
  if (parts === null) {
    if (origin !== '' || !url.startsWith('/'))
      reading.findings.error([...path, key], `${quote(url)} is not a URL`, URL_CURE)
    return undefined
  }
  const [, scheme = '', authority = '', rest = ''] = parts
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return { method, secure: scheme.length === 5, authority, target, url }
}

const REQUEST_KEYS = [...METHOD_KEYS, 'request'] as const
const ABSOLUTE_URL = /^(https?):\/\/([^/?#]*)(.*)$/is

function headersOf(written: WrittenCase['headers']): PolicyCase['headers'] {
  if (written === undefined) return undefined
  return new Map(Object.entries(written).map(([name, value]) => [name.toLowerCase(), value]))
}
