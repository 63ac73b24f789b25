import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { assets } from '../../src/pages/assets.js'
import { contentSecurityPolicy } from '../../src/pages/content-security-policy.js'
import { samplePages } from './sample-pages.js'

/** Serves every sample page and the assets as the gateway will, and gives the address. */
export async function servePages(t: Test): Promise<string> {
  const bodies = new Map(samplePages().map(page => [`/${page.name}`, page.text]))
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    const asset = assets.find(({ name }) => url === `/auth/assets/${name}`)
    const body = asset?.body ?? bodies.get(url)
    // 204 leaves the browser on its page, so that a form can be watched while it is sent.
    const status = url === '/auth/login' ? 204 : 404
    response.writeHead(body === undefined ? status : 200, {
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
  return `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`
}

/** A fresh page of a fresh context; whatever the browser complains about is kept. */
export async function openPage(
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
