/** Targets that some server, somewhere, reads as `/admin`. */
export const CONFUSING: Readonly<Record<string, readonly string[]>> = {
  b1: [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/.%2e/admin',
    '/public/%2E./admin',
    '/public/..',
    '/../admin',
  ],
  b2: ['/./admin', '/%2e/admin', '/admin/%2E', '/admin/.'],
  b3: ['/public%2f..%2fadmin', '/public/..%2fadmin', '/public%2F..%2Fadmin'],
  b4: ['/public/..%5cadmin', '/public\\..\\admin', '/public/%5c..%5cadmin', '\\admin', '/\\admin'],
  b5: [
    '/public/%252e%252e/admin',
    '/%2561dmin',
    '/public/%25%32%65%25%32%65/admin',
    '/public/%2525252e/admin',
  ],
  b6: ['/public/..;/admin', '/public/..%3b/admin', '/public/..;a=b/admin', '/public/%2e%2e;/admin'],
  b7: ['/admin;/public/x', '/public/.;/admin', '/admin;x=1', '/;/admin', '/public;/../admin'],
  b8: ['//admin', '///admin', '//evil.example/admin', '//gw.example/admin'],
  b9: ['/public//admin', '/public//../admin', '/public/x//'],
  b10: ['/%61dmin', '/admi%6e', '/%61%64%6d%69%6e', '/ADMIN', '/Admin', '/%41DMIN'],
  b11: [
    '/admin.',
    '/admin%20',
    '/admin%09',
    '/admin%00',
    '/admin%00/public/',
    '/admin%0d%0aX:1',
    '/public/%00/../admin',
    '/public/x%0d%0aX-Evil:%201',
    '/public/%7f',
    '/public/\x01',
  ],
  b12: ['/admin#/public/', '/admin%23/public/', '/public/#/../admin', '#/public/x'],
  b13: [
    '/admin?/public/',
    '/admin?x=/../public/',
    '/admin%3f/public/',
    '/admin??/public/',
    '/?/public/x',
    '?/public/x',
  ],
  b14: [
    'http://gw.example/admin',
    'https://gw.example/admin',
    'http://other/admin',
    'http://other/public/x',
    'HtTp://u:p@gw.example/admin',
    'http://u:p@gw.example/public/x',
    'http://gw.example?x=/public/',
    'http://gw.example\\@evil.example/public/x',
    'ftp://gw.example/admin',
    'ftp://gw.example/public/x',
    'http:///admin',
    'http:/admin',
    'http:admin',
    'javascript:alert(1)',
  ],
  b15: ['*', 'admin', 'admin/', 'public/x', '.', '..', '?x'],
  b16: [
    '/public/%ef%bc%8e%ef%bc%8e/admin',
    '/public/%e2%80%a4%e2%80%a4/admin',
    '/public%ef%bc%8f..%ef%bc%8fadmin',
    '/public/\u2024\u2024/admin',
    '/public/\uff0e\uff0e/admin',
    '/public/%c0%ae%c0%ae/admin',
    '/public/%e0%80%af',
    '/public/\u00e9',
  ],
  b17: [
    '/a%zz',
    '/%',
    '/public/%',
    '/public/%2',
    '/public/%u002e',
    '/public/%ed%a0%80',
    '/public/%ff',
    '/public/%f8%88%80%80%80',
  ],
  b18: ['/admin/', '/admin%2f', '/admin//', '/admin/x/', '/admin/%2f'],
}

/** Reads a path as the most obliging server would: decoded until nothing changes, `\` as `/`, `;…` and dots gone. */
export function mostLenientReading(target: string): string {
  let path = target.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  for (let before = ''; before !== path;) {
    before = path
    path = path.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
  const kept: string[] = []
  for (const piece of path.replaceAll('\\', '/').split('/')) {
    const segment = piece.split(/[;\0]/)[0] ?? ''
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}
