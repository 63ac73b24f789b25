import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createCommandMessenger } from '../../../src/factors/delivery/command-messenger.js'
import { createFileMessenger } from '../../../src/factors/delivery/file-messenger.js'
import type { Messenger } from '../../../src/factors/delivery/messenger.js'
import { testMessengerContract } from './messenger-contract.js'

const message = { to: '+491701234567', subject: 'Hello', text: 'Hello', html: undefined }
const linesOf = async (file: string): Promise<readonly unknown[]> => {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as unknown)
}

/** Writes what it was given as one line of JSON into the file that it is told. */
const RECORDER = `
  const { appendFileSync, readFileSync } = require('node:fs')
  const { GATEHOUSE_TO: to, GATEHOUSE_SUBJECT: subject, TOKEN: token } = process.env
  const text = readFileSync(0, 'utf8')
  appendFileSync(process.argv[1], JSON.stringify({ to, subject, text, token }) + '\\n')`

const running = (command: readonly string[], timeout = 10_000): Messenger =>
  createCommandMessenger({
    channel: 'sms',
    options: { command, timeout },
    environment: { PATH: process.env.PATH, TOKEN: 'of the operator' },
  })

testMessengerContract('command', {
  channel: 'sms',
  working: async t => {
    const file = join(t.testdir({}), 'messages')
    return {
      messenger: running(['node', '-e', RECORDER, file]),
      arrived: async () => (await linesOf(file)) as { to: string; subject: string; text: string }[],
    }
  },
  refusing: async () => running(['node', '-e', 'process.stdin.resume().on("end", () => process.exit(3))']),
  missing: async () => running(['/nowhere/send-message']),
  silent: async () => running(['sleep', '60'], 300),
})

testMessengerContract('file', {
  channel: 'email',
  working: async t => {
    const file = join(t.testdir({}), 'messages')
    return {
      messenger: createFileMessenger({ channel: 'email', options: { file } }),
      arrived: async () => (await linesOf(file)) as { to: string; subject: string; text: string }[],
    }
  },
  refusing: async t => createFileMessenger({ channel: 'email', options: { file: t.testdir({}) } }),
  missing: async t =>
    createFileMessenger({ channel: 'email', options: { file: join(t.testdir({}), 'no', 'such', 'folder') } }),
  silent: undefined,
})

void t.test('no shell is involved: what a message has in it is never run', async t => {
  const folder = t.testdir({})
  const touched = join(folder, 'touched')
  const messenger = running(['node', '-e', RECORDER, join(folder, 'messages')])
  const evil = `"; touch ${touched}; $(touch ${touched}) \`touch ${touched}\``
  await messenger.send({ ...message, to: evil, subject: evil, text: evil })
  t.match(await linesOf(join(folder, 'messages')), [{ to: evil, subject: evil, text: evil }])
  await t.rejects(stat(touched))
})

void t.test('the program gets the environment that it was given, and nothing else', async t => {
  const file = join(t.testdir({}), 'messages')
  const show = `require('node:fs').writeFileSync(process.argv[1], JSON.stringify(process.env))`
  await running(['node', '-e', show, file]).send(message)
  const [environment] = await linesOf(file)
  t.match(environment, { GATEHOUSE_TO: message.to, GATEHOUSE_SUBJECT: 'Hello', TOKEN: 'of the operator' })
  t.notOk(Object.hasOwn(environment as object, 'HOME'))
})

void t.test('a program that does not read its input decides by its status', async t => {
  const long = { ...message, text: 'x'.repeat(1_000_000) }
  await running(['true']).send(long)
  await t.rejects(running(['false']).send(long), { message: /ended with status 1/ })
})

void t.test('a message that cannot be given to a program is an error', async t => {
  await t.rejects(running(['true']).send({ ...message, to: 'a\0b' }))
})

void t.test('a new file is for its owner only, and one that exists is kept', async t => {
  const file = join(t.testdir({}), 'messages')
  const messenger = createFileMessenger({ channel: 'sms', options: { file } })
  await messenger.send(message)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await writeFile(file, '{"kept":true}\n')
  await messenger.send(message)
  t.match(await linesOf(file), [{ kept: true }, { channel: 'sms', to: message.to }])
})

void t.test('a line break in a message stays inside of its line', async t => {
  const file = join(t.testdir({}), 'messages')
  const messenger = createFileMessenger({ channel: 'sms', options: { file } })
  await messenger.send({ ...message, text: 'a\n{"to":"mallory"}\u2028b' })
  t.equal((await linesOf(file)).length, 1)
})
