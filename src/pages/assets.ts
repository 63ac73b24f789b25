import { createHash } from 'node:crypto'
import { iconSvg } from './mark.js'
import { script } from './script.js'
import { stylesheet } from './stylesheet.js'
import { webauthnScript } from './webauthn-script.js'

/** A file that the pages load from `${authPath}/assets/${name}`. */
export interface Asset {
  /** Holds a hash of the body, so an answer may be cached for ever (`Cache-Control: immutable`). */
  readonly name: string
  /** The whole Content-Type, with charset. */
  readonly type: string
  readonly body: string
}

/** The one stylesheet of all pages. */
export const stylesheetAsset = asset('css', 'text/css; charset=utf-8', stylesheet)

/** The comforts that need JavaScript, and the only thing that cannot be done without: security keys and passkeys. */
export const scriptAsset = asset('js', 'text/javascript; charset=utf-8', script + webauthnScript)

/** The mark in the browser's tab. */
export const iconAsset = asset('svg', 'image/svg+xml; charset=utf-8', iconSvg)

/** Everything that is served under `${authPath}/assets/`, on every host where a page may be shown. */
export const assets: readonly Asset[] = [stylesheetAsset, scriptAsset, iconAsset]

function asset(extension: string, type: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return { name: `gatehouse-${hash}.${extension}`, type, body }
}
