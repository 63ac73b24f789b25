import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import type { Test } from 'tap'

/** Where distributions put it; `CHROMIUM` names another one. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Quiet and on this machine only: no look-ups, updates or telemetry of its own. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts the machine's own Chromium and closes it when the test is over.
 * Where there is none, the test is skipped with the reason, and undefined is given: return at once.
 */
export async function launchChromium(t: Test): Promise<Browser | undefined> {
  const named = process.env.CHROMIUM
  const executablePath = named ?? PLACES.find(existsSync)
  if (executablePath === undefined) {
    t.plan(0, 'needs Chromium: apt-get install chromium, or set CHROMIUM to its path')
    return undefined
  }
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS })
  t.teardown(() => browser.close())
  return browser
}
