//! What holds for every operation, added to what its handler says: headers, problems that any of them may answer, and bounds.

use serde_json::{Map, Value, json};
use utoipa::IntoResponses;

use super::bounds;
use crate::http::{ReadProblems, WriteProblems};

const PROBLEM: &str = "application/problem+json";

/// Never limited and never turned away, so that an overload can be watched.
fn watched(path: &str) -> bool {
    matches!(path, "/health/live" | "/health/ready" | "/metrics")
}

/// Completes the contract as collected.
pub fn finish(document: &mut Value) {
    let known = shared_responses();
    let schemas = document["components"]["schemas"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete(path, method, operation, &known, &schemas);
        }
    }
    bounds::set(document);
    // For programs of the province, not of this server alone.
    document["servers"][0]["x-internal"] = false.into();
    document["components"]["headers"] = headers();
    let named = known.into_iter().map(|(name, status, mut response)| {
        response["headers"] = header_refs(problem_headers(&status));
        (name, response)
    });
    document["components"]["responses"] = Value::Object(named.collect());
}

/// The problems of reads and writes by the name they get: `Problem404`, or `ReadProblem400` and `WriteProblem400` where they differ.
fn shared_responses() -> Vec<(String, String, Value)> {
    let of = |responses: std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>>| {
        responses.into_iter().map(|(status, r)| (status, serde_json::to_value(r).unwrap_or_default())).collect::<Vec<_>>()
    };
    let (reads, writes) = (of(ReadProblems::responses()), of(WriteProblems::responses()));
    let mut known = Vec::new();
    for (status, response) in &reads {
        let differs = writes.iter().any(|(s, r)| s == status && r != response);
        known.push((format!("{}{status}", if differs { "ReadProblem" } else { "Problem" }), status.clone(), response.clone()));
    }
    for (status, response) in writes {
        if reads.iter().all(|(s, r)| *s != status || *r != response) {
            let differs = reads.iter().any(|(s, _)| *s == status);
            known.push((format!("{}{status}", if differs { "WriteProblem" } else { "Problem" }), status, response));
        }
    }
    let content = known.first().map(|(_, _, r)| r["content"].clone()).unwrap_or_default();
    known.push((
        "Problem500".into(),
        "500".into(),
        json!({"description": "A fault of the server; quote `request_id` when you report it.", "content": content}),
    ));
    known
}

fn complete(path: &str, method: &str, operation: &mut Value, known: &[(String, String, Value)], schemas: &Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        // A parameter is left out; it is never null.
        parameter.get_mut("schema").into_iter().for_each(never_null);
    }
    let named: Vec<String> =
        operation["parameters"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str()).map(str::to_owned).collect();
    let takes = |name: &str| named.iter().any(|n| n == name);
    if operation["responses"].get("304").is_some() && !takes("If-None-Match") {
        let seen = json!({"name": "If-None-Match", "in": "header", "required": false, "example": "\"3\"",
            "description": "Versions that the caller has, as their `ETag`: for one of them the answer is 304, without a body.",
            "schema": {"type": "string", "pattern": "^[ -~]*$", "maxLength": 2000}});
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(seen),
            None => operation["parameters"] = json!([seen]),
        }
    }
    let conditional = operation["responses"].get("304").is_some();
    let everyone: &[&str] = if watched(path) { &["500"] } else { &["429", "500", "503"] };
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for status in everyone {
        let common = known.iter().find(|(_, s, _)| s == status).map(|(_, _, response)| response);
        if let Some(common) = common.filter(|_| !responses.contains_key(*status)) {
            responses.insert((*status).to_owned(), common.clone());
        }
    }
    for (status, response) in responses.iter_mut() {
        if let Some((name, ..)) = known.iter().find(|(_, s, r)| s == status && r == response)
            && !watched(path)
        {
            *response = json!({"$ref": format!("#/components/responses/{name}")});
            continue;
        }
        let mut names = if response["content"].get(PROBLEM).is_some() {
            problem_headers(status)
        } else {
            vec!["X-Request-Id", "RateLimit", "RateLimit-Policy"]
        };
        if watched(path) {
            names.retain(|name| !name.starts_with("RateLimit"));
        }
        if status.starts_with('2') || status == "304" {
            let body = followed(schemas, &response["content"]["application/json"]["schema"]);
            let has = |member: &str| body["properties"].get(member).is_some();
            // A change answers with the version that it made, and a handler may say that it has one.
            let tagged = status == "201" || takes("If-Match") || response["headers"].get("ETag").is_some();
            let also = [
                ("ETag", conditional || tagged || has("version")),
                ("Link", has("page")),
                ("Location", status == "201" || status == "202"),
                ("Retry-After", status == "202"),
                ("Preference-Applied", status == "202" && takes("Prefer")),
                ("Dry-Run", takes("dry_run")),
                ("Idempotency-Replayed", takes("Idempotency-Key")),
                ("Unchanged", method == "put" && status == "200"),
            ];
            names.extend(also.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name));
        }
        response["headers"] = header_refs(names);
    }
    let mut sorted: Vec<_> = std::mem::take(responses).into_iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    responses.extend(sorted);
}

