"""Condition keys that no request has: a misspelt key is an absent key."""

import difflib
from collections.abc import Iterator

from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import Role

THEME = "Elements"
TAGGED = (
    "principaltag/", "requesttag/", "resourcetag/", "requestcontext/", "existingobjecttag/",
    "requestobjecttag/", "accesspointtag/", "buckettag/",
)  # fmt: skip
# AWS's reference of global condition keys, of STS, DynamoDB and S3, in lower case.
KNOWN = {
    "aws": frozenset({
        "assumedroot", "calledvia", "calledviafirst", "calledvialast", "chatbotsourcearn",
        "currenttime", "ec2instancesourceprivateipv4", "ec2instancesourcevpc", "epochtime",
        "federatedprovider", "ismcpserviceaction", "multifactorauthage", "multifactorauthpresent",
        "principalaccount", "principalarn", "principalisawsservice", "principalorgid",
        "principalorgpaths", "principalservicename", "principalservicenameslist", "principaltype",
        "referer", "requestedregion", "resourceaccount", "resourceorgid", "resourceorgpaths",
        "securetransport", "signinsessionarn", "sourceaccount", "sourcearn", "sourceidentity",
        "sourceip", "sourceorgid", "sourceorgpaths", "sourceownerarn", "sourcevpc", "sourcevpcarn",
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
            known = KNOWN.get(service)
            if known is None or name in known or name.startswith(TAGGED):
                continue
            near = difflib.get_close_matches(name[:64], known, n=1)
            opens = statement.allow != line.needs_key
            yield found(
                UNKNOWN_KEY,
                statement.file,
                path=line.path,
                mend=f"write `{service}:{near[0]}`" if near else "",
                severity=Severity.ERROR if opens and near else None,
            )


CHECKS = (unknown_keys,)
