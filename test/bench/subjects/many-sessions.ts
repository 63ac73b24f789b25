import { startModule } from '../processes.js'
import { copiedSessionId } from './copied-session-id.js'
import type { Gateway } from './gateway.js'

/** Requests carry so many different sessions at most: more than the gateway remembers. */
const MOST_CARRIED = 20_000

/**
 * Writes copies of Alice's session into the store of a gateway that is running, and lets the load carry them in turn.
 * @param count how many
 */
export async function carryManySessions(gateway: Gateway, count: number): Promise<Gateway> {
  await startModule('subjects/session-copies-process', 'others', [gateway.file, String(count)])
  const carried = Math.min(count, MOST_CARRIED)
  const cookies = Array.from(
    { length: carried },
    (_, number) => `theme=dark; gatehouse=${copiedSessionId(Math.floor((number * count) / carried))}`,
  )
  return { ...gateway, target: { ...gateway.target, cookies } }
}
