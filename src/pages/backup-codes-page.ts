import { copyButton } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'

/** What the page shows. It must be sent with `Cache-Control: no-store`: the codes are shown once. */
export interface BackupCodesPageData {
  readonly authPath: string
  readonly username: string
  /** Where the codes are for, as people know it: the host of `public_url`. */
  readonly site: string
  readonly codes: readonly string[]
  /** When they were made, in milliseconds since the epoch. */
  readonly madeAt: number
  /** Where the person goes on to: an address that was checked. */
  readonly continueTo: string
}

/** The page that shows new backup codes, to be kept. Downloading needs no JavaScript; copying and printing do. */
export function backupCodesPage(data: BackupCodesPageData): string {
  const words = texts.backupCodes
  const lines = [
    words.fileHeading(data.site, data.username),
    texts.date(data.madeAt),
    '',
    ...data.codes,
    '',
    words.fileFooter,
    '',
  ]
  // Windows' Notepad has wanted CRLF for most of its life.
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(lines.join('\r\n'))}`
  return frame({
    authPath: data.authPath,
    title: words.title,
    script: true,
    wide: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead no-print">${words.why}</p>
      <p class="print-only">${words.fileHeading(data.site, data.username)}<br />${texts.date(data.madeAt)}</p>
      <ol class="codes" aria-label="${words.listLabel}">
        ${data.codes.map(code => html`<li><code>${code}</code></li>`)}
      </ol>
      <div class="actions no-print">
        <a class="button" href="${file}" download="${words.fileName}">${words.download}</a>
        ${copyButton(data.codes.join('\n'), words.copy)}
        <button type="button" class="button" data-print hidden>${words.print}</button>
      </div>
      <p class="no-print">${words.once}</p>
      <p class="print-only">${words.fileFooter}</p>
      <p class="no-print"><a class="button primary" href="${data.continueTo}">${words.kept}</a></p>`,
  })
}
