import t from 'tap'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import Value from 'typebox/value'
import { stringify } from 'yaml'
import { findingsOf } from '../../src/config/findings.js'
import { gatewayJsonSchema } from '../../src/config/json-schema.js'
import { readYaml } from '../../src/config/read-yaml.js'
import { reportSchemaProblems } from '../../src/config/schema-problems.js'
import { gatewaySchema } from '../../src/config/schema.js'

t.test('the committed schema for editors is the one that the gateway validates by', async t => {
  const file = new URL('../../config/gateway.schema.json', import.meta.url)
  t.same(JSON.parse(readFileSync(file, 'utf8')), gatewayJsonSchema())
})

t.test('every setting explains itself to the person who hovers over it', async t => {
  for (const [path, schema] of settings(gatewayJsonSchema(), '')) {
    t.match(schema, { description: /^.{8,}/s }, path)
  }
})

t.test('the schema says the effect of each access in words', async t => {
  const text = JSON.stringify(gatewayJsonSchema())
  for (const effect of [
    'no login',
    'login, second factor skipped',
    'login and second factor',
    'denied: nobody',
  ]) {
    t.match(text, effect)
  }
})

t.test('a sentence is told exactly for what does not fit the schema', async t => {
  const leaf = fc.constantFrom<unknown>(
    '',
    ' ',
    'x',
    '/a',
    '5m',
    'https://a',
    true,
    false,
    7,
    null,
    [],
    ['a', 'a'],
    {},
    'required',
  )
  const key = fc.constantFrom(
    'path',
    'access',
    'methods',
    'step_up',
    'max_age',
    'url',
    'file',
    'preset',
    'user',
    'zzz',
    'tls_verify',
    'idle',
  )
  const block = fc.dictionary(key, leaf, { maxKeys: 4 })
  const top = fc.constantFrom(...Object.keys(gatewaySchema.properties), 'zzz')
  const value = fc.oneof(leaf, block, fc.array(fc.oneof(leaf, block), { maxLength: 3 }))
  fc.assert(
    fc.property(fc.dictionary(top, value, { maxKeys: 6 }), file => {
      const read = readYaml('a.yaml', stringify(file, { aliasDuplicateObjects: false }))
      if (!read.ok) throw new Error(JSON.stringify(read.problems))
      const findings = findingsOf(read.document)
      reportSchemaProblems(findings, gatewaySchema, read.document.value)
      return (findings.problems().length === 0) === Value.Check(gatewaySchema, read.document.value)
    }),
    { numRuns: 500 },
  )
  t.pass('they agree')
})

/** Every property of every block, with its path. */
function* settings(schema: unknown, path: string): Generator<readonly [string, unknown]> {
  if (typeof schema !== 'object' || schema === null) return
  for (const [key, part] of Object.entries<unknown>({ ...schema })) {
    if (key === 'properties' && typeof part === 'object' && part !== null) {
      for (const [name, property] of Object.entries<unknown>({ ...part })) yield [`${path}/${name}`, property]
    }
    yield* settings(part, `${path}/${key}`)
  }
}
