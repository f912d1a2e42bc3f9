"""The conditions of `--where`: a small language of its own, which is parsed and never evaluated.

    condition   comparison | tag:NAME | not C | C and C | C or C | ( C )
    comparison  FIELD = VALUE, != < <= > >=
                FIELD in [VALUE, …]   FIELD not in [VALUE, …]
                FIELD contains VALUE  part of a text, or a member of a list
                FIELD ~ VALUE         a regular expression, found anywhere
                FIELD is undefined    FIELD is not undefined
    VALUE       0.01   true   adam   'two words'   2026-11-21   10m   -7d (seven days ago)

For FIELD see `kerasrun.runs.fields`. A comparison with what a run does not have is false.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasrun.runs.errors import UsageError
from kerasrun.runs.fields import UNDEFINED, Field, check_known, field
from kerasrun.runs.run import Run
from kerasrun.runs.values import Value, contains, equal, is_before, matches, value

_Test = Callable[[Run], bool]
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'[^']*'|"[^"]*")
  | (?P<sign><=|>=|!=|==|=|<|>|~|\(|\)|\[|\]|,)
  | (?P<word>[^\s()\[\],<>=!~'"]+)
    )""",
    re.VERBOSE,
)
_WORDS = ("and", "or", "not", "in", "is", "contains", "undefined")
_DEEPEST = 50


@dataclass(frozen=True)
class Where:
    """A condition that a run fulfils or does not.

    Attributes:
        text: As it was written.
        fields: What it asks for.
        test: Whether a run fulfils it.
    """

    text: str
    fields: tuple[Field, ...]
    test: _Test

    def of(self, runs: Iterable[Run]) -> list[Run]:
        """Those that fulfil it, in their order.

        Raises:
            UsageError: It asks for something that none of them has.
        """
        found = list(runs)
        check_known(self.fields, found)
        return [run for run in found if self.test(run)]


def where(text: str) -> Where:
    """Reads a condition.

    Raises:
        UsageError: It is none; the message says where and what was expected.
    """
    parser = _Parser(text)
    return Where(text, tuple(parser.fields), parser.parsed)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._at = 0
        self._depth = 0
        self.fields: list[Field] = []
        self.parsed = self._either()
        if self._here.kind != "end":
            raise self._wrong("'and', 'or' or the end")

    def _split(self) -> Iterable[_Token]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            if found is None:
                rest = self._text[at:].strip()
                raise UsageError(f"--where {self._text!r}: cannot read {rest!r}")
            kind = found.lastgroup or ""
            token = found[kind]
            lower = token.lower()
            yield _Token(lower if kind == "word" and lower in _WORDS else kind, token, at)
            at = found.end()
        yield _Token("end", "", end)

    @property
    def _here(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *wanted: str) -> _Token | None:
        """The token here, and on to the next, if it is a word or sign that is wanted."""
        token = self._here
        if token.kind in wanted or (token.kind == "sign" and token.text in wanted):
            self._at += 1
            return token
        return None

    def _wrong(self, expected: str) -> UsageError:
        found = repr(self._here.text) if self._here.text else "its end"
        return UsageError(f"--where {self._text!r}: expected {expected}, found {found}")

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda run: any(test(run) for test in tests)

    def _both(self) -> _Test:
        tests = [self._single()]
        while self._take("and"):
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda run: all(test(run) for test in tests)

    def _single(self) -> _Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UsageError(f"--where {self._text!r}: nested too deeply")
        try:
            if self._take("not"):
                test = self._single()
                return lambda run: not test(run)
            if self._take("("):
                test = self._either()
                if not self._take(")"):
                    raise self._wrong("')'")
                return test
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> _Test:
        asked = self._field()
        if self._take("is"):
            return self._undefined(asked, wanted=not self._take("not"))
        self.fields.append(asked)
        if sign := self._take("=", "==", "!=", "<", "<=", ">", ">="):
            return self._compared(asked, sign.text)
        if self._take("contains"):
            member = self._value()
            return _if_defined(asked, lambda found: contains(found, member))
        if self._take("~"):
            pattern = self._pattern()
            return _if_defined(asked, lambda found: matches(found, pattern))
        negated = self._take("not") is not None
        if self._take("in"):
            choices = self._list()
            return _if_defined(asked, lambda found: _is_in(found, choices) is not negated)
        if negated:
            raise self._wrong("'in'")
        if asked.kind == "tag" or asked.name == "dirty":
            return lambda run: asked.of(run) is True
        raise self._wrong("one of = != < <= > >= ~, in, contains, is")

    def _field(self) -> Field:
        token = self._take("word")
        if token is None:
            raise self._wrong("the name of a param, metric or attribute")
        if token.text.endswith(":") and (name := self._take("text")):
            return field(token.text + name.text[1:-1])
        return field(token.text)

    def _undefined(self, asked: Field, *, wanted: bool) -> _Test:
        if not self._take("undefined"):
            raise self._wrong("'undefined'")
        return lambda run: (asked.of(run) is UNDEFINED) is wanted

    def _compared(self, asked: Field, sign: str) -> _Test:
        given = self._value()
        if sign in ("=", "=="):
            return _if_defined(asked, lambda found: equal(found, given))
        if sign == "!=":
            return _if_defined(asked, lambda found: not equal(found, given))
        if not given.has_order:
            raise UsageError(
                f"--where {self._text!r}: expected a number, a time such as 10m or a date after "
                f"{sign}, found {given.text!r}"
            )
        below, orless = sign[0] == "<", sign.endswith("=")
        return _if_defined(asked, lambda found: is_before(found, given, below, or_equal=orless))

    def _value(self) -> Value:
        if token := self._take("text"):
            return Value(token.text[1:-1])
        if token := self._take("word", *_WORDS):
            return value(token.text)
        raise self._wrong("a value")

    def _pattern(self) -> re.Pattern[str]:
        given = self._value().text
        try:
            return re.compile(given)
        except re.error as error:
            raise UsageError(
                f"--where {self._text!r}: {given!r} is no regular expression: {error}"
            ) from None

    def _list(self) -> list[Value]:
        if not self._take("[", "("):
            raise self._wrong("a list such as [failed, killed]")
        found = [self._value()]
        while self._take(","):
            found.append(self._value())
        if not self._take("]", ")"):
            raise self._wrong("',' or ']'")
        return found


def _if_defined(asked: Field, test: Callable[[Any], bool]) -> _Test:
    def of(run: Run) -> bool:
        found = asked.of(run)
        return found is not UNDEFINED and test(found)

    return of


def _is_in(found: Any, choices: Sequence[Value]) -> bool:
    return any(equal(found, choice) for choice in choices)
