//! The contract: committed as generated, complete, and true of the server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dunghen::auth::{Permission, Role};
use dunghen::error::Code;
use serde_json::{Value, json};

use crate::access::{Relation, World, table};
use crate::harness::{Answer, App};

/// One documented operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    /// None for an operation that anyone may call.
    pub permission: Option<Permission>,
    pub spec: Value,
}

impl Operation {
    /// Names of the parameters in `query`, `path` or `header`.
    pub fn parameters(&self, place: &str) -> Vec<&str> {
        let all = self.spec["parameters"].as_array().into_iter().flatten();
        all.filter(|p| p["in"] == place).map(|p| p["name"].as_str().unwrap()).collect()
    }

    pub fn answers(&self, status: &str) -> bool {
        self.spec["responses"].get(status).is_some()
    }

    /// Media types that a body may have.
    pub fn bodies(&self) -> Vec<&str> {
        self.spec["requestBody"]["content"].as_object().into_iter().flatten().map(|(media, _)| media.as_str()).collect()
    }

    /// The path with words in place of its parameters.
    pub fn path_with(&self, word: &str) -> String {
        let segment = |s: &str| if s.starts_with('{') { word.to_owned() } else { s.to_owned() };
        self.path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }
}

const PROBLEM: &str = "application/problem+json";

pub fn document() -> Value {
    static DOCUMENT: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    DOCUMENT.get_or_init(dunghen::openapi::document).clone()
}

/// The same with the shared responses in their places.
fn resolved() -> Value {
    let mut document = document();
    let shared = document["components"]["responses"].clone();
    for (_, item) in document["paths"].as_object_mut().unwrap() {
        for (_, operation) in item.as_object_mut().unwrap() {
            for (_, response) in operation["responses"].as_object_mut().unwrap() {
                if let Some(to) = response["$ref"].as_str() {
                    *response = shared[to.rsplit('/').next().unwrap()].clone();
                }
            }
        }
    }
    document
}

/// Every operation of the contract, in its order.
pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in resolved()["paths"].as_object().unwrap() {
        for (method, spec) in item.as_object().unwrap() {
            let id = spec["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId")).to_owned();
            let permission = spec.get("x-permission").map(|name| {
                let known = Permission::ALL.iter().find(|p| Some(p.name()) == name.as_str());
                *known.unwrap_or_else(|| panic!("{id}: there is no permission {name}"))
            });
            all.push(Operation { id, method: method.to_uppercase(), path: path.clone(), permission, spec: spec.clone() });
        }
    }
    all
}

/// Whatever the answer is about, a problem has this shape, and no answer is the server's fault.
#[track_caller]
pub fn check_problem(answer: &Answer, about: &str) {
    assert!(answer.status < 500, "{about}: {} {}", answer.status, answer.text);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{about}: {} {}", answer.status, answer.text);
    let body = &answer.body;
    let code = Code::ALL.iter().find(|c| c.name() == answer.code()).unwrap_or_else(|| panic!("{about}: unknown code in {}", answer.text));
    assert_eq!((body["status"].as_u64(), code.status().as_u16()), (Some(answer.status.into()), answer.status), "{about}: {}", answer.text);
    assert_eq!(body["type"], format!("/docs/problems/{}", code.name()), "{about}");
    assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"), "{about}");
    for member in ["title", "detail", "instance"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{about}: no {member} in {}", answer.text);
    }
    for fault in body["errors"].as_array().unwrap_or_else(|| panic!("{about}: no errors[] in {}", answer.text)) {
        let known = |name: &str| Code::ALL.iter().any(|c| c.name() == name);
        assert!(
            fault["code"].as_str().is_some_and(known) && fault["pointer"].is_string() && fault["detail"].is_string(),
            "{about}: {fault}"
        );
    }
}

#[test]
fn the_committed_contract_is_the_generated_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi");
    for (name, generated) in [("openapi.json", dunghen::openapi::text().to_owned()), ("operations.txt", dunghen::openapi::operations())] {
        let committed = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        if let Some(line) = committed.lines().zip(generated.lines()).position(|(a, b)| a != b) {
            panic!("openapi/{name} differs from line {} on; run `make openapi` and read the difference", line + 1);
        }
        assert!(committed == generated, "openapi/{name} is longer or shorter than the generated one; run `make openapi`");
    }
}

