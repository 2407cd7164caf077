//! What a client of a released contract relies on is still there: each file in `openapi/released/` compared with the contract of today.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::contract::document;

/// Which way values go: what a client sends may become wider only, what it gets narrower only.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Sent,
    Got,
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
    /// Schemas under way: some contain themselves.
    open: BTreeSet<(String, bool)>,
}

/// What breaks a client of `old`.
fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, found: Vec::new(), open: BTreeSet::new() };
    for (path, item) in members(&old["paths"]) {
        for (method, operation) in members(item) {
            let at = format!("{} {path}", method.to_uppercase());
            match new["paths"].get(path).and_then(|i| i.get(method)) {
                Some(now) => comparison.operation(&at, operation, now),
                None => comparison.say(&at, "is gone"),
            }
        }
    }
    comparison.found
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A reference, followed to its end, with the name of the last one.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> (&'a Value, Option<&'a str>) {
    let mut found = (value, None);
    while let Some(to) = found.0["$ref"].as_str() {
        found = (document.pointer(&to[1..]).unwrap_or_else(|| panic!("{to} leads nowhere")), Some(to));
    }
    found
}

fn words(value: &Value) -> Option<BTreeSet<String>> {
    let listed = value["enum"].as_array().cloned().or_else(|| value.get("const").map(|c| vec![c.clone()]));
    listed.map(|all| all.iter().map(Value::to_string).collect())
}

/// The types of a schema; null beside a reference counts.
fn types(document: &Value, schema: &Value) -> BTreeSet<String> {
    let (schema, _) = resolved(document, schema);
    let own = match &schema["type"] {
        Value::String(one) => vec![one.clone()],
        several => items(several).filter_map(Value::as_str).map(str::to_owned).collect(),
    };
    let inner = ["oneOf", "anyOf"].iter().flat_map(|key| items(&schema[*key])).flat_map(|choice| types(document, choice));
    own.into_iter().chain(inner).collect()
}

