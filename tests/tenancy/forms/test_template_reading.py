"""What is a template at all."""

import pytest

from tests.tenancy.forms.templates import HERE, code
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import read_template


@pytest.mark.parametrize("text", ["[]", "{}", "Resources:\n  A: 1", '{"Resources": {"A": 1}}'])
def test_what_is_no_template_of_json_is_refused(text: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_template(text, HERE)
    assert caught.value.code == "policy-source-malformed"


def test_a_transform_is_refused() -> None:
    assert code({}, Transform="AWS::Serverless-2016-10-31") == "policy-source-malformed"
