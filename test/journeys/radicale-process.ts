import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../bench/free-port.js'
import { runProgram } from './gateway-process.js'

/** Why what needs Radicale cannot run, or false when it can. For tap's `skip` option. */
export const noRadicale: string | false =
  spawnSync('radicale', ['--version'], { stdio: 'ignore' }).status !== 0 &&
  'radicale is missing: apt-get install radicale'

/** Runs Radicale as it was installed; it believes the header `X-Remote-User`. Gives its address. */
export async function startRadicale(t: Test): Promise<string> {
  const port = await freePort()
  // The test's own folder holds the gateway.
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-radicale-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const settings = {
    '--config': '',
    '--server-hosts': `127.0.0.1:${port}`,
    '--auth-type': 'http_x_remote_user',
    '--logging-level': 'info',
    '--storage-filesystem-folder': folder,
  }
  const words = Object.entries(settings).flatMap(([name, value]) => [name, value])
  await runProgram(t, 'radicale', words).says(/server ready/)
  return `http://127.0.0.1:${port}`
}
