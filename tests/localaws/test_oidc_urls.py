"""A provider's URL and its name say each other."""

import pytest

from valetkey.localaws.oidc_urls import is_provider_url, provider_name, provider_url


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.com",
        "https://id.example.com/",
        "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC_d",
        "https://login.microsoftonline.com/1-2/v2.0",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/realms/a",
        "http://localhost:1",
        "http://[::1]:65535/",
        "http://localhost",
    ],
)
def test_a_url_is_its_name_with_the_one_scheme_that_fits(url: str) -> None:
    assert is_provider_url(url)
    assert provider_url(provider_name(url)) == url


@pytest.mark.parametrize(
    "url",
    [
        "", "id.example.com", "https://", "https:///a", "http://id.example.com", "ftp://127.0.0.1",
        "https://id.example.com:8443", "https://127.0.0.1", "https://127.0.0.1:8443",
        "https://localhost", "https://[::1]", "http://127.0.0.2", "http://127.0.0.1.example.com",
        "http://localhost.example.com", "http://127.0.0.1:8080:1", "http://[::2]:80",
        "https://id.example.com?a=b", "https://id.example.com#a", "https://u@id.example.com",
        "https://id.example.com/*", "https://id.example.com/a b", "https://id.example.com//a",
        "https://id.example.com/../a", "https://id.example.com/./a", "https://ID.example.com",
        "HTTPS://id.example.com", "https://id.example.com/\u00e4", "https://*.example.com",
        "https://id.example.com/" + "a" * 255, " https://id.example.com", "https://id.example.com\n",
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_provider(url: str) -> None:
    assert not is_provider_url(url)