/// A referenced schema, followed to the end; of an answer that may be cut down by `fields`, the whole one.
pub fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match (schema["$ref"].as_str(), schema.get("anyOf")) {
        (Some(to), _) => followed(document, document.pointer(&to[1..]).unwrap_or_else(|| panic!("{to} leads nowhere"))),
        (None, Some(either)) => followed(document, &either[0]),
        (None, None) => schema,
    }
}

/// Whether a reader finds an example: here, or in what the schema is made of.
fn has_example(document: &Value, content: &Value) -> bool {
    let own = |v: &Value| v.get("example").is_some() || v.get("examples").is_some();
    let schema = followed(document, &content["schema"]);
    let inner = [&schema["items"], &schema["properties"]["items"]["items"]];
    own(content) || own(schema) || inner.into_iter().any(|s| s.is_object() && own(followed(document, s)))
}

#[test]
fn every_operation_is_described_in_full() {
    let document = document();
    let tags: BTreeSet<&str> = document["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let mut lacks: Vec<String> = Vec::new();
    let mut ids = BTreeMap::new();
    for operation in operations() {
        let Operation { id, path, spec, .. } = &operation;
        let mut lack = |what: String| lacks.push(format!("{id}: {what}"));
        if let Some(other) = ids.insert(id.clone(), path.clone()) {
            lack(format!("the operationId is also that of {other}"));
        }
        for member in ["summary", "description"] {
            if spec[member].as_str().is_none_or(|t| t.trim().is_empty()) {
                lack(format!("no {member}"));
            }
        }
        let given: Vec<&str> = spec["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if given.is_empty() || given.iter().any(|tag| !tags.contains(tag)) {
            lack(format!("tags {given:?} are not among those declared"));
        }
        // `security: [{}]` says that anyone may call; saying nothing says nothing.
        let bearer = spec["security"].as_array().map(|all| all.iter().any(|s| s.get("bearer").is_some()));
        match (bearer, operation.permission) {
            (Some(true), Some(_)) | (Some(false), None) => {}
            (None, _) => lack("security is not stated".into()),
            (Some(true), None) => lack("x-permission is missing".into()),
            (Some(false), Some(_)) => lack("has a permission, but no security".into()),
        }
        let in_path: BTreeSet<&str> = path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        let declared: BTreeSet<&str> = operation.parameters("path").into_iter().collect();
        if in_path != declared {
            lack(format!("path parameters {in_path:?}, declared {declared:?}"));
        }
        for parameter in spec["parameters"].as_array().into_iter().flatten() {
            if parameter["description"].as_str().is_none_or(|t| t.trim().is_empty()) {
                lack(format!("parameter {} has no description", parameter["name"]));
            }
        }
        for (media, content) in spec["requestBody"]["content"].as_object().into_iter().flatten() {
            if !has_example(&document, content) {
                lack(format!("no example of a body in {media}"));
            }
        }
        let mut successes = 0;
        for (status, response) in spec["responses"].as_object().unwrap() {
            let success = status.starts_with('2');
            successes += u32::from(success);
            if response["description"].as_str().is_none_or(|t| t.trim().is_empty()) {
                lack(format!("{status} has no description"));
            }
            for (media, content) in response["content"].as_object().into_iter().flatten() {
                // Programs that ask for tokens know the errors of RFC 6749 only.
                let problem = if id == "create_token" && ["400", "401"].contains(&status.as_str()) { "application/json" } else { PROBLEM };
                if status.starts_with(['4', '5']) && media != problem {
                    lack(format!("{status} is {media}"));
                }
                // A spreadsheet cannot be shown.
                if !media.ends_with(".sheet") && !has_example(&document, content) {
                    lack(format!("no example of {status} in {media}"));
                }
            }
            if success && status != "204" && response["content"].as_object().is_none_or(|c| c.is_empty()) {
                lack(format!("{status} has no content"));
            }
        }
        if successes == 0 {
            lack("no success".into());
        }
        let mut expected = vec![];
        if operation.permission.is_some() {
            expected.extend(["400", "401", "403", "404", "503"]);
        }
        if !operation.bodies().is_empty() {
            expected.extend(["400", "413", "415"]);
        }
        for status in expected {
            if !operation.answers(status) {
                lack(format!("{status} is not documented"));
            }
        }
    }
    assert!(lacks.is_empty(), "{}", lacks.join("\n"));
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves_and_every_schema_is_used() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    let dangling: Vec<_> = found.iter().filter(|r| !r.starts_with("#/") || document.pointer(&r[1..]).is_none()).collect();
    assert!(dangling.is_empty(), "{dangling:?}");
    let names = document["components"]["schemas"].as_object().unwrap().keys();
    let unused: Vec<_> = names.filter(|name| !found.contains(&format!("#/components/schemas/{name}"))).collect();
    assert!(unused.is_empty(), "schemas that nothing refers to: {unused:?}");
}

/// Reads a schema of the contract as a validator would.
pub fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    jsonschema::options().should_validate_formats(true).build(&root).unwrap()
}

