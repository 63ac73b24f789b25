import t from 'tap'
import fc from 'fast-check'
import { readCaseList } from '../../src/config/read-case-list.js'
import { readYaml, type Path, type YamlDocument } from '../../src/config/read-yaml.js'

const RUNS = Number(process.env.CASE_LIST_RUNS ?? 2000)

const scalars = fc.constantFrom(
  ...[
    'https://wiki.example.com/a?b=c&d',
    '/admin/x',
    '6m',
    '10.2.0.7',
    '2027-04-01',
    'allow',
    'x:y',
    'a:',
    'a#b',
  ],
  ...[
    'true',
    'null',
    'True',
    'NULL',
    '~',
    '7',
    '0x1f',
    '1e5',
    '-1',
    '.5',
    '"a b"',
    "'it: # x'",
    "'it''s'",
    '"\\n"',
    '',
  ],
  ...[
    'a b',
    '*',
    '**',
    '&a',
    '!x',
    '%41',
    '@a',
    '`',
    '|',
    '>',
    '::1',
    'fd00::/8',
    'é',
    'a\\b',
    '"é"',
    'no',
    '0o7',
    '[',
    '}',
  ],
)
const keys = fc.constantFrom(
  'get',
  'as',
  'expect',
  'user',
  'true',
  '"as"',
  'a b',
  'remote-user',
  '__proto__',
  '7',
  '',
)
const blanks = fc.constantFrom('', ' ', '  ')

const flows: fc.Arbitrary<string> = fc.letrec<{ map: string; list: string; value: string }>(tie => ({
  value: fc.oneof({ weight: 6, arbitrary: scalars }, tie('map'), tie('list')),
  map: fc
    .array(fc.tuple(keys, fc.constantFrom(': ', ':', ':  ', ''), tie('value'), blanks), { maxLength: 4 })
    .map(
      entries => `{ ${entries.map(([key, colon, value, after]) => key + colon + value + after).join(', ')} }`,
    ),
  list: fc.array(tie('value'), { maxLength: 3 }).map(items => `[${items.join(', ')}]`),
})).map

/** Mostly cases as they are written, so that many files are read line by line. */
const plainCases = fc
  .tuple(
    fc.constantFrom('/a', 'https://x.example/b'),
    fc.constantFrom('anonymous', '{ user: a, groups: [b, c] }'),
  )
  .map(([url, as]) => `{ get: ${url}, as: ${as}, expect: allow }`)

const items = fc.oneof(
  { weight: 8, arbitrary: plainCases },
  { weight: 2, arbitrary: flows },
  fc.constantFrom(
    'get: /a\n    expect: allow',
    'get: /a\n    as:\n      user: b',
    '{ get: /a,\n      expect: allow }',
    '',
    '- a',
  ),
  fc.constantFrom(
    '{ get: /a }  # why',
    '{ get: /a } x',
    '{ get: /a }\n\n  # why\n',
    'name: |\n      - a\n      - b',
    '"a\n  - b"',
  ),
)

const files = fc
  .record({
    top: fc.constantFrom(
      'tests:\n',
      'tests: # these\n',
      '# these\n\ntests:\n',
      '',
      '\n',
      'tests:\n\n  # a\n',
      'test:\n',
      '---\n',
    ),
    indent: fc.constantFrom('', '  ', '    '),
    list: fc.array(fc.tuple(items, fc.constantFrom('', '', '', ' ', '\n', '\r')), {
      minLength: 1,
      maxLength: 6,
    }),
    end: fc.constantFrom('\n', '', '\n\n', '\nmore: 1\n', '\n...\n'),
  })
  .map(
    ({ top, indent, list, end }) =>
      top + list.map(([item, after]) => `${indent}- ${item}${after}`).join('\n') + end,
  )

t.test(
  'a file that is read item by item is read as the whole parser reads it, values and places',
  async t => {
    let quick = 0
    fc.assert(
      fc.property(files, text => {
        const list = readCaseList('a.yaml', text)
        if (list === undefined) return
        quick += 1
        const whole = readYaml('a.yaml', text)
        if (!whole.ok) throw new Error(`refused: ${JSON.stringify(whole.problems[0])}`)
        const { document } = whole
        if (JSON.stringify(list.value) !== JSON.stringify(document.value))
          throw new Error(`${JSON.stringify(list.value)} is not ${JSON.stringify(document.value)}`)
        if (document.problems.length > 0) throw new Error('it has problems')
        for (const path of pathsOf(document.value)) comparePlaces(list, document, path)
      }),
      { numRuns: RUNS },
    )
    t.ok(quick > RUNS / 20, `${quick} of ${RUNS} files were read item by item`)
  },
)

function comparePlaces(list: YamlDocument, whole: YamlDocument, path: Path): void {
  for (const part of ['key', 'value'] as const) {
    const [one, other] = [list.placeOf(path, part), whole.placeOf(path, part)]
    if (one.line !== other.line || one.column !== other.column)
      throw new Error(
        `${part} of ${JSON.stringify(path)}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`,
      )
  }
}

/** Every path of a value, and beside each one that is not there. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, part]) =>
          pathsOf(part, [...path, Array.isArray(value) ? Number(key) : key]),
        )
      : []
  return [path, [...path, 'absent'], ...below]
}

t.test('the usual file of cases is read item by item', async t => {
  const text = `# what must hold
tests:
  - { get: https://wiki.example.com/assets/a.js, as: anonymous, expect: allow }
  # ops only
  - { get: /admin/x, as: { user: alice, groups: [ops], mfa_age: 6m }, expect: step_up } # too old
  - name: in several lines
    post: /reports/q
    as: kiosk
    from: 10.2.0.7
    expect: { deny: not_in_group }
`
  t.ok(readCaseList('a.yaml', text))
})
