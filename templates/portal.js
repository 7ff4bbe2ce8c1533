// Sorts, searches and filters the lists, and warns of old figures. Without it everything is there and readable.
'use strict'

const LONG = 300 // A list of so many rows shows a part of them,
const PART = 100 // and so many more at a time.
const PAUSE = 150 // Milliseconds without a keystroke after which a search begins.
const DAY = 24 * 60 * 60 * 1000

const language = document.documentElement.lang || undefined
const collator = new Intl.Collator(language, {numeric: true})
const numbers = new Intl.NumberFormat(language)

const LETTERS = {Ł: 'L', Ø: 'O', ẞ: 'SS'} // They do not decompose.

// Text as searches compare it: without case, accents and invisible marks, with one kind of digits.
const folded = text => text
  .normalize('NFKD')
  .replace(/[\p{M}\p{Cf}]/gu, '')
  .toUpperCase()
  .replace(/[ŁØẞ]/g, letter => LETTERS[letter])
  .replace(/[٠-٩۰-۹]/g, digit => digit.charCodeAt(0) & 15)

const textIn = element => element?.textContent.trim() ?? ''
const dateIn = element => element?.querySelector('time')?.dateTime ?? ''
const amountIn = element => element?.querySelector('data')?.value ?? ''

// Decimals as whole numbers of the smallest unit that any of them has, so that no digit is lost.
function exact(decimals) {
  const parts = decimals.map(decimal => decimal.split('.'))
  const places = parts.reduce((most, [, fraction = '']) => Math.max(most, fraction.length), 0)
  return parts.map(([whole, fraction = '']) => whole && BigInt(whole + fraction.padEnd(places, '0')))
}

const inOrder = (a, b) => a < b ? -1 : Number(a > b)

// How a column is sorted: by a key for each cell, '' for an empty one, and in which order at the first click.
const KINDS = {
  date: {keys: cells => cells.map(dateIn), compare: inOrder, first: 'descending'},
  amount: {keys: cells => exact(cells.map(amountIn)), compare: inOrder, first: 'descending'},
  text: {keys: cells => cells.map(textIn), compare: collator.compare, first: 'ascending'},
}

// A row of a table, and what searches ask of it again and again.
class Row {
  #text
  #date
  #branch

  constructor(element) {
    this.element = element
  }

  // Amounts are in it as they are written, and without their groups, too.
  get text() {
    const amounts = () => Array.from(this.element.querySelectorAll('data'), amount => amount.value)
    return this.#text ??= folded([this.element.textContent, ...amounts()].join(' '))
  }

  get date() {
    return this.#date ??= dateIn(this.element)
  }

  get branch() {
    return this.#branch ??= textIn(this.element.querySelector('.branch'))
  }

  get isOpen() {
    return 'open' in this.element.dataset
  }
}

// A table and its tools. Of `rows`, in the page's own order, and `sorted`, in the reader's, `found` are those that the
// reader asks for. The first `shown` of them are on the screen; the first `filled` are in the table, more when printed.
class List {
  constructor(table) {
    const ofTable = kind => document.querySelector(`${kind}[data-of="${table.id}"]`)
    this.name = table.id
    this.body = table.tBodies[0]
    this.foot = table.tFoot
    this.tools = ofTable('.tools')
    this.controls = [...this.tools?.querySelectorAll('[name]') ?? []]
    this.status = this.tools?.querySelector('[role="status"]')
    this.more = ofTable('.more-rows')
    this.rows = Array.from(this.body.rows, element => new Row(element))
    this.sorted = this.rows
    this.part = this.more && this.rows.length >= LONG ? PART : Infinity
    this.headings = [...table.tHead?.rows[0]?.cells ?? []]
    this.kinds = this.headings.map((heading, column) => this.kindOf(heading, column))
    this.headings.forEach((heading, column) => this.kinds[column] && this.addButton(heading, column))
    this.restore(history.state?.[this.name])
    this.listen()
    if (this.tools) this.tools.hidden = false
  }

  // What a column holds, as its first cell that is not empty says; undefined where that cannot be sorted.
  kindOf(heading, column) {
    const example = this.rows.find(row => textIn(row.element.cells[column]))?.element.cells[column]
    if (dateIn(example)) return KINDS.date
    if (amountIn(example)) return KINDS.amount
    return heading.classList.contains('amount') ? undefined : KINDS.text
  }

