import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { freePort } from '../bench/free-port.js'
import type { OpenTestGateway } from '../harness/gateway.js'
import { type RecordingUpstream, startRecordingUpstream } from '../harness/recording-upstream.js'
import { type Program, runGatehouse } from '../journeys/gateway-process.js'
import { type MovableClock, movableClock } from '../journeys/movable-clock.js'
import { type AllWays, allWaysUsers, allWaysYaml, createAsk, messagesIn } from './all-ways-gateway.js'

/** A gateway in a process of its own, on which every way in is switched on, with its files. */
export interface AllWaysProcess extends AllWays {
  readonly folder: string
  readonly clock: MovableClock
  /** What the running process, and those before it, have written. */
  readonly output: () => string
  /** Ends the process and starts another one, with these files as secrets. */
  readonly restart: (secret: string) => Promise<void>
  readonly end: () => Promise<void>
  /** Runs another command on the same files, with further options. */
  readonly command: (command: string, ...options: readonly string[]) => Program
}

/**
 * Installs and starts it, with the embedded store in `data`, an audit log in `audit.jsonl` and sent messages in
 * `messages.jsonl`.
 * @param secret what the setting `secret` is; the files that it names are beside gateway.yaml
 */
export async function startAllWaysProcess(
  t: Test,
  secret: string,
  files: Readonly<Record<string, string>>,
): Promise<AllWaysProcess> {
  const upstream: RecordingUpstream = await startRecordingUpstream(t)
  const port = await freePort()
  const yaml = (written: string): string =>
    allWaysYaml(
      upstream.url,
      `listen: 127.0.0.1:${port}\nshutdown_timeout: 1s\naudit: { file: audit.jsonl, stdout: true }\nsecret: ${written}\n`,
    )
  const folder = t.testdir({ ...files, 'gateway.yaml': yaml(secret), 'users.yaml': await allWaysUsers() })
  const configFile = join(folder, 'gateway.yaml')
  const clock = movableClock(t, join(folder, 'clock'))
  const programs: Program[] = []
  const run = (command: string, ...words: readonly string[]): Program => {
    const program = runGatehouse(t, [...command.split(' '), '--config', configFile, ...words], { clock })
    programs.push(program)
    return program
  }
  const serve = () => run('serve').says(/^Gatehouse listens on /m)
  const end = async (): Promise<void> => {
    for (const program of programs) await program.end('SIGTERM')
  }
  await serve()
  const store = openLmdbStore({ directory: join(folder, 'data'), now: clock.now })
  t.teardown(() => store.close())
  const gateway: OpenTestGateway = {
    port,
    tls: false,
    clock,
    store,
    usersFile: join(folder, 'users.yaml'),
    configFile,
    get logLines() {
      return programs.flatMap(program => program.output().split('\n'))
    },
    reload: () => undefined,
    close: end,
  }
  return {
    gateway,
    upstream,
    ask: createAsk(port),
    message: messagesIn(join(folder, 'messages.jsonl')),
    folder,
    clock,
    output: () => programs.map(program => program.output()).join('\n'),
    restart: async written => {
      await end()
      writeFileSync(configFile, yaml(written))
      await serve()
    },
    end,
    command: run,
  }
}
