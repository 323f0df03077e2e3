"""`GetRandomPassword`: characters of the kinds that were asked for."""

import string
from collections.abc import Callable, Sequence

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params

DEFAULT_LENGTH = 32
_KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def random_password(params: Params, *, choose: Callable[[Sequence[str]], str]) -> str:
    """Return a password; `choose` draws one of a sequence, evenly and unforeseeably.

    Raises AwsError InvalidParameterException where no character is left or it is too short.
    """
    without = set(params.get("ExcludeCharacters", ""))
    kinds = [text for name, text in _KINDS.items() if not params.get(name, False)]
    kinds += [" "] if params.get("IncludeSpace", False) else []
    allowed = [kept for kind in kinds if (kept := [c for c in kind if c not in without])]
    length = int(params.get("PasswordLength", DEFAULT_LENGTH))
    required = allowed if params.get("RequireEachIncludedType", True) else []
    if not allowed or length < max(1, len(required)):
        raise AwsError("InvalidParameterException", "No password has this length and these kinds.")
    drawn = [choose(kind) for kind in required]
    every = [c for kind in allowed for c in kind]
    drawn += [choose(every) for _ in range(length - len(drawn))]
    return "".join(_shuffled(drawn, choose))


def _shuffled(drawn: list[str], choose: Callable[[Sequence[str]], str]) -> list[str]:
    places = [str(place) for place in range(len(drawn))]
    order: list[str] = []
    while places:
        place = choose(places)
        places.remove(place)
        order.append(drawn[int(place)])
    return order
