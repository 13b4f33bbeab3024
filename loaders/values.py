"""Recognise dates, amounts of money, counts and periods; the words come from each language's ``values.yaml``."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import regex

from .currencies import BareCurrencies
from .items import Item
from .normalise import fold
from .rules import Language
from .windows import Anchors, Openings, Windows, telling, within


@dataclass(frozen=True, slots=True)
class DateRange:
    """One date or a range, each ISO 8601 as far as known; a missing year is written ``--02-10``."""

    start: str
    end: str

    @property
    def has_year(self) -> bool:
        """Tell whether the text gives the year."""
        return not self.start.startswith("--")

    def with_year(self, year: str) -> DateRange:
        """Return the same dates in *year* (four digits)."""
        return DateRange(*(year + date[1:] if date.startswith("--") else date for date in (self.start, self.end)))


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in whole units of ``currency`` (ISO 4217)."""

    minimum: Decimal | None
    maximum: Decimal | None
    currency: str
    comparator: str


@dataclass(frozen=True, slots=True)
class Count:
    """So many of a class: 58 of State."""

    number: int
    unit: str
    comparator: str


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time in years."""

    years: int


_POINTS = regex.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")  # of thousands
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of each month at most
_COMMAS = regex.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


_GAPPED_REACH = 220  # characters from an amount to one that shares its currency


class ValueGrammar:
    """The regular expressions of one language's dates, amounts and counts, over folded text."""

    def __init__(self, language: Language) -> None:
        values = language.values
        self.decimal_comma = bool(values.get("decimal_comma", False))
        self.months = {fold(name): int(number) for number, names in values["months"].items() for name in names}
        self.number_words = {fold(str(word)): Decimal(str(value)) for word, value in values.get("numbers", {}).items()}
        self.number_words |= _compounds(self.number_words, values.get("compound", {}))
        self.scales = {fold(word): Decimal(str(value)) for word, value in values["scales"].items()}
        self.currencies = {fold(form): code for code, forms in values["currencies"].items() for form in forms}
        self.bare = BareCurrencies(values)
        self.currencies = dict.fromkeys(self.bare.nouns, "") | self.currencies
        self.symbols = {fold(form): code for form, code in values.get("symbols", {}).items()}
        self.comparators = {fold(form): name for name, forms in values.get("comparators", {}).items() for form in forms}
        self.units = {fold(form): name for name, forms in values.get("units", {}).items() for form in forms}
        clitic = language.settings.get("clitic", "")
        start = rf"(?<![\w.,]){clitic}"
        digits = r"\d{1,3}(?:[,. ]\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)?"
        # "مئة وستين": hundreds and what is added to them
        self.hundreds = tuple(fold(str(word)) for word in values.get("hundreds", ()))
        self.added = fold(str(values.get("compound", {}).get("joint", " ")))
        hundreds = rf"(?:(?:{'|'.join(self.hundreds)}){self.added})?" if self.hundreds else ""
        words = rf"|{hundreds}{_any(self.number_words)}(?!\w)" if self.number_words else ""

        def number(name: str) -> str:
            return f"(?P<{name}>{digits}{words})"

        comparator = rf"(?:(?P<cmp>{_any(self.comparators)}) ?)?" if self.comparators else ""
        scale = _any(self.scales)
        to = rf"(?: ?(?:{'|'.join(fold(w) for w in values['range_to'])}) ?)"
        opening = rf"(?:(?:{'|'.join(fold(w) for w in values['range_from'])}) )?"
        joint = values.get("scale_joint", " ?")
        currency = rf"(?P<cur>{_any(self.currencies)})(?!\w)"
        symbol = _any(self.symbols) if self.symbols else r"(?!)"
        self.money = regex.compile(
            rf"{start}{comparator}(?:"
            rf"{opening}{number('n1')}(?:{joint}(?P<s1>{scale}))?(?:{joint}(?:{_any(self.currencies)}))?{to}{number('n2')}(?:{joint}(?P<s2>{scale})(?!\w))?{joint}(?:{currency}|(?P<sym5>{symbol}))"
            rf"|{number('n3')}(?:{joint}(?P<s3>{scale})(?!\w))?{joint}(?:{currency.replace('<cur>', '<cur3>')}|(?P<sym3>{symbol})(?!\w))"
            rf"|(?P<s4>{scale}) {currency.replace('<cur>', '<cur4>')}"
            rf"|{opening}(?P<sym1>{symbol}) ?{number('n5')}(?: ?(?P<s5>{scale})(?!\w))?(?:{to}(?:{symbol})? ?{number('n6')}(?: ?(?P<s6>{scale})(?!\w))?)?"  # noqa: E501
            rf")"
        )
        # What joins two sums where no "between" or "from" stands before them.
        together = "|".join(fold(word) for word in values.get("coordinated", ()))
        self.coordinated = regex.compile(rf" (?:{together}) ") if together else None
        self.opens = regex.compile(rf"(?<!\w)(?:{'|'.join(fold(w) for w in values['range_from'])}) ")
        # "Germany 300 million euros, France 200 million": the currency is said once.
        behind = fold(str(values.get("gapped_before", "")))
        nouns = "|".join(fold(str(word)) for word in values.get("currency_nouns", ())) or "(?!)"
        scale_words = _any({word: 0 for word in self.scales if len(word) > 3})
        self.gapped = (
            regex.compile(
                rf"{start}{comparator}{number('n')}{joint}(?P<s>{scale_words})(?P<noun> (?:{nouns}))?"
                rf"(?= ?[,،.;؛:)]| ?$| (?:{behind})(?!\w))"
            )
            if behind
            else None
        )
        across = fold(str(values.get("gapped_across", "")))
        self.gapped_across = regex.compile(across) if across else None
        back = fold(str(values.get("gapped_back", "")))  # behind an amount of a sum that the sentence before gave
        self.gapped_back = regex.compile(back) if back else None
        # "ثلاثة آلاف و500": thousands, and what is added to them
        joint_sum = fold(str(values.get("sum_joint", "")))
        more = rf"(?:(?P<k>{digits}{words}) ?(?P<ks>{scale}){joint_sum})?" if joint_sum else ""
        adjective = values.get("count_gap", r"(?:[^\W\d]+ ){0,2}?")
        of = values.get("count_of", "")
        self.count = regex.compile(
            rf"{start}{comparator}{more}{number('n')}(?: ?(?P<s>{scale})(?!\w))?{of} {adjective}(?P<unit>{_any(self.units)})(?!\w)"
        )
        dual = {fold(form): name for name, forms in values.get("dual_units", {}).items() for form in forms}
        self.dual_units = dual
        self.dual = regex.compile(rf"{start}(?P<unit>{_any(dual)})(?!\w)") if dual else None
        month = _any(self.months)
        self.days = {fold(word): int(number) for word, number in values.get("days", {}).items()}
        word = f"|{_any(self.days)}(?!\\w)" if self.days else ""
        tokens = {
            "<d>": rf"(?P<d>\d{{1,2}}{word})(?:st|nd|rd|th|er|e)?(?!\d)",
            "<d2>": rf"(?P<d2>\d{{1,2}}{word})(?:st|nd|rd|th|er|e)?(?!\d)",
            "<m>": f"(?P<m>{month})",
            "<m2>": f"(?P<m2>{month})",
            "<m3>": f"(?:{month})",
            "<y>": r"(?P<y>(?:19|20)\d\d)(?!\d)",
            "<y1>": r"(?P<y1>(?:19|20)\d\d)(?!\d)",
        }
        self.dates = []
        for template in (*values["dates"], r"<y>-(?P<mn>[01]\d)-<d>"):
            text = fold(template) if "\\" not in template else template
            for token, expression in tokens.items():
                text = text.replace(token, expression)
            self.dates.append(regex.compile(rf"{start}(?:{text})(?!\w)"))
        year_words = "|".join(fold(word) for word in values.get("year_words", []))
        self.year = regex.compile(
            rf"{start}(?:(?:{year_words}) )?(?P<y>(?:19[5-9]|20[0-4])\d)(?![\w%]|[.,]\d|-\d\d?\b)"
            if year_words
            else rf"{start}(?P<y>(?:19[5-9]|20[0-4])\d)(?![\w%]|[.,]\d)"
        )
        self.weekdays = {
            fold(name): int(number) for number, names in values.get("weekdays", {}).items() for name in names
        }
        self.weekday = regex.compile(rf"{start}(?P<w>{_any(self.weekdays)})(?!\w)") if self.weekdays else None
        self.days_told = [
            (regex.compile(rf"{start}(?P<w>{fold(str(word))})(?!\w)"), int(number))
            for number, words in values.get("relative_days", {}).items()
            for word in words
        ]
        period = [text.replace("<n>", number("n")) for text in (fold(t) for t in values.get("periods", []))]
        self.periods = [regex.compile(rf"{start}(?:{text})(?!\w)") for text in period]
        self._opened_money, self._opened_count = Openings(self.money), Openings(self.count)
        self._anchors = Anchors(
            {
                "number": (*self.number_words, *self.scales),
                "money": (*self.currencies,),
                "symbol": (*self.symbols,),
                "date": (*self.months,),
                "count": (*self.units,),
                "dual": (*dual,),
                "period": [word for expression in self.periods for word in telling(expression)],
            }
        )

    def find(self, folded: str) -> Iterator[Item]:
        """Yield every value of *folded*; offsets in the folded text. Longest first where they overlap."""
        around = self._anchors.find(folded)
        taken: list[tuple[int, int]] = []
        money = list(self._money(folded, around["money"]))
        for item in (
            *money,
            *self._gapped(folded, money),
            *self._dates(folded, around["date"]),
            *self._periods(folded, around["period"]),
            *self._counts(folded, around["count"], around["dual"]),
            *self._years(folded, around["year"]),
        ):
            index = bisect.bisect_left(taken, (item.start, item.end))
            if (index and taken[index - 1][1] > item.start) or (index < len(taken) and taken[index][0] < item.end):
                continue
            taken.insert(index, (item.start, item.end))
            yield item

    def _gapped(self, folded: str, money: Sequence[Item]) -> Iterator[Item]:
        """Yield amounts whose currency is that of the one before in the same sentence."""
        if self.gapped is None:
            return
        for index, item in enumerate(money):
            following = money[index + 1] if index + 1 < len(money) else None
            stop = folded.find("\n", item.end, item.end + _GAPPED_REACH)
            stop = stop if stop >= 0 else item.end + _GAPPED_REACH
            stop = min(stop, following.start) if following else stop
            for match in self.gapped.finditer(folded, item.end, stop):
                number = self._number(match["n"])
                told_before = self.gapped_back is not None and self.gapped_back.match(folded, match.end())
                if (
                    (self._other_sentence(folded[item.end : match.start()]) and not told_before)
                    or number is None
                    or not isinstance(item.value, Amount)
                ):
                    break
                if match["noun"] and not self._is_called(item.value.currency, match["noun"].strip()):
                    continue
                number = _whole(number * self.scales[match["s"]])
                comparator = self.comparators.get(match["cmp"] or "", "Exactly")
                low = None if comparator == "AtMost" else number
                yield Item(
                    "Money", match.start(), match.end(), value=Amount(low, number, item.value.currency, comparator)
                )

    def _is_called(self, currency: str, noun: str) -> bool:
        """Tell whether *noun* alone can mean *currency*: "pounds" behind a sum in pounds sterling."""
        return any(code == currency and form.startswith(noun) for form, code in self.currencies.items())

    def _other_sentence(self, between: str) -> bool:
        """Tell whether a full stop stands between two amounts, and no "of that sum" that goes on about the first."""
        _, stop, opening = between.partition(". ")
        return bool(stop) and (self.gapped_across is None or self.gapped_across.match(opening) is None)

    def last_weekday(self, words: str) -> int | None:
        """Return the day of the week (0: Monday) that folded *words* end with, or None."""
        last = words.split()[-1:] if words.endswith((" ", "\u00a0")) else []
        return self.weekdays.get(last[0]) if last else None

    def relative(self, folded: str, told: date) -> Iterator[Item]:
        """Yield the weekdays of a text told on *told* as dates: the last such day, as news means it; and "today", "yesterday"."""
        for expression, number in self.days_told:
            for match in expression.finditer(folded):
                text = (told + timedelta(days=number)).isoformat()
                yield Item("Date", match.start("w"), match.end(), value=DateRange(text, text), anaphor=True)
        if self.weekday is not None:
            for match in self.weekday.finditer(folded):
                day = told - timedelta(days=(told.weekday() - self.weekdays[match["w"]]) % 7)
                text = day.isoformat()
                yield Item("Date", match.start("w"), match.end(), value=DateRange(text, text), anaphor=True)

    def _money(self, folded: str, around: Windows) -> Iterator[Item]:
        for match in self._opened_money.within(around, folded):
            group = match.groupdict()
            noun = next((group[g] for g in ("cur", "cur3", "cur4") if group.get(g)), "")
            code = self.bare.code(noun, folded, *match.span()) or next(
                (self.currencies[group[g]] for g in ("cur", "cur3", "cur4") if group.get(g)),
                next((self.symbols[group[g]] for g in ("sym1", "sym3", "sym5") if group.get(g)), ""),
            )
            comparator = self.comparators.get(group.get("cmp") or "", "Exactly")
            if group["n1"]:
                low, high = self._number(group["n1"]), self._number(group["n2"])
                scale2 = self.scales.get(group["s2"] or "", Decimal(1))
                one = self._number(folded[match.start("n1") : match.end("n2")]) if not group["s1"] else None
                if one is not None and not self.opens.search(match[0]):  # "three and twenty", no range
                    low = high = one
                scale1 = self.scales.get(group["s1"] or "", scale2)
                amounts = (low and low * scale1, high and high * scale2)
            elif group["n5"]:
                low = self._number(group["n5"])
                scale6 = self.scales.get(group["s6"] or "", Decimal(1))
                scale5 = self.scales.get(group["s5"] or "", scale6 if group["n6"] else Decimal(1))
                low = low and low * scale5
                high = self._number(group["n6"]) if group["n6"] else None
                amounts = (low, high * scale6 if high else low)
            elif group["s4"]:
                amounts = (self.scales[group["s4"]], self.scales[group["s4"]])
            else:
                low = self._number(group["n3"])
                low = low and low * self.scales.get(group["s3"] or "", Decimal(1))
                amounts = (low, low)
            minimum, maximum = (value if value is None else _whole(value) for value in amounts)
            if minimum is None or maximum is None or not code:
                continue
            if (two := self._two_sums(match, folded)) is not None:
                for (start, end), sum_ in zip(two, (minimum, maximum), strict=True):
                    yield Item("Money", start, end, value=Amount(sum_, sum_, code, comparator))
                continue
            if minimum > maximum:
                minimum, maximum = maximum, minimum
            if comparator == "AtMost" and minimum == maximum:
                amount = Amount(None, maximum, code, comparator)
            else:
                amount = Amount(minimum, maximum, code, comparator)
            yield Item("Money", _after_clitic(match), match.end(), value=amount)

    def _two_sums(self, match: Any, folded: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Return where two sums stand that are only named together: "110 million and 244 million euros", no "between"."""
        first, second = ("n1", "n2") if match["n1"] else ("n5", "n6")
        if self.coordinated is None or not match[second]:
            return None
        joint = self.coordinated.search(folded, match.start(first), match.start(second))
        if joint is None or self.opens.search(folded, match.start(), match.start(first)):
            return None
        return (_after_clitic(match), joint.start()), (joint.end(), match.end())

    def _counts(self, folded: str, around: Windows, around_duals: Windows) -> Iterator[Item]:
        for match in self._opened_count.within(around, folded):
            number = self._number(match["n"])
            if number is None:
                continue
            number *= self.scales.get(match["s"] or "", Decimal(1))
            if match.groupdict().get("k") and (thousands := self._number(match["k"])) is not None:
                number += thousands * self.scales[match["ks"]]
            if number != int(number) or (1950 <= number <= 2049 and match["cmp"] is None and match["n"].isdigit()):
                continue
            comparator = self.comparators.get(match["cmp"] or "", "Exactly")
            yield Item(
                "Count",
                _after_clitic(match),
                match.end(),
                value=Count(int(number), self.units[match["unit"]], comparator),
            )
        if self.dual:
            for match in within(around_duals, self.dual, folded):
                yield Item(
                    "Count", match.start("unit"), match.end(), value=Count(2, self.dual_units[match["unit"]], "Exactly")
                )

    def _dates(self, folded: str, around: Windows) -> Iterator[Item]:
        for expression in self.dates:
            for match in within(around, expression, folded):
                value = self._date(match.groupdict())
                if value is not None:
                    yield Item("Date", _after_clitic(match), match.end(), value=value)

    def _day(self, text: str) -> int:
        return self.days.get(text) or int(text)

    def _date(self, group: Mapping[str, Any]) -> DateRange | None:
        month = int(group["mn"]) if group.get("mn") else self.months[group["m"]]
        year = group.get("y") or group.get("y1")
        prefix = year if year else "-"
        if not group.get("d"):
            if not year:
                return None
            last = self.months[group["m2"]] if group.get("m2") else month
            return DateRange(f"{year}-{month:02}", f"{year}-{last:02}")
        day, last_day = self._day(group["d"]), self._day(group.get("d2") or group["d"])
        last_month = self.months[group["m2"]] if group.get("m2") else month
        if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] and 1 <= last_day <= _DAYS[last_month - 1]):
            return None
        start = f"{group.get('y1') or prefix}-{month:02}-{day:02}"
        return DateRange(start, f"{prefix}-{last_month:02}-{last_day:02}")

    def _years(self, folded: str, around: Windows) -> Iterator[Item]:
        for match in within(around, self.year, folded):
            start = _after_clitic(match)
            kind = "Year" if start == match.start("y") else "Date"
            yield Item(kind, start, match.end(), value=DateRange(match["y"], match["y"]))

    def _periods(self, folded: str, around: Windows) -> Iterator[Item]:
        for expression in self.periods:
            for match in within(around, expression, folded):
                number = self._number(match["n"])
                if number is not None and number == int(number):
                    yield Item("Period", match.start("n"), match.end(), value=Period(int(number)))

    def _number(self, text: str) -> Decimal | None:
        if text in self.number_words:
            return self.number_words[text]
        first, _, rest = text.partition(self.added)
        if first in self.hundreds and rest in self.number_words:
            return self.number_words[first] + self.number_words[rest]
        plain = text.replace(" ", "")
        if self.decimal_comma:
            plain = plain.replace(".", "") if _POINTS.fullmatch(plain) else plain
            plain = plain.replace(",", ".")
        elif _COMMAS.fullmatch(plain):
            plain = plain.replace(",", "")
        else:
            plain = plain.replace(",", ".")
        try:
            return Decimal(plain)
        except InvalidOperation:
            return None


def _after_clitic(match: Any) -> int:
    """Return where the value starts when a conjunction or preposition is glued to it (و50, وخمس)."""
    first = min(match.start(name) for name, text in match.groupdict().items() if text is not None)
    glued = match.string[match.start() : first]
    return int(first) if glued and " " not in glued and len(glued) <= 2 else int(match.start())


def _whole(value: Decimal) -> Decimal:
    """Return *value* without a fraction of zero: 1500000000, not 1500000000.0."""
    return value.to_integral_value() if value == value.to_integral_value() else value.normalize()


def _compounds(words: Mapping[str, Decimal], rule: Mapping[str, str]) -> dict[str, Decimal]:
    """Return the numbers 21 to 99 as written by joining tens and units (``twenty-one``, ``خمسة وعشرين``)."""
    if not rule:
        return {}
    joint = fold(str(rule["joint"]))
    tens = {word: number for word, number in words.items() if number in range(20, 100, 10)}
    units = {word: number for word, number in words.items() if 1 <= number <= 9}
    unit_first = rule.get("order") == "unit-tens"
    return {
        (f"{unit}{joint}{ten}" if unit_first else f"{ten}{joint}{unit}"): tens[ten] + units[unit]
        for ten in tens
        for unit in units
    }


def _any(words: Mapping[str, object]) -> str:
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(regex.escape(word, special_only=True).replace(r"\ ", " ") for word in ordered) + ")"


@functools.lru_cache(maxsize=8)
def grammar(language: Language) -> ValueGrammar:
    """Return the value grammar of *language*, built once."""
    return ValueGrammar(language)


def shifted(item: Item, start: int, end: int) -> Item:
    """Return *item* with other offsets."""
    return replace(item, start=start, end=end, outer_start=start, outer_end=end)
