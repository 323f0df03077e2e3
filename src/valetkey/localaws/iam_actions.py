"""The IAM operations that are modelled, and what each acts on.

The action has the operation's name. An operation that is not here is refused.
"""

from enum import Enum


class Target(Enum):
    """What an operation's resource ARN names, and which parameter says so."""

    ROLE = "RoleName"
    USER = "UserName"
    GROUP = "GroupName"
    POLICY = "PolicyArn"
    NEW_POLICY = "PolicyName"
    PROVIDER = "OpenIDConnectProviderArn"
    NEW_PROVIDER = "Url"
    ANY = "*"


OPERATIONS: dict[str, Target] = {
    # roles
    "CreateRole": Target.ROLE,
    "GetRole": Target.ROLE,
    "DeleteRole": Target.ROLE,
    "UpdateRole": Target.ROLE,
    "UpdateRoleDescription": Target.ROLE,
    "UpdateAssumeRolePolicy": Target.ROLE,
    "TagRole": Target.ROLE,
    "UntagRole": Target.ROLE,
    "ListRoleTags": Target.ROLE,
    "PutRolePolicy": Target.ROLE,
    "GetRolePolicy": Target.ROLE,
    "DeleteRolePolicy": Target.ROLE,
    "ListRolePolicies": Target.ROLE,
    "AttachRolePolicy": Target.ROLE,
    "DetachRolePolicy": Target.ROLE,
    "ListAttachedRolePolicies": Target.ROLE,
    "PutRolePermissionsBoundary": Target.ROLE,
    "DeleteRolePermissionsBoundary": Target.ROLE,
    "ListInstanceProfilesForRole": Target.ROLE,
    "ListRoles": Target.ANY,
    # users and their keys
    "CreateUser": Target.USER,
    "GetUser": Target.USER,
    "DeleteUser": Target.USER,
    "TagUser": Target.USER,
    "UntagUser": Target.USER,
    "ListUserTags": Target.USER,
    "PutUserPolicy": Target.USER,
    "GetUserPolicy": Target.USER,
    "DeleteUserPolicy": Target.USER,
    "ListUserPolicies": Target.USER,
    "AttachUserPolicy": Target.USER,
    "DetachUserPolicy": Target.USER,
    "ListAttachedUserPolicies": Target.USER,
    "PutUserPermissionsBoundary": Target.USER,
    "DeleteUserPermissionsBoundary": Target.USER,
    "CreateAccessKey": Target.USER,
    "DeleteAccessKey": Target.USER,
    "UpdateAccessKey": Target.USER,
    "ListAccessKeys": Target.USER,
    "ListGroupsForUser": Target.USER,
    "ListUsers": Target.ANY,
    # groups
    "CreateGroup": Target.GROUP,
    "GetGroup": Target.GROUP,
    "DeleteGroup": Target.GROUP,
    "AddUserToGroup": Target.GROUP,
    "RemoveUserFromGroup": Target.GROUP,
    "PutGroupPolicy": Target.GROUP,
    "GetGroupPolicy": Target.GROUP,
    "DeleteGroupPolicy": Target.GROUP,
    "ListGroupPolicies": Target.GROUP,
    "AttachGroupPolicy": Target.GROUP,
    "DetachGroupPolicy": Target.GROUP,
    "ListAttachedGroupPolicies": Target.GROUP,
    "ListGroups": Target.ANY,
    # managed policies
    "CreatePolicy": Target.NEW_POLICY,
    "GetPolicy": Target.POLICY,
    "DeletePolicy": Target.POLICY,
    "CreatePolicyVersion": Target.POLICY,
    "GetPolicyVersion": Target.POLICY,
    "DeletePolicyVersion": Target.POLICY,
    "ListPolicyVersions": Target.POLICY,
    "SetDefaultPolicyVersion": Target.POLICY,
    "TagPolicy": Target.POLICY,
    "UntagPolicy": Target.POLICY,
    "ListPolicyTags": Target.POLICY,
    "ListEntitiesForPolicy": Target.POLICY,
    "ListPolicies": Target.ANY,
    # OpenID Connect providers
    "CreateOpenIDConnectProvider": Target.NEW_PROVIDER,
    "GetOpenIDConnectProvider": Target.PROVIDER,
    "DeleteOpenIDConnectProvider": Target.PROVIDER,
    "UpdateOpenIDConnectProviderThumbprint": Target.PROVIDER,
    "AddClientIDToOpenIDConnectProvider": Target.PROVIDER,
    "RemoveClientIDFromOpenIDConnectProvider": Target.PROVIDER,
    "TagOpenIDConnectProvider": Target.PROVIDER,
    "UntagOpenIDConnectProvider": Target.PROVIDER,
    "ListOpenIDConnectProviderTags": Target.PROVIDER,
    "ListOpenIDConnectProviders": Target.ANY,
}

CREATING = {
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreatePolicy": "TagPolicy",
    "CreateRole": "TagRole",
    "CreateUser": "TagUser",
}
"""The second action that an operation needs where it brings tags."""

BOUNDED = frozenset(
    {
        "AttachRolePolicy", "AttachUserPolicy", "CreateRole", "CreateUser", "DeleteRole",
        "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DeleteUserPermissionsBoundary",
        "DeleteUserPolicy", "DetachRolePolicy", "DetachUserPolicy", "GetRole",
        "PutRolePermissionsBoundary", "PutRolePolicy", "PutUserPermissionsBoundary",
        "PutUserPolicy", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
    }
)  # fmt: skip
"""The actions that have `iam:PermissionsBoundary`; the others, of the same role, do not."""

TRUST_DOCUMENTS = frozenset(
    {"CreateRole:AssumeRolePolicyDocument", "UpdateAssumeRolePolicy:PolicyDocument"}
)
"""Operation and parameter where a document is a role's trust policy."""

IMPLICIT_USER = frozenset(
    {"GetUser", "CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys"}
)  # without UserName they mean the caller
