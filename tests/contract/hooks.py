"""What schemathesis must know of this server beyond the contract."""

import json
import re

import schemathesis

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@schemathesis.hook
def before_load_schema(ctx, raw_schema):
    """Figures have so many decimals at most. The contract says it in words: `multipleOf` would say it, too, and would make readers who
    divide in binary refuse 86.4."""
    for name, step in {"Decimal": 0.000001, "SurveyPercent": 0.01}.items():
        raw_schema["components"]["schemas"][name]["multipleOf"] = step


def plain(value):
    """A file is sent as it is; what is made up is none and is refused."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.serializer(
    "application/pdf",
    "image/jpeg",
    "image/png",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
def file(ctx, value):
    return plain(value)


@schemathesis.serializer("text/csv")
def csv(ctx, value):
    """A table is sent as it is. Whatever else is made up would become the text of it, which is a table: it is sent as bytes that are no text."""
    return plain(value) if isinstance(value, (bytes, str)) else b"\xff"


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """One JSON text a line. A made-up text has none: it is sent as one, so that the row is refused and not the body."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            for line in value.splitlines():
                json.loads(line or "null")
            return plain(value)
        except ValueError:
            pass
    rows = value if isinstance(value, list) else [value]
    return plain("\n".join(json.dumps(row) for row in rows))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """What OpenAPI cannot say of parameters, of the body and of the state they meet: a good request is made to hold it."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    query, headers = dict(case.query or {}), dict(case.headers or {})
    known = {parameter.name for parameter in case.operation.query}
    # A cursor is signed by the server for one list and filter: one that is made up is 400 whatever its form.
    query.pop("cursor", None)
    # The period or day, or the first and last of several.
    for one, value in (("period", "2022"), ("day", "2022-04-19")):
        if {one, "from", "to"} <= known and (one in query or not {"from", "to"} <= set(query)):
            query.pop("from", None)
            query.pop("to", None)
            query.setdefault(one, value)
    for to in [name for name in query if name == "to" or name.endswith("_to")]:
        from_ = to[:-2] + "from"
        if isinstance(query.get(from_), str) and isinstance(query[to], str):
            query[from_], query[to] = sorted((query[from_], query[to]))
    # A dry run makes nothing that could be found afterwards.
    if case.meta.phase.name.value == "stateful":
        query.pop("dry_run", None)
    # Each means something only beside the other.
    if "department" not in query:
        query.pop("scope", None)
        if case.operation.path == "/api/v1/tasks":
            query.pop("role", None)
    # An example names the first version and always the same key: good for the first request only.
    if case.meta.phase.name.value == "examples":
        headers.pop("Idempotency-Key", None)
        if "If-Match" in headers:
            headers["If-Match"] = "*"
    if query != (case.query or {}):
        case.query = query
    if headers != (case.headers or {}):
        case.headers = headers
    # A body that names its code is put where it belongs.
    path, body = case.path_parameters or {}, case.body
    if case.method == "PUT" and isinstance(body, dict):
        pairs = ((name, member) for name in ("key", "code") for member in ("code", "client_id", "username"))
        for name, member in pairs:
            if name in path and isinstance(body.get(member), str):
                if CODE.match(path[name]):
                    body[member] = path[name]
                else:
                    path[name] = body[member]
