import { texts } from './texts.js'

/** First match wins: most browsers name others too, so the narrower name stands before the wider one. */
const BROWSERS: readonly (readonly [token: string, name: string])[] = [
  ['Edg', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['CriOS/', 'Chrome'],
  ['Chromium/', 'Chromium'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
  ['curl/', 'curl'],
]

const SYSTEMS: readonly (readonly [token: string, name: string])[] = [
  ['Windows', 'Windows'],
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Mac OS X', 'Mac'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
]

/** Says a User-Agent header in words (`Firefox on Linux`). It is what the client claims: good to show, not to judge by. */
export function describeBrowser(userAgent: string | undefined): string {
  const browser = nameIn(BROWSERS, userAgent)
  const system = nameIn(SYSTEMS, userAgent)
  return texts.browser(browser, system)
}

function nameIn(names: typeof BROWSERS, userAgent = ''): string | undefined {
  return names.find(([token]) => userAgent.includes(token))?.[1]
}
