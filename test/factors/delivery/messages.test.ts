import fc from 'fast-check'
import t from 'tap'
import { type AccountChange, accountNotice } from '../../../src/factors/delivery/account-notices.js'
import { codeMail, codeText, linkMail } from '../../../src/factors/delivery/login-messages.js'
import type { MessageContent } from '../../../src/factors/delivery/mail-text.js'

const site = 'wiki.example.com'
const code = { site, code: '012345', lifetime: 300_000 }
const link = 'https://wiki.example.com/auth/link/abc?x=1&y=2'
const circumstances = {
  site,
  account: 'alice',
  at: Date.UTC(2026, 10, 22, 23, 59),
  address: '192.0.2.7',
  browser: 'Firefox on Linux',
  accountUrl: 'https://wiki.example.com/auth/account',
}
const CHANGES: readonly AccountChange[] = [
  { change: 'factor_added', factor: 'totp', name: 'Work phone' },
  { change: 'factor_removed', factor: 'webauthn' },
  { change: 'backup_codes_replaced' },
  { change: 'password_changed' },
  { change: 'device_remembered' },
  { change: 'second_factor_off' },
  { change: 'second_factor_on' },
  { change: 'second_factor_failed' },
  { change: 'factor_changed', factor: 'knowledge_question' },
  { change: 'factor_locked', factor: 'totp' },
  { change: 'backup_code_used', left: 9 },
  { change: 'new_browser' },
  { change: 'api_token_created', name: 'calendar' },
]

/** A mail says the same in both of its forms. */
const wordsOf = (text: string): string =>
  text
    .replace(/^.*<body[^>]*>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&gt;/g, '>')
    .replace(/&lt;/g, '<')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .replace(/ (?=:)/g, '')
    .trim()

t.test('the mail with a code tells the code, for how long, and what to do if it was not you', async t => {
  const { subject, text, html } = codeMail(code)
  t.equal(subject, 'Your code for wiki.example.com', 'the subject has no code in it')
  t.match(text, /^ {4}012345$/m)
  t.match(text, /5 minutes/)
  t.match(text, /did not ask/)
  t.equal(wordsOf(html ?? ''), wordsOf(text))
})

t.test('the text message ends with the line that binds the code to the host', async t => {
  const { text, html } = codeText(code)
  t.match(text, /^012345 is your code for wiki\.example\.com\. It is good for 5 minutes\./)
  t.ok(text.endsWith('\n\n@wiki.example.com #012345'))
  t.equal(html, undefined)
  t.ok(
    codeText({ ...code, site: 'localhost:8443' }).text.endsWith('\n@localhost #012345'),
    'without its port',
  )
  t.ok(codeText({ ...code, site: '[::1]:8443' }).text.endsWith('\n@[::1] #012345'))
})

t.test('a text message fits into one part of 160 characters that every telephone has', async t => {
  const { text } = codeText({ ...code, site: `${'a'.repeat(27)}.example.com`.slice(0, 39) })
  t.ok(text.length <= 160, String(text.length))
  t.match(text, /^[A-Za-z0-9 .,:@#\n-]*$/)
})

t.test('the mail with a link has it once as an address and once to click', async t => {
  const { subject, text, html } = linkMail({ site, link, lifetime: 600_000 })
  t.equal(subject, 'Your link to log in to wiki.example.com')
  t.ok(text.split('\n').includes(link), 'alone on its line')
  t.ok(html?.includes('<a href="https://wiki.example.com/auth/link/abc?x=1&amp;y=2">'))
  t.match(text, /10 minutes/)
  t.match(text, /confirm/)
  t.equal(wordsOf(html ?? ''), wordsOf(text))
  t.throws(() => linkMail({ site, link: 'javascript:alert(1)', lifetime: 1 }), TypeError)
})

t.test('a notice tells who, what, when, from where, and what to do', async t => {
  const subjects = new Set<string>()
  for (const change of CHANGES) {
    const { subject, text, html } = accountNotice(change, circumstances)
    subjects.add(subject)
    for (const fact of [
      'Account: alice at wiki.example.com',
      'When: 22 Nov 2026, 23:59 UTC',
      'From: 192.0.2.7',
      'Browser: Firefox on Linux',
      circumstances.accountUrl,
      'If this was you, there is nothing to do.',
    ])
      t.ok(text.includes(fact), `${change.change}: ${fact}`)
    t.equal(wordsOf(html ?? ''), wordsOf(text), change.change)
  }
  t.equal(subjects.size, CHANGES.length)
  const [added] = CHANGES
  t.ok(
    added &&
      accountNotice(added, circumstances).text.startsWith('An authenticator app (“Work phone”) can now'),
  )
})

/** The tags and attributes that mails of this house may have. */
const MARKUP = new RegExp(
  [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<body style="[a-z0-9:;. -]+">',
    '<p style="[a-z0-9:; -]+">',
    '</?(?:html|head|title|body|p|a|br|bdi)>',
    '<a href="https?://[^"<>]*">',
  ].join('|'),
  'g',
)

t.test('nothing from outside brings markup, lines, or a reading direction; nothing is loaded', async () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '<img src=//evil.example/x>',
      '"><script>',
      "' onload='",
      '\r\nBcc: x@y',
      '\u202egpj',
      '&lt;',
    ),
  )
  const contentsOf = (a: string, b: string, c: string, d: string): readonly MessageContent[] => [
    codeMail({ ...code, site: a, code: b }),
    codeText({ ...code, site: a }),
    linkMail({ site: a, link: `https://x.example/${b}`, lifetime: 1 }),
    ...CHANGES.map(change =>
      accountNotice('name' in change ? { ...change, name: a } : change, {
        ...circumstances,
        account: b,
        address: c,
        browser: d,
        site: a,
      }),
    ),
  ]
  const forbidden = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (...texts) => {
      for (const { subject, text, html } of contentsOf(...texts)) {
        if (forbidden.test(subject) || forbidden.test(text.replaceAll('\n', ''))) return false
        if (html !== undefined && /[<>]/.test(html.replace(MARKUP, ''))) return false
      }
      return true
    }),
  )
})

t.test('the notice of a backup code says how many are left', t => {
  const told = (left: number): string =>
    accountNotice({ change: 'backup_code_used', left }, circumstances).text
  t.match(told(9), /9 are left/)
  t.match(told(1), /One is left: make new ones soon/)
  t.match(told(0), /the last one: make new ones now/)
  t.end()
})

t.test('lines from outside cannot pass for lines of ours', async t => {
  const { text } = accountNotice(
    { change: 'password_changed' },
    { ...circumstances, browser: 'x\nWhen: never' },
  )
  t.equal(text.split('\n').filter(line => line.startsWith('When:')).length, 1)
})
