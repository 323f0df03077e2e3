"""The operations of Parameter Store that are modelled. Everything else of SSM is refused.

The action has the operation's name. Parameter policies, patterns, shares and public parameters
are not modelled.
"""

READS = frozenset({"GetParameter", "GetParameterHistory"})
"""One parameter, by name or ARN."""

LABELS = frozenset({"LabelParameterVersion", "UnlabelParameterVersion"})
TAGS = frozenset({"AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"})
SEVERAL = frozenset({"GetParameters", "DeleteParameters"})
"""Several names, each a resource of its own: one denial denies the whole."""

OPERATIONS = (
    READS
    | LABELS
    | TAGS
    | SEVERAL
    | {"PutParameter", "DeleteParameter", "GetParametersByPath", "DescribeParameters"}
)

UNMODELLED = {
    "PutParameter": frozenset({"AllowedPattern", "Policies"}),
    "GetParametersByPath": frozenset({"ParameterFilters"}),
    "DescribeParameters": frozenset({"Filters", "Shared"}),
}
"""Parameters that would need a meaning of their own, by operation."""
