//! Bounds of texts, lists and numbers, where a type does not state its own: what the server takes and sends at most.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::http::query::{LONGEST, MOST_WORDS};

/// What a text may never hold: PostgreSQL cannot keep it.
const NO_NUL: &str = "^[^\\u0000]*$";
/// Characters of a parameter.
const PARAMETER: u64 = LONGEST as u64;
/// The largest single body, in bytes; no list in it has more members than half as many, no text more characters.
const BODY: u64 = 1 << 20;
/// The same of a bulk load.
const BULK: u64 = 1 << 32;
/// The largest whole number that every reader of JSON keeps exactly.
const EXACT: i64 = (1 << 53) - 1;

/// Where a schema stands.
#[derive(Clone, Copy)]
struct Bounds {
    text: u64,
    items: u64,
}

const PARAMETERS: Bounds = Bounds { text: PARAMETER, items: MOST_WORDS as u64 };
const BODIES: Bounds = Bounds { text: BODY, items: BODY / 2 };
const BULKS: Bounds = Bounds { text: BULK, items: BULK / 2 };

/// Sets the bounds of every schema of the contract.
pub fn set(document: &mut Value) {
    let asked = asked(document);
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        bound(schema, if asked.contains(name) { BODIES } else { BULKS });
    }
    let operations =
        document["paths"].as_object_mut().into_iter().flatten().flat_map(|(_, item)| item.as_object_mut().into_iter().flatten());
    for (_, operation) in operations {
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            bound(&mut parameter["schema"], PARAMETERS);
            // A list without a word is a parameter that is left out.
            if parameter["schema"]["type"] == "array"
                && let Some(list) = parameter["schema"].as_object_mut()
            {
                list.entry("minItems").or_insert(json!(1));
            }
        }
        // What stands here and not in a component is a bulk load or a file.
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        responses.for_each(|(_, response)| contents(response));
        operation.get_mut("requestBody").into_iter().for_each(contents);
    }
}

fn contents(holder: &mut Value) {
    for (_, content) in holder.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
        bound(&mut content["schema"], BULKS);
    }
}

/// Names of the components that requests are made of.
fn asked(document: &Value) -> BTreeSet<String> {
    let mut queue = Vec::new();
    for (_, item) in document["paths"].as_object().into_iter().flatten() {
        for (_, operation) in item.as_object().into_iter().flatten() {
            references(&operation["parameters"], &mut queue);
            references(&operation["requestBody"], &mut queue);
        }
    }
    let mut found = BTreeSet::new();
    while let Some(name) = queue.pop() {
        if found.insert(name.clone()) {
            references(&document["components"]["schemas"][name], &mut queue);
        }
    }
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next());
            found.extend(name.map(str::to_owned));
            members.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

fn bound(schema: &mut Value, bounds: Bounds) {
    let Some(members) = schema.as_object_mut() else { return };
    let is = |name: &str| match members.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|t| t == name),
        _ => false,
    };
    let closed = members.contains_key("enum") || members.contains_key("const");
    let (text, list, whole) = (is("string") && !closed, is("array"), is("integer") && !closed);
    if text {
        let most = match members.get("format").and_then(Value::as_str) {
            Some("date") => 10,
            Some("date-time") => 40,
            Some("uuid") => 36,
            _ => bounds.text,
        };
        members.entry("maxLength").or_insert(json!(most));
        if !members.contains_key("format") {
            members.entry("pattern").or_insert(json!(NO_NUL));
        }
    }
    if list {
        members.entry("maxItems").or_insert(json!(bounds.items));
    }
    if whole {
        let wide = members.get("format").is_some_and(|f| f == "int64")
            || members.get("maximum").and_then(Value::as_i64).is_some_and(|m| m > i32::MAX.into());
        let (least, most) = if wide { (-EXACT, EXACT) } else { (i32::MIN.into(), i32::MAX.into()) };
        members.entry("format").or_insert(json!(if wide { "int64" } else { "int32" }));
        members.entry("minimum").or_insert(json!(least));
        members.entry("maximum").or_insert(json!(most));
    }
    for place in ["items", "additionalProperties", "propertyNames"] {
        if let Some(inner) = members.get_mut(place) {
            bound(inner, bounds);
        }
    }
    for place in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        members.get_mut(place).and_then(Value::as_array_mut).into_iter().flatten().for_each(|inner| bound(inner, bounds));
    }
    members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten().for_each(|(_, inner)| bound(inner, bounds));
}
