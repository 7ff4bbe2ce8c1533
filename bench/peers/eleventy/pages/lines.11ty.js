import { e, money, date, page, AS_OF, TOOLS, ONE, ALL, LINES } from "../frame.js"

export const data = {
  pagination: { data: "lines", size: 1, alias: "of" },
  permalink: ({ of }) => `/${of.at}/${of.type}-lines.html`,
}

export const render = ({ of: { type, customer, rows } }) => page(LINES[type], "", "", `<p class="back"><a href="${type}.html">${ALL[type]}</a></p>
<div class="heading">
<h1>${LINES[type]}</h1>
<p><bdi>${e(customer.name)}</bdi> · As of ${AS_OF}</p>
</div>
${TOOLS}
<table class="list" id="list_table">
<caption>${LINES[type]}</caption>
<thead>
<tr>
<th scope="col">${ONE[type]}</th>
<th scope="col" aria-sort="descending">Date</th>
<th scope="col">Item</th>
<th scope="col">Description</th>
<th scope="col" class="amount">Quantity</th>
<th scope="col">Unit</th>
<th scope="col" class="amount">Unit price</th>
<th scope="col" class="amount">Amount</th>
</tr>
</thead>
<tbody>
${rows.map(it => `<tr>
<th scope="row"><a href="${type}/${it.name}.html"><bdi>${e(it.number)}</bdi></a> <small>${it.line}</small></th>
<td class="date" data-label="Date">${date(it.date)}</td>
<td class="item" data-label="Item"><bdi>${e(it.item)}</bdi></td>
<td class="description" data-label="Description"><bdi>${e(it.description)}</bdi></td>
<td class="amount" data-label="Quantity"><data value="${it.quantity}"><bdi>${it.quantity}</bdi></data></td>
<td class="unit" data-label="Unit"><bdi>${e(it.unit)}</bdi></td>
<td class="amount" data-label="Unit price"><data value="${it.price}"><bdi>${money(it.price)}</bdi></data></td>
<td class="amount" data-label="Amount"><data value="${it.amount}"><bdi>${money(it.amount)}</bdi></data></td>
</tr>
`).join("")}</tbody>
</table>
<p class="more-rows" data-of="list_table" hidden><button type="button">Show more</button></p>
<p class="downloads"></p>
`)
