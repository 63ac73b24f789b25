import { platform, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { HashAnswer, HashQuestion } from './hash-threads.js'
import { hashPassword, verifyPassword } from './password-hash.js'

/** A tenth of the processor's time beside a thread that wants all of it, and all of it where nobody else does. */
const NICE = 10

// On Linux the nice value is a thread's own (setpriority(2), Notes). Elsewhere this would slow the event loop, too.
if (platform() === 'linux') setPriority(0, NICE)

parentPort?.on('message', (question: HashQuestion) => {
  parentPort?.postMessage(answerTo(question))
})

function answerTo(question: HashQuestion): HashAnswer {
  try {
    const { password } = question
    const text = question.ask === 'hash' ? hashPassword(password) : verifyPassword(password, question.hash)
    return { outcome: 'done', text }
  } catch (error) {
    return { outcome: 'failed', message: String(error) }
  }
}
