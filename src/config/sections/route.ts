import { METHODS } from 'node:http'
import Type, { type Static } from 'typebox'
import { parsePathPattern } from '../../access/path-pattern.js'
import { compileRouteRegex } from '../../access/route-regex.js'
import type { Route } from '../../access/route.js'
import { nearestWord } from '../../documents/nearest-word.js'
import { quote } from '../../documents/problem.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, choice, isBlock, list, soundSettings, text } from '../settings.js'
import { networkList, readNetworks } from './networks.js'
import { readScopes, scopeList } from './scopes.js'
import { readStepUp, stepUpSchema } from './step-up.js'
import { readUntil, untilSchema } from './until.js'

export const routeSchema = block('One route: which requests it is for, and the access they need.', {
  path: Type.Optional(
    text({
      description:
        'The path. A text is matched exactly, * is one segment, ** is any number of whole segments: /assets/** is for ' +
        '/assets and all below it, never for /assetsX. The query takes no part.',
      examples: ['/assets/**'],
    }),
  ),
  path_regex: Type.Optional(
    text({
      description: 'Instead of path: a regular expression (RE2) that must match the whole path.',
      examples: ['/v[0-9]+/export'],
    }),
  ),
  methods: Type.Optional(
    list(
      {
        description:
          'Only requests with one of these methods; others go on to the next route. HEAD counts as GET.',
        examples: [['GET', 'POST']],
      },
      text(
        { description: 'An HTTP method.' },
        '^[A-Za-z-]+$',
        'write a method such as GET, POST or PROPFIND',
      ),
    ),
  ),
  networks: Type.Optional(networkList('Only requests from these networks; others go on to the next route.')),
  access: choice(
    {
      description: 'What a request of this route needs. A path that no route names is required.',
      examples: ['required'],
    },
    ['public', 'bypassed', 'enrolled', 'required', 'denied'],
    [
      'public: no login; the app gets no identity',
      'bypassed: login, second factor skipped; it needs a reason (elsewhere the word means no login at all, here never)',
      'enrolled: login, and a second factor only for users who have one',
      'required: login and second factor',
      'denied: nobody',
    ],
  ),
  users: Type.Optional(
    list(
      { description: 'Only these users; others are answered 403.', examples: [['kiosk']] },
      text({ description: 'A user name.' }),
    ),
  ),
  groups: Type.Optional(
    list(
      { description: 'Only members of one of these groups; others are answered 403.', examples: [['ops']] },
      text({ description: 'A group.' }),
    ),
  ),
  step_up: Type.Optional(stepUpSchema),
  tokens: Type.Optional(
    scopeList(
      'Scopes: an API token with one of them opens this route too, without login and second factor. Without it, no ' +
        'API token does.',
    ),
  ),
  reason: Type.Optional(
    text({
      description: 'Why the second factor is skipped. Mandatory for bypassed, and only for it.',
      examples: ['kiosk has no phone, OPS-112'],
    }),
  ),
  until: Type.Optional(untilSchema),
})

/** The methods that Node's parser knows, without the two that no gateway forwards. */
const KNOWN_METHODS = METHODS.filter(method => method !== 'CONNECT' && method !== 'TRACE')

/** Reads one route of an app; undefined when it cannot be understood, which has been reported. */
export function readRoute(reading: Reading, path: Path, app: string, raw: unknown): Route | undefined {
  const written = soundSettings(routeSchema, raw)
  const has = (key: string): boolean => isBlock(raw) && Object.hasOwn(raw, key)
  judgeKeys(reading, path, written.access, has)
  const pattern = readPattern(reading, path, written, has)
  const methods = readMethods(reading, path, written.methods)
  const networks = readNetworks(reading, [...path, 'networks'], written.networks, {
    ipv4: 1,
    ipv6: 1,
    why: 'is everybody, which is what a route without "networks" is for',
  })
  const until = readUntil(reading, [...path, 'until'], written.until)
  if (written.access === undefined || pattern === undefined) return undefined
  if (has('networks') && networks === undefined) return undefined
  return {
    name: `${app} ${pattern.pattern}`,
    ...pattern,
    methods,
    networks,
    access: written.access,
    users: written.users,
    groups: written.groups,
    tokens: readScopes(reading, [...path, 'tokens'], written.tokens),
    stepUp: readStepUp(reading, [...path, 'step_up'], written.step_up),
    reason: written.reason,
    until,
    place: reading.findings.place(path),
  }
}

