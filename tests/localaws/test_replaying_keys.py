"""What no call of a replay can carry is said: a denial for lack of it is no answer."""

from valetkey.localaws.replaying_keys import not_carried
from valetkey.localaws.replaying_outcome import Attempt


def unlike(**context: str | tuple[str, ...]) -> list[str]:
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    return list(not_carried(Attempt("p", None, {}, "s3:GetObject", "r", keys)))


def test_a_place_and_a_time_of_the_policies_choice_are_named() -> None:
    assert unlike(aws__SourceIp="10.0.0.1") == ["aws:SourceIp = '10.0.0.1'"]
    assert unlike(aws__CurrentTime="1", aws__SourceVpc=("v",)) == [
        "aws:CurrentTime = '1'",
        "aws:SourceVpc = 'v'",
    ]


def test_what_a_call_carries_or_has_as_it_is_is_not_named() -> None:
    assert unlike(dynamodb__LeadingKeys=("b", "c"), s3__prefix="t/", aws__TagKeys=("a",)) == []
    assert unlike(aws__SourceIp="127.0.0.1", aws__SecureTransport="true") == []
    assert unlike(aws__SecureTransport="false") == ["aws:SecureTransport = 'false'"]
