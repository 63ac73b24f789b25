import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openAppendedFile } from '../../src/documents/appended-file.js'
import { createLineBuffer } from '../../src/documents/line-buffer.js'

function collect(write: (lines: Buffer) => Promise<void>) {
  const faults: string[] = []
  const mended: number[] = []
  const buffer = createLineBuffer({
    write,
    onFault: error => faults.push(error.message),
    onMended: lost => mended.push(lost),
  })
  return { buffer, faults, mended }
}

t.test('lines that come together are written together, in their order', async t => {
  const writes: string[] = []
  const { buffer } = collect(async lines => void writes.push(lines.toString()))
  for (let at = 0; at < 1_000; at += 1) buffer.add(`${at}\n`)
  t.same(writes, [], 'nobody waits for them')
  while (writes.length === 0) await new Promise(resolve => setTimeout(resolve, 10))
  t.equal(writes.length, 1)
  buffer.add('last\n')
  await buffer.close()
  t.equal(writes.join(''), `${Array.from({ length: 1_000 }, (_, at) => `${at}\n`).join('')}last\n`)
  buffer.add('too late\n')
  t.equal(buffer.lost(), 1)
})

t.test(
  'a line is told whole and unchanged, however long it is and whatever comes while others are written',
  async t => {
    const written: string[] = []
    const { buffer } = collect(async lines => {
      await new Promise(resolve => setImmediate(resolve))
      written.push(lines.toString())
    })
    const lines = Array.from({ length: 60 }, (_, at) => `${at} ${'ä'.repeat((at * 9_973) % 90_000)}\n`)
    for (const [at, line] of lines.entries()) {
      buffer.add(line)
      if (at % 7 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    await buffer.close()
    t.equal(buffer.lost(), 0)
    t.ok(written.every(piece => piece.endsWith('\n')))
    t.ok(written.join('') === lines.join(''))
  },
)

t.test('a disk that takes nothing costs lines and no memory', async t => {
  let isStuck = true
  let release: () => void = () => undefined
  const { buffer } = collect(async () => {
    if (isStuck) await new Promise<void>(resolve => (release = resolve))
  })
  const line = `${'x'.repeat(1_023)}\n`
  for (let at = 0; at < 20_000; at += 1) buffer.add(line)
  t.ok(buffer.lost() > 11_000, `${buffer.lost()} lines were lost`)
  t.ok(buffer.lost() < 13_000)
  isStuck = false
  release()
  await buffer.close()
})

t.test('a failure is told once, and its end with what was lost', async t => {
  let full = true
  const { buffer, faults, mended } = collect(async () => {
    if (full) throw new Error('no space left')
  })
  const flushed = async (): Promise<void> => {
    const large = 'x'.repeat(65_536)
    buffer.add(large)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  await flushed()
  await flushed()
  t.same(faults, ['no space left'])
  full = false
  await flushed()
  t.same(mended, [2])
  await buffer.close()
})

t.test('a file that was moved away is made anew, and lines that are told go where their name is', async t => {
  const folder = t.testdir()
  const name = join(folder, 'access.log')
  const file = openAppendedFile(name)
  await file.append(Buffer.from('1\n'))
  renameSync(name, join(folder, 'access.log.1'))
  await file.append(Buffer.from('2\n'))
  file.reopen()
  await file.append(Buffer.from('3\n'))
  await file.close()
  t.equal(readFileSync(join(folder, 'access.log.1'), 'utf8'), '1\n')
  t.equal(readFileSync(name, 'utf8'), '2\n3\n')
})

t.test('a place where no file can be is told', async t => {
  const file = openAppendedFile(join(t.testdir(), 'no', 'such', 'folder.log'))
  await t.rejects(file.append(Buffer.from('1\n')), /ENOENT/)
  await file.close()
})
