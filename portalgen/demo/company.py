"""Whom the demo company, Tern & Tallow of Kinsale, sells to: forty customers, all invented.

They are what real customers are like and what programs trip over: ids that YAML takes for numbers, times and truth
values, ids and names alike but for a zero or a capital, names in nine alphabets and in HTML. The telephone numbers are
from the ranges that countries set aside for fiction, the e-mail domains from the one that belongs to nobody.
"""
# ruff: noqa: RUF001 - Greek and Cyrillic letters that look like Latin ones are the point of these names

from dataclasses import dataclass

from portalgen.demo.catalogue import LOCAL_TERMS, TERMS
from portalgen.model import Customer

SELLER = "Tern & Tallow, Wholesale Chandlers"
SELLER_EMAIL = "accounts@tern-and-tallow.example"
SELLER_ADDRESS = ("The Old Chandlery, 1 Pilot Quay", "Kinsale, Co. Cork, P17 DM99", "Ireland")
SELLER_PHONE, SELLER_TAX_ID = "+353 20 912 0099", "IE 0000000XX"

ROLES = {
    "accounts-payable": ("invoices", "credit_notes"),
    "buyers": ("quotes", "orders"),
    "goods-in": ("orders", "delivery_notes"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a customer. `show` is what the portal definition grants, as YAML; '' gives no link of their own.

    `branch`, unless '', is the only one whose documents they see.
    """

    id: str
    name: str
    email: str
    show: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A customer, the business it does and its portal.

    `currencies` has the usual one first. `transactions` is how many documents it has in all. `settings` are lines of
    its portal definition, as YAML. `branches` are its own places that order apart from each other. It pays
    `days_to_pay` days after the date of an invoice.
    """

    customer: Customer
    portal: str
    currencies: tuple[str, ...]
    transactions: int
    settings: tuple[str, ...]
    people: tuple[Person, ...]
    branches: tuple[str, ...] = ()
    days_to_pay: int = 30


BRANCHES = {
    "clareen": ("Pier Road", 'The "Upper" Shop', "Market Stall 7 & 8"),
    "todai": ("横浜本店", "神戸 <港> 支店", "Sapporo"),
}

SHIP_TO = {
    "Pier Road": "Clareen Lantern Shop, goods in\n11 Pier Road (ring twice)\nKinsale, P17 DM01",
    'The "Upper" Shop': 'Clareen Lantern Shop, the "Upper" Shop\n2 Compass Hill\nKinsale, P17 DM02',
    "Market Stall 7 & 8": "Market Stall 7 & 8\n<under the blue awning>\nCork, T12 DM07",
    "横浜本店": "横浜本店 荷受係\n〒231-0000\n神奈川県横浜市中区桟橋 2-7",
    "神戸 <港> 支店": "神戸 <港> 支店\n〒650-0000\n神戸市中央区波止場町 9",
}
"""Where goods for a branch go, if it is not to the customer's own address."""

PARENTS = {"bruecke-hamburg": "C-7", "umineko": "JP-0001"}

DAYS_TO_PAY = (30, 14, 30, 45)
"""What customers in turn have agreed upon."""

PHONES = {
    "IE": "+353 20 912 0{:03}",
    "GB": "+44 1632 960{:03}",
    "US": "+1 503 555 0{:03}",
    "DE": "+49 30 23125 {:03}",
}

# id, portal, currencies, how many documents
# name
# street; city; region; postal code; country
# portal settings; ...
# contact id; name; what the contact may see - or nothing, for somebody without a link; of which branch
CARDS = """
0012 clareen EUR 120
Clareen Lantern Shop
4 Pilot Quay; Kinsale; Co. Cork; P17 DM00; Ireland
show: [ALL, statement, receipts]
ann; Ann Quill; [accounts-payable, statement, receipts]
tom; Tomás "Tom" Ó Súilleabháin; goods-in; Pier Road
una; Úna <Stall> Ní Laoire; ALL; Market Stall 7 & 8
siobhan; Siobhán O'Malley-Quill

12 quayside EUR 23
Quayside Teas & Sundries Ltd.
12 Teapot Lane; Cork; Co. Cork; T12 DM00; IE
show: [accounts-payable, statement]
mary; Mary Twelvetrees; [invoices]

C-7 bruecke EUR 34
Brückenbäckerei Weiß GmbH & Co. KG
An der Salzbrücke 7; Lübeck; Schleswig-Holstein; 23552; DE
show: [ALL, statement]; locale: de-DE
jan; Jan Weiß; [accounts-payable, statement]
grete; Grete Weiß-Größling; ALL

c-7 bruecke-hamburg EUR 9
Brückenbäckerei Weiß GmbH & Co. KG, Filiale Hamburg
Kehrwiederspitze 77; Hamburg; ; 20457; DE
show: goods-in; locale: de-DE
jan; Jan Weiß; [delivery_notes]

12:30 halb-eins EUR 17
Café Halb Eins
Uhrmachergasse 30/12; Wien; ; 1070; AT
show: [quotes, orders, invoices]; locale: de-DE

NO nordlys EUR 12
Nordlys Handel AS
Fyrveien 3; Tromsø; Troms; 9008; NO
show: ALL

null nullpunkt EUR 6
Nullpunkt Modellbau
Nullweg 0; Görlitz; Sachsen; 02826; DE
show: [invoices]; locale: de-DE

1e3 thousand-islands USD 28
Thousand Islands Outfitters, Inc.
1000 Riverside Dr, Suite 1/2; Clayton; NY; 13624; US
show: ALL
bo; Bo Li; buyers

true true-north USD 14
True North Supply Co.
1 Compass Rose Way; Duluth; MN; 55802; US
show: buyers

2026-03-01 first-of-march EUR 8
First of March Florists
3 Primrose Steps; Dingle; Co. Kerry; V92 DM00; IE
show: [orders, invoices, credit_notes]

0x1F hexagon-honey USD 11
Hexagon Honey Co.
31 Beeline Blvd; Portland; OR; 97205; US
show: ALL

K-1001 omalley EUR 19
O'Malley's "Bosun" Stores
The Old Ropewalk, Unit 3B; Galway; Co. Galway; H91 DM00; IE
show: ALL
nora; Nora "Bosun" O'Malley; [orders, invoices]

K-1002 bold-bread EUR 26
<b>Bold</b> Bread & Co.
5 Yeast Street; Bristol; ; BS1 0XX; GB
show: ALL
lt; Lee <lee@bold-bread.example> Turner; [invoices, credit_notes]

K-1003 puzzle-club EUR 7
{{ 7*7 }} Puzzle Club {% raw %}
49 Riddle Row; Bath; Somerset; BA1 0XX; GB
show: [quotes, invoices]

K-1004 spreadsheet-museum USD 10
=SUM(A1) Spreadsheet Museum
65536 Column Ave; Boston; MA; 02101; US
show: accounts-payable

K-1005 x EUR 5
X
X; Nijmegen; Gelderland; 6511 XX; NL
show: ALL

K-1006 ferrymen EUR 31
The Worshipful and Amalgamated Society of Ferrymen, Lightermen, Lamp-Trimmers, Rope-Walkers, Sailmakers, \
Net-Menders and Purveyors of Hot Pies to the Outer Islands (Incorporated by Guarantee), Provisions Committee
The Boathouse at the End of the Long Pier beyond the Second Lighthouse; Llanfairpwllgwyngyll; Anglesey; LL61 0XX; GB
show: ALL
pie; The Honourable Secretary of the Sub-Committee for Pies; goods-in

K-1007 key-value EUR 13
Key: Value # Locksmiths
1: Lock Street; Utrecht; ; 3511 XX; NL
show: ALL

K-1008 backslash USD 6
Back\\slash & "Sons" Books\\n
C:\\Harbor\\new; Seattle; WA; 98101; US
show: [invoices]

K-1009 minus-one EUR 1
- Minus One Records
1 Flat Street, Basement; Berlin; ; 10115; DE
show: ALL

K-1010 wool EUR 15
100 % Wool; 50% Off, the Rest Is Sheep
Ram's Head Farm; Hawick; Roxburghshire; TD9 0XX; GB
show: ALL; revision: 3

S-100 harbour-stores-falmouth EUR 22
Harbour Stores
8 Mizzen Terrace; Falmouth; Cornwall; TR11 0XX; GB
show: ALL
ann; Ann Pascoe; accounts-payable

S-101 harbour-stores-cobh EUR 18
Harbour Stores
8 Mizzen Terrace; Cobh; Co. Cork; P24 DM00; IE
show: ALL
ann; Ann Roche; accounts-payable

GR-01 faros EUR 24
Φάρος & Υιοί Ο.Ε.
Ακτή Θαλασσινών 14; Πειραιάς; Αττική; 185 38; GR
show: ALL
eleni; Ελένη Φαρίδου; accounts-payable

BG-01 fener EUR 16
Морски фенер „Свети Никола“ ЕООД
ул. „Капитан Чайка“ 21; Варна; ; 9000; BG
show: [orders, delivery_notes, invoices]

UA-01 mayak EUR 5
Маяк і Ґава ТОВ
вул. Їжакова, 8; Одеса; ; 65000; UA
show: [quotes]

EG-01 masabih USD 21
مصابيح الميناء للتجارة (ش.م.م)
١٢ شارع الفنار; الإسكندرية; ; 21500; EG
show: [ALL, statement, receipts]; locale: ar-EG
layla; ليلى حسن; buyers

IL-01 migdalor USD 4
מגדלור ובניו בע"מ
רחוב הנמל 5; חיפה; ; 3100000; IL
show: [invoices, credit_notes]

JP-0001 todai JPY+USD 117
株式会社 灯台と港
海岸通り三丁目14番地の1; 横浜市中区; 神奈川県; 231-0000; JP
show: ALL; locale: ja-JP
yuki; 港 由紀; accounts-payable
ken; 灯 健太郎; [orders, delivery_notes]

JP-0002 umineko JPY 29
海猫堂
運河町2-22; 小樽市; 北海道; 047-0000; JP
show: ALL; locale: ja-JP

JP-0003 nami JPY 1
なみ屋（有限会社）
波止場1; 長崎市; 長崎県; 850-0000; JP
show: [quotes]; locale: ja-JP

PL-01 zolta-lodz EUR 27
Żółta Łódź sp. z o.o.
ul. Świętej Mewy 9/11; Gdańsk; pomorskie; 80-001; PL
show: ALL; locale: pl-PL
zofia; Zofia Źdźbło; accounts-payable

TR-01 isik EUR 20
Işık İğnecioğlu Denizcilik A.Ş.
Deniz Feneri Sk. No: 5/ı; İzmir; ; 35200; TR
show: ALL
ilgin; Ilgın Iğdır; [invoices]

GB-01 octopus EUR 33
🐙 Octopus & Anchor 🛟
8 Tentacle Wharf; Whitby; North Yorkshire; YO21 0XX; GB
show: ALL; expires: 2099-12-31

IS-01 thorshofn EUR 1
Þórshöfn Verslun ehf.
Vitastígur 4; Þórshöfn; ; 680; IS
show: ALL

FR-01 epicerie EUR+USD 38
L'Épicerie « du Phare »
3 bis, quai de l'Œuf; Brest; Bretagne; 29200; FR
show: [ALL, statement, receipts]; locale: fr-FR
zoe; Zoé L'Hôpital; accounts-payable

IT-01 ancora EUR 12
Bottega dell'Àncora S.r.l.
Calle del Gatto 99; Chioggia; VE; 30015; IT
show: [orders, invoices]; locale: it-IT

ES-01 nandu EUR 7
¡Almacén Ñandú! S.L.
Calle de la Gaviota, 2, 1.º izq.; Cádiz; ; 11001; ES
show: buyers; locale: es-ES

NL-01 wapen EUR 9
't Wapen van Urk
Touwslagersweg 1; Urk; Flevoland; 8321 XX; NL
show: ALL; locale: nl-NL

FI-01 hamara EUR 1
Hämärä Öljylamppu Oy
Majakkatie 1; Hanko; ; 10900; FI
show: [invoices]; enabled: false
"""


def _client(card: str, place: int) -> Client:
    """The client on one card of CARDS, the `place`-th."""
    first, name, address, settings, *people = card.splitlines()
    customer_id, portal, currencies, transactions = first.split(" ")
    street, city, region, postal_code, country = address.split("; ")
    domain = f"{portal}.example"
    days = DAYS_TO_PAY[place % len(DAYS_TO_PAY)]
    customer = Customer(
        id=customer_id,
        name=name,
        email=f"office@{domain}",
        phone=PHONES.get(country, "").format(100 + place),
        street=street,
        city=city,
        region=region,
        postal_code=postal_code,
        country=country,
        currency=currencies.split("+")[0],
        status="Blocked" if "enabled: false" in settings else "Active",
        parent_id=PARENTS.get(portal, ""),
        payment_terms=LOCAL_TERMS.get(country, TERMS).format(days),
    )
    return Client(
        customer=customer,
        portal=portal,
        currencies=tuple(currencies.split("+")),
        transactions=int(transactions),
        settings=tuple(settings.split("; ")),
        people=tuple(_person(line, domain) for line in people),
        branches=BRANCHES.get(portal, ()),
        days_to_pay=days,
    )


def _person(line: str, domain: str) -> Person:
    """The person on one line of a card."""
    person_id, name, show, branch = (*line.split("; "), "", "")[:4]
    return Person(person_id, name, f"{person_id}@{domain}", show, branch)


CLIENTS = tuple(_client(card, place) for place, card in enumerate(CARDS.strip().split("\n\n")))
