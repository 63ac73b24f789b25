/**
 * What JavaScript adds to pages that work without it: shows the buttons that need it (copy, print, show password),
 * tells times in the reader's own time zone, and keeps a double click from sending a one-time code twice.
 * All words come from the page.
 */
export const script = `'use strict'

const copyButtons = navigator.clipboard ? document.querySelectorAll('[data-copy]') : []
for (const button of copyButtons) {
  const label = button.textContent
  const status = document.createElement('span')
  status.className = 'visually-hidden'
  status.setAttribute('role', 'status')
  button.after(status)
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy)
    button.textContent = status.textContent = button.dataset.done
    setTimeout(() => {
      button.textContent = label
      status.textContent = ''
    }, 4000)
  })
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}

for (const button of document.querySelectorAll('[data-reveal]')) {
  const input = document.getElementById(button.dataset.reveal)
  const labels = { password: button.textContent, text: button.dataset.otherLabel }
  const turn = type => {
    input.type = type
    button.textContent = labels[type]
  }
  button.hidden = false
  button.addEventListener('click', () => turn(input.type === 'password' ? 'text' : 'password'))
  input.form.addEventListener('submit', () => turn('password'))
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
for (const time of document.querySelectorAll('time')) {
  time.textContent = format.format(new Date(time.dateTime))
}

const sent = new Set()
addEventListener('submit', event => {
  if (sent.has(event.target)) event.preventDefault()
  sent.add(event.target)
  setTimeout(() => sent.delete(event.target), 5000)
})
addEventListener('pageshow', () => sent.clear())
`
