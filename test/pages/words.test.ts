import t from 'tap'
import { describeBrowser } from '../../src/pages/describe-browser.js'
import { duration } from '../../src/pages/phrases.js'

t.test('durations are said in their largest fitting unit, rounded up', t => {
  const said = [0, 1000, 45_000, 89_001, 90_000, 300_000, 3_600_000, 5_400_000, 43_200_000, 172_800_000].map(
    duration,
  )
  t.same(said, [
    '1 second',
    '1 second',
    '45 seconds',
    '2 minutes',
    '2 minutes',
    '5 minutes',
    '60 minutes',
    '2 hours',
    '12 hours',
    '2 days',
  ])
  t.end()
})

t.test('a browser is named by its narrowest name, and by its system', t => {
  const said = [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1',
    'curl/8.5.0',
    'DAVx5',
    undefined,
  ].map(describeBrowser)
  t.same(said, [
    'Edge on Windows',
    'Chrome on Android',
    'Safari on Mac',
    'Chrome on iPhone',
    'curl',
    'Unknown browser',
    'Unknown browser',
  ])
  t.end()
})