fn never_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array() {
        let rest: Vec<_> = types.iter().filter(|t| *t != "null").cloned().collect();
        if let [only] = rest.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let rest: Vec<_> = choices.iter().filter(|c| c["type"] != "null").cloned().collect();
        if let [only] = rest.as_slice() {
            *schema = only.clone();
        }
    }
}

/// The schema itself; of several that an answer may have, the first, which is the whole view.
fn followed<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    let named = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()).map(|name| &schemas[name]);
    match named.or_else(|| schema["anyOf"].get(0)) {
        Some(further) => followed(schemas, further),
        None => schema,
    }
}

/// Headers of a problem by its status.
fn problem_headers(status: &str) -> Vec<&'static str> {
    let mut names = vec!["X-Request-Id", "RateLimit", "RateLimit-Policy", "Content-Language"];
    match status {
        "401" => names.push("WWW-Authenticate"),
        "429" | "503" => names.push("Retry-After"),
        _ => {}
    }
    names
}

fn header_refs(names: Vec<&'static str>) -> Value {
    let of = |name: &str| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(names.into_iter().map(of).collect())
}

fn headers() -> Value {
    let text = |description: &str, required: bool, pattern: &str, most: u32, example: &str| {
        json!({"description": description, "required": required,
            "schema": {"type": "string", "pattern": pattern, "maxLength": most}, "example": example})
    };
    let flag = |description: &str| json!({"description": description, "required": false, "schema": {"type": "string", "enum": ["true"]}, "example": "true"});
    let limit = "IETF draft httpapi-ratelimit-headers; absent where such callers are not limited.";
    let mut all = Map::new();
    for (name, header) in [
        (
            "Content-Language",
            json!({"description": "The language of the texts, chosen by `Accept-Language`.", "required": true,
            "schema": {"type": "string", "enum": ["vi", "en"]}, "example": "vi"}),
        ),
        ("Dry-Run", flag("Nothing was stored: the request had `dry_run=true`.")),
        ("ETag", text("The version, for `If-Match` and `If-None-Match`.", false, "^\"[^\"]*\"$", 66, "\"3\"")),
        ("Idempotency-Replayed", flag("The answer to an earlier request with the same `Idempotency-Key`.")),
        (
            "Link",
            text(
                "The next page, `rel=\"next\"`; absent on the last one.",
                false,
                "^<.*>; rel=\"next\"$",
                8192,
                "</api/v1/departments?cursor=eyJ4&limit=50>; rel=\"next\"",
            ),
        ),
        ("Location", text("Where it is.", true, "^/", 2048, "/api/v1/departments/DKKD")),
        (
            "RateLimit",
            text(
                &format!("What is left (`r`) and the seconds until it is all there again (`t`). {limit}"),
                false,
                "^\"[a-z]+\";r=[0-9]+;t=[0-9]+$",
                64,
                "\"subject\";r=9999;t=1",
            ),
        ),
        (
            "RateLimit-Policy",
            text(
                &format!("Requests at once (`q`) and the seconds in which they come back (`w`). {limit}"),
                false,
                "^\"[a-z]+\";q=[0-9]+;w=[0-9]+$",
                64,
                "\"subject\";q=10000;w=5",
            ),
        ),
        (
            "Retry-After",
            json!({"description": "Seconds to wait before the request is sent again.", "required": true,
            "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400}, "example": 2}),
        ),
        ("Preference-Applied", text("What of `Prefer` was followed.", false, "^respond-async$", 32, "respond-async")),
        ("Unchanged", flag("It was equal already: no new version, no audit line, no event.")),
        ("WWW-Authenticate", text("How to sign in.", true, "^Bearer ", 256, "Bearer realm=\"dunghen\"")),
        (
            "X-Request-Id",
            text(
                "The caller's, or one made here; in the log of the server.",
                true,
                "^[!-~]+$",
                128,
                "0198c5a0-0000-7000-8000-000000000000",
            ),
        ),
    ] {
        all.insert(name.to_owned(), header);
    }
    Value::Object(all)
}
