import t from 'tap'
import { loadText, problemsOf, site } from './broken-file.js'

t.test('explain_to names groups, and nobody unless it does', t => {
  t.match(loadText(site('routes: [{ path: /a, access: public }]')), { ok: true, config: { explainTo: [] } })
  t.match(loadText(site('explain_to: [ops, "it’s us"]')), {
    ok: true,
    config: { explainTo: ['ops', 'it’s us'] },
  })
  t.match(problemsOf(site('explain_to: []')), [{ severity: 'error', line: 4 }], 'an empty list is a slip')
  t.match(problemsOf(site('explain_to: ops')), [{ severity: 'error', line: 4, column: 13 }])
  t.end()
})
