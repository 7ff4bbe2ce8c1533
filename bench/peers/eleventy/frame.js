const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" }
export const e = text => String(text).replace(/[&<>"']/g, character => ENTITIES[character])

const currency = new Intl.NumberFormat("en-US", { style: "currency", currency: "EUR" })
const dates = new Map()
const short = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "UTC" })
const long = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" })
export const money = amount => currency.format(amount)
const day = (text, format) => {
  const key = format === long ? `-${text}` : text
  if (!dates.has(key)) dates.set(key, `<time datetime="${text}">${format.format(new Date(text))}</time>`)
  return dates.get(key)
}
export const date = text => day(text, short)
export const AS_OF = day("2026-11-22", long)

export const ONE = { quotes: "Quote", orders: "Order", invoices: "Invoice", credit_notes: "Credit note", delivery_notes: "Delivery note" }
export const MANY = { quotes: "Quotes", orders: "Orders", invoices: "Invoices", credit_notes: "Credit notes", delivery_notes: "Delivery notes" }
export const ALL = { quotes: "All quotes", orders: "All orders", invoices: "All invoices", credit_notes: "All credit notes", delivery_notes: "All delivery notes" }
export const LINES = { quotes: "Lines of all quotes", orders: "Lines of all orders" }
export const DUE = { quotes: "Valid until", orders: "Promised", invoices: "Due date", credit_notes: "Due date", delivery_notes: "Due date" }
export const TO = { quotes: "Prepared for", orders: "Ordered by", invoices: "Bill to", credit_notes: "Credit to", delivery_notes: "Customer" }

export const address = ({ name, address }) => `<strong><bdi>${e(name)}</bdi></strong>
${address.map(line => `<br><bdi>${e(line)}</bdi>\n`).join("")}`

export const TOOLS = `<div class="tools" role="search" data-of="list_table" data-shown="{n} of {all}" hidden>
<label><span>Search</span> <input type="search" name="text" autocomplete="off"></label>
<label><span>From</span> <input type="date" name="from"></label>
<label><span>Until</span> <input type="date" name="until"></label>
<p role="status"></p>
</div>`

const headers = new Map()
const header = (root, here) => {
  const key = `${root} ${here}`
  if (!headers.has(key)) {
    const now = root ? ' aria-current="true"' : ' aria-current="page"'
    const tabs = Object.keys(MANY).map(type => `<li><a href="${root}${type}.html"${type === here ? now : ""}>${MANY[type]}</a></li>\n`)
    headers.set(key, `<link rel="icon" href="data:,">
<link rel="stylesheet" href="${root}portal.css">
<script src="${root}portal.js" defer></script>
</head>
<body>
<a class="skip" href="#main_content">Skip to content</a>
<header class="site">
<p class="brand"><bdi>Bench</bdi></p>
<nav aria-label="Portal">
<ul>
<li><a href="${root}index.html"${here === "summary" ? now : ""}>Summary</a></li>
${tabs.join("")}</ul>
</nav>
</header>
<main id="main_content" tabindex="-1">
<p class="stale" role="status" data-days="7" hidden>These figures may be out of date: they are from <bdi></bdi>.</p>
`)
  }
  return headers.get(key)
}

export const page = (title, root, here, main) => `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex,nofollow,noarchive,nosnippet">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Bench</title>
${header(root, here)}${main}</main>
<footer>
<p>This page is private. Whoever has its link can read it.</p>
</footer>
</body>
</html>
`
