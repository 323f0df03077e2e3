"""DER to r‖s: one spelling in, 64 bytes out, or nothing."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from valetkey.credentials import CredentialsError
from valetkey.credentials.ecdsa_der import P256_ORDER, raw_signature

R, S = (2**255 + 3).to_bytes(32, "big"), (7).to_bytes(32, "big")
DER = bytes.fromhex("3026022100" + R.hex() + "020107")


def test_r_and_s_have_32_bytes_each_whatever_their_size() -> None:
    assert raw_signature(DER) == R + S
    largest = P256_ORDER - 1
    assert raw_signature(encode_dss_signature(1, largest)) == (1).to_bytes(32, "big") + (
        largest.to_bytes(32, "big")
    )


@pytest.mark.parametrize(
    ("name", "der"),
    [
        ("nothing", b""),
        ("raw already", R + S),
        ("trailing byte", DER + b"\0"),
        ("cut short", DER[:-1]),
        ("a byte more inside", bytes.fromhex("3027022100" + R.hex() + "020107" + "00")),
        ("long form of the length", bytes.fromhex("308126022100" + R.hex() + "020107")),
        ("indefinite length", bytes.fromhex("3080022100" + R.hex() + "0201070000")),
        ("padded integer", bytes.fromhex("3027022100" + R.hex() + "02020007")),
        ("negative integer", bytes.fromhex("30250220" + R.hex() + "020107")),
        ("a set, no sequence", b"\x31" + DER[1:]),
        ("r of 0", encode_dss_signature(0, 7)),
        ("s of 0", encode_dss_signature(7, 0)),
        ("r of the order", encode_dss_signature(P256_ORDER, 7)),
        ("s of the order", encode_dss_signature(7, P256_ORDER)),
        ("huge r", encode_dss_signature(2**300, 7)),
    ],
)
def test_anything_but_the_one_spelling_of_two_numbers_in_range_is_refused(
    name: str, der: bytes
) -> None:
    with pytest.raises(CredentialsError) as caught:
        raw_signature(der)
    assert caught.value.code == "signature-malformed", name
