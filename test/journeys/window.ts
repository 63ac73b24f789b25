import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** What the backup codes look like: four groups of four characters. */
export const BACKUP_CODE = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/g

/** A person's browser, alone with its cookies. */
export interface Window {
  readonly page: Page
  /**
   * What the browser complained about: errors and warnings of the console, scripts that failed, and everything that
   * the Content-Security-Policy forbade. That a page came with a status such as 403 is no complaint.
   */
  readonly complaints: () => readonly string[]
}

/** Opens a browser of its own. The certificate of the tests is believed. */
export async function openWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const found: { readonly text: string; readonly url: string }[] = []
  const documents = new Set<string>()
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning')
      found.push({ text: message.text(), url: message.location().url })
  })
  page.on('pageerror', error => found.push({ text: error.message, url: page.url() }))
  page.on('response', response => {
    if (response.request().isNavigationRequest()) documents.add(response.url())
  })
  return {
    page,
    complaints: () =>
      found
        .filter(({ text, url }) => !(text.startsWith('Failed to load resource') && documents.has(url)))
        .map(({ text, url }) => `${url}: ${text}`),
  }
}

/** Fills in the login page and sends it. */
export async function logIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** Reads the key off the enrolment page, as people do who cannot scan. */
export async function readKey(page: Page): Promise<string> {
  await page.getByText('Cannot scan? Type the key').click()
  return (await page.locator('.key').innerText()).trim()
}

/** Types a code and sends it: at the enrolment, and at every later login. */
export async function giveCode(page: Page, code: string): Promise<void> {
  await page.getByRole('textbox', { name: /code/i }).fill(code)
  await page.getByRole('button', { name: /continue/i }).click()
}

/** The codes on the page of the backup codes. */
export async function readBackupCodes(page: Page): Promise<readonly string[]> {
  return page.getByRole('list', { name: 'Backup codes' }).locator('code').allInnerTexts()
}

/** What the sample app shows: the headers of the request that reached it, by their names. */
export async function headersAtTheApp(page: Page): Promise<ReadonlyMap<string, string>> {
  const names = await page.locator('dt').allInnerTexts()
  const values = await page.locator('dd').allInnerTexts()
  return new Map(names.map((name, index) => [name, values[index] ?? '']))
}

/** The heading of the page: what it is about. */
export async function heading(page: Page): Promise<string> {
  return page.getByRole('heading', { level: 1 }).innerText()
}
