import { AxeBuilder } from '@axe-core/playwright'
import t from 'tap'
import { launchChromium } from '../chromium.js'
import { samplePages } from './sample-pages.js'
import { openPage, servePages } from './serve-pages.js'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

t.test('axe finds nothing on any page, nothing is cut off at 320 px, and the policy is kept', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const origin = await servePages(t)
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
