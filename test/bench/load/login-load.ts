import { Agent, request } from 'node:http'
import type { LoadResult } from './count.js'

/** Logins under way: enough for the threads that hash. */
const AT_ONCE = 8

/**
 * Logs people in for some seconds, each from an address of its own. Rejects when one of them is not let in.
 * @param users their names, in turn
 */
export async function loadLogins(
  port: number,
  users: readonly string[],
  password: string,
  seconds: number,
): Promise<Omit<LoadResult, 'used'>> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const begun = performance.now()
  let next = Math.floor(begun)
  let answers = 0
  async function logInAgain(): Promise<void> {
    while (performance.now() - begun < seconds * 1000) {
      next += 1
      const status = await logIn(port, agent, users[next % users.length] ?? '', password, next)
      if (status !== 200) throw new Error(`a login was answered ${status}`)
      answers += 1
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, logInAgain))
  } finally {
    agent.destroy()
  }
  return { requests: answers, seconds: (performance.now() - begun) / 1000 }
}

function logIn(
  port: number,
  agent: Agent,
  username: string,
  password: string,
  client: number,
): Promise<number> {
  const body = JSON.stringify({ username, password, mode: 'token' })
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-forwarded-for': `10.${(client >> 16) & 255}.${(client >> 8) & 255}.${client & 255}`,
  }
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/auth/login', method: 'POST', agent, headers }, answer => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
      .on('error', reject)
      .end(body)
  })
}
