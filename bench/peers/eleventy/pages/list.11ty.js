import { e, money, date, page, AS_OF, TOOLS, MANY, DUE, LINES } from "../frame.js"

export const data = {
  pagination: { data: "lists", size: 1, alias: "of" },
  permalink: ({ of }) => `/${of.at}/${of.type}.html`,
}

export const render = ({ of: { type, customer, rows, total } }) => page(MANY[type], "", type, `<div class="heading">
<h1>${MANY[type]}</h1>
<p><bdi>${e(customer.name)}</bdi> · As of ${AS_OF}</p>
</div>
${TOOLS}
<table class="list" id="list_table">
<caption>${MANY[type]}</caption>
<thead>
<tr>
<th scope="col">Number</th>
<th scope="col" aria-sort="descending">Date</th>
<th scope="col">${DUE[type]}</th>
<th scope="col">Your reference</th>
<th scope="col">Status</th>
<th scope="col" class="amount">Total</th>
</tr>
</thead>
<tbody>
${rows.map(it => `<tr>
<th scope="row"><a href="${type}/${it.name}.html"><bdi>${e(it.number)}</bdi></a></th>
<td class="date" data-label="Date">${date(it.date)}</td>
<td class="date" data-label="${DUE[type]}">${date(it.due)}</td>
<td class="reference" data-label="Your reference"><bdi>${e(it.reference)}</bdi></td>
<td class="status" data-label="Status"><span class="chip plain"><bdi>${e(it.status)}</bdi></span></td>
<td class="amount" data-label="Total"><data value="${it.total}"><bdi>${money(it.total)}</bdi></data></td>
</tr>
`).join("")}</tbody>
${total ? `<tfoot>
<tr>
<th scope="row" colspan="5">Total in EUR</th>
<td class="amount" data-label="Total"><bdi>${money(total)}</bdi></td>
</tr>
</tfoot>
` : ""}</table>
<p class="more-rows" data-of="list_table" hidden><button type="button">Show more</button></p>
<p class="downloads">${LINES[type] ? `<a href="${type}-lines.html">${LINES[type]}</a>` : ""}</p>
`)
