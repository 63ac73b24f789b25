import type { Page } from 'playwright-core'

/** Presses Enter where it leads to another page, and waits for that page, and for the cursor where it puts one. */
export async function pressEnter(page: Page): Promise<void> {
  const arrived = page.waitForEvent('load')
  await page.keyboard.press('Enter')
  await arrived
  await cursorWhereThePagePutsIt(page)
}

/** Opens an address by hand, and waits for the page and its cursor. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await cursorWhereThePagePutsIt(page)
}

/** Browsers put the cursor into its field when they draw the page, which is later than its load: keys would be lost. */
async function cursorWhereThePagePutsIt(page: Page): Promise<void> {
  if ((await page.locator('[autofocus]').count()) > 0) await page.locator('[autofocus]:focus').waitFor()
}

/** Presses Tab until the element has the focus, as often as there could be anything on the page. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  const target = page.locator(`${selector}:focus`)
  for (let presses = 0; presses < 30; presses++) {
    if ((await target.count()) > 0) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${selector} on ${page.url()}`)
}
