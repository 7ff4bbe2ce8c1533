"""The interface's words by language: gettext catalogues in locale/. English is what the templates say themselves."""

from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations

from portalgen.formats import read_catalogue
from portalgen.resources import catalogues_folder

LANGUAGES = ("en", "ar", "de", "es", "fr", "it", "nl", "pl", "pt")
"""The languages that there is a whole catalogue for."""
_RIGHT_TO_LEFT = frozenset({"ar"})


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. `language` is its BCP 47 tag, `direction` 'ltr' or 'rtl', as HTML has them."""

    language: str
    direction: str
    translations: NullTranslations = field(repr=False, compare=False)

    def gettext(self, text: str) -> str:
        """What the language says for the English `text`; the text itself where it is not in the catalogue."""
        return self.translations.gettext(text)

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
