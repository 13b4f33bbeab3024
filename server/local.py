"""What depends on where it is read: dates, numbers and sums in the reader's form, and which files stand beside the code."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib import resources
from pathlib import Path

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.lists import format_list
from babel.localedata import locale_identifiers
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

FOLDER = Path(str(resources.files("summitgraph.server")))
_CATEGORIES = ("zero", "one", "two", "few", "many", "other")  # of plural forms, as Arabic has them all
BUILT = FOLDER / "static" / "build"


def files(name: str) -> list[Path]:
    """Return all files of a folder beside the code."""
    return [path for path in (FOLDER / name).rglob("*") if path.is_file()]


def is_built(name: str) -> bool:
    """Tell whether a bundle of third-party parts was built (``make assets``)."""
    return (BUILT / name).is_file()


# The form of a language where the reader names no country: English that is of none, and Arabic with the names of months
# and the separators of most countries.
_WITHOUT_REGION = {"en": "en_001", "ar": "ar_AE", "fr": "fr"}


@lru_cache(maxsize=512)
def locale_of(language: str, region: str = "") -> str:
    """Return the identifier of the locale for a language and a region (ISO 3166), that of no region if CLDR has none.

    >>> locale_of("en", "US"), locale_of("en", "XX"), locale_of("fr", "CA")
    ('en_US', 'en_001', 'fr_CA')
    """
    known = f"{language}_{region}"
    return known if region and known in _identifiers() else _WITHOUT_REGION.get(language, language)


@lru_cache(maxsize=1)
def _identifiers() -> frozenset[str]:
    return frozenset(locale_identifiers())


_parse = lru_cache(maxsize=64)(Locale.parse)


class In:
    """Values in the form of one language, and of one of its regions if *locale* (see :func:`locale_of`) names one."""

    def __init__(self, language: str, locale: str = "") -> None:
        self.language, self.locale = language, _parse(locale or locale_of(language))

    @property
    def tag(self) -> str:
        """Return the locale as BCP 47 tag, as browsers take it; Arabic with the digits that texts on the web use."""
        tag = str(self.locale).replace("_", "-")
        return f"{tag}-u-nu-latn" if self.language == "ar" else tag

    def number(self, value: int | Decimal | str) -> str:
        """Return a number with its separators."""
        return format_decimal(Decimal(value), locale=self.locale)

    def counted(self, count: int, forms: str) -> str:
        """Return the form of a noun that stands after *count*; *forms* are those of the language, in CLDR's order.

        >>> In("fr").counted(1, "fait|faits"), In("ar").counted(5, "قمة|قمة|قمتان|قمم|قمة|قمة")
        ('fait', 'قمم')
        """
        listed = forms.split("|")
        category = self.locale.plural_form(count)
        order = _CATEGORIES if len(listed) == len(_CATEGORIES) else ("one", "other")
        return listed[order.index(category)] if category in order else listed[-1]

    def percent(self, value: str | float | None) -> str:
        """Return a share (0 to 1) in percent, empty where there is none."""
        return format_percent(float(value), locale=self.locale) if value not in (None, "") else ""

    def date(self, value: str) -> str:
        """Return a date, a month or a year as it is written; anything else unchanged.

        >>> In("fr").date("2025-02-10"), In("en").date("2025-02-10"), In("en", "en_US").date("2025-02-10")
        ('10 février 2025', '10 February 2025', 'February 10, 2025')
        >>> In("en").date("2025-02"), In("en").date("soon")
        ('February 2025', 'soon')
        """
        try:
            if len(value) == 4:
                return str(int(value))
            if len(value) == 7:
                day = datetime.date.fromisoformat(value + "-01")
                return format_skeleton("yMMMM", day, locale=self.locale)
            return format_date(datetime.date.fromisoformat(value[:10]), "long", locale=self.locale)
        except ValueError:
            return value

    def moment(self, value: str) -> str:
        """Return a date with its time."""
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            return value
        return format_datetime(moment, "medium", locale=self.locale)

    def money(self, value: str | Decimal, currency: str, *, short: bool = False) -> str:
        """Return a sum in whole units of a currency (ISO 4217), *short* with millions and billions as words."""
        try:
            sum_ = Decimal(value)
        except InvalidOperation:
            return f"{value} {currency}"
        if short:
            return format_compact_currency(sum_, currency, format_type="short", locale=self.locale, fraction_digits=1)
        shown = "#,##0.##\u00a0¤¤" if sum_ != sum_.to_integral_value() else "#,##0\u00a0¤¤"
        return format_currency(sum_, currency, shown, locale=self.locale, currency_digits=False)

    def currency(self, code: str) -> str:
        """Return what a currency is called."""
        return str(self.locale.currencies.get(code, code))

    def language_name(self, code: str) -> str:
        """Return what a language (BCP 47 tag) is called."""
        try:
            return str(Locale.parse(code, sep="-").get_display_name(self.locale) or code)
        except (UnknownLocaleError, ValueError):
            return code

    def listed(self, items: list[str]) -> str:
        """Return several words as one enumeration."""
        return format_list(items, locale=self.locale)
