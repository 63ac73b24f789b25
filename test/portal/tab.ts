import { PASSWORD } from '../harness/demo-users.js'
import { HOST, type TestGateway } from '../harness/gateway.js'
import { createPerson, type Person, type Reply } from '../harness/person.js'
import { createPhone, type Phone } from './phone.js'

/** A browser's tab without JavaScript: follows redirects within the gateway, and fills in the forms that it sees. */
export interface Tab {
  readonly person: Person
  /** The page as it is now. */
  readonly page: () => Page
  open(path: string): Promise<Page>
  /** Sends the form of the page that goes to an address, with its hidden fields and these. */
  send(action: string, fields?: Readonly<Record<string, string>>): Promise<Page>
}

/** What a tab shows. */
export interface Page {
  /** Path and query of the last address within the gateway, or the address outside that it led to. */
  readonly at: string
  readonly reply: Reply
  /** The text of the heading. */
  readonly heading: string
  /** What the page says was done, is good to know, or went wrong. */
  readonly told: string
  /** The text without markup. */
  readonly text: string
}

/** Opens an empty tab of a browser that nobody has used. */
export function openTab(gateway: TestGateway, person = createPerson(gateway)): Tab {
  let page: Page | undefined

  const current = (): Page => {
    if (page === undefined) throw new Error('the tab is empty')
    return page
  }

  async function follow(from: string, first: Reply): Promise<Page> {
    let at = from
    let reply = first
    for (let hops = 0; hops < 10; hops++) {
      const [location] = reply.header('location')
      if (location === undefined) break
      const url = new URL(location, `https://${HOST}${at}`)
      at = url.pathname + url.search
      if (url.host !== HOST || !url.pathname.startsWith('/auth')) {
        at = url.href
        break
      }
      reply = await person.navigate(at)
    }
    return (page = {
      at,
      reply,
      heading: plain(/<h1[^>]*>(.*?)<\/h1>/s.exec(reply.text)?.[1] ?? ''),
      told: plain(/<div class="notice[^>]*>(.*?)<\/div>/s.exec(reply.text)?.[1] ?? ''),
      text: plain(reply.text),
    })
  }

  return {
    person,
    page: current,
    open: async path => follow(path, await person.navigate(path)),
    send: async (action, fields = {}) =>
      follow(
        action,
        await person.submit(action, { ...hiddenFields(current().reply.text, action), ...fields }),
      ),
  }
}

/** Logs in with forms, and sets an app up where there is none yet. Gives the app of the user. */
export async function logInByForms(
  gateway: TestGateway,
  tab: Tab,
  user: string,
  returnTo = '/auth/account',
): Promise<Phone> {
  await tab.open(`/auth/login?return_to=${encodeURIComponent(returnTo)}`)
  const step = await tab.send('/auth/login', { username: user, password: PASSWORD })
  if (step.at.startsWith('/auth/enrol')) {
    const phone = createPhone(gateway, user, keyOf(step))
    await tab.send('/auth/enrol', { code: phone.code() })
    return phone
  }
  const phone = createPhone(gateway, user)
  if (step.at.startsWith('/auth/mfa')) {
    if (!step.reply.text.includes('name="factor" value="totp"')) await tab.open(`${step.at}&factor=totp`)
    await tab.send('/auth/mfa', { code: phone.code() })
  }
  return phone
}

/** The key that a page shows for an authenticator app. */
export function keyOf(page: Page): string {
  const key = /<p class="key"><code>(.*?)<\/code>/s.exec(page.reply.text)?.[1]
  if (key === undefined) throw new Error(`no key on ${page.at}: ${page.heading}`)
  return key.replaceAll(' ', '')
}

/** What a page gives to the browser's security keys. */
export function optionsOf(page: Page): unknown {
  const options = /data-options="([^"]*)"/.exec(page.reply.text)?.[1]
  if (options === undefined) throw new Error(`no options on ${page.at}: ${page.heading}`)
  return JSON.parse(unescape(options)) as unknown
}

/** The hidden fields of the first form that goes to an address. */
export function hiddenFields(text: string, action: string): Record<string, string> {
  const forms = [...text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)]
  const form = forms.find(([, to]) => to === action)
  if (form === undefined) throw new Error(`no form to ${action} on a page with ${forms.length} other forms`)
  const fields: Record<string, string> = {}
  for (const [, name = '', value = ''] of (form[2] ?? '').matchAll(
    /<input\s+type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"/g,
  ))
    fields[name] = unescape(value)
  return fields
}

function plain(markup: string): string {
  return unescape(markup.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
