import t from 'tap'
import { loadText, site, withSecondApp } from './broken-file.js'
import { expectProblems } from './expect-problem.js'

const TRUSTED = 'trusted_proxies: [10.0.0.5/32]'
const DOMAIN = 'session: { domain: example.com }'

t.test(
  'an app that another proxy forwards to needs no upstream, and is then open to nobody by omission',
  t => {
    const policyOf = (text: string): unknown => {
      const loaded = loadText(text)
      return loaded.ok
        ? loaded.config.apps.map(({ policy }) => [policy.hasUpstream, policy.forwardAuth])
        : loaded
    }
    const wiki = [true, undefined]
    const app = (...lines: string[]): string =>
      withSecondApp(['name: b', 'host: b.example.com', ...lines], `${TRUSTED}\n${DOMAIN}`)
    t.same(policyOf(app('forward_auth: true')), [wiki, [true, true]])
    t.same(policyOf(app('forward_auth: true', 'upstream: http://b:1')), [wiki, [true, true]])
    t.same(policyOf(app('forward_auth: false', 'upstream: http://b:1')), [wiki, [true, undefined]])
    t.same(policyOf(app('forward_auth: false', 'routes: [{ path: /a, access: public }]')), [
      wiki,
      [false, undefined],
    ])
    t.same(
      policyOf(
        `public_url: https://wiki.example.com\nforward_auth: true\nusers: { file: u.yaml }\n${TRUSTED}`,
      ),
      [[true, true]],
      'also where the file is for one app only',
    )
    t.end()
  },
)

// prettier-ignore
expectProblems({
  forward_auth: [
    ['nobody who is believed', site('forward_auth: ▶true'), /trusted_proxies is missing/, /10\.0\.0\.5\/32/],
    ['a word', site(`${TRUSTED}\nforward_auth: ▶"on"`), /"on" is not a value of "forward_auth"/, /true/],
    ['switched off, and nothing else', withSecondApp(['▶name: b', 'host: b.example.com', 'forward_auth: false'], DOMAIN), /neither "upstream" nor "routes"/, /forward_auth: true/],
  ],
})