impl Comparison<'_> {
    fn say(&mut self, at: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{at}: {what}"));
    }

    fn operation(&mut self, at: &str, old: &Value, new: &Value) {
        if old["operationId"] != new["operationId"] {
            self.say(at, "has another operationId");
        }
        if old["x-permission"] != new["x-permission"] && !new["x-permission"].is_null() {
            self.say(at, format!("needs {} instead of {}", new["x-permission"], old["x-permission"]));
        }
        let open = |o: &Value| items(&o["security"]).any(|s| s.as_object().is_some_and(|m| m.is_empty()));
        if open(old) && !open(new) {
            self.say(at, "needs a token");
        }
        let named = |o: &Value, p: &Value| items(&o["parameters"]).find(|q| q["name"] == p["name"] && q["in"] == p["in"]).cloned();
        for parameter in items(&old["parameters"]) {
            let name = format!("{at} parameter {}", parameter["name"]);
            match named(new, parameter) {
                Some(now) => {
                    if now["required"] == true && parameter["required"] != true {
                        self.say(&name, "is required");
                    }
                    self.schema(&name, &parameter["schema"], &now["schema"], Way::Sent);
                }
                None => self.say(&name, "is gone"),
            }
        }
        for parameter in items(&new["parameters"]).filter(|p| p["required"] == true && named(old, p).is_none()) {
            self.say(at, format!("requires the new parameter {}", parameter["name"]));
        }
        let (before, now) = (&old["requestBody"], &new["requestBody"]);
        if now["required"] == true && before["required"] != true {
            self.say(at, "requires a body");
        }
        for (media, content) in members(&before["content"]) {
            match now["content"].get(media) {
                Some(now) => self.schema(&format!("{at} body"), &content["schema"], &now["schema"], Way::Sent),
                None => self.say(at, format!("takes {media} no more")),
            }
        }
        for (status, response) in members(&old["responses"]) {
            let at = format!("{at} {status}");
            let Some(now) = new["responses"].get(status) else {
                self.say(&at, "is gone");
                continue;
            };
            let (response, now) = (resolved(self.old, response).0.clone(), resolved(self.new, now).0.clone());
            for (media, content) in members(&response["content"]) {
                match now["content"].get(media) {
                    Some(now) => self.schema(&at, &content["schema"], &now["schema"], Way::Got),
                    None => self.say(&at, format!("is {media} no more")),
                }
            }
            for (header, _) in members(&response["headers"]).filter(|(h, _)| now["headers"].get(h.as_str()).is_none()) {
                self.say(&at, format!("has no header {header}"));
            }
        }
        // A client knows only the successes that it was told of.
        for (status, _) in members(&new["responses"]).filter(|(s, _)| s.starts_with('2') && old["responses"].get(s.as_str()).is_none()) {
            self.say(at, format!("may answer {status}"));
        }
    }

    fn schema(&mut self, at: &str, old: &Value, new: &Value, way: Way) {
        let ((before, name), (now, _)) = (resolved(self.old, old), resolved(self.new, new));
        if let Some(name) = name
            && !self.open.insert((name.to_owned(), way == Way::Sent))
        {
            return;
        }
        let (before, now) = (before.clone(), now.clone());
        let (had, has) = (types(self.old, old), types(self.new, new));
        // What was free stays free where it is sent, and may be said more exactly where it is got.
        let (lost, more): (Vec<_>, Vec<_>) = (had.difference(&has).collect(), has.difference(&had).collect());
        match way {
            Way::Sent if !has.is_empty() && (had.is_empty() || !lost.is_empty()) => {
                self.say(at, format!("takes only {has:?}, not {had:?}"))
            }
            Way::Got if !had.is_empty() && (has.is_empty() || !more.is_empty()) => {
                self.say(at, format!("may be {has:?}, not only {had:?}"))
            }
            _ => {}
        }
        match (way, words(&before), words(&now)) {
            (Way::Sent, None, Some(now)) => self.say(at, format!("takes only {now:?}")),
            (Way::Sent, Some(before), Some(now)) if !before.is_subset(&now) => {
                self.say(at, format!("takes no {:?}", before.difference(&now)))
            }
            (Way::Got, Some(_), None) => self.say(at, "may be any word"),
            (Way::Got, Some(before), Some(now)) if !now.is_subset(&before) => self.say(at, format!("may be {:?}", now.difference(&before))),
            _ => {}
        }
        for (least, most) in [("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")] {
            let of = |schema: &Value, bound: &str| schema[bound].as_f64();
            let below = |a: Option<f64>, b: Option<f64>| b.is_some_and(|b| a.is_none_or(|a| a < b));
            let above = |a: Option<f64>, b: Option<f64>| b.is_some_and(|b| a.is_none_or(|a| a > b));
            let (a, b) = if way == Way::Sent { (&before, &now) } else { (&now, &before) };
            if below(of(a, least), of(b, least)) || above(of(a, most), of(b, most)) {
                self.say(at, format!("has other bounds: {least} {} {most} {}", now[least], now[most]));
            }
        }
        let pattern = if way == Way::Sent { &now } else { &before };
        if !pattern["pattern"].is_null() && before["pattern"] != now["pattern"] {
            self.say(at, format!("has another pattern: {}", now["pattern"]));
        }
        if before["format"] != now["format"] {
            self.say(at, format!("has another format: {}", now["format"]));
        }
        let required = |schema: &Value, name: &str| items(&schema["required"]).any(|r| r == name);
        for (member, inner) in members(&before["properties"]) {
            let place = format!("{at}/{member}");
            match now["properties"].get(member) {
                Some(now) => self.schema(&place, inner, now, way),
                None => self.say(&place, "is gone"),
            }
            if way == Way::Got && required(&before, member) && !required(&now, member) {
                self.say(&place, "may be absent");
            }
        }
        if way == Way::Sent {
            for member in items(&now["required"]).filter_map(Value::as_str).filter(|m| !required(&before, m)) {
                self.say(&format!("{at}/{member}"), "is required");
            }
        }
        if before["items"].is_object() {
            self.schema(&format!("{at}/0"), &before["items"], &now["items"], way);
        }
        for list in ["oneOf", "anyOf", "allOf"] {
            let (a, b): (Vec<_>, Vec<_>) = (items(&before[list]).collect(), items(&now[list]).collect());
            if a.len() == b.len() {
                a.into_iter().zip(b).for_each(|(a, b)| self.schema(at, a, b, way));
            } else {
                self.say(at, format!("{list} has other parts"));
            }
        }
        if let Some(name) = name {
            self.open.remove(&(name.to_owned(), way == Way::Sent));
        }
    }
}

