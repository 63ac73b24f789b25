import t from 'tap'
import { problemsOf, site } from './broken-file.js'

/** CPU seconds, so that a busy machine does not matter. */
function cost(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000_000
}

const bombs: readonly (readonly [string, string, RegExp])[] = [
  ['an alias bomb', `a: &a [x,x]\n${bomb()}`, /anchor/],
  ['100,000 open brackets', '['.repeat(100_000), /too deeply/],
  ['100,000 pairs of brackets', '['.repeat(100_000) + ']'.repeat(100_000), /too deeply/],
  ['100,000 open braces', '{a: '.repeat(100_000), /too deeply/],
  ['100,000 nested lists', `${'- '.repeat(100_000)}a`, /too deeply/],
  ['100,000 nested keys', `${'? '.repeat(100_000)}a`, /too deeply/],
  ['lines that are indented further and further', steps(1400), /too deeply/],
  ['50 MB', 'public_url: https://a\n'.repeat(2_400_000), /larger than 1 MiB/],
]

for (const [name, text, message] of bombs) {
  t.test(`l5: ${name}: refused within a second`, async t => {
    t.ok(cost(() => t.match(problemsOf(text), [{ severity: 'error', message, cure: /./ }])) < 1)
  })
}

t.test('100,000 unknown and duplicate keys end in a bounded number of problems', async t => {
  t.ok(problemsOf(site(Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n'))).length <= 1000)
  t.ok(problemsOf(site('k: 1\n'.repeat(50_000))).length <= 1000)
})

t.test('an error is not lost among many warnings', async t => {
  const old = (i: number) => `  - { path: /a${i}, access: bypassed, reason: x, until: 2020-01-01 }\n`
  const routes = Array.from({ length: 2000 }, (_, i) => old(i)).join('')
  const problems = problemsOf(site(`routes:\n${routes}  - { path: /b, access: bypassed }`))
  t.match(problems.at(-1), { severity: 'error', message: /needs a reason/ })
})

function bomb(): string {
  const names = 'a b c d e f g h i'.split(' ')
  return names
    .slice(1)
    .map(
      (name, i) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${names[i] ?? ''}`)
          .join(',')}]`,
    )
    .join('\n')
}

function steps(count: number): string {
  return Array.from({ length: count }, (_, i) => `${' '.repeat(i)}a:`).join('\n')
}
