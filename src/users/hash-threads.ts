import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Works password hashes out where they hold up nothing else. What is asked rejects where a thread breaks. */
export interface PasswordHasher {
  /** As `verifyPassword()`. */
  verify(password: string, hash: string): Promise<'right' | 'wrong'>
  /** As `hashPassword()`. */
  hash(password: string): Promise<string>
  /** Ends its threads. What they are still at rejects. */
  close(): Promise<void>
}

/** What a thread is asked. It answers in the order in which it was asked. */
export type HashQuestion =
  | { readonly ask: 'verify'; readonly password: string; readonly hash: string }
  | { readonly ask: 'hash'; readonly password: string }

/** What a thread answers: the verdict or the hash, or why there is none. */
export type HashAnswer =
  | { readonly outcome: 'done'; readonly text: string }
  | { readonly outcome: 'failed'; readonly message: string }

interface Thread {
  readonly pending: number
  ask(question: HashQuestion): Promise<string>
}

/** More than these would take memory (19 MiB each at work) sooner than they would serve people. */
const MOST_THREADS = 4

/** How many hashes are worked on at once: one less than there are processors, but one at least and four at most. */
export const HASH_THREADS = Math.max(1, Math.min(availableParallelism() - 1, MOST_THREADS))

/**
 * Makes a hasher with threads of its own, `HASH_THREADS` at most. One starts when there is work that no other is free
 * for, and none keeps the process alive. On Linux they run at a lower priority than the event loop, so that logins
 * take what processor the proxied requests leave, also where there is one processor only.
 */
export function createHashThreads(): PasswordHasher {
  const workers = new Map<Thread, Worker>()

  function start(): Thread {
    const worker = new Worker(new URL('./hash-thread.js', import.meta.url))
    const waiting: { resolve: (text: string) => void; reject: (error: Error) => void }[] = []
    const breakWith = (error: Error): void => {
      workers.delete(thread)
      for (const { reject } of waiting.splice(0)) reject(error)
    }
    const thread: Thread = {
      get pending() {
        return waiting.length
      },
      ask: question =>
        new Promise((resolve, reject) => {
          worker.ref()
          waiting.push({ resolve, reject })
          worker.postMessage(question)
        }),
    }
    worker.on('message', (answer: HashAnswer) => {
      const asked = waiting.shift()
      if (waiting.length === 0) worker.unref()
      if (answer.outcome === 'done') asked?.resolve(answer.text)
      else asked?.reject(new Error(answer.message))
    })
    worker.on('error', breakWith)
    worker.on('exit', () => {
      breakWith(new Error('the thread that works out password hashes has ended'))
    })
    worker.unref()
    workers.set(thread, worker)
    return thread
  }

  function ask(question: HashQuestion): Promise<string> {
    const [least] = [...workers.keys()].sort((one, other) => one.pending - other.pending)
    const isFree = least !== undefined && (least.pending === 0 || workers.size >= HASH_THREADS)
    return (isFree ? least : start()).ask(question)
  }

  return {
    verify: async (password, hash) =>
      (await ask({ ask: 'verify', password, hash })) === 'right' ? 'right' : 'wrong',
    hash: password => ask({ ask: 'hash', password }),
    close: async () => {
      await Promise.all([...workers.values()].map(worker => worker.terminate()))
    },
  }
}