function judgeKeys(
  reading: Reading,
  path: Path,
  access: Static<typeof routeSchema>['access'] | undefined,
  has: (key: string) => boolean,
): void {
  if (access === undefined) return
  const refuse = (keys: readonly string[], why: string, cure: string): void => {
    for (const key of keys.filter(has)) reading.findings.error([...path, key], `"${key}" ${why}`, cure, 'key')
  }
  if (access === 'public' || access === 'denied') {
    const who = access === 'public' ? 'anybody' : 'nobody'
    const cure = `leave it out, or write another access than ${access}`
    refuse(
      ['users', 'groups', 'step_up', 'tokens'],
      `has no meaning on a ${access} route, which is for ${who}`,
      cure,
    )
  }
  if (access !== 'bypassed') {
    const cure = 'leave it out; a note can be a comment'
    refuse(['reason', 'until'], `belongs to bypassed routes, and this one is ${access}`, cure)
    return
  }
  const cure = 'leave step_up out, or write "access: required"'
  refuse(['step_up'], 'asks for a second factor, and bypassed skips it', cure)
  if (!has('reason')) {
    reading.findings.error(
      [...path, 'access'],
      'bypassed (login, second factor skipped) needs a reason',
      'add "reason:" with why these users cannot use a second factor',
    )
  }
}

function readPattern(
  reading: Reading,
  path: Path,
  written: { readonly path?: string; readonly path_regex?: string },
  has: (key: string) => boolean,
): Pick<Route, 'path' | 'pathRegex' | 'pattern'> | undefined {
  if (has('path') && has('path_regex')) {
    const message = 'a route has either "path" or "path_regex", and this one has both'
    reading.findings.error([...path, 'path_regex'], message, 'make two routes of it', 'key')
    return undefined
  }
  if (!has('path') && !has('path_regex')) {
    reading.findings.error(path, 'a route needs a "path"', 'add "path: /…"; "path: /**" is for every path')
    return undefined
  }
  if (written.path !== undefined) {
    const parsed = parsePathPattern(written.path)
    if (parsed.ok) return { path: parsed.pattern, pathRegex: undefined, pattern: written.path }
    reading.findings.error(
      [...path, 'path'],
      `${quote(written.path)}: ${parsed.fault.message}`,
      parsed.fault.cure,
    )
  }
  if (written.path_regex !== undefined) {
    const compiled = compileRouteRegex(written.path_regex)
    if (compiled.ok) return { path: undefined, pathRegex: compiled.regex, pattern: written.path_regex }
    const message = `${quote(written.path_regex)}: ${compiled.fault.message}`
    reading.findings.error([...path, 'path_regex'], message, compiled.fault.cure)
  }
  return undefined
}

/** The methods in upper case, with GET for HEAD: the policy judges both alike. */
function readMethods(
  reading: Reading,
  path: Path,
  written: readonly string[] | undefined,
): readonly string[] | undefined {
  if (written === undefined) return undefined
  const methods = new Set<string>()
  for (const [index, one] of written.entries()) {
    const method = one.toUpperCase()
    const at = [...path, 'methods', index]
    if (methods.has(method)) {
      reading.findings.error(at, `the method ${method} is listed twice`, 'keep one of the two')
    } else if (!KNOWN_METHODS.includes(method)) {
      const near = nearestWord(method, KNOWN_METHODS)
      const cure = near === undefined ? 'write a method such as GET, POST or PROPFIND' : `write ${near}`
      reading.findings.error(at, `${quote(one)} is not a method that the gateway forwards`, cure)
    }
    methods.add(method)
  }
  if (methods.delete('HEAD')) methods.add('GET')
  return [...methods]
}
