"""What is written passes the tools that people would put it through."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tenancy.forms import sets
from valetkey.tenancy.forms import template_files, terraform_files
from valetkey.tenancy.forms.writing_terraform import literal


@pytest.mark.slow
def test_the_template_passes_cfn_lint() -> None:
    lint = pytest.importorskip("cfnlint.api")
    text = template_files(sets.WHOLE).files["template.json"]
    config = pytest.importorskip("cfnlint.config").ManualArgs(regions=[sets.REGION])
    assert [str(match) for match in lint.lint(text, config=config)] == []


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.slow
def test_the_configuration_is_one_that_terraform_parses(tmp_path: Path) -> None:
    """`terraform get` parses the configuration; it needs no provider, which is not to be had."""
    (tmp_path / "valetkey.tf.json").write_text(
        terraform_files(sets.WHOLE).files["valetkey.tf.json"]
    )
    done = subprocess.run(
        ["terraform", "get", "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "valetkey.tf.json").read_text())["resource"]["aws_iam_role"]


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.slow
def test_terraform_reads_a_policy_as_the_text_that_it_is(tmp_path: Path) -> None:
    """No expression of IAM's (`${aws:…}`) is one of Terraform's: asked of Terraform itself."""
    text = 'a ${aws:PrincipalTag/u} $${b} %{if} %%{x} "q" \\ $ {'
    configuration = {"locals": {"policy": literal(text)}}
    (tmp_path / "a.tf.json").write_text(json.dumps(configuration))
    done = subprocess.run(
        ["terraform", "console"],
        input="jsonencode(local.policy)\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(json.loads(done.stdout.splitlines()[-1])) == text, done.stderr
