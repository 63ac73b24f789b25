import { readdir, readFile } from 'node:fs/promises'
import fc from 'fast-check'
import t from 'tap'
import { assets } from '../../src/pages/assets.js'
import { samplePages } from './sample-pages.js'

const TAG = /<(\/?[a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*\/?>/g

/** What is left of a page when all texts and all values of attributes are taken away. */
function skeleton(page: string): string {
  return [...page.matchAll(TAG)]
    .map(([, tag = '', rest = '']) => `${tag}${rest.replaceAll(/="[^"]*"|\s+/g, ' ')}`)
    .join('\n')
}

function tags(page: string, name: string): readonly string[] {
  return [...page.matchAll(TAG)].filter(([, tag]) => tag === name).map(([whole]) => whole)
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
}

t.test('what comes from outside never becomes markup, on any page', t => {
  const natural = samplePages().map(page => skeleton(page.text))
  const hostile = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('"><script>alert(1)</script>', "' onload='x", '<b>', '&lt;', '--><i>', '" autofocus x="'),
  )
  fc.assert(
    fc.property(hostile, text => {
      samplePages(() => text).forEach((page, index) => {
        if (skeleton(page.text) !== natural[index]) throw new Error(`${page.name} took ${text} for markup`)
      })
    }),
    { numRuns: 60 },
  )
  t.end()
})

for (const { name, text } of samplePages()) {
  t.test(`${name} is one whole page with a language, a title and one heading`, t => {
    t.match(text, /^<!doctype html>\s*<html lang="en">/)
    t.equal(tags(text, 'h1').length, 1)
    t.equal(tags(text, 'main').length, 1)
    t.match(text, /<title>[^<]+ – Gatehouse<\/title>/)
    const failed = text.includes('role="alert"') || name.startsWith('problem-')
    t.equal(text.includes('<title>Error: '), failed, 'the title says so when something is wrong')
    t.end()
  })

  t.test(`${name} has nothing inline and asks nobody else for anything`, t => {
    t.notMatch(text, /\sstyle=|\son[a-z]+=|<style|javascript:/i)
    for (const script of text.match(/<script[\s\S]*?<\/script>/g) ?? []) {
      t.match(script, /^<script src="\/auth\/assets\/gatehouse-[0-9a-f]{16}\.js" defer><\/script>$/)
    }
    for (const link of tags(text, 'link')) t.match(attribute(link, 'href'), /^\/auth\/assets\//)
    t.notMatch(text, /<(img|iframe|object|embed|base)/)
    t.end()
  })

  t.test(`${name} posts its forms below the auth path, and every field has a label`, t => {
    for (const form of tags(text, 'form')) {
      t.equal(attribute(form, 'method'), 'post')
      t.match(attribute(form, 'action'), /^\/auth\//)
    }
    for (const input of tags(text, 'input').filter(tag => attribute(tag, 'type') !== 'hidden')) {
      t.ok(text.includes(`<label for="${attribute(input, 'id') ?? ''}">`), input)
    }
    for (const button of tags(text, 'button').filter(tag => attribute(tag, 'type') === 'button')) {
      t.match(button, /\shidden/, 'a button that needs JavaScript is hidden without it')
    }
    const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    t.equal(new Set(ids).size, ids.length, 'no id twice')
    for (const [, names = ''] of text.matchAll(/aria-describedby="([^"]*)"/g)) {
      for (const id of names.split(' ')) t.ok(ids.includes(id), `${id} exists`)
    }
    t.end()
  })
}

t.test('the name of an asset changes with its content, and its type has a charset', t => {
  t.equal(new Set(assets.map(asset => asset.name)).size, 3)
  for (const asset of assets) {
    t.match(asset.name, /^gatehouse-[0-9a-f]{16}\.(css|js|svg)$/)
    t.match(asset.type, /; charset=utf-8$/)
  }
  t.end()
})

t.test('only the QR code is markup that nobody escaped', async t => {
  const folder = new URL('../../src/pages/', import.meta.url)
  const users: string[] = []
  for (const file of await readdir(folder)) {
    if (/\btrusted\(/.test(await readFile(new URL(file, folder), 'utf8'))) users.push(file)
  }
  t.same(users.sort(), ['html.ts', 'totp-setup.ts'])
})
