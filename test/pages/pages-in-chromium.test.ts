import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { assets } from '../../src/pages/assets.js'
import { contentSecurityPolicy } from '../../src/pages/content-security-policy.js'
import { launchChromium } from '../chromium.js'
import { samplePages } from './sample-pages.js'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Serves every sample page and the assets as the gateway will, and gives the address; posts are counted. */
async function servePages(t: Test): Promise<{ readonly origin: string; readonly posts: () => number }> {
  const bodies = new Map(samplePages().map(page => [`/${page.name}`, page.text]))
  let posts = 0
  const server = createServer((request, response) => {
    if (request.method === 'POST') posts++
    const url = request.url ?? ''
    const asset = assets.find(({ name }) => url === `/auth/assets/${name}`)
    const body = asset?.body ?? bodies.get(url)
    // A login is never answered here: the page stays, as it does while a slow gateway thinks.
    if (url === '/auth/login') return
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': asset?.type ?? 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy([]),
      'x-content-type-options': 'nosniff',
    })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`,
    posts: () => posts,
  }
}

/** A fresh page of a fresh context; whatever the browser complains about is kept. */
async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  return { page, complaints }
}

t.test('axe finds nothing on any page, nothing is cut off at 320 px, and the policy is kept', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const { origin } = await servePages(t)
  const { page, complaints } = await openPage(browser)
  for (const { name } of samplePages()) {
    await page.goto(`${origin}/${name}`)
    for (const details of await page.locator('summary').all()) await details.click()
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const axe = new AxeBuilder({ page }).setLegacyMode(true)
        // Nothing but contrast depends on the colours.
        const { violations } = await (
          colorScheme === 'light' ? axe.withTags(RULES) : axe.withRules('color-contrast')
        ).analyze()
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(', ')}`)
        t.same(found, [], `${name}, ${width.toString()} px, ${colorScheme}`)
      }
      const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      t.ok(Number(excess) <= 0, `${name} does not scroll sideways at ${width.toString()} px`)
    }
  }
  t.same(complaints, [])
})

t.test('with JavaScript the buttons come out and do their work', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const { origin, posts } = await servePages(t)
  const { page, complaints } = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] })

  await page.goto(`${origin}/backup-codes`)
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('status').getByText('Copied').waitFor()
  const copied = String(await page.evaluate('navigator.clipboard.readText()')).split('\n')
  t.same(copied, await page.locator('.codes code').allTextContents())
  await page.evaluate('window.print = () => { document.title = "printed" }')
  await page.getByRole('button', { name: 'Print' }).click()
  t.equal(await page.title(), 'printed')

  await page.goto(`${origin}/login`)
  t.equal(await page.evaluate('document.activeElement.id'), 'username')
  await page.getByLabel('User name').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill('correct horse')
  await page.getByRole('button', { name: 'Show password' }).click()
  t.equal(await page.locator('#password').getAttribute('type'), 'text')
  await page.getByRole('button', { name: 'Log in' }).dblclick({ noWaitAfter: true })
  t.equal(await page.locator('#password').getAttribute('type'), 'password', 'hidden again when sent')
  t.equal(posts(), 1, 'a double click sends once')
  t.same(complaints, [])
})

t.test('without JavaScript no dead button is seen, and the codes can be downloaded', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const { origin } = await servePages(t)
  const { page, complaints } = await openPage(browser, { javaScriptEnabled: false })
  for (const { name } of samplePages()) {
    await page.goto(`${origin}/${name}`)
    for (const button of await page.locator('button[type=button]').all())
      t.notOk(await button.isVisible(), name)
  }
  await page.goto(`${origin}/backup-codes`)
  const codes = await page.locator('.codes code').allTextContents()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ])
  t.equal(download.suggestedFilename(), 'backup-codes.txt')
  const text = await readFile(await download.path(), 'utf8')
  t.match(text, /^Backup codes of alice for wiki\.example\.com\r\n/)
  for (const code of codes) t.match(text, `\r\n${code}\r\n`)
  t.same(complaints, [])
})

t.test('on paper there are the codes and whose they are, and nothing else', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const { origin } = await servePages(t)
  const { page } = await openPage(browser)
  await page.goto(`${origin}/backup-codes`)
  await page.emulateMedia({ media: 'print' })
  const seen = await page.locator('body').innerText()
  t.match(seen, /Backup codes of alice for wiki\.example\.com/)
  t.equal(await page.locator('.codes code').count(), 10)
  t.notMatch(seen, /Copy|Download|continue|Gatehouse/)
})
