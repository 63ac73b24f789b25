import t, { type Test } from 'tap'
import type { Message, Messenger } from '../../../src/factors/delivery/messenger.js'

/** What a receiver got; `subject` where the channel has one. */
interface Arrived {
  readonly to: string
  readonly subject: string | undefined
  readonly text: string
}

/** A messenger with the other end of its channel, made anew for each test. */
interface Bench {
  readonly messenger: Messenger
  /** Everything that has arrived, in any order. */
  readonly arrived: () => readonly Arrived[] | Promise<readonly Arrived[]>
}

export interface MessengerKinds {
  readonly channel: Messenger['channel']
  /** A channel that works. */
  readonly working: (t: Test) => Promise<Bench>
  /** One whose other end refuses everything, after it was given the message. */
  readonly refusing: (t: Test) => Promise<Messenger>
  /** One whose other end is not there. */
  readonly missing: (t: Test) => Promise<Messenger>
  /** One whose other end takes the message and never answers; its timeout is 300 ms. Undefined: cannot be. */
  readonly silent: ((t: Test) => Promise<Messenger>) | undefined
}

const TEXT = [
  'Your code for wiki.example.com is:',
  '',
  '    314159',
  '',
  '. a line with a full stop first',
  '.',
  `Grüße, "quotes" 'and' $(touch /tmp/x) \`id\` %s \\n; a=b & | > ${'long '.repeat(60)}end 😀`,
].join('\n')

/** What every messenger must do. Run once for each. */
export function testMessengerContract(name: string, kinds: MessengerKinds): void {
  const to = (n: number): string => (kinds.channel === 'email' ? `user${n}@example.com` : `+49170000000${n}`)
  const message = (n = 0): Message => ({
    to: to(n),
    subject: 'Your code – for you',
    text: TEXT,
    html: kinds.channel === 'email' ? '<p>314159</p>' : undefined,
  })

  /** Waits for the refusal and sees that it tells nothing of the message. */
  const fails = async (t: Test, messenger: Messenger): Promise<void> => {
    t.teardown(() => messenger.close())
    const error = await messenger.send(message()).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    t.type(error, Error)
    if (!(error instanceof Error)) return
    t.ok(error.message.length > 20, error.message)
    const all = JSON.stringify([error.message, error.stack, error.cause])
    t.notMatch(all, /314159|Grüße|touch/, 'the error has nothing of the text')
  }

  void t.test(`${name}: a message arrives once and whole`, async t => {
    const { messenger, arrived } = await kinds.working(t)
    t.equal(messenger.channel, kinds.channel)
    await messenger.send(message())
    const [first, ...others] = await arrived()
    t.same(others, [])
    t.equal(first?.to, to(0))
    t.equal(first?.text.trimEnd(), TEXT)
    t.ok([undefined, 'Your code – for you'].includes(first?.subject), 'the subject, where there is one')
    await messenger.close()
  })

  void t.test(`${name}: ten messages at once all arrive`, async t => {
    const { messenger, arrived } = await kinds.working(t)
    await Promise.all(Array.from({ length: 10 }, (_, n) => messenger.send(message(n))))
    t.same(
      (await arrived()).map(one => one.to).sort(),
      Array.from({ length: 10 }, (_, n) => to(n)),
    )
    await messenger.close()
  })

  void t.test(`${name}: closing waits for what is under way, and nothing goes afterwards`, async t => {
    const { messenger, arrived } = await kinds.working(t)
    const sending = messenger.send(message())
    await messenger.close()
    t.equal((await arrived()).length, 1)
    await sending
    await t.rejects(messenger.send(message()), { message: /closed/ })
    t.equal((await arrived()).length, 1)
  })

  void t.test(`${name}: a refusal is an error without the text`, async t => {
    await fails(t, await kinds.refusing(t))
  })

  void t.test(`${name}: another end that is not there is an error without the text`, async t => {
    await fails(t, await kinds.missing(t))
  })

  const { silent } = kinds
  if (silent === undefined) return
  void t.test(`${name}: an end that never answers is an error in time`, { timeout: 10_000 }, async t => {
    await fails(t, await silent(t))
  })
}
