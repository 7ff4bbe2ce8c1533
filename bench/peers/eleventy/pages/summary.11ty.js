import { e, page, address, AS_OF, MANY } from "../frame.js"

export const data = {
  pagination: { data: "summaries", size: 1, alias: "of" },
  permalink: ({ of }) => `/${of.at}/index.html`,
}

export const render = ({ of: { customer, counts } }) => page("Summary", "", "summary", `<div class="heading">
<h1><bdi>${e(customer.name)}</bdi></h1>
<p>As of ${AS_OF}</p>
</div>
<section aria-labelledby="documents_heading">
<h2 id="documents_heading">Documents</h2>
<ul class="counts">
${counts.map(([type, count]) => `<li><a href="${type}.html"><span>${MANY[type]}</span> <strong>${count}</strong></a></li>\n`).join("")}</ul>
</section>
<div class="profile">
<section aria-labelledby="details_heading">
<h2 id="details_heading">Your details</h2>
<address>
${address(customer)}</address>
<dl>
<div><dt>Customer number</dt><dd><bdi>${e(customer.id)}</bdi></dd></div>
</dl>
</section>
<section aria-labelledby="issuer_heading">
<h2 id="issuer_heading">Issued by</h2>
<address>
<strong><bdi>Bench</bdi></strong>
</address>
<dl>
</dl>
</section>
</div>
`)