  addButton(heading, column) {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...heading.childNodes)
    heading.append(button)
    const next = {ascending: 'descending', descending: 'ascending'}
    button.addEventListener('click', () => {
      this.sort(column, next[heading.ariaSort] ?? this.kinds[column].first)
      this.update()
    })
  }

  listen() {
    let timer
    this.tools?.addEventListener('input', () => {
      clearTimeout(timer)
      timer = setTimeout(() => this.update(), PAUSE)
    })
    this.tools?.addEventListener('focusin', () => this.prepare(), {once: true})
    this.more?.addEventListener('click', () => this.showMore())
    addEventListener('beforeprint', () => this.fill(Infinity))
    addEventListener('afterprint', () => this.fill(this.shown))
    addEventListener('hashchange', () => this.save())
  }

  // Reads the rows' texts, a few at a time, so that neither typing nor the first search has to wait for all of them.
  prepare(start = 0) {
    const rows = this.rows.slice(start, start + PART)
    for (const row of rows) row.text
    if (rows.length) setTimeout(() => this.prepare(start + PART))
  }

  // Empty cells come last in either order; equal ones stay as they are in the page.
  sort(column, order) {
    const {keys, compare} = this.kinds[column]
    const sign = order === 'descending' ? -1 : 1
    const found = keys(this.rows.map(row => row.element.cells[column]))
    const keyed = this.rows.map((row, index) => ({row, key: found[index]}))
    const full = keyed.filter(({key}) => key !== '').sort((a, b) => sign * compare(a.key, b.key))
    const empty = keyed.filter(({key}) => key === '')
    this.sorted = [...full, ...empty].map(({row}) => row)
    for (const heading of this.headings) heading.removeAttribute('aria-sort')
    this.headings[column].setAttribute('aria-sort', order)
  }

  // The rows that the reader asks for; undefined where that is all of them.
  filtered() {
    const {text = '', open, branch, from, until} = this.values()
    const words = folded(text).split(/\s+/).filter(Boolean)
    if (!words.length && !open && !branch && !from && !until) return undefined
    return this.sorted.filter(row =>
      (!open || row.isOpen) &&
      (!branch || row.branch === branch) &&
      (!from || row.date >= from) &&
      (!until || (row.date && row.date <= until)) &&
      words.every(word => row.text.includes(word)))
  }

  update(count = this.part) {
    const filtered = this.filtered()
    this.found = filtered ?? this.sorted
    if (this.foot) this.foot.hidden = Boolean(filtered)
    if (this.status) this.status.textContent = filtered ? this.saying(filtered.length) : ''
    this.body.replaceChildren()
    this.filled = 0
    this.show(count)
  }

  saying(count) {
    const text = this.tools.dataset.shown ?? ''
    return text.replace('{n}', numbers.format(count)).replace('{all}', numbers.format(this.rows.length))
  }

  show(count) {
    this.shown = count
    this.fill(count)
    this.save()
  }

  fill(count) {
    for (const row of this.found.slice(this.filled, count)) this.body.append(row.element)
    for (const row of this.found.slice(count, this.filled)) row.element.remove()
    this.filled = Math.min(count, this.found.length)
    if (this.more) this.more.hidden = this.filled === this.found.length
  }

  // Who uses the keyboard goes on at the first of the new rows.
  showMore() {
    const {element} = this.found[this.filled]
    this.show(this.shown + PART)
    const link = element.querySelector('a')
    const target = link ?? element.cells[0]
    if (!link) target.tabIndex = -1
    target.focus()
  }

  values() {
    return Object.fromEntries(this.controls.map(control => [control.name, control.value]))
  }

  // What the reader asks for goes into the entry of the session's history, and is there when it is come back to.
  save() {
    const column = this.headings.findIndex(heading => heading.ariaSort)
    const state = {values: this.values(), column, order: this.headings[column]?.ariaSort, shown: this.shown}
    history.replaceState({...history.state, [this.name]: state}, '')
  }

  restore(state) {
    for (const control of state ? this.controls : []) {
      control.value = state.values[control.name] ?? ''
      if (control.selectedIndex < 0) control.selectedIndex = 0
    }
    if (this.kinds[state?.column]) this.sort(state.column, state.order)
    this.update(state?.shown)
  }
}

for (const table of document.querySelectorAll('table.list')) {
  if (table.tBodies.length) new List(table)
}

// Called by a line at the end of this file that each bundle has of its own: `date` is the day of its figures, in UTC.
function warnOfAge({date, text}) {
  const now = new Date()
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())
  for (const warning of document.querySelectorAll('.stale')) {
    const day = warning.querySelector('bdi')
    if (day) day.textContent = text
    warning.hidden = !(today - Date.parse(date) > warning.dataset.days * DAY)
  }
}
