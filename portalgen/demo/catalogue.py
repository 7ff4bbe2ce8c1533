"""What the demo company sells, and what its people write on documents. All invented."""
# ruff: noqa: RUF001 - letters that look like others are the point of these texts

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MINOR_UNIT = {"EUR": Decimal("0.01"), "USD": Decimal("0.01"), "JPY": Decimal(1)}
"""The smallest amount of each currency that the company trades in."""

RATES = {"EUR": Decimal(1), "USD": Decimal("1.12"), "JPY": Decimal(165)}
"""What one euro of the price list costs in each currency; the list is converted once, not by the day."""

TAX = {
    country: tuple(map(Decimal, rates.split()))
    for country, rates in {
        "IE": "23 13.5 0",
        "Ireland": "23 13.5 0",
        "DE": "19 7 7",
        "FR": "20 5.5 5.5",
        "JP": "10 8 10",
        "US": "8.875 4.5 0",
    }.items()
}
"""Standard, reduced and book rate in percent where the company has a depot; elsewhere the customer owes the tax."""


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale; `price` in euros, `tax` the place of its rate in a row of TAX."""

    sku: str
    name: str
    description: str
    unit: str
    price: Decimal
    tax: int

    def price_in(self, currency: str) -> Decimal:
        """The unit price in `currency`; what costs a few cents has four decimals, though never in yen."""
        unit = MINOR_UNIT[currency]
        if self.price < MINOR_UNIT["EUR"] * 10 and currency != "JPY":
            unit = Decimal("0.0001")
        return max(unit, (self.price * RATES[currency]).quantize(unit, ROUND_HALF_UP))


# SKU | unit | price | S standard, R reduced, B book | name | description, with ¶ for a line break
PRICE_LIST = """
LAN-001 | pc | 38.50 | S | Storm lantern "Skerry", brass | Burns 14 hours on one filling.
LAN-002 | pc | 31.00 | S | Storm lantern "Skerry", enamel, gull grey |
LAN-003 | pc | 6.80 | S | Lantern glass 3½", ribbed | Fits LAN-001 & LAN-002.¶Does not fit LAN-004, whatever it says.
LAN-004 | pc | 124.00 | S | Harbour lamp, copper, with bracket | Hand-beaten in Kinsale.
LAN-005 | m | 1.35 | S | Flat wick, 22 mm, cotton | Sold by the metre.
LAN-006 | l | 4.95 | S | Lamp oil, clear, "no smoke <b>at all</b>" |
CAN-001 | pc | 2.40 | R | Beeswax candle, 20 cm | Smells faintly of clover.
CAN-002 | box | 21.60 | R | Beeswax candles, box of 12 |
CAN-003 | pc | 0.95 | R | Tallow candle, plain | For lighting, not for mice.
CAN-004 | box | 8.25 | R | Birthday candles & holders, box of 48 | 4 colours: red, yellow, blue, other blue
CAN-005 | pc | 14.90 | R | Candle "The Longest Night", 7 days |
ROP-001 | m | 0.85 | S | Hemp rope, 8 mm |
ROP-002 | m | 1.65 | S | Hemp rope, 14 mm, tarred |
ROP-003 | m | 3.40 | S | Manila rope, 24 mm | Cut to length; we cannot take back what is cut.
ROP-004 | ball | 3.20 | S | Jute twine, ball of 100 m |
ROP-005 | pc | 12.75 | S | Monkey's fist, door stop |
ROP-006 | pc | 18.00 | S | Fender, plaited, small |
BRA-001 | pc | 46.00 | S | Ship's bell, brass, 15 cm | Engraving on request: up to 24 letters.
BRA-002 | pc | 89.00 | S | Ship's bell, brass, 22 cm | Neighbours on request.
BRA-003 | pc | 7.35 | S | Cleat, brass, 10 cm |
BRA-004 | pc | 0.0375 | S | Copper rivet, 4 x 16 mm | Priced each, sold by the thousand or by the handful.
BRA-005 | pc | 0.0825 | S | Boat nail, bronze, 40 mm |
BRA-006 | kg | 17.80 | S | Copper nails, assorted, by weight |
BRA-007 | pc | 23.90 | S | Boatswain's call, with chain |
ENA-001 | pc | 6.50 | S | Enamel mug, white/blue rim, 35 cl |
ENA-002 | pc | 6.50 | S | Enamel mug, white/blue rim, 35 cl (second choice: chipped <5%) |
ENA-003 | pc | 19.90 | S | Enamel coffee pot, 1.2 l | "Best pot I ever dropped." - a customer
ENA-004 | pc | 9.40 | S | Enamel plate, deep, 24 cm |
ENA-005 | pc | 11.20 | S | Enamel sign "Beware of the gulls" |
ENA-006 | pc | 11.20 | S | Enamel sign, text as ordered |
TEX-001 | m | 9.80 | S | Oilcloth, "Herring" pattern, 140 cm wide |
TEX-002 | pc | 5.60 | S | Tea towel "Fish & Chips" | Linen/cotton, 50 x 70 cm¶Wash at 60 °C¶Do not fry
TEX-003 | pc | 64.00 | S | Oilskin coat, yellow, size M |
TEX-004 | pc | 64.00 | S | Oilskin coat, yellow, size XL |
TEX-005 | pc | 27.50 | S | Guernsey jumper, navy, children's |
TEX-006 | pair | 8.90 | S | Sea-boot socks, undyed wool |
TEX-007 | pc | 33.00 | S | Signal flags, set of 40, bunting | A-Z, 0-9, and four we do not know either
TEX-008 | m | 14.25 | S | Sailcloth, No. 6, 90 cm wide |
FOO-001 | tin | 3.15 | R | Sardines in olive oil, 120 g |
FOO-002 | tin | 3.65 | R | Sardines "piri-piri" 🌶, 120 g |
FOO-003 | kg | 2.85 | R | Sea salt, coarse |
FOO-004 | pkt | 4.40 | R | Ship's biscuit, 500 g | Keeps for two years; nobody has asked for longer.
FOO-005 | tin | 6.95 | R | Breakfast tea "Morning Watch", 250 g |
FOO-006 | jar | 5.25 | R | Marmalade, Seville, thick-cut & bitter |
FOO-007 | tin | 7.80 | R | Treacle, 900 g (may contain sand) |
BOO-001 | pc | 12.00 | B | Logbook, 192 pages, ruled |
BOO-002 | pc | 9.50 | B | Tide tables 2027 | Errors & omissions excepted; the sea decides.
BOO-003 | pc | 16.80 | B | "Knots, Bends & Regrets" (hardback) |
BOO-004 | pc | 3.90 | B | Pocket notebook <squared> |
BOO-005 | pc | 22.00 | B | 灯台の本 - The Lighthouse Book (日本語/English) |
TOO-001 | pc | 15.60 | S | Marlinspike, steel |
TOO-002 | pc | 28.40 | S | Rigging knife 'Petrel' |
TOO-003 | pc | 4.10 | S | Sail needle, No. 14 |
TOO-004 | pc | 36.00 | S | Hand lead, 3 kg | Lead. Do not lick.
TOO-005 | pc | 52.50 | S | Barometer, aneroid, 13 cm | Says "Change". Is usually right.
TOO-006 | set | 41.00 | S | Stencil set A-Z, 0-9, {{ }} & % |
CLE-001 | bar | 2.95 | S | Tar soap, 100 g |
CLE-002 | tin | 8.60 | S | Brass polish "Watch Below" |
CLE-003 | pc | 7.45 | S | Deck scrubber, coconut, 30 cm |
CLE-004 | kg | 6.20 | S | Soft soap, green |
"""

MEASURED = {"m", "kg", "l"}
"""Units that are sold in parts: 2.5 m, 0.75 kg."""

NOTES = (
    "Thank you for your order.",
    "Please leave with the neighbour at No. 9 - she knows.",
    "Delivered to the back door,\nbecause the front door is painted.\nWet paint!",
    "Pay by bank transfer, please; the gull ate the cheque.",
    'As agreed with "Captain" Ann & crew, 5 < 6 boxes.',
    "<b>Fragile</b> & <i>this way up</i> ↑",
    "<script>alert('tea')</script>",
    "{{ 7*7 }} lamps, {% if wet %}dry{% endif %} - typed by our new colleague",
    "=SUM(A1)",
    '=HYPERLINK("https://tern-and-tallow.example","click")',
    "+1 candle for the cake",
    "-10 % if you fetch it yourselves",
    "@reception: ring twice",
    "Comma, semicolon; tab\there; 'single', \"double\", `back`, \\backslash\\ and 100 %.",
    "See https://tern-and-tallow.example/terms?a=1&b=2#returns",
    "  two spaces before, none after",
    "</td></tr></table>",
    "&amp; is how an ampersand looks to a program; & is how it looks to you.",
    (
        "Please note that the office is closed from the first high tide of December until the second; that orders "
        "which reach us in between are read, admired and answered in January; and that the cat is not an employee, "
        "however often it signs for parcels. Thank you for your patience; as far as we can tell, it has no limit."
    ),
)

LOCAL_NOTES = {
    "DE": ("Vielen Dank für Ihren Auftrag!\nGrüße aus Kinsale", "Bitte nicht werfen (außer ins Wasser)."),
    "AT": ("Grüß Gott & danke!",),
    "FR": ("Livré à l'accueil ; merci d'avance.", "Attention, fragile : « ne pas plier »"),
    "JP": ("ご注文ありがとうございます。\n割れ物注意 🐟", "港の倉庫へお届けください。"),
    "EG": ("شكرا لطلبكم رقم 42",),
    "GR": ("Ευχαριστούμε! 🕯️",),
    "PL": ("Dziękujemy! Proszę dzwonić po żółtą łódź.",),
    "TR": ("Teşekkürler! IŞIK & ışık, İĞNE & iğne.",),
}
"""Notes by the customer's country, beside NOTES."""

