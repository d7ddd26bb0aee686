"""What may stand in an address's query: a parameter that nobody reads is refused, not passed over.

Who asks for `?limt=10` would otherwise be given everything and not know why.
"""

from __future__ import annotations

from fastapi import Request
from fastapi.exceptions import RequestValidationError

__all__ = ["only_known_parameters"]


async def only_known_parameters(request: Request) -> None:
    """Raises `RequestValidationError` where the query has a parameter that the operation does not describe."""
    operation = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()]
    known = [item["name"] for item in operation.get("parameters", ()) if item["in"] == "query"]
    message = f"there is no such parameter; what there is: {', '.join(known) or 'none'}"
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise RequestValidationError([{"loc": ("query", name), "msg": message} for name in unknown])
