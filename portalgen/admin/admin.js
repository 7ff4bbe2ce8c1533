// Searches, filters and orders the tables of a page. Each tbody is a block: a row of class "head" belongs to the others.
// A control filters by the data of its name, of a row or of its block; several values are parted by line breaks.
'use strict'

const PAUSE = 120
const form = document.querySelector('.tools')
const normal = text => text.normalize('NFKC').toLowerCase()

class Row {
  constructor(element, block, head) {
    this.element = element
    this.block = block
    this.head = head
  }

  get text() {
    const [own, shared] = [this.element, this.head].map(each => normal(each?.textContent ?? ''))
    Object.defineProperty(this, 'text', {value: `${shared} ${own}`})
    return this.text
  }

  has([name, value]) {
    return (this.element.dataset[name] ?? this.block.dataset[name] ?? '').split('\n').includes(value)
  }
}

class Table {
  constructor(element) {
    this.element = element
    this.blocks = [...element.tBodies].map(body => {
      const head = body.querySelector('.head')
      const rows = [...body.rows].filter(row => row !== head).map(row => new Row(row, body, head))
      return {body, head, rows}
    })
    this.count = this.blocks.reduce((sum, {rows}) => sum + rows.length, 0)
  }

  show(words, wanted) {
    let count = 0
    for (const {body, rows} of this.blocks) {
      let isEmpty = true
      for (const row of rows) {
        const isShown = wanted.every(each => row.has(each)) && words.every(word => row.text.includes(word))
        if (row.element.hidden === isShown) row.element.hidden = !isShown
        if (isShown) [isEmpty, count] = [false, count + 1]
      }
      if (body.hidden !== isEmpty) body.hidden = isEmpty
    }
    this.element.hidden = count === 0
    return `${count.toLocaleString('en')} of ${this.count.toLocaleString('en')} ${this.element.dataset.rows}`
  }

  // By the data of a name, or by the text that blocks begin with; what has nothing to be ordered by comes last.
  order(by) {
    if (!this.blocks.some(({head}) => head)) return
    const {compare} = new Intl.Collator('en', {numeric: true})
    const key = body => (by === 'name' ? body.textContent.trim() : body.dataset[by]) ?? ''
    const keyed = this.blocks.map(({body}) => ({body, key: key(body)}))
    if (by) keyed.sort((a, b) => !a.key - !b.key || compare(a.key, b.key))
    this.element.append(...keyed.map(({body}) => body))
  }
}

if (form) {
  const tables = [...document.querySelectorAll('table[data-rows]')].map(element => new Table(element))
  const update = () => {
    const {search = '', order: _, ...rest} = Object.fromEntries(new FormData(form))
    const words = normal(search).split(/\s+/).filter(Boolean)
    const wanted = Object.entries(rest).filter(([, value]) => value)
    form.querySelector('[role="status"]').textContent = tables.map(table => table.show(words, wanted)).join(', ')
  }
  let timer
  form.addEventListener('input', ({target}) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (target.name === 'order') for (const table of tables) table.order(target.value)
      else update()
    }, PAUSE)
  })
  form.addEventListener('submit', event => event.preventDefault())
  form.hidden = false
  update()
}
