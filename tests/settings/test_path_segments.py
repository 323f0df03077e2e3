"""Which tags may have no `/`, as the tenancy map tells."""

from pathlib import Path

import pytest

from valetkey.settings import read_settings

TAGS = '[tags]\nuser_id = "{subject.sub}"\nteam = "{request.team}"\n'
TABLE = 'arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/T"\n'
KEY = 'arn = "arn:aws:kms:eu-west-1:111122223333:key/1"\naccess = ["decrypt"]\n'


def segments(folder: Path, tenancy: str) -> set[str]:
    """Return the tags that are path segments where the map is `tenancy`."""
    trust = (
        '[[issuers]]\nname = "i"\nurl = "https://i.example.com"\naudiences = ["a"]\n'
        'algorithms = ["RS256"]\n'
        '[[trust]]\nname = "people"\nissuer = "i"\nclaims = { a = "b" }\nmay = "be-worked-for"\n'
        '[[trust]]\nname = "o"\nissuer = "i"\nclaims = { a = "c" }\nmay = "open-runs"\n'
        'for = ["people"]\nattributes = ["team"]\n'
    )
    path = folder / "valetkey.toml"
    path.write_text(trust + TAGS + tenancy)
    return {one.key for one in read_settings(path, {}).templates if one.path_segment}


@pytest.mark.parametrize(
    ("tenancy", "found"),
    [
        ("[tenancy]\n", set()),
        (f'[[tenancy.tables]]\n{TABLE}partition_key = "{{user_id}}"\n', set()),
        (f'[[tenancy.tables]]\n{TABLE}partition_key = "{{user_id}}/{{team}}"\n', {"user_id"}),
        (
            f'[[tenancy.tables]]\n{TABLE}partition_key = "{{user_id}}"\n'
            'indexes = { by_team = "{team}/{user_id}" }\n',
            {"team"},
        ),
        (
            '[[tenancy.prefixes]]\nbucket = "b"\nprefix = "{user_id}-{team}/"\naccess = ["read"]\n',
            {"user_id", "team"},
        ),
        (
            '[[tenancy.secrets]]\narn = "arn:aws:secretsmanager:r:1:secret:{team}/*"\n'
            'access = ["read"]\n',
            {"team"},
        ),
        (
            '[[tenancy.parameters]]\narn = "arn:aws:ssm:r:1:parameter/{user_id}/*"\n'
            'access = ["read"]\n',
            {"user_id"},
        ),
        (
            '[[tenancy.queues]]\narn = "arn:aws:sqs:r:1:work-{user_id}"\naccess = ["send"]\n',
            set(),
        ),
        ('[[tenancy.functions]]\narn = "arn:aws:lambda:r:1:function:t-{team}"\n', set()),
        (f'[[tenancy.keys]]\n{KEY}encryption_context = {{ who = "{{team}}/x" }}\n', {"team"}),
    ],
)
def test_tags_that_stand_before_a_slash_in_any_text_are_path_segments(
    tmp_path: Path, tenancy: str, found: set[str]
) -> None:
    assert segments(tmp_path, tenancy) == found
