/**
 * Says where a code went, so that its owner knows it again and nobody else learns it: `a…@example.com`, `…4567`.
 * @param target undefined when there is none; told as `…`
 */
export function maskTarget(channel: 'email' | 'sms', target: string | undefined): string {
  if (target === undefined) return '…'
  if (channel === 'sms') return `…${target.slice(-4)}`
  const at = target.lastIndexOf('@')
  const [first = ''] = target.slice(0, Math.max(at, 0))
  return `${first}…${target.slice(Math.max(at, 0))}`
}
