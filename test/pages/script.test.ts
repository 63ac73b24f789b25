import { readFile } from 'node:fs/promises'
import t from 'tap'
import { launchChromium } from '../chromium.js'
import { samplePages } from './sample-pages.js'
import { openPage, servePages } from './serve-pages.js'

t.test('with JavaScript the buttons come out and do their work', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const origin = await servePages(t)
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
  await page.locator('#username:focus').waitFor()
  await page.getByLabel('User name').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill('correct horse')
  await page.getByRole('button', { name: 'Show password' }).click()
  t.equal(await page.locator('#password').getAttribute('type'), 'text')
  const sent = await page.evaluate(`{
    const sends = []
    addEventListener('submit', event => sends.push(!event.defaultPrevented))
    const button = document.querySelector('form button.primary')
    button.click()
    button.click()
    ;[...sends, document.querySelector('#password').type]
  }`)
  t.same(sent, [true, false, 'password'], 'two clicks send once, and the password is hidden again')
  t.same(complaints, [])
})

t.test('without JavaScript no dead button is seen, and the codes can be downloaded', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const origin = await servePages(t)
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
  const origin = await servePages(t)
  const { page } = await openPage(browser)
  await page.goto(`${origin}/backup-codes`)
  await page.emulateMedia({ media: 'print' })
  const seen = await page.locator('body').innerText()
  t.match(seen, /Backup codes of alice for wiki\.example\.com/)
  t.equal(await page.locator('.codes code').count(), 10)
  t.notMatch(seen, /Copy|Download|continue|Gatehouse/)
})
