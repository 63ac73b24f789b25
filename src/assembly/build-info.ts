import { readFileSync } from 'node:fs'

/** The version of the gateway, as its package says, and that of Node.js. */
export function readBuildInfo(): { readonly version: string; readonly node: string } {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  return { version, node: process.versions.node }
}
