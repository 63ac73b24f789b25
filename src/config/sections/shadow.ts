import { resolve } from 'node:path'
import { beside, type Reading } from '../reading.js'

/** The file with the shadow policy, as an absolute path. It is read apart: this one is sound without it. */
export function readShadow(reading: Reading, written: string | undefined): string | undefined {
  if (written === undefined) return undefined
  const file = beside(reading.file, written)
  if (file === resolve(reading.file))
    reading.findings.error(
      ['shadow'],
      'the shadow is this very file, so the two never differ',
      'copy the file, change the copy, and name the copy here',
    )
  return file
}
