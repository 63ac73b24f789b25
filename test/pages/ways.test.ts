import t from 'tap'
import { isActivityEvent } from '../../src/pages/account-activity-page.js'
import { readAccountNotice, readAccountRefusal } from '../../src/pages/account-frame.js'
import { loginPage, type FirstMethod } from '../../src/pages/login-page.js'
import { launchChromium } from '../chromium.js'
import { samplePages } from './sample-pages.js'
import { openPage, servePages } from './serve-pages.js'

function sample(name: string): string {
  return samplePages().find(page => page.name === name)?.text ?? ''
}

t.test('the login page offers what it is told to, and takes along where one was going', t => {
  const login = (methods: readonly FirstMethod[]): string =>
    loginPage({
      authPath: '/auth',
      returnTo: 'https://wiki.example.com/a?b=c&d=e',
      app: undefined,
      methods,
      username: '',
      error: undefined,
      notice: undefined,
    })
  const linksOf = (page: string): string[] =>
    [...page.matchAll(/<li><a [^>]*href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))
  const back = 'return_to=https%3A%2F%2Fwiki.example.com%2Fa%3Fb%3Dc%26d%3De'
  t.same(linksOf(login(['password'])), [])
  t.same(linksOf(login(['password', 'link', 'sms', 'email', 'passkey'])), [
    `/auth/link?${back}`,
    `/auth/otp?channel=sms&${back}`,
    `/auth/otp?channel=email&${back}`,
    `/auth/passkey?${back}`,
  ])
  t.match(login(['passkey', 'password']), /name="password"/)
  t.notMatch(login(['passkey']), /<form|name="password"|name="username"/)
  t.end()
})

t.test('no password, token or answer that was typed ever comes back', t => {
  for (const page of samplePages()) {
    t.notMatch(page.text, /name="(password|current_password|new_password|answer\d|code)"[^>]*\svalue="[^"]/)
  }
  t.end()
})

t.test('a browser is remembered only where that is offered, and never unasked', t => {
  t.match(sample('second-factor'), /name="remember_device"/)
  t.notMatch(sample('second-factor-email'), /remember_device/)
  for (const { text } of samplePages()) t.notMatch(text, /name="remember_device"[^>]*checked/)
  t.end()
})

t.test('where a code was sent to is told in part to whom is known, and to nobody else', t => {
  t.match(sample('second-factor-email'), /We have sent a code to [^.]*a…@example\.com/)
  t.match(sample('code-email'), /If [^.]*alice@example\.com[^.]* is known here/)
  t.match(sample('link-sent'), /If [^.]*alice@example\.com[^.]* is known here/)
  t.end()
})

t.test('opening a link from a mail asks before anything happens, and says who wants it', t => {
  for (const name of ['link-confirm', 'link-confirm-elsewhere']) {
    const page = sample(name)
    t.match(page, /<form method="post" action="\/auth\/link\/confirm">\s*<input type="hidden" name="token"/)
    t.match(page, /Safari on iPhone.*192\.0\.2\.17.*If this was not you, close this page/s)
    t.notMatch(page, /http-equiv|autofocus/)
  }
  t.match(sample('link-confirm'), />Log in<\/button>/)
  t.match(sample('link-confirm-elsewhere'), />Show the code<\/button>/)
  t.end()
})

t.test('what an address says was done is believed only if it is a sentence of ours', t => {
  t.equal(readAccountNotice('key_added'), 'key_added')
  t.equal(readAccountRefusal('last_factor'), 'last_factor')
  t.ok(isActivityEvent('session.started'))
  for (const name of [undefined, '', 'last', 'constructor', '__proto__', 'toString']) {
    t.equal(readAccountNotice(name), undefined)
    t.equal(readAccountRefusal(name), undefined)
    t.notOk(isActivityEvent(name ?? 'request.denied'))
  }
  t.end()
})

t.test('Enter sends the code; only the button asks for a new one, even without a code', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const origin = await servePages(t)
  const { page, complaints } = await openPage(browser)
  for (const [name, button] of [
    ['second-factor-email', 'Send a new code'],
    ['code-email', 'Send a new code'],
    ['link-sent', 'Send a new link'],
  ] as const) {
    await page.goto(`${origin}/${name}`)
    await page.evaluate(
      'globalThis.sends = []; document.forms[0].addEventListener("submit", event => { event.preventDefault(); event.stopPropagation(); sends.push([...new FormData(event.target, event.submitter).keys()].includes("resend")) })',
    )
    await page.getByRole('button', { name: button }).click()
    t.same(await page.evaluate('sends'), [true], `${name}: an empty code is no obstacle`)
    await page.getByLabel(/^Code/).fill('123456')
    await page.keyboard.press('Enter')
    t.same(await page.evaluate('sends'), [true, false], name)
  }
  t.same(complaints, [])
})

t.test('without JavaScript a page for keys says so, and shows no button that does nothing', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const origin = await servePages(t)
  const without = await openPage(browser, { javaScriptEnabled: false })
  const withScript = await openPage(browser)
  for (const name of ['second-factor-key', 'passkey', 'enrol-key', 'add-key']) {
    await without.page.goto(`${origin}/${name}`)
    t.match(await without.page.getByRole('main').innerText(), /need JavaScript/, name)
    t.equal(await without.page.getByRole('button').count(), 0, name)
    await withScript.page.goto(`${origin}/${name}`)
    t.notMatch(await withScript.page.getByRole('main').innerText(), /JavaScript/, name)
    t.equal(await withScript.page.getByRole('button').count(), 1, name)
  }
  t.same([...without.complaints, ...withScript.complaints], [])
})
