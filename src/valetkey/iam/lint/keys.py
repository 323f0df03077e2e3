"""Condition keys that no request has: a misspelt key is an absent key."""

import difflib
from collections.abc import Iterator

from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import Role

THEME = "Elements"
TAGGED = {  # what stands before the slash of a key that ends with a tag's
    "aws": ("principaltag", "requesttag", "resourcetag"),
    "sts": ("requestcontext",),
    "s3": ("accesspointtag", "buckettag", "existingobjecttag", "requestobjecttag"),
    "dynamodb": (),
}
COMPARING = 500  # steps that looking for the nearest key costs
# AWS's reference of global condition keys, of STS, DynamoDB and S3, in lower case.
KNOWN = {
    "aws": frozenset({
        "assumedroot", "calledvia", "calledviafirst", "calledvialast", "chatbotsourcearn",
        "currenttime", "ec2instancesourceprivateipv4", "ec2instancesourcevpc", "epochtime",
        "federatedprovider", "ismcpserviceaction", "multifactorauthage", "multifactorauthpresent",
        "principalaccount", "principalarn", "principalisawsservice", "principalorgid",
        "principalorgmasteraccountid",  # of AWS's own policies
        "principalorgpaths", "principalservicename", "principalservicenameslist", "principaltype",
        "referer", "requestedregion", "resourceaccount", "resourceorgid", "resourceorgpaths",
        "securetransport", "signinsessionarn", "sourceaccount", "sourcearn", "sourceidentity",
        "sourceip", "sourceorgid", "sourceorgpaths", "sourceowner",  # of SNS's own policies
        "sourceownerarn", "sourcevpc", "sourcevpcarn",
        "sourcevpce", "tagkeys", "tokenissuetime", "useragent", "userid", "username",
        "viaawsmcpservice", "viaawsservice", "vpceaccount", "vpceorgid", "vpceorgpaths",
        "vpcsourceip",
    }),
    "sts": frozenset({
        "awsservicename", "durationseconds", "externalid", "identitytokenaudience",
        "requestcontextproviders", "roleauthorizedbyidp", "rolesessionname", "signingalgorithm",
        "sourceidentity", "taskpolicyarn", "transitivetagkeys",
    }),
    "s3": frozenset({
        "accessgrantscope", "accessgrantsinstancearn", "accessgrantslocationscope",
        "accesspointnetworkorigin", "annotation-prefix", "authtype", "dataaccesspointaccount",
        "dataaccesspointarn", "delimiter", "deliverysourcearn", "destinationregion",
        "existingjoboperation", "existingjobpriority", "if-match", "if-none-match",
        "inventoryaccessibleoptionalfields", "isreplicationpauserequest", "jobsuspendedcause",
        "locationconstraint", "logtype", "max-annotation-results", "max-keys",
        "object-lock-event-hold", "object-lock-event-hold-duration-days", "object-lock-legal-hold",
        "object-lock-mode", "object-lock-remaining-retention-days", "object-lock-retain-until-date",
        "objectcreationoperation", "prefix", "requestjoboperation", "requestjobpriority",
        "requestobjecttagkeys", "resourceaccount", "resourcearnbeingauthorized", "signatureage",
        "signatureversion", "tlsversion", "versionid", "x-amz-acl", "x-amz-bucket-namespace",
        "x-amz-content-sha256", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read",
        "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp",
        "x-amz-metadata-directive", "x-amz-object-annotation-directive", "x-amz-object-if-match",
        "x-amz-object-ownership", "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-customer-algorithm", "x-amz-storage-class",
        "x-amz-website-redirect-location",
    }),
    "dynamodb": frozenset({
        "attributes", "enclosingoperation", "firstpartitionkeyvalues", "fisactionid",
        "fistargetarns", "fourthpartitionkeyvalues", "fulltablescan", "leadingkeys",
        "returnconsumedcapacity", "returnvalues", "secondpartitionkeyvalues", "select",
        "thirdpartitionkeyvalues",
    }),
}  # fmt: skip

UNKNOWN_KEY = Rule(
    "unknown-condition-key",
    Severity.WARNING,
    "a condition key that AWS does not list",
    "A misspelt key is never in a request: a positive condition is dead, a negated one, "
    "`…IfExists` or `ForAllValues` always passes.",
    "write the key as AWS's service authorization reference has it",
    THEME,
)
RULES = (UNKNOWN_KEY,)


def unknown_keys(role: Role) -> Iterator[Finding]:
    """Find keys of `aws:`, `sts:`, `dynamodb:` and `s3:` that are not known."""
    for statement in role.statements():
        for line in statement.lines:
            service, _, name = line.key.partition(":")
            if service not in KNOWN or _is_known(service, name):
                continue
            role.effort.spend(COMPARING)
            near = _nearest(service, line.written_key.partition(":")[2])
            opens = statement.allow != line.needs_key
            yield found(
                UNKNOWN_KEY,
                statement.file,
                path=line.path,
                mend=f"write `{service}:{near}`" if near else "",
                severity=Severity.ERROR if opens and near else None,
            )


def _is_known(service: str, name: str) -> bool:
    head, slash, tag = name.partition("/")
    return name in KNOWN[service] or (head in TAGGED[service] and bool(slash and tag))


def _nearest(service: str, written: str) -> str:
    """Return the known key that was meant, as far as that can be told; "" where it can't.

    A key with a tag in it is compared without the tag, which stays as it is.
    """
    head, slash, tag = written.partition("/")
    candidates = [*TAGGED[service], *(() if slash else KNOWN[service])]
    near = difflib.get_close_matches(head.lower()[:64], candidates, n=1)
    if not near:
        return ""
    return f"{near[0]}/{tag or 'TAG'}" if near[0] in TAGGED[service] else near[0]


CHECKS = (unknown_keys,)
