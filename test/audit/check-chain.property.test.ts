import { readFileSync, renameSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { check, chainIn, told } from './chain-bench.js'

/** A log over three files of lines that differ, with checkpoints among them. */
async function logOf(t: Parameters<typeof chainIn>[0]) {
  const { file, chain } = chainIn(t)
  const files = [`${file}.2`, `${file}.1`, file]
  for (const name of files) {
    for (let at = 0; at < 8; at++) await chain.append([told(`${name.length}-${at}`)], at === 3)
    if (name !== file) renameSync(file, name)
  }
  await chain.append([], true)
  return { file, texts: files.map(name => readFileSync(name, 'utf8')) }
}

/** Lines of all the files, each with the file that it is in. */
function flat(texts: readonly string[]): { readonly file: number; readonly text: string }[] {
  return texts.flatMap((text, file) =>
    text
      .split('\n')
      .slice(0, -1)
      .map(line => ({ file, text: line })),
  )
}

function joined(lines: readonly { readonly file: number; readonly text: string }[]): string[] {
  return [0, 1, 2].map(file =>
    lines
      .filter(line => line.file === file)
      .map(({ text }) => `${text}\n`)
      .join(''),
  )
}

t.test('an untouched log over several files holds', async t => {
  const { file, texts } = await logOf(t)
  const { faults, report } = check(texts, file)
  t.same(faults, [])
  t.match(report, { lines: flat(texts).length, first: 1, unsigned: 0 })
  t.ok(report.checkpoints >= 6, 'one in each file, and one at each beginning and end')
})

t.test('whatever is done to one line is found, with its kind and its number', async t => {
  const { file, texts } = await logOf(t)
  const lines = flat(texts)
  const at = fc.nat({ max: lines.length - 1 })
  const firstFault = (changed: typeof lines) => check(joined(changed), file).faults[0]

  await t.test('changed', async () => {
    fc.assert(
      fc.property(at, fc.nat(), fc.integer({ min: 33, max: 126 }), (index, place, code) => {
        const { file: of, text = '' } = lines[index] ?? { file: 0 }
        const where = place % text.length
        const other = text.slice(0, where) + String.fromCharCode(code) + text.slice(where + 1)
        fc.pre(other !== text)
        const fault = firstFault(lines.with(index, { file: of, text: other }))
        return fault?.seq === index + 1
      }),
      { numRuns: 400 },
    )
  })

  await t.test('dropped', async () => {
    fc.assert(
      fc.property(at, index => {
        const fault = firstFault(lines.toSpliced(index, 1))
        // Whoever drops the first line of all leaves a log that begins later: that is told, and is no fault by itself.
        if (index === 0) return check(joined(lines.slice(1)), file).report.first === 2
        const isLast = index === lines.length - 1
        return fault?.kind === (isLast ? 'cut' : 'dropped') && fault.seq === index + 1
      }),
    )
  })

  await t.test('cut', async () => {
    fc.assert(
      fc.property(at, index => {
        fc.pre(index > 0)
        const fault = firstFault(lines.slice(0, index))
        return fault?.kind === 'cut' && fault.seq === index + 1
      }),
    )
  })

  await t.test('swapped', async () => {
    fc.assert(
      fc.property(at, at, (one, other) => {
        fc.pre(one !== other && Math.min(one, other) > 0)
        const [a, b] = [lines[one], lines[other]]
        if (a === undefined || b === undefined) return false
        const swapped = lines
          .with(one, { file: a.file, text: b.text })
          .with(other, { file: b.file, text: a.text })
        const fault = firstFault(swapped)
        return fault?.kind === 'reordered' && fault.seq === Math.max(one, other) + 1
      }),
    )
  })

  await t.test('inserted', async () => {
    fc.assert(
      fc.property(at, at, fc.constantFrom('copy', 'forged', 'garbage'), (index, from, how) => {
        fc.pre(index > 0)
        const before = lines[index - 1]
        const copied = lines[from]?.text ?? ''
        const forged = (lines[index]?.text ?? '').replace(/"subject":"[^"]*"/, '"subject":"mallory"')
        fc.pre(how !== 'forged' || forged !== lines[index]?.text)
        const text = how === 'copy' ? copied : how === 'forged' ? forged : '{"subject":"mallory"}'
        fc.pre(how !== 'copy' || from < index)
        const fault = firstFault(lines.toSpliced(index, 0, { file: before?.file ?? 0, text }))
        return fault?.kind === 'inserted'
      }),
    )
  })
})

t.test('a log that was written anew without the key is found', async t => {
  const { file, texts } = await logOf(t)
  const { createAuditKeys } = await import('../../src/audit/audit-keys.js')
  const other = createAuditKeys(['a quite different secret of enough bytes'])
  const { faults } = check(texts, undefined, other)
  t.match(faults[0], { kind: 'changed', message: /signature/ })
  t.same(check(texts, file).faults, [])
})
