import { e, money, date, page, address, ONE, ALL, DUE, TO } from "../frame.js"

export const data = {
  pagination: { data: "documents", size: 1, alias: "of" },
  permalink: ({ of }) => `/${of.at}/${of.type}/${of.it.name}.html`,
}

const line = it => `<tr>
<th scope="row" data-label="Line">${it.line}</th>
<td class="item" data-label="Item"><bdi>${e(it.item)}</bdi></td>
<td class="description" data-label="Description"><bdi>${e(it.description)}</bdi></td>
<td class="amount" data-label="Quantity"><bdi>${it.quantity}</bdi></td>
<td class="unit" data-label="Unit"><bdi>${e(it.unit)}</bdi></td>
<td class="amount" data-label="Unit price"><bdi>${money(it.price)}</bdi></td>
<td class="amount" data-label="Discount"><bdi>${it.discount}%</bdi></td>
<td class="amount" data-label="Tax rate"><bdi>${it.rate}%</bdi></td>
<td class="amount" data-label="Amount"><bdi>${money(it.amount)}</bdi></td>
</tr>
`

const tax = it => `<div><dt>Tax ${it.rate}% on ${money(it.net)}</dt><dd><bdi>${money(it.tax)}</bdi></dd></div>
`

export const render = ({ of: { type, customer, it } }) => page(ONE[type], "../", type, `<p class="back"><a href="../${type}.html">${ALL[type]}</a></p>
<article class="document" id="${it.name}">
<header>
<div>
<h1>${ONE[type]} <bdi>${e(it.number)}</bdi></h1>
<p class="status"><span class="chip plain"><bdi>${e(it.status)}</bdi></span></p>
</div>
<p class="headline">Total <strong><bdi>${money(it.total)}</bdi></strong></p>
</header>
<div class="parties">
<div>
<h2>Issued by</h2>
<p>
<strong><bdi>Bench</bdi></strong>
</p>
</div>
<div>
<h2>${TO[type]}</h2>
<p>
${address(customer)}</p>
</div>
</div>
<dl class="facts">
<div><dt>Date</dt><dd>${date(it.date)}</dd></div>
<div><dt>${DUE[type]}</dt><dd>${date(it.due)}</dd></div>
${it.reference ? `<div><dt>Your reference</dt><dd><bdi>${e(it.reference)}</bdi></dd></div>\n` : ""}<div><dt>Customer number</dt><dd><bdi>${e(customer.id)}</bdi></dd></div>
</dl>
<table class="lines">
<caption>Lines</caption>
<thead>
<tr>
<th scope="col">Line</th>
<th scope="col">Item</th>
<th scope="col">Description</th>
<th scope="col" class="amount">Quantity</th>
<th scope="col">Unit</th>
<th scope="col" class="amount">Unit price</th>
<th scope="col" class="amount">Discount</th>
<th scope="col" class="amount">Tax rate</th>
<th scope="col" class="amount">Amount</th>
</tr>
</thead>
<tbody>
${it.lines.map(line).join("")}</tbody>
</table>
<dl class="totals">
<div><dt>Net</dt><dd><bdi>${money(it.net)}</bdi></dd></div>
${it.taxes.map(tax).join("")}<div><dt>Total</dt><dd><bdi>${money(it.total)}</bdi></dd></div>
</dl>
${it.note ? `<div class="note">\n<h2>Note</h2>\n<p><bdi>${e(it.note)}</bdi></p>\n</div>\n` : ""}</article>
${it.newer || it.older ? `<nav class="neighbours" aria-label="Newer and older">
${it.newer ? `<a rel="prev" href="../${it.newer}">Newer</a>` : ""}${it.older ? `<a rel="next" href="../${it.older}">Older</a>` : ""}
</nav>
` : ""}`)