pub fn complaints(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn every_example_fits_its_schema() {
    let document = document();
    let view = validator(&document, &json!({"$ref": "#/components/schemas/DepartmentView"}));
    assert!(!complaints(&view, &json!({"id": 5, "kind": "x"})).is_empty());
    let mut wrong = Vec::new();
    let mut seen = 0;
    let mut check = |name: String, schema: &Value, holder: &Value| {
        let examples = holder["examples"].as_array().into_iter().flatten().chain(holder.get("example"));
        for example in examples {
            seen += 1;
            wrong.extend(complaints(&validator(&document, schema), example).into_iter().map(|c| format!("{name} {c}")));
        }
    };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        check(name.clone(), schema, schema);
        for (member, inner) in schema["properties"].as_object().into_iter().flatten() {
            check(format!("{name}.{member}"), inner, inner);
        }
    }
    for operation in operations() {
        let responses = operation.spec["responses"].as_object().unwrap().values().map(|r| &r["content"]);
        for content in responses.chain([&operation.spec["requestBody"]["content"]]) {
            for (media, content) in content.as_object().into_iter().flatten() {
                check(format!("{} {media}", operation.id), &content["schema"], content);
            }
        }
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            check(format!("{} {}", operation.id, parameter["name"]), &parameter["schema"], parameter);
        }
    }
    assert!(seen > 80, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every sample of the access table, sent by someone who may: status, media type and body are among those documented.
#[tokio::test]
async fn answers_are_as_documented() {
    let world = World::new().await;
    let document = document();
    let mut wrong = Vec::new();
    for (operation, sample) in table(world.place(Relation::Own)) {
        let role = operation.permission.map(|p| *Role::ALL.iter().find(|r| p.span(**r).is_some()).unwrap());
        let actor = match role {
            Some(role) => world.actor(role, true).await,
            None => world.app.nobody(),
        };
        let answer = world.send(&actor, &operation, &sample).await;
        let id = &operation.id;
        assert!((200..300).contains(&answer.status), "{id}: {} {}", answer.status, answer.text);
        if !operation.answers(&answer.status.to_string()) {
            wrong.push(format!("{id}: {} is not documented", answer.status));
            continue;
        }
        let stated = &operation.spec["responses"][answer.status.to_string()]["headers"];
        for name in ["ETag", "Link", "Location", "Retry-After", "Preference-Applied"] {
            if answer.header(name).is_some() && stated.get(name).is_none() {
                wrong.push(format!("{id}: {name} is not documented"));
            }
        }
        if operation.answers("304")
            && (answer.header("etag").is_none() || !operation.spec["parameters"].to_string().contains("If-None-Match"))
        {
            wrong.push(format!("{id}: 304 without an ETag, or without saying what asks for it"));
        }
        let content = &operation.spec["responses"][answer.status.to_string()]["content"];
        let Some(media) = answer.header("content-type").and_then(|t| t.split(';').next()) else {
            if content.is_object() {
                wrong.push(format!("{id}: no body"));
            }
            continue;
        };
        let Some(content) = content.get(media) else {
            wrong.push(format!("{id}: {media} is not documented"));
            continue;
        };
        if media == "application/json" {
            let faults = complaints(&validator(&document, &content["schema"]), &answer.body);
            wrong.extend(faults.into_iter().map(|fault| format!("{id}: {fault}")));
            wrong.extend(
                undocumented(&document, &content["schema"], &answer.body, "").into_iter().map(|m| format!("{id}: {m} is not documented")),
            );
        }
        // What a program follows must lead somewhere.
        if answer.status == 201 && answer.header("location").is_none() {
            wrong.push(format!("{id}: 201 without Location"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Members of an answer that its schema does not name.
fn undocumented(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = followed(document, schema);
    match value {
        Value::Object(members) => {
            let Some(known) = schema["properties"].as_object() else { return Vec::new() };
            let inner = |(name, value): (&String, &Value)| match known.get(name) {
                Some(schema) => undocumented(document, schema, value, &format!("{at}/{name}")),
                None => vec![format!("{at}/{name}")],
            };
            members.iter().flat_map(inner).collect()
        }
        Value::Array(items) if schema["items"].is_object() => {
            items.iter().flat_map(|item| undocumented(document, &schema["items"], item, &format!("{at}/0"))).collect()
        }
        _ => Vec::new(),
    }
}

/// Every route that a handler names is in the contract.
#[test]
fn every_route_in_the_source_is_documented() {
    let documented: BTreeSet<(String, String)> = operations().into_iter().map(|o| (o.method, o.path)).collect();
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            for line in std::fs::read_to_string(path).unwrap().lines().map(str::trim) {
                let route = line
                    .strip_prefix("#[")
                    .and_then(|l| l.split_once("(\""))
                    .and_then(|(verb, rest)| Some((verb, rest.strip_suffix("\")]")?)));
                if let Some((verb @ ("get" | "put" | "post" | "delete" | "patch" | "head" | "options" | "route"), path)) = route {
                    found.insert((verb.to_uppercase(), path.to_owned()));
                }
            }
        }
    }
    assert!(found.len() > 30, "{found:?}");
    let hidden: Vec<_> = found.difference(&documented).collect();
    assert!(hidden.is_empty(), "not in the contract: {hidden:?}");
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| p.starts_with('{') || p == s)
}

#[tokio::test]
async fn every_documented_path_is_served_and_others_are_not() {
    let app = App::start().await;
    let nobody = app.nobody();
    let operations = operations();
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in &operations {
        methods.entry(operation.path.clone()).or_default().insert(operation.method.clone());
        let answer = nobody.send(&operation.method, &operation.path_with("x"), &[], None).await;
        match operation.permission {
            Some(_) => assert_eq!(answer.status, 401, "{} {}: {}", operation.method, operation.path, answer.text),
            None => assert!(
                answer.status != 405 && (answer.status != 404 || !operation.parameters("path").is_empty()),
                "{}: {}",
                operation.id,
                answer.text
            ),
        }
    }
    for path in methods.keys() {
        let at = operations.iter().find(|o| &o.path == path).unwrap().path_with("x");
        // The pattern that says most of a place decides: `/departments/bulk` is never a `/departments/{key}`.
        let open = |pattern: &str| pattern.matches('{').count();
        let least = methods.keys().filter(|pattern| fits(pattern, &at)).map(|p| open(p)).min().unwrap();
        let best = methods.iter().filter(|(pattern, _)| fits(pattern, &at) && open(pattern) == least);
        let known: BTreeSet<&str> = best.flat_map(|(_, m)| m.iter().map(String::as_str)).collect();
        // What may be got may be asked about.
        let allowed: BTreeSet<&str> = known.iter().copied().chain(known.contains("GET").then_some("HEAD")).collect();
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE"] {
            if known.contains(method) {
                continue;
            }
            let answer = nobody.send(method, &at, &[], None).await;
            check_problem(&answer, &format!("{method} {path}"));
            assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"), "{method} {path}: {}", answer.text);
            let allow: BTreeSet<&str> = answer.header("allow").unwrap_or_else(|| panic!("{method} {path}: no Allow")).split(", ").collect();
            assert_eq!(allow, allowed, "{method} {path}");
        }
    }
    for path in
        ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/me", "/api/v1/me/", "/api/v1/dossiers/x/y/z", "/%00", "/..%2f"]
    {
        let answer = nobody.get(path).await;
        check_problem(&answer, path);
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn every_problem_code_has_its_page() {
    let app = App::start().await;
    let nobody = app.nobody();
    for code in Code::ALL {
        let page = nobody.get(&format!("/docs/problems/{}", code.name())).await.expect(200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        assert!(page.text.contains(code.name()) && page.text.contains(&code.title().vi) && page.text.contains(&code.title().en));
        assert_eq!(page.header("content-language"), Some("en"));
        let vietnamese = nobody.send("GET", &format!("/docs/problems/{}", code.name()), &[], None).await.expect(200);
        assert_eq!(vietnamese.header("content-language"), Some("vi"));
        for (page, mend) in [(&page, "What to do"), (&vietnamese, "Cần làm gì")] {
            let (_, rest) =
                page.text.split_once(&format!("<h2>{mend}</h2><p>")).unwrap_or_else(|| panic!("{}: {}", code.name(), page.text));
            assert!(rest.find("</p>").is_some_and(|end| end > 10), "{}: {rest}", code.name());
            // The example names the code, and nothing comes from elsewhere.
            let example = page.text.split_once("<pre>").unwrap().1.split_once("</pre>").unwrap().0;
            let example: Value = serde_json::from_str(&example.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).unwrap();
            assert!(example.to_string().contains(&format!("\"code\":\"{}\"", code.name())), "{example}");
            assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
        }
    }
    let index = nobody.get("/docs/problems").await.expect(200);
    assert!(Code::ALL.iter().all(|code| index.text.contains(&format!("href=\"/docs/problems/{}\"", code.name()))), "{}", index.text);
    let unknown = nobody.get("/docs/problems/nothing").await.expect(404);
    check_problem(&unknown, "an unknown code");
}

#[tokio::test]
async fn the_docs_need_no_other_host() {
    let app = App::start().await;
    let nobody = app.nobody();
    let page = nobody.get("/docs/").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    // Everything the page loads, and everything its style sheet and start-up script load in turn, lies here.
    let mut queue: Vec<String> = vec!["/docs/".into()];
    let mut seen = BTreeSet::new();
    while let Some(path) = queue.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let found = nobody.get(&path).await.expect(200);
        assert!(!found.text.is_empty(), "{path}");
        // The bundle itself is a library; its text names hosts (licences, schema ids) that it does not load.
        if path.contains("bundle") || path.contains("preset") {
            continue;
        }
        // What a page or a script quotes, what a style sheet loads.
        let marks: &[&str] = if path.ends_with(".css") { &["url(", "url('", "url(\"", "@import "] } else { &["\"", "'"] };
        for piece in marks.iter().flat_map(|mark| found.text.split(*mark).skip(1)) {
            assert!(!["http:", "https:", "//"].iter().any(|away| piece.starts_with(away)), "{path} names {piece:.60}");
        }
        for attribute in ["src=\"", "href=\""] {
            for link in found.text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                if !link.starts_with('#') && !link.starts_with("data:") {
                    queue.push(format!("/docs/{}", link.trim_start_matches("./")));
                }
            }
        }
    }
    assert!(seen.len() > 3, "{seen:?}");
    // Under another name than localhost the page would have the contract looked at elsewhere.
    let start = nobody.get("/docs/swagger-initializer.js").await.expect(200);
    assert!(start.text.contains("\"validatorUrl\": \"none\""), "{}", start.text);
    let served = nobody.get("/openapi.json").await.expect(200);
    assert_eq!(served.text, dunghen::openapi::text());
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    let app = App::start().await;
    let (nobody, admin) = (app.nobody(), app.admin().await);
    let sent = "a-request.of:mine/1";
    for (who, method, path) in [
        (&nobody, "GET", "/health/live"),
        (&nobody, "GET", "/openapi.json"),
        (&nobody, "GET", "/docs/"),
        (&nobody, "GET", "/nothing"),
        (&nobody, "PATCH", "/api/v1/me"),
        (&nobody, "GET", "/api/v1/me"),
        (&admin, "GET", "/api/v1/me"),
        (&admin, "GET", "/api/v1/calendars/vn"),
        (&admin, "GET", "/api/v1/calendars/none"),
        (&admin, "GET", "/api/v1/departments?nothing=1"),
        (&admin, "POST", "/api/v1/dossiers"),
        (&admin, "POST", "/api/v1/departments/bulk"),
    ] {
        let about = format!("{method} {path}");
        let answer = who.send(method, path, &[("x-request-id", sent)], None).await;
        assert_eq!(answer.header("x-request-id"), Some(sent), "{about}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{about}");
        let cache = answer.header("cache-control").unwrap_or_else(|| panic!("{about}: no Cache-Control"));
        assert!(
            cache == "no-store" || answer.header("etag").is_some() || answer.header("content-type") == Some("text/html"),
            "{about}: {cache}"
        );
        let ids: BTreeSet<String> = [
            who.send(method, path, &[], None).await,
            who.send(method, path, &[], None).await,
            who.send(method, path, &[("x-request-id", &"x".repeat(129))], None).await,
            who.send(method, path, &[("x-request-id", "with a space")], None).await,
        ]
        .iter()
        .map(|a| a.header("x-request-id").unwrap().to_owned())
        .collect();
        assert_eq!(ids.len(), 4, "{about}: {ids:?}");
        assert!(ids.iter().all(|id| uuid::Uuid::parse_str(id).is_ok()), "{about}: {ids:?}");
    }
    let problem = admin.send("GET", "/api/v1/calendars/none", &[("x-request-id", sent)], None).await.expect(404);
    assert_eq!(problem.body["request_id"], sent);
}
