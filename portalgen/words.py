"""The interface's words by language: gettext catalogues in locale/. English is what the templates say themselves."""

from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations

from portalgen.formats import read_catalogue
from portalgen.resources import catalogues_folder

LANGUAGES = ("en", "ar", "de", "es", "fr", "it", "nl", "pl", "pt")
"""The languages that there is a whole catalogue for."""
_RIGHT_TO_LEFT = frozenset({"ar"})


def N_(text: str) -> str:  # noqa: N802, gettext's own name for what is translated later
    """`text`, which `make words` finds and puts into the catalogues."""
    return text


STATUSES = frozenset(
    [
        *(N_("Accepted"), N_("Applied"), N_("Awaiting payment"), N_("Cancelled"), N_("Closed"), N_("Completed")),
        *(N_("Confirmed"), N_("Corrected"), N_("Credited"), N_("Declined"), N_("Delivered"), N_("Expired")),
        *(N_("In transit"), N_("Invoiced"), N_("Issued"), N_("Open"), N_("Ordered"), N_("Overdue"), N_("Paid")),
        *(N_("Partly delivered"), N_("Partly invoiced"), N_("Partly ordered"), N_("Partly paid")),
        *(N_("Partly settled"), N_("Payment received"), N_("Pending"), N_("Settled"), N_("Shipped")),
    ]
)
"""What the profiles and the demo company call a document's state, and what stands for a status that is not known."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. `language` is its BCP 47 tag, `direction` 'ltr' or 'rtl', as HTML has them."""

    language: str
    direction: str
    translations: NullTranslations = field(repr=False, compare=False)

    def gettext(self, text: str) -> str:
        """What the language says for the English `text`; the text itself where it is not in the catalogue."""
        return self.translations.gettext(text)

    def status(self, text: str) -> str:
        """The word for a status that is one of STATUSES; anything else is somebody's own word, and stays as it is."""
        return self.gettext(text) if text in STATUSES else text

    def ngettext(self, one: str, many: str, number: int) -> str:
        """As `gettext`, in the form that `number` wants."""
        return self.translations.ngettext(one, many, number)


@cache
def words_for(locale: str) -> Words:
    """The words for a locale (BCP 47, `de-CH`): those of its language, or English where there are none."""
    language = locale.partition("-")[0].lower()
    if language not in LANGUAGES or language == "en":
        return Words("en", "ltr", NullTranslations())
    file = catalogues_folder() / language / "LC_MESSAGES" / "portalgen.po"
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    return Words(language, direction, read_catalogue(file.read_bytes(), language))
