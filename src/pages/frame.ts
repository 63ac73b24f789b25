import { iconAsset, scriptAsset, stylesheetAsset } from './assets.js'
import { html, type Html } from './html.js'
import { mark } from './mark.js'
import { texts } from './texts.js'

/** What the frame needs of a page. */
export interface FrameParts {
  /** Where the gateway's own addresses begin (setting `auth_path`), without a slash at the end. */
  readonly authPath: string
  /** Says the state: it is what a screen reader speaks first, and the name of the tab. */
  readonly title: string
  /** True where something went wrong: the title then begins with the word for error. */
  readonly failed?: boolean
  /** The content of the page's main landmark, with its one `h1`. */
  readonly main: Html
  /** True where a button or a time is made better by the script. */
  readonly script?: boolean
  /** True for pages with lists, which get a wider column. */
  readonly wide?: boolean
}

/** Puts the common frame around a page: head, header with the mark, main, footer. Gives the whole document. */
export function frame({
  authPath,
  title,
  failed = false,
  main,
  script = false,
  wide = false,
}: FrameParts): string {
  const assetPath = `${authPath}/assets`
  return html`<!doctype html>
    <html lang="${texts.language}">
      <head>
        <meta charset="utf-8" />
        <title>${failed && texts.frame.errorPrefix}${title} – ${texts.frame.product}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href="${assetPath}/${iconAsset.name}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assetPath}/${stylesheetAsset.name}" />
        ${script && html`<script src="${assetPath}/${scriptAsset.name}" defer></script>`}
      </head>
      <body>
        <header class="brand">${mark}<span>${texts.frame.product}</span></header>
        <main class="card${wide && ' wide'}">${main}</main>
        <footer><p>${texts.frame.footer}</p></footer>
      </body>
    </html> `.toString()
}
