import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
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
  const looks = new Set<string>()
  for (const { name, text } of samplePages()) {
    await page.goto(`${origin}/${name}`)
    for (const details of await page.locator('summary').all()) await details.click()
    await page.setViewportSize({ width: 320, height: 800 })
    await page.emulateMedia({ colorScheme: 'light' })
    t.same(await findings(page, axe => axe.withTags(RULES)), [], name)
    // Nothing but contrast depends on the colours, and what looks alike has the same ones.
    const newLooks = looksOf(text).filter(look => !looks.has(look))
    for (const look of newLooks) looks.add(look)
    if (newLooks.length > 0) {
      await page.emulateMedia({ colorScheme: 'dark' })
      t.same(await findings(page, axe => axe.withRules('color-contrast')), [], `${name}, dark`)
    }
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      t.ok(Number(excess) <= 0, `${name} does not scroll sideways at ${width.toString()} px`)
    }
  }
  t.same(complaints, [])
})

async function findings(page: Page, choose: (axe: AxeBuilder) => AxeBuilder): Promise<readonly string[]> {
  const { violations } = await choose(new AxeBuilder({ page }).setLegacyMode(true)).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(', ')}`)
}

/** Every element with its classes, once: what the stylesheet can tell apart without looking at the neighbours. */
function looksOf(page: string): readonly string[] {
  return [
    ...new Set([...page.matchAll(/<[a-z][a-z0-9]*(?=[\s>])(?:\s+class="[^"]*")?/g)].map(([look]) => look)),
  ]
}
