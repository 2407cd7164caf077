//! What the server takes, as its own contract tells: which resources are loaded in bulk, and what members their rows have.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a member holds, as far as a cell must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Text,
    /// A civil date.
    Day,
    Instant,
    /// A number, a truth value, a list or an object: written as JSON in a cell.
    Json,
}

/// A resource that is loaded in bulk.
#[derive(Debug)]
pub struct Resource {
    pub name: String,
    /// By name, or `outer.inner`.
    pub members: BTreeMap<String, Holds>,
}

impl Resource {
    /// The resource of this name in an OpenAPI document.
    ///
    /// # Errors
    /// What the resources are, when there is none of this name.
    pub fn find(openapi: &Value, name: &str) -> Result<Resource, String> {
        let empty = serde_json::Map::new();
        let paths = openapi["paths"].as_object().unwrap_or(&empty);
        let of = |path: &str| path.strip_prefix("/api/v1/")?.strip_suffix("/bulk").map(str::to_owned);
        let known: Vec<String> = paths.keys().filter_map(|path| of(path)).collect();
        if known.is_empty() {
            return Err("the server has no bulk loads: is this Đúng Hẹn?".to_owned());
        }
        let Some(pattern) = known.iter().find(|known| fits(known, name)) else {
            let near = nearest(name, known.iter().map(String::as_str)).map(|n| format!("; did you mean {n}?")).unwrap_or(".".to_owned());
            return Err(format!("the server has no bulk loads of “{name}”{near} There are: {}", known.join(", ")));
        };
        let body =
            &openapi["paths"][format!("/api/v1/{pattern}/bulk")]["post"]["requestBody"]["content"]["application/json"]["schema"]["items"];
        let mut members = BTreeMap::new();
        collect(openapi, body, "", 0, &mut members);
        Ok(Resource { name: name.to_owned(), members })
    }

    /// The member that makes two rows the same, where it is one: rows of other resources are told apart by the server.
    pub fn key(&self) -> Option<&'static str> {
        match self.name.as_str() {
            "departments" | "procedures" | "dossiers" => Some("code"),
            "users" => Some("username"),
            _ => None,
        }
    }

    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.members.keys().map(String::as_str))
    }
}

/// Whether a resource is the one of a pattern: `surveys/hai-long-2022/answers` is `surveys/{key}/answers`.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), name.split('/').collect());
    let alike = |(p, n): (&&str, &&str)| p == n || (p.starts_with('{') && !n.is_empty() && !n.starts_with('{'));
    pattern.len() == name.len() && pattern.iter().zip(&name).all(alike)
}

/// The name that is most like this one, if one is like it at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-', '.'], "_");
    let name = plain(name);
    let likeness = |k: &str| strsim::normalized_damerau_levenshtein(&name, &plain(k)).max(strsim::jaro_winkler(&name, &plain(k)) - 0.2);
    known.map(|k| (likeness(k), k)).filter(|(like, _)| *like >= 0.5).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k)
}

/// The schema behind references and beside `null`.
fn resolve<'a>(openapi: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..8 {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
            schema = &openapi["components"]["schemas"][name];
            continue;
        }
        let choice = ["oneOf", "anyOf", "allOf"].iter().find_map(|word| schema[*word].as_array());
        match choice.and_then(|all| all.iter().find(|one| one["type"] != "null")) {
            Some(one) => schema = one,
            None => break,
        }
    }
    schema
}

fn collect(openapi: &Value, schema: &Value, prefix: &str, depth: u8, members: &mut BTreeMap<String, Holds>) {
    let schema = resolve(openapi, schema);
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let member = resolve(openapi, member);
        let is = |word: &str| member["type"] == word || member["type"].as_array().is_some_and(|all| all.iter().any(|one| one == word));
        let path = format!("{prefix}{name}");
        let holds = match member["format"].as_str() {
            Some("date") => Holds::Day,
            Some("date-time") => Holds::Instant,
            _ if is("string") => Holds::Text,
            _ => Holds::Json,
        };
        if is("object") && depth < 3 {
            collect(openapi, member, &format!("{path}."), depth + 1, members);
        }
        members.insert(path, holds);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_tells_resources_and_members() {
        let openapi: Value = serde_json::from_str(crate::openapi::text()).unwrap();
        let dossiers = Resource::find(&openapi, "dossiers").unwrap();
        let holds = |name: &str| dossiers.members.get(name).copied();
        for (name, kind) in [
            ("code", Holds::Text),
            ("channel", Holds::Text),
            ("applicant.name", Holds::Text),
            ("applicant", Holds::Json),
            ("accepted_at", Holds::Instant),
            ("due_on", Holds::Day),
            ("digitised", Holds::Json),
            ("supplements", Holds::Json),
        ] {
            assert_eq!(holds(name), Some(kind), "{name}");
        }
        assert_eq!(holds("nothing"), None);
        assert_eq!(Resource::find(&openapi, "procedures").unwrap().members.get("limit.value"), Some(&Holds::Json));
        assert_eq!(dossiers.nearest("Accepted at"), Some("accepted_at"));
        assert_eq!(dossiers.nearest("zzz"), None);
        let error = Resource::find(&openapi, "dosiers").unwrap_err();
        assert!(error.contains("did you mean dossiers?") && error.contains("departments"), "{error}");
    }
}
