"""Policy sets in the forms that people keep them in: read from them, and written to them."""

from valetkey.tenancy.forms.gathering import EVERY_ROLE, Wanted
from valetkey.tenancy.forms.merging import merged
from valetkey.tenancy.forms.plan_reading import read_plan
from valetkey.tenancy.forms.role_files import read_role_files
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.template_reading import names_of, read_template
from valetkey.tenancy.forms.writing_json import json_files
from valetkey.tenancy.forms.writing_template import template_files
from valetkey.tenancy.forms.writing_terraform import terraform_files
from valetkey.tenancy.forms.written import Written

__all__ = [
    "EVERY_ROLE",
    "Surroundings",
    "Wanted",
    "Written",
    "json_files",
    "merged",
    "names_of",
    "read_plan",
    "read_role_files",
    "read_template",
    "template_files",
    "terraform_files",
]
