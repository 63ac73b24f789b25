import { connect } from 'node:net'
import { type BesiegedGateway, startBesieged } from './besieged-gateway.js'
import { type CorpusEntry, createNovelty } from './corpus.js'
import { diceFor } from './dice.js'
import type { Campaign, Report } from './campaign.js'
import { FRONT_DOOR_PARSERS, hostileInput } from './hostile-requests.js'
import type { FuzzInput } from './request-text.js'
import { sendInput } from './send-input.js'
import { startWatchedApp } from './watched-app.js'

/** How many connections are open at a time. */
const CONNECTIONS = 24
/** How long an honest request may take at any time, in milliseconds. */
const HONEST_WITHIN = 1_000
const PROBE_EVERY = 200
/** By how much the gateway's memory may have grown, in MiB. */
const GROWTH = 256
/** After so many faults there is something to mend. */
const MOST_FAULTS = 20
/** How many of the last inputs are tried again, each alone, when an honest request had to wait. */
const SUSPECTS = 60

/**
 * Sends hostile inputs to a gateway over raw sockets until the time is up.
 * @param corpus inputs to begin with: all are sent once, and others are made of them
 */
export async function fuzzFrontDoor(campaign: Campaign, corpus: readonly CorpusEntry[]): Promise<Report> {
  const faults: string[] = []
  let sending = new Map<number, string>()
  const onFault = (fault: string): void => {
    if (faults.length < MOST_FAULTS)
      faults.push(`${fault}\n  while: ${[...sending.values()].join('\n         ')}`)
  }
  const app = await startWatchedApp(onFault)
  let gateway: BesiegedGateway | undefined
  try {
    gateway = await startBesieged(app.url, onFault)
    const siege = await besiege(gateway, campaign, corpus, sending, faults)
    sending = new Map()
    return { ...siege, faults, note: `${siege.note}, ${app.requests()} requests reached the app` }
  } finally {
    await gateway?.close()
    await app.close()
  }
}

async function besiege(
  { port, secrets, memory }: BesiegedGateway,
  { seed, seconds, progress }: Campaign,
  corpus: readonly CorpusEntry[],
  sending: Map<number, string>,
  faults: string[],
): Promise<Omit<Report, 'faults'>> {
  const own = corpus.filter(({ parser }) => FRONT_DOOR_PARSERS.includes(parser))
  const novelty = createNovelty(own)
  const suspects: FuzzInput[] = []
  const slow: FuzzInput[][] = []
  let number = 0
  let until = 0
  let executions = 0
  let slowest = 0
  let memoryBefore = 0
  const state = { isOver: false }

  const probes = (async () => {
    while (!state.isOver) {
      const took = await probe(port)
      slowest = Math.max(slowest, took)
      if (took > HONEST_WITHIN && slow.length < 3) slow.push([...suspects])
      await new Promise(resolve => setTimeout(resolve, PROBE_EVERY))
    }
  })()
  const worker = async (): Promise<void> => {
    for (;;) {
      const mine = number++
      const replayed = own[mine]
      if (replayed === undefined && until === 0) until = Date.now() + seconds * 1_000
      if (replayed === undefined && (Date.now() >= until || faults.length >= MOST_FAULTS)) return
      const dice = diceFor(seed, mine)
      const parser = FRONT_DOOR_PARSERS[mine % FRONT_DOOR_PARSERS.length] ?? 'target'
      const input: FuzzInput =
        replayed === undefined
          ? hostileInput(parser, secrets, dice, novelty.of(parser))
          : { parser: replayed.parser, bytes: replayed.input, requests: undefined }
      suspects.push(input)
      if (suspects.length > SUSPECTS) suspects.shift()
      const shown = `input ${mine} of seed ${seed} (${input.parser}): ${JSON.stringify(input.bytes.slice(0, 1_500))}`
      sending.set(mine, shown)
      const outcome = await sendInput(port, input, dice, `/public/honest/${seed}/${mine}`)
      sending.delete(mine)
      for (const fault of outcome.faults) faults.push(`${fault}\n  ${shown}`)
      if (replayed === undefined) novelty.see(input.parser, input.bytes, outcome.behaviour)
      executions++
      if (memoryBefore === 0 && executions > 2_000) memoryBefore = memory()
      progress(
        `${executions} inputs, ${novelty.found().length} new behaviours, slowest honest answer ${Math.round(slowest)} ms, ${Math.round(memory())} MiB, ${faults.length} faults`,
      )
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  state.isOver = true
  await probes
  for (const input of new Set(slow.flat())) {
    const fault = await slowsOthers(port, input)
    if (fault !== undefined) faults.push(fault)
  }
  const grown = memoryBefore === 0 ? 0 : memory() - memoryBefore
  if (grown > GROWTH) faults.push(`the gateway holds ${Math.round(grown)} MiB more than before`)
  if ((await probe(port)) === Infinity) faults.push('an honest request gets no answer any more')
  return {
    executions,
    found: novelty.found(),
    note: `slowest honest answer ${Math.round(slowest)} ms, memory grew by ${Math.round(grown)} MiB`,
  }
}

/** How long an honest request takes on a connection of its own, in milliseconds; Infinity: it is not answered. */
async function probe(port: number): Promise<number> {
  const begun = performance.now()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(
    'GET /public/probe HTTP/1.1\r\nHost: gw.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
  )
  const isAnswered = await new Promise<boolean>(resolve => {
    let text = ''
    socket.setTimeout(20_000, () => resolve(false))
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(text.startsWith('HTTP/1.1 200')))
  })
  socket.destroy()
  return isAnswered ? performance.now() - begun : Infinity
}

/** A busy machine makes everybody wait; an input that is to blame does so alone too, and each time. */
async function slowsOthers(port: number, input: FuzzInput): Promise<string | undefined> {
  for (let tries = 0; tries < 2; tries++) {
    const sent = sendInput(port, input, diceFor(0, 0), `/public/again/${tries}`)
    await new Promise(resolve => setTimeout(resolve, 5))
    const took = await probe(port)
    await sent
    if (took <= HONEST_WITHIN) return undefined
  }
  return `an honest request waits longer than ${HONEST_WITHIN} ms beside ${JSON.stringify(input.bytes.slice(0, 1_500))}`
}
