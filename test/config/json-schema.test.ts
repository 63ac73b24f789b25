import t from 'tap'
import fc from 'fast-check'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
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

t.test('every setting shows its default, its values or an example', async t => {
  for (const [path, schema] of settings(gatewayJsonSchema(), '')) {
    const { type, properties, items, anyOf } = schema as {
      readonly type?: string
      readonly properties?: object
      readonly items?: { readonly properties?: object; readonly enum?: unknown }
      readonly anyOf?: unknown
    }
    const isMadeOfOthers =
      properties !== undefined ||
      items?.properties !== undefined ||
      items?.enum !== undefined ||
      anyOf !== undefined
    const shows = ['default', 'examples', 'enum', 'const'].some(keyword =>
      Object.hasOwn(schema as object, keyword),
    )
    t.ok(isMadeOfOthers || shows || type === 'boolean', path)
  }
})

t.test('every example names the schema, so that an editor helps', async t => {
  const folder = new URL('../../config/examples/', import.meta.url)
  const examples = readdirSync(folder).filter(name => name !== 'users.example.yaml')
  for (const file of [
    ...examples.map(name => new URL(name, folder)),
    new URL('../../gateway.example.yaml', import.meta.url),
  ]) {
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8')) ?? []
    t.ok(existsSync(new URL(schema, file)), file.pathname)
    t.match(schema, 'gateway.schema.json')
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
    ['totp'],
    ['email', 'sms'],
    8,
    465,
    '${S}',
    'a@b.example',
    { file: 'a' },
  )
  const key = fc.constantFrom(
    'path',
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
    'factors',
    'digits',
    'totp',
    'from',
    'smtp',
    'webhook',
    'port',
    'password',
    'command',
    'tokens',
    'access',
    'bind_ip',
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
