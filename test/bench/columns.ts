import type { Column } from './scenario.js'

/*
 * What is measured anywhere. CPU is user and system time of all processes of the subject.
 */

export const CPU: Column = { key: 'cpu', title: 'CPU per request (µs)', digits: 1, noise: 'adds' }
export const PER_SECOND: Column = { key: 'perSecond', title: 'requests/s', digits: 0, noise: 'takes' }
export const P50: Column = { key: 'p50', title: 'p50 (ms)', digits: 2, noise: 'adds' }
export const P99: Column = { key: 'p99', title: 'p99 (ms)', digits: 2, noise: 'adds' }
export const MEMORY: Column = { key: 'memory', title: 'memory (MiB)', digits: 0, noise: 'none' }
export const ROUND_TRIP: Column = {
  key: 'roundTrip',
  title: 'CPU per round trip (µs)',
  digits: 1,
  noise: 'adds',
}
export const ROUND_TRIPS: Column = { key: 'roundTrips', title: 'round trips/s', digits: 0, noise: 'takes' }
export const CPU_PER_MEGABYTE: Column = {
  key: 'megabyte',
  title: 'CPU per MB (µs)',
  digits: 0,
  noise: 'adds',
}
export const MEGABYTES: Column = { key: 'megabytes', title: 'MB/s', digits: 0, noise: 'takes' }
export const IDLE_MEMORY: Column = {
  key: 'idleMemory',
  title: 'memory per connection (KiB)',
  digits: 1,
  noise: 'none',
}
export const START: Column = { key: 'start', title: 'until it answers (ms)', digits: 0, noise: 'adds' }
export const LOGINS: Column = { key: 'logins', title: 'passwords/s', digits: 1, noise: 'takes' }
