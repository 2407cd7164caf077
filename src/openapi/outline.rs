//! What the server itself needs of the contract all the time: its routes and schemas. The contract as a whole is several times as large
//! and is made only when someone asks for it.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

/// An operation at its place.
pub struct Route {
    pub path: String,
    pub method: &'static str,
    pub operation: String,
}

pub struct Outline {
    pub routes: Vec<Route>,
    schemas: Map<String, Value>,
}

/// The outline of the contract, as the handlers tell it.
pub fn outline() -> &'static Outline {
    static OUTLINE: OnceLock<Outline> = OnceLock::new();
    OUTLINE.get_or_init(|| {
        let contract = super::collected();
        let schemas = contract.components.map(|c| serde_json::to_value(c.schemas).unwrap_or_default());
        let mut routes = Vec::new();
        for (path, item) in contract.paths.paths {
            let methods = [("GET", item.get), ("PUT", item.put), ("POST", item.post), ("DELETE", item.delete), ("PATCH", item.patch)];
            for (method, operation) in methods {
                if let Some(operation) = operation.and_then(|o| o.operation_id) {
                    routes.push(Route { path: path.clone(), method, operation });
                }
            }
        }
        Outline { routes, schemas: if let Some(Value::Object(schemas)) = schemas { schemas } else { Map::new() } }
    })
}

impl Outline {
    /// The names of a schema's members, in their order; none where there is no such schema.
    pub fn members(&self, schema: &str) -> Option<Vec<String>> {
        Some(self.schemas.get(schema)?["properties"].as_object()?.keys().cloned().collect())
    }

    /// The schema of this name.
    pub fn named(&self, schema: &str) -> Option<&Value> {
        self.schemas.get(schema)
    }

    /// A schema by itself: with those that it refers to, and no other.
    pub fn schema(&self, name: &str) -> Value {
        let (mut needed, mut queue) = (Map::new(), vec![name.to_owned()]);
        while let Some(name) = queue.pop() {
            if needed.contains_key(&name) {
                continue;
            }
            if let Some(schema) = self.schemas.get(&name) {
                refer(schema, &mut queue);
                needed.insert(name, schema.clone());
            }
        }
        json!({"$ref": format!("#/components/schemas/{name}"), "components": {"schemas": needed}})
    }
}

/// Gathers the names of the schemas that a part of one refers to.
fn refer(part: &Value, names: &mut Vec<String>) {
    match part {
        Value::Object(members) => {
            let named = members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"));
            names.extend(named.map(str::to_owned));
            members.values().for_each(|member| refer(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| refer(item, names)),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_comes_with_what_it_refers_to_and_no_more() {
        let outline = outline();
        let alone = outline.schema("NewPlan");
        let needed = alone["components"]["schemas"].as_object().unwrap();
        assert!(needed.contains_key("Schedule") && needed.contains_key("Recurrence"), "{:?}", needed.keys().collect::<Vec<_>>());
        assert!(!needed.contains_key("DossierView") && needed.len() < outline.schemas.len() / 4, "{}", needed.len());
        // Every reference leads somewhere, in each of them.
        for name in outline.schemas.keys() {
            let alone = outline.schema(name);
            let (needed, mut named) = (alone["components"]["schemas"].as_object().unwrap(), Vec::new());
            refer(&alone, &mut named);
            assert_eq!(named.iter().find(|n| !needed.contains_key(*n)), None, "{name}");
        }
        assert_eq!((outline.members("nothing"), outline.schema("nothing")["components"]["schemas"].as_object().unwrap().len()), (None, 0));
    }
}
