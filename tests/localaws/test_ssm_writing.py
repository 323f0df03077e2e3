"""What PutParameter and the labels change."""

from typing import Any

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.ssm_parameters import MAX_VERSIONS, Parameter
from valetkey.localaws.ssm_writing import put, relabel


def made(before: Parameter | None = None, **params: Any) -> Parameter:
    """Return a parameter after PutParameter."""
    asked = {"Name": "/a", "Value": "v", "Type": "String", **params}
    asked = {name: value for name, value in asked.items() if value is not None}
    return put(before, asked, arn="arn", now=1.0)


def code(before: Parameter | None = None, **params: Any) -> str:
    """Return the code with which PutParameter is refused."""
    with pytest.raises(AwsError) as caught:
        made(before, **params)
    return caught.value.code


def test_an_overwrite_adds_a_version_and_keeps_what_it_does_not_name() -> None:
    first = made(Description="about", Tags=[{"Key": "k", "Value": "v"}])
    second = made(first, Value="two", Type=None, Overwrite=True)
    assert [one.value for one in second.versions] == ["v", "two"]
    assert (second.latest.number, second.latest.description) == (2, "about")
    assert second.tags == {"k": "v"}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no type": ({"Type": None}, "ValidationException"),
    "no value": ({"Value": ""}, "ValidationException"),
    "too large": ({"Value": "ä" * 2049}, "ValidationException"),
    "too large for advanced": ({"Value": "v" * 8193, "Tier": "Advanced"}, "ValidationException"),
    "an image": ({"DataType": "aws:ec2:image"}, "ValidationException"),
    "a key for a plain string": ({"KeyId": "alias/x"}, "ValidationException"),
    "tags with overwrite": (
        {"Overwrite": True, "Tags": [{"Key": "k", "Value": "v"}]},
        "ValidationException",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_refused(kind: str) -> None:
    params, expected = REFUSED[kind]
    assert code(**params) == expected


def test_a_parameter_keeps_its_type_and_is_not_changed_by_chance() -> None:
    first = made()
    assert code(first) == "ParameterAlreadyExists"
    assert code(first, Type="SecureString", Overwrite=True) == "HierarchyTypeMismatchException"
    assert len(first.versions) == 1


def test_a_large_value_makes_an_intelligent_tier_advanced() -> None:
    assert made(Value="v" * 5000, Tier="Intelligent-Tiering").latest.tier == "Advanced"
    assert made(Tier="Intelligent-Tiering").latest.tier == "Standard"


def test_the_oldest_version_goes_unless_it_has_a_label() -> None:
    parameter = made()
    for _ in range(MAX_VERSIONS):
        made(parameter, Overwrite=True)
    assert [parameter.versions[0].number, len(parameter.versions)] == [2, MAX_VERSIONS]
    relabel("LabelParameterVersion", parameter, {"ParameterVersion": 2, "Labels": ["keep"]})
    assert code(parameter, Overwrite=True) == "ParameterMaxVersionLimitExceeded"


def test_a_label_is_on_one_version() -> None:
    parameter = made(made(), Overwrite=True)
    relabel("LabelParameterVersion", parameter, {"ParameterVersion": 1, "Labels": ["x", "y"]})
    relabel("LabelParameterVersion", parameter, {"Labels": ["x"]})
    assert [one.labels for one in parameter.versions] == [("y",), ("x",)]
    asked = {"ParameterVersion": 2, "Labels": ["x", "y"]}
    found = relabel("UnlabelParameterVersion", parameter, asked)
    assert found == {"RemovedLabels": ["x"], "InvalidLabels": ["y"]}
    assert [one.labels for one in parameter.versions] == [("y",), ()]


def test_labels_are_few_and_of_versions_that_are_there() -> None:
    parameter = made()
    for params, expected in (
        ({"Labels": [f"l{n}" for n in range(11)]}, "ParameterVersionLabelLimitExceeded"),
        ({"ParameterVersion": 7, "Labels": ["x"]}, "ParameterVersionNotFound"),
    ):
        with pytest.raises(AwsError) as caught:
            relabel("LabelParameterVersion", parameter, params)
        assert caught.value.code == expected


def test_a_version_does_not_print_its_value() -> None:
    assert "hush" not in repr(made(Value="hush"))
