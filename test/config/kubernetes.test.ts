import t from 'tap'
import { findGatewayFaults, loadGateway } from './kubernetes/gateway-rules.js'
import { manifestsOf, readManifests, type ManifestFiles } from './kubernetes/manifests.js'
import { findPodFaults } from './kubernetes/pod-rules.js'
import { findReach } from './kubernetes/reach.js'

/** What is used together. */
const CLUSTERS = [['sidecar'], ['shared'], ['shared', 'ingress-nginx'], ['shared', 'traefik']]
const NGINX = 'ingress-nginx/ingress-nginx controller'

for (const folders of CLUSTERS) {
  const files = readManifests(...folders)

  t.test(
    `${folders.join(' and ')}: what belongs together agrees, and no pod may do more than it needs`,
    async t => {
      t.same(findPodFaults(files), [])
      t.same(findGatewayFaults(files), [])
    },
  )

  t.test(`${folders.join(' and ')}: the real loader takes the gateway.yaml`, async t => {
    const { config, warnings } = loadGateway(files)
    const expected = folders.includes('sidecar') ? [] : [/^without TLS everybody between here and redis/]
    t.equal(warnings.length, expected.length, warnings.join('\n'))
    t.match(warnings, expected)
    t.ok(config.secrets, 'the secret is from a file')
  })
}

t.test('the side door is closed: only the gateway, or the proxy that asks it, gets to an app', async t => {
  const reach = (...folders: readonly string[]) => findReach(manifestsOf(readManifests(...folders)))
  const redis = ['gatehouse/gatehouse:6379']
  const wiki = ['gatehouse/gatehouse:3000']
  t.same(reach('sidecar'), { wiki: ['traefik/*:8080'] }, 'the app of the sidecar by no port of its own')
  t.same(reach('shared'), { gatehouse: ['monitoring/*:9090'], redis, wiki })
  t.same(reach('shared', 'ingress-nginx'), {
    app: [`${NGINX}:3000`],
    gatehouse: [`${NGINX}:8080`, 'monitoring/*:9090'],
    redis,
    wiki,
  })
  t.same(reach('shared', 'traefik'), {
    app: ['traefik/traefik:3000'],
    gatehouse: ['monitoring/*:9090', 'traefik/traefik:8080'],
    redis,
    wiki,
  })
})

t.test('the gateway is rolled over one by one, and Redis throws nothing away', async t => {
  const files = readManifests('shared')
  t.match(files.get('shared/gatehouse.yaml'), /maxUnavailable: 0, maxSurge: 1/)
  t.match(files.get('shared/gatehouse.yaml'), /kind: PodDisruptionBudget[\s\S]*maxUnavailable: 1\n/)
  t.match(files.get('shared/redis.yaml'), /^ {4}maxmemory-policy noeviction$/m)
  t.match(files.get('shared/redis.yaml'), /^ {4}appendonly yes$/m)
})

