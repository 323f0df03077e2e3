"""Reads a PartiQL statement from the left: keywords, names, paths and values.

Standard: "PartiQL data types for DynamoDB" (developer guide). Sets, Ion literals and arithmetic
are no values here.
"""

from collections.abc import Sequence

from valetkey.localaws.dynamodb_keys import MAX_DEPTH, check_value, invalid
from valetkey.localaws.dynamodb_partiql_shapes import AttributeValue, Path
from valetkey.localaws.dynamodb_partiql_words import (
    END,
    RESERVED,
    Kind,
    Word,
    statement_words,
    unreadable,
)
from valetkey.localaws.faults import AwsError

_MAX_STEP = 6  # digits of a list index


class Reader:
    """Reads words from the left, each once, and puts parameters where the marks are."""

    def __init__(self, statement: str, parameters: Sequence[AttributeValue]) -> None:
        self._words = statement_words(statement)
        self._at = 0
        self._parameters = parameters
        self._used = 0
        self._depth = 0
        for parameter in parameters:
            check_value(parameter)

    @property
    def next(self) -> Word:
        """The next word, which is not taken yet."""
        return self._words[self._at] if self._at < len(self._words) else END

    @property
    def calls(self) -> bool:
        """Whether a function's name and its `(` come next."""
        after = self._words[self._at + 1] if self._at + 1 < len(self._words) else END
        return self.next.kind is Kind.NAME and after.is_sign("(")

    def take(self) -> Word:
        """Return the next word and go on."""
        word = self.next
        self._at += 1
        return word

    def took(self, keyword: str) -> bool:
        """Tell whether the next word is the keyword, and take it if so."""
        found = self.next.is_keyword(keyword)
        self._at += found
        return found

    def took_sign(self, sign: str) -> bool:
        """Tell whether the next word is the sign, and take it if so."""
        found = self.next.is_sign(sign)
        self._at += found
        return found

    def expect(self, *keywords: str) -> None:
        """Take these keywords. Raises AwsError ValidationException for other words."""
        for keyword in keywords:
            if not self.took(keyword):
                raise unreadable(self.next)

    def expect_sign(self, sign: str) -> None:
        """Take this sign. Raises AwsError ValidationException for another word."""
        if not self.took_sign(sign):
            raise unreadable(self.next)

    def end(self) -> None:
        """Return if no word and no parameter is left."""
        if self.next is not END:
            raise unreadable(self.next)
        if self._used != len(self._parameters):
            raise _miscounted()

    def name(self) -> Word:
        """Return a name: quoted, or bare and no keyword."""
        word = self.take()
        if word.kind is Kind.QUOTED:
            return word
        if word.kind is not Kind.NAME or word.text.upper() in RESERVED:
            raise unreadable(word)
        return word

    def path(self) -> Path:
        """Return a path to an attribute or into one."""
        first = self.name()
        steps: list[str | int] = [first.text]
        while self.next.is_sign(".", "["):
            if self.took_sign("."):
                steps.append(self.name().text)
                continue
            self.take()
            step = self.take()
            if step.kind is not Kind.NUMBER or not step.text.isdecimal():
                raise unreadable(step)
            if len(step.text) > _MAX_STEP:
                raise unreadable(step)
            steps.append(int(step.text))
            self.expect_sign("]")
        if len(steps) > MAX_DEPTH:
            raise invalid("Nesting Levels have exceeded supported limits")
        return Path(tuple(steps), bare=first.kind is Kind.NAME)

    def value(self) -> AttributeValue:
        """Return a literal's or a parameter's value, well formed at every depth."""
        found = self._value()
        check_value(found)
        return found

    def item(self) -> dict[str, AttributeValue]:
        """Return the attributes of a literal `{'name': value, …}`."""
        if not self.next.is_sign("{"):
            raise unreadable(self.next)
        found: dict[str, AttributeValue] = self.value()["M"]
        return found

    def _value(self) -> AttributeValue:
        word = self.take()
        if word.kind is Kind.MARK:
            if self._used == len(self._parameters):
                raise _miscounted()
            self._used += 1
            return self._parameters[self._used - 1]
        if word.kind is Kind.TEXT:
            return {"S": word.text}
        if word.kind is Kind.NUMBER:
            return {"N": word.text}
        if word.is_keyword("TRUE", "FALSE"):
            return {"BOOL": word.is_keyword("TRUE")}
        if word.is_keyword("NULL"):
            return {"NULL": True}
        if word.is_sign("[", "{"):
            self.deeper(1)
            found = {"L": self._members()} if word.text == "[" else {"M": self._fields()}
            self.deeper(-1)
            return found
        raise unreadable(word)

    def _members(self) -> list[AttributeValue]:
        found: list[AttributeValue] = []
        while not self.took_sign("]"):
            if found:
                self.expect_sign(",")
            found.append(self._value())
        return found

    def _fields(self) -> dict[str, AttributeValue]:
        found: dict[str, AttributeValue] = {}
        while not self.took_sign("}"):
            if found:
                self.expect_sign(",")
            word = self.take()
            if word.kind is not Kind.TEXT or not word.text or word.text in found:
                raise unreadable(word)
            self.expect_sign(":")
            found[word.text] = self._value()
        return found

    def deeper(self, by: int) -> None:
        """Count what is nested in itself. Raises AwsError ValidationException for too much."""
        self._depth += by
        if self._depth > MAX_DEPTH:
            raise invalid("Nesting Levels have exceeded supported limits")


def _miscounted() -> AwsError:
    return invalid("Number of parameters in request and statement don't match.")
