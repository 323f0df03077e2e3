"""The parts that the OpenAPI description is made of."""

from typing import Any

REFERENCE = "#/components/schemas/{name}"
PRINCIPAL: list[dict[str, list[str]]] = [{"principal": []}]


def parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe one parameter; those of a path are required."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def operation(
    summary: str,
    security: list[dict[str, list[str]]],
    *,
    gives: tuple[int, str | None],
    body: str | None = None,
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Describe one method of a route; whatever else it answers is a problem."""
    status, document = gives
    answer: dict[str, Any] = {"description": summary}
    if document is not None:
        answer["content"] = content("application/json", document)
    described: dict[str, Any] = {
        "summary": summary,
        "security": security,
        "responses": {
            str(status): answer,
            "default": {
                "description": "A problem",
                "content": content("application/problem+json", "ProblemDocument"),
            },
        },
    }
    if body is not None:
        described["requestBody"] = {
            "required": True,
            "content": content("application/json", body),
        }
    if parameters is not None:
        described["parameters"] = parameters
    return described


def content(media_type: str, document: str) -> dict[str, Any]:
    """Describe a body by the document that it is."""
    return {media_type: {"schema": {"$ref": REFERENCE.format(name=document)}}}
