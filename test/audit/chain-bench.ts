import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createAuditKeys } from '../../src/audit/audit-keys.js'
import { parseHead, headFile } from '../../src/audit/chain-head.js'
import { openChainedFile, type ChainedFile } from '../../src/audit/chained-file.js'
import { type ChainFault, type ChainReport, createChainCheck } from '../../src/audit/check-chain.js'

/** What the logs of a test are written and verified with. */
const SECRET = 'q3Vd8Jm3nPq7rTv2wXy5zAb9cEf4gHj6kL1mN'
const KEYS = createAuditKeys([SECRET])
export const NOON = Date.UTC(2027, 0, 15, 12)

/** A chained file in a folder of its own. */
export function chainIn(t: Test): { readonly file: string; readonly chain: ChainedFile } {
  const file = join(t.testdir({}), 'audit.jsonl')
  const chain = openChain(file)
  t.teardown(() => chain.close())
  return { file, chain }
}

/** Another writer of a file. */
export function openChain(file: string, now = () => NOON, keys = KEYS): ChainedFile {
  return openChainedFile({ file, keys, now, durable: false })
}

/** An event as a line has it. */
export function told(subject: string): Readonly<Record<string, unknown>> {
  return { at: '2027-01-15T12:00:00.000Z', audit: 'login.password_refused', subject, address: '192.0.2.7' }
}

/** Lines of a file, without their ends. */
export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

/** What a check says of these texts as files one after the other. The record is that of `file`, unless it is undefined. */
export function check(
  texts: readonly string[],
  file: string | undefined,
  keys = KEYS,
): { readonly faults: readonly ChainFault[]; readonly report: ChainReport } {
  const faults: ChainFault[] = []
  const head = file === undefined ? undefined : parseHead(readFileSync(headFile(file), 'utf8'), keys)
  const checking = createChainCheck({
    keys: keys.publicKeys,
    before: head,
    onFault: fault => faults.push(fault),
  })
  texts.forEach((text, index) => {
    const lines = text.split('\n')
    lines.forEach((line, at) => {
      if (at < lines.length - 1) checking.take(Buffer.from(line), `f${index}`, at + 1, true)
      else if (line !== '') checking.take(Buffer.from(line), `f${index}`, at + 1, false)
    })
  })
  return { faults, report: checking.end(head) }
}