#[test]
fn released_contracts_are_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/released");
    let now = document();
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            let old: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            broken.extend(breaks(&old, &now).into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn what_only_adds_breaks_nobody() {
    let old = document();
    assert_eq!(breaks(&old, &old), Vec::<String>::new());
    let mut new = old.clone();
    new["paths"]["/api/v1/new"] = new["paths"]["/api/v1/me"].clone();
    new["components"]["schemas"]["DepartmentView"]["properties"]["more"] = json!({"type": "string"});
    new["components"]["schemas"]["NewDepartment"]["properties"]["more"] = json!({"type": "string"});
    assert_eq!(breaks(&old, &new), Vec::<String>::new());
}

#[test]
fn each_way_of_breaking_a_client_is_noticed() {
    const PUT: &str = "/paths/~1api~1v1~1departments~1{key}/put";
    const LIST: &str = "/paths/~1api~1v1~1departments/get";
    const SCHEMAS: &str = "/components/schemas";
    let old = document();
    type Change = fn(&mut Value);
    let cases: &[(&str, String, Change, &str)] = &[
        ("a path", "/paths".into(), |v| drop(v.as_object_mut().unwrap().remove("/api/v1/me")), "GET /api/v1/me: is gone"),
        (
            "an operation",
            "/paths/~1api~1v1~1departments~1{key}".into(),
            |v| drop(v.as_object_mut().unwrap().remove("put")),
            "PUT /api/v1/departments/{key}: is gone",
        ),
        ("a status", format!("{PUT}/responses"), |v| drop(v.as_object_mut().unwrap().remove("412")), "412: is gone"),
        ("a new success", format!("{PUT}/responses"), |v| v["202"] = json!({"description": "Later"}), "may answer 202"),
        ("a permission", PUT.into(), |v| v["x-permission"] = json!("user:write"), "needs \"user:write\""),
        ("an id", PUT.into(), |v| v["operationId"] = json!("set_department"), "another operationId"),
        ("a parameter", LIST.into(), |v| drop(v["parameters"].as_array_mut().unwrap().remove(0)), "is gone"),
        ("a required parameter", format!("{LIST}/parameters/0"), |v| v["required"] = json!(true), "is required"),
        (
            "a new required parameter",
            format!("{LIST}/parameters"),
            |v| v.as_array_mut().unwrap().push(json!({"name": "new", "in": "query", "required": true, "schema": {"type": "string"}})),
            "requires the new parameter",
        ),
        ("a media type", format!("{PUT}/requestBody/content"), |v| drop(v.as_object_mut().unwrap().remove("application/json")), "no more"),
        (
            "a required member",
            format!("{SCHEMAS}/NewDepartment/required"),
            |v| v.as_array_mut().unwrap().push(json!("parent")),
            "/parent: is required",
        ),
        (
            "a member sent",
            format!("{SCHEMAS}/NewDepartment/properties"),
            |v| drop(v.as_object_mut().unwrap().remove("parent")),
            "/parent: is gone",
        ),
        ("a type sent", format!("{SCHEMAS}/NewDepartment/properties/one_stop"), |v| v["type"] = json!("string"), "takes only"),
        ("a word sent", format!("{SCHEMAS}/DepartmentKind/enum"), |v| drop(v.as_array_mut().unwrap().remove(0)), "takes no"),
        ("a word got", format!("{SCHEMAS}/DepartmentKind/enum"), |v| v.as_array_mut().unwrap().push(json!("club")), "may be"),
        ("a length", format!("{SCHEMAS}/Line"), |v| v["maxLength"] = json!(20), "other bounds"),
        ("a pattern", format!("{SCHEMAS}/Line"), |v| v["pattern"] = json!("^[a-z]*$"), "another pattern"),
        (
            "a member got",
            format!("{SCHEMAS}/DepartmentView/properties"),
            |v| drop(v.as_object_mut().unwrap().remove("name")),
            "/name: is gone",
        ),
        ("a type got", format!("{SCHEMAS}/DepartmentView/properties/version"), |v| v["type"] = json!(["integer", "null"]), "may be"),
        ("a member that may be absent", format!("{SCHEMAS}/DepartmentView"), |v| v["required"] = json!(["id"]), "may be absent"),
        ("a header", format!("{PUT}/responses/200/headers"), |v| drop(v.as_object_mut().unwrap().remove("ETag")), "no header ETag"),
    ];
    for (name, place, change, expected) in cases {
        let mut new = old.clone();
        change(new.pointer_mut(place).unwrap_or_else(|| panic!("{name}: there is no {place}")));
        let found = breaks(&old, &new);
        assert!(found.iter().any(|what| what.contains(expected)), "{name}: {found:?}");
    }
}
