"""What Unicode's locale data (CLDR) says about numbers and Babel does not carry. Plain data.

Source: `numbers.json` and `currencies.json` of cldr-numbers-full 48.2. Locales are named as Babel names them; what is
said of one holds for all that inherit from it. Babel reads patterns of Latin digits alone, knows no pattern of a single
currency, and leaves out what CLDR marks as contributed.
"""

NBSP = "\xa0"
RLM = "\u200f"
LRM = "\u200e"

# `minimumGroupingDigits`: the fewest digits that may stand before the first separator; 1 where nothing is said.
MINIMUM_GROUPING = {
    **dict.fromkeys(("be", "bg", "es", "et", "hu", "hy", "ia", "ie", "it", "ka", "lv", "pl", "pt_PT", "ru_UA"), 2),
    **dict.fromkeys(("sl", "sq"), 2),
    "ee": 3,
    **dict.fromkeys(("es_419", "pt_AO"), 1),
}

# The digit zero of each number system that some locale writes in by default; the other nine follow it in Unicode.
ZERO = {
    "adlm": "\U0001e950",
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "cakm": "\U00011136",
    "deva": "\u0966",
    "hmnp": "\U0001e140",
    "mtei": "\uabf0",
    "mymr": "\u1040",
    "nkoo": "\u07c0",
    "olck": "\u1c50",
    "tibt": "\u0f20",
}

# The standard patterns, by locale and number system.
CURRENCY_PATTERNS = {
    ("ar", "arab"): f"{RLM}#,##0.00{NBSP}¤",
    ("ckb", "arab"): f"#,##0.00{NBSP}¤",
    ("es_AR", "latn"): f"¤{NBSP}#,##0.00",
    ("es_CO", "latn"): f"¤{NBSP}#,##0.00",
    ("es_GQ", "latn"): "¤#,##0.00",
    ("fa", "arabext"): f"{LRM}¤#,##0.00",
    ("fa_AF", "arabext"): f"¤{NBSP}#,##0.00",
}
PERCENT_PATTERNS = {
    ("bn", "beng"): "#,##0%",
    ("ckb", "arab"): f"#,##0{NBSP}%",
    ("ne", "deva"): "#,##,##0%",
}

# By locale and currency.
OWN_CURRENCY_PATTERNS = {
    ("en_150", "EUR"): "¤#,##0.00",
    ("en_AT", "EUR"): f"¤{NBSP}#,##0.00",
}
CURRENCY_SYMBOLS = {
    ("de_LI", "EUR"): "EUR",
    ("sw_KE", "USD"): "$",
}

# What groups the digits of numbers that are no money.
GROUP = {
    "de_AT": NBSP,
    "fr_MA": ".",
}
