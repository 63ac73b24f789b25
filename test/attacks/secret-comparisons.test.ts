import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const SOURCES = join(import.meta.dirname, '../../src')
/** Where what a client sent meets what the gateway knows. */
const FOLDERS = ['credentials', 'factors', 'http', 'login', 'portal', 'store', 'users']

/** What a name of a secret, or of something made of one, ends with. */
const SECRET = /(?:code|token|secret|password|ticket|answer|mac|signature|digest|hash|hashes|tokens|codes)$/i
const SEARCHES = new Set(['includes', 'indexOf', 'lastIndexOf', 'startsWith', 'endsWith', 'localeCompare'])
const EQUALITIES = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
])

/** Comparisons of such names that tell a guesser nothing, each with the reason. */
const HARMLESS: Readonly<Record<string, string>> = {
  'factors/one-time-code.ts: record?.sealedCode !== sealedCode': 'both were read from the store',
  'factors/totp.ts: open(other, subject) === authenticator.secret': 'both are of the gateway itself',
  'http/http2-sessions.ts: rstCode === constants.NGHTTP2_NO_ERROR': 'a number of the protocol',
  'login/known-browsers.ts: met.token !== browserToken': 'the first is a new one, or was found by its hash',
}

/** The last name of an expression: of `record?.value.hash` it is `hash`. */
function nameOf(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  return ts.isIdentifier(node) ? node.text : ''
}

/** Whether what is compared with it is no text of a secret: a constant, or a SHA-256 of what was sent. */
function isSafe(node: ts.Expression): boolean {
  if (ts.isCallExpression(node)) return nameOf(node.expression) === 'hashSecret'
  const name = nameOf(node)
  return (
    ts.isLiteralExpression(node) ||
    node.kind === ts.SyntaxKind.NullKeyword ||
    /^undefined$|^[A-Z_]+$/.test(name)
  )
}

/** The places of a file where a secret is compared as text. */
function comparisonsIn(text: string): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && EQUALITIES.has(node.operatorToken.kind)) {
      const { left, right } = node
      const named = SECRET.test(nameOf(left)) || SECRET.test(nameOf(right))
      if (named && !isSafe(left) && !isSafe(right)) found.push(node.getText())
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression
      const [given] = node.arguments
      const named = given !== undefined && (SECRET.test(nameOf(given)) || SECRET.test(nameOf(expression)))
      if (SEARCHES.has(name.text) && named && !isSafe(given)) found.push(node.getText())
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('one.ts', text, ts.ScriptTarget.Latest, true))
  return found
}

t.test('i6: no secret is compared as text, only by its SHA-256 or by timingSafeEqual', async t => {
  const found = FOLDERS.flatMap(folder =>
    readdirSync(join(SOURCES, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .flatMap(name =>
        comparisonsIn(readFileSync(join(SOURCES, folder, name), 'utf8')).map(
          one => `${folder}/${name}: ${one}`,
        ),
      ),
  )
  t.same(found.sort(), Object.keys(HARMLESS).sort())
})

t.test('i6: such a comparison would be found', async t => {
  for (const text of [
    'if (code === expected) pass()',
    'if (record?.token !== given) stop()',
    'return hashes.includes(typed)',
    'return stored.startsWith(apiToken)',
    'return hash == found.value.hash',
  ])
    t.equal(comparisonsIn(text).length, 1, text)
  for (const text of [
    'found.hash === hashSecret(text)',
    'code === undefined',
    "password === ''",
    'equal(hash, other)',
  ])
    t.same(comparisonsIn(text), [], text)
})