/** A file, what is put in the place of what in it, and what is then found. */
const BROKEN: readonly (readonly [string, string, string, RegExp])[] = [
  ['shared/wiki.yaml', 'kind: Service\n', 'kind: Secret\n', /a secret in a file is none/],
  [
    'shared/wiki.yaml',
    'kind: Namespace\nmetadata: { name: wiki }',
    'kind: Namespace\nmetadata: { name: w }',
    /nobody makes its namespace/,
  ],
  ['shared/redis.yaml', 'automountServiceAccountToken: false', 'hostNetwork: false', /it gets a token/],
  ['shared/gatehouse.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false', /it may run as root/],
  ['shared/redis.yaml', 'type: RuntimeDefault', 'type: Unconfined', /no seccomp/],
  [
    'sidecar/wiki.yaml',
    'readOnlyRootFilesystem: true',
    'readOnlyRootFilesystem: false',
    /may write to its root/,
  ],
  [
    'sidecar/wiki.yaml',
    'allowPrivilegeEscalation: false',
    'allowPrivilegeEscalation: true',
    /may get more rights/,
  ],
  ['ingress-nginx/app.yaml', 'drop: [ALL]', 'drop: [NET_RAW]', /keeps capabilities/],
  ['shared/redis.yaml', 'image: redis:7.4', 'image: redis:latest', /no version/],
  ['shared/gatehouse.yaml', 'defaultMode: 0400', 'defaultMode: 0444', /everybody may read the Secret/],
  [
    'shared/gatehouse.yaml',
    'secretName: redis',
    'secretName: valkey',
    /nothing says how to make the Secret "valkey"/,
  ],
  ['shared/redis.yaml', 'key: auth.conf', 'key: acl', /has no "acl"/],
  ['shared/redis.yaml', 'configMap: { name: redis }', 'configMap: { name: r }', /no ConfigMap "r"/],
  ['sidecar/wiki.yaml', 'claimName: gatehouse', 'claimName: g', /no claim "g"/],
  [
    'shared/gatehouse.yaml',
    '{ name: config, mountPath',
    '{ name: conf, mountPath',
    /there is no volume "conf"/,
  ],
  [
    'shared/gatehouse.yaml',
    'path: /auth/health/ready, port: http',
    'path: /auth/health/ready, port: https',
    /a probe asks at "https"/,
  ],
  ['shared/gatehouse.yaml', 'readinessProbe:', 'lateProbe:', /a probe of the gateway is missing/],
  ['shared/wiki.yaml', 'targetPort: http', 'targetPort: web', /no port "web"/],
  [
    'shared/wiki.yaml',
    '  selector: { app.kubernetes.io/name: wiki }',
    '  selector: { app.kubernetes.io/name: w }',
    /selects no pods/,
  ],
  [
    'shared/wiki.yaml',
    'labels: { app.kubernetes.io/name: wiki }',
    'labels: { app.kubernetes.io/name: w }',
    /does not select its own pods/,
  ],
  [
    'ingress-nginx/app.yaml',
    'name: app, port: { name: http }',
    'name: app, port: { name: web }',
    /no Service "app" with a port "web"/,
  ],
  [
    'traefik/app.yaml',
    'middlewares: [{ name: gatehouse }]',
    'middlewares: [{ name: g }]',
    /no Middleware "g"/,
  ],
  [
    'shared/gatehouse.yaml',
    'terminationGracePeriodSeconds: 30',
    'terminationGracePeriodSeconds: 25',
    /killed before it is done/,
  ],
  ['shared/gatehouse.yaml', 'failureThreshold: 15', 'failureThreshold: 1', /a moment without Redis/],
  ['shared/gatehouse.yaml', 'shutdown_delay: 5s', 'shutdown_delay: 1s', /closes before the cluster knows/],
  [
    'sidecar/wiki.yaml',
    'trusted_proxies: [10.42.0.0/16]',
    'log: { level: info }',
    /believes no ingress controller/,
  ],
  ['shared/gatehouse.yaml', 'listen: 0.0.0.0:9090', 'listen: 0.0.0.0:9091', /nobody gets to port 9091/],
  ['sidecar/wiki.yaml', 'listen: 0.0.0.0:8080', 'listen: 127.0.0.1:8080', /nobody gets to port 8080/],
  [
    'shared/gatehouse.yaml',
    'upstream: http://wiki.wiki.',
    'upstream: http://wiki.w.',
    /no Service at http:\/\/wiki\.w\./,
  ],
  ['shared/gatehouse.yaml', 'svc.cluster.local:6379', 'svc.cluster.local:6380', /no Service at redis:/],
  [
    'sidecar/wiki.yaml',
    'persistentVolumeClaim: { claimName: gatehouse }',
    'emptyDir: {}',
    /the store is lost with the pod/,
  ],
  ['sidecar/wiki.yaml', 'replicas: 1', 'replicas: 2', /several pods have one embedded store/],
  ['sidecar/wiki.yaml', 'type: Recreate', 'type: RollingUpdate', /two pods have the store/],
  ['ingress-nginx/app.yaml', 'nginx.ingress.kubernetes.io/auth-url', 'auth-url', /it lets everybody in/],
  ['ingress-nginx/app.yaml', '8080/auth/verify', '8080/verify', /it asks somewhere else/],
  ['ingress-nginx/app.yaml', 'Remote-Groups, ', '', /a client may say Remote-Groups/],
  ['traefik/app.yaml', '      - Gatehouse-Assertion\n', '', /a client may say Gatehouse-Assertion/],
  ['ingress-nginx/app.yaml', 'Gatehouse-Assertion, Cookie', 'Gatehouse-Assertion', /the app sees the cookie/],
  ['traefik/app.yaml', '      - Cookie\n', '', /the app sees the cookie/],
  ['ingress-nginx/app.yaml', '?cookies=app', '', /it asks somewhere else/],
  ['traefik/app.yaml', 'trustForwardHeader: false', 'trustForwardHeader: true', /strangers are believed/],
  [
    'ingress-nginx/app.yaml',
    'https://auth.example.com/auth/login',
    'https://auth.example.com/login',
    /people are sent somewhere else/,
  ],
  ['ingress-nginx/app.yaml', ': return_to', ': rd', /nobody comes back/],
  [
    'ingress-nginx/gatehouse.yaml',
    '- path: /oauth2/auth',
    '- path: /oauth2',
    /wiki\.example\.com\/oauth2\/auth is open/,
  ],
  [
    'ingress-nginx/gatehouse.yaml',
    ': 127.0.0.1/32',
    ': 0.0.0.0/0',
    /auth\.example\.com\/auth\/verify is open/,
  ],
  ['traefik/gatehouse.yaml', ' && !PathPrefix(`/auth/verify`)', '', /\/auth\/verify is open/],
]

t.test('a file that breaks one of these rules is found', async t => {
  for (const [file, from, to, fault] of BROKEN) {
    const broken = brokenFiles(file, from, to)
    const pods = findPodFaults(broken)
    const found = pods.length > 0 ? pods : findGatewayFaults(broken)
    t.match(found.join('\n'), fault, `${file}: ${to.trim() || from.trim()}`)
  }
})

t.test('a policy that lets in somebody else is found', async t => {
  const reach = (from: string, to: string) =>
    findReach(manifestsOf(brokenFiles('shared/wiki.yaml', from, to))).wiki
  t.same(reach('policyTypes: [Ingress]', 'policyTypes: [Egress]'), ['everybody'])
  t.same(reach('      ports: [{ port: 3000 }]\n', ''), ['everybody'])
  t.same(reach('matchLabels: { kubernetes.io/metadata.name: gatehouse }', 'matchLabels: {}'), [
    'everybody:3000',
  ])
  t.throws(() => reach('matchLabels: { app.kubernetes.io/name: gatehouse }', 'matchLabels: { app: g }'))
})

/** The files of the cluster that a file belongs to, with one change in that file. Throws where there is nothing to change. */
function brokenFiles(file: string, from: string, to: string): ManifestFiles {
  const folder = file.replace(/\/.*/, '')
  const files = readManifests(...new Set(folder === 'sidecar' ? [folder] : ['shared', folder]))
  const text = files.get(file) ?? ''
  if (!text.includes(from)) throw new Error(`${file} has no "${from}"`)
  return new Map([...files, [file, text.replace(from, to)]])
}