WISHES = (
    'Engraved "Stella Maris"',
    "Engraved: {{ 7*7 }}",
    "Text: <b>KEEP OUT</b> & <i>mind the step</i>",
    "=SUM(A1)",
    "Text as ordered:\nFRESH FISH\nSOMETIMES",
    "Colour: \"harbour\", not 'harbor'",
    "Gravur: Für Oma, 90 Jahre 🎂",
    "刻印「一期一会」",
    "النقش: مرحبا",
)
"""What customers have put on things: a second line of a line's description."""

CARRIERS = {"Gull Post": "GP{:09}IE", "Slow Boat Freight": "SB/{:06}", "Pony & Daughters": "00{:08}"}
"""Who carries the goods, and what their tracking numbers look like."""

TRACKING = {
    "Gull Post": "https://gull-post.example/where?parcel={tracking_number}",
    "Slow Boat Freight": "https://slow-boat.example/freight/{tracking_number}#map",
}
"""Where carriers say how far the goods are; ponies cannot."""

CARRIAGE = Decimal("12.50")
"""What carriage costs, in euros, on what is too little to be sent for nothing."""

TERMS = "{} days net"
LOCAL_TERMS = {
    "DE": "zahlbar innerhalb von {} Tagen",
    "AT": "zahlbar innerhalb von {} Tagen",
    "FR": "paiement à {} jours",
    "JP": "請求書の日付から{}日以内",
}
"""How the terms of payment are put, by the customer's country, beside TERMS."""

PURCHASE_ORDERS = (
    "PO-{:04}",
    "PO {:05}/26",
    "45000{:05}",
    "0{:05}",
    'verbal, Mr O\'Brien & "Patch"',
    "=SUM(A1)",
    "{:d}E5",
)
LOCAL_PURCHASE_ORDERS = {"DE": ("Bestellung {:03} v. Jan", "Best.-Nr. {:04}/Öl"), "JP": ("注文第{:04}号",)}
"""How customers number their own orders; those of some countries have their own ways."""


def _product(row: str) -> Product:
    """The product in one row of PRICE_LIST."""
    sku, unit, price, tax, name, description = (cell.strip() for cell in row.split("|"))
    return Product(sku, name, description.replace("¶", "\n"), unit, Decimal(price), "SRB".index(tax))


PRODUCTS = tuple(_product(row) for row in PRICE_LIST.strip().splitlines())
