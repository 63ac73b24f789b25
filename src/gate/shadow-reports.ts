import type { Store } from '../store/store.js'
import type { ShadowReport } from './shadow-tally.js'

/** Each process keeps a report of its own, found by the hash of the shadow policy. In milliseconds: seven days. */
const KEPT_FOR = 7 * 86_400_000

/**
 * Writes what a process has counted so far, in place of what it wrote before.
 * @param id names what this process counts for this pair of policies
 */
export function writeShadowReport(
  store: Store,
  id: string,
  report: ShadowReport,
  now: number,
): Promise<void> {
  return store.put({ kind: 'shadow_report', id }, report, {
    expiresAt: now + KEPT_FOR,
    owner: report.shadow,
  })
}

/**
 * Every report of a shadow policy that is not older than seven days, of whatever live policy.
 * @param shadow the hash of the shadow policy
 */
export async function readShadowReports(
  store: Pick<Store, 'listByOwner'>,
  shadow: string,
): Promise<readonly ShadowReport[]> {
  const records = await store.listByOwner<ShadowReport>('shadow_report', shadow)
  return records.map(({ value }) => value)
}
