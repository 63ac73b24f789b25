import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { CDPSession, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { createWebAuthn, type WebAuthn } from '../../src/factors/webauthn.js'
import { scriptAsset } from '../../src/pages/assets.js'
import { contentSecurityPolicy } from '../../src/pages/content-security-policy.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import { launchChromium } from '../chromium.js'
import { answer, attemptOf, NOW, promptOf } from './webauthn-bench.js'

const attempt = attemptOf('alice')

interface Site {
  readonly origin: string
  readonly webauthn: WebAuthn
  /** What the forms have sent. */
  readonly sent: URLSearchParams[]
}

/** One form for each use, with our script under our policy; it says what came of the answer. */
async function serveSite(t: Test): Promise<Site> {
  const sent: URLSearchParams[] = []
  const server = createServer((request, response) => {
    void answerTo(request).then(body => {
      const isScript = request.url === `/${scriptAsset.name}`
      response.setHeader('content-type', isScript ? scriptAsset.type : 'text/html; charset=utf-8')
      response.setHeader('content-security-policy', contentSecurityPolicy([]))
      response.end(isScript ? scriptAsset.body : body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const now = (): number => NOW
  const store = createMemoryStore({ now })
  const seal = createSeal(['a secret of the tests, long enough for a key'])
  const identity = { rpId: 'localhost', rpName: 'Example', origin }
  const webauthn = createWebAuthn({ store, seal, now, random: randomBytes, ...identity })

  async function answerTo(request: IncomingMessage): Promise<string> {
    const use = String(request.url).slice(1)
    if (request.method === 'GET') return pageOf(use, await optionsFor(use))
    const form = new URLSearchParams(await text(request))
    sent.push(form)
    const code = String(form.get('code'))
    if (use === 'create') return JSON.stringify(await webauthn.register(attempt, code, 'Laptop'))
    if (use === 'alone') return JSON.stringify(await webauthn.signIn('browser', code))
    return JSON.stringify(await answer(webauthn, attempt, code))
  }
  async function optionsFor(use: string): Promise<unknown> {
    if (use === 'create') return webauthn.registrationOptions(attempt)
    if (use === 'alone') return webauthn.signInOptions('browser')
    return use === 'get' ? promptOf(webauthn, attempt) : {}
  }
  return { origin, webauthn, sent }
}

function pageOf(use: string, options: unknown): string {
  const escaped = JSON.stringify(options).replace(/&/g, '&amp;').replace(/"/g, '&quot;')
  return `<!doctype html><title>${use}</title><script src="/${scriptAsset.name}" defer></script>
<form method="post" action="/${use}" data-webauthn="${use === 'create' ? 'create' : 'get'}" data-options="${escaped}">
<input type="hidden" name="code"><p data-webauthn-status role="status" hidden></p>
<button name="factor" value="webauthn">Go on</button></form>`
}

async function openPage(t: Test): Promise<{ page: Page; cdp: CDPSession; complaints: string[] } | undefined> {
  const browser = await launchChromium(t)
  if (browser === undefined) return undefined
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  return { page, cdp, complaints }
}

interface VirtualAuthenticator {
  readonly transport: 'usb' | 'internal'
  /** A passkey provider: stores the key, verifies its user, synchronises it. */
  readonly passkeys: boolean
}

async function addAuthenticator(
  cdp: CDPSession,
  { transport, passkeys }: VirtualAuthenticator,
): Promise<string> {
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: passkeys,
      hasUserVerification: passkeys,
      isUserVerified: passkeys,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: passkeys,
      defaultBackupState: passkeys,
    },
  })
  return authenticatorId
}

/** Opens a page, presses its button, and gives what the server said of the answer. */
async function use(page: Page, address: string): Promise<unknown> {
  await page.goto(address)
  await page.getByRole('button').click()
  await page.locator('body', { hasText: /^\{/ }).waitFor()
  return JSON.parse(String(await page.textContent('body')))
}

t.test('a passkey in Chromium: registered, a second factor, and a whole login', async t => {
  const opened = await openPage(t)
  if (opened === undefined) return
  const { page, cdp, complaints } = opened
  const { origin, webauthn, sent } = await serveSite(t)
  await addAuthenticator(cdp, { transport: 'internal', passkeys: true })
  t.match(await use(page, `${origin}/create`), { outcome: 'right' })
  t.match(await webauthn.list('alice'), [{ name: 'Laptop', synced: true, transports: ['internal'] }])
  const traits = { userVerified: true, synced: true }
  t.same(await use(page, `${origin}/get`), { outcome: 'right', traits })
  t.same(await use(page, `${origin}/alone`), { outcome: 'right', subject: 'alice', traits })
  t.same(
    sent.map(form => form.get('factor')),
    ['webauthn', 'webauthn', 'webauthn'],
    'the button is sent along',
  )
  await page.goto(`${origin}/create`)
  await page.getByRole('button').click()
  await page.getByRole('status').getByText('already in your list').waitFor()
  t.same(complaints, [])
})

t.test('a security key without a PIN is a second factor', async t => {
  const opened = await openPage(t)
  if (opened === undefined) return
  const { page, cdp } = opened
  const { origin, webauthn } = await serveSite(t)
  await addAuthenticator(cdp, { transport: 'usb', passkeys: false })
  t.match(await use(page, `${origin}/create`), { outcome: 'right' })
  t.match(await webauthn.list('alice'), [{ synced: false, transports: ['usb'] }])
  for (let round = 0; round < 2; round++)
    t.same(await use(page, `${origin}/get`), {
      outcome: 'right',
      traits: { userVerified: false, synced: false },
    })
})

t.test('who cancels is told so and can try again; nothing happens by itself', async t => {
  const opened = await openPage(t)
  if (opened === undefined) return
  const { page, cdp, complaints } = opened
  const { origin, sent } = await serveSite(t)
  const authenticatorId = await addAuthenticator(cdp, { transport: 'internal', passkeys: true })
  await use(page, `${origin}/create`)
  await page.goto(`${origin}/get`)
  const status = page.locator('[data-webauthn-status]')
  t.notOk(await status.isVisible())
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await page.goto(`${origin}/alone`)
  await page.evaluate('document.querySelector("button").click(); document.querySelector("button").click()')
  await status.getByText('Nothing was confirmed. You can try again.').waitFor()
  t.equal(sent.length, 1, 'nothing was sent')
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
  await page.getByRole('button').click()
  await page.locator('body', { hasText: /^\{/ }).waitFor()
  t.match(await page.textContent('body'), '"outcome":"right"', 'also with the same options')
  t.equal(sent.length, 2)
  await page.goBack()
  await page.getByRole('button').click()
  await page.locator('body', { hasText: /^\{/ }).waitFor()
  t.not(sent[2]?.get('code'), sent[1]?.get('code'), 'a key is asked anew after going back')
  t.same(complaints, [])
})

t.test('a browser that knows no WebAuthn is told so, and an address that cannot have it', async t => {
  const opened = await openPage(t)
  if (opened === undefined) return
  const { page } = opened
  const { origin, sent } = await serveSite(t)
  await page.addInitScript('if (location.hash === "#old") delete window.PublicKeyCredential')
  await page.goto(`${origin}/alone#old`)
  await page.getByRole('button').click()
  await page.getByRole('status').getByText('This browser cannot use security keys').waitFor()
  await page.goto(`${origin.replace('localhost', '127.0.0.1')}/alone`)
  await page.getByRole('button').click()
  await page.getByRole('status').getByText('do not work at this address').waitFor()
  t.same(sent, [])
})
