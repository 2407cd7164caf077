//! What the server takes, as its own contract tells: which resources are loaded in bulk.

use serde_json::Value;

/// A resource that is loaded in bulk.
#[derive(Debug)]
pub struct Resource {
    pub name: String,
}

impl Resource {
    /// The resource of this name in an OpenAPI document.
    ///
    /// # Errors
    /// What the resources are, when there is none of this name.
    pub fn find(openapi: &Value, name: &str) -> Result<Resource, String> {
        let of = |path: &str| path.strip_prefix("/api/v1/")?.strip_suffix("/bulk").map(str::to_owned);
        let known: Vec<String> = openapi["paths"].as_object().into_iter().flatten().filter_map(|(path, _)| of(path)).collect();
        if known.is_empty() {
            return Err("the server has no bulk loads: is this Đúng Hẹn?".to_owned());
        }
        if known.iter().any(|k| k == name) {
            return Ok(Resource { name: name.to_owned() });
        }
        let near = nearest(name, known.iter().map(String::as_str)).map(|n| format!(", did you mean {n}?")).unwrap_or_default();
        Err(format!("the server has no bulk loads of “{name}”{near} There are: {}", known.join(", ")))
    }
}

/// The name that is most like this one, if one is like it at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-', '.'], "_");
    let name = plain(name);
    let likeness = |k: &str| strsim::normalized_damerau_levenshtein(&name, &plain(k)).max(strsim::jaro_winkler(&name, &plain(k)) - 0.2);
    known.map(|k| (likeness(k), k)).filter(|(like, _)| *like >= 0.5).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_tells_the_resources() {
        let openapi: Value = serde_json::from_str(&crate::openapi::text()).unwrap();
        assert_eq!(Resource::find(&openapi, "users").unwrap().name, "users");
        let error = Resource::find(&openapi, "dosiers").unwrap_err();
        assert!(error.contains("did you mean dossiers?") && error.contains("departments"), "{error}");
        assert!(!Resource::find(&openapi, "zzz").unwrap_err().contains("did you mean"));
        assert!(Resource::find(&Value::Null, "users").is_err());
    }
}
