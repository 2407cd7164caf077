//! Lists and objects that stand where the contract has something else. Serde reads the members of an object from a list, and a word
//! from `{"word": null}`, too; the contract does not.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::{Code, Fault};
use crate::openapi::outline;

/// The misplaced lists and objects of a body that was read as a `T`.
pub fn misplaced<T: ToSchema>(bytes: &[u8]) -> Vec<Fault> {
    // Most bodies have neither a list nor a null at the end of an object, and need no second look.
    if !bytes.contains(&b'[') && !ends_with_null(bytes) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    look(&T::name(), &mut serde_json::Deserializer::from_slice(bytes), &mut faults);
    faults
}

/// The same of a value.
pub fn misplaced_in<T: ToSchema>(value: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    look(&T::name(), value, &mut faults);
    faults
}

fn ends_with_null(bytes: &[u8]) -> bool {
    let end = |(at, byte): (usize, &u8)| *byte == b'}' && bytes.get(..at).is_some_and(|head| head.trim_ascii_end().ends_with(b"null"));
    bytes.iter().enumerate().any(end)
}

/// What could be read once can be read again: there is no error to tell.
fn look<'de, D: Deserializer<'de>>(schema: &str, from: D, faults: &mut Vec<Fault>) {
    let schemas = outline().named(schema).map(flat).unwrap_or_default();
    let _ = Place { schemas, step: &Step::Root, faults }.deserialize(from);
}

/// The schemas of which a value must have one, or which it must have together; without references and null.
fn flat(schema: &'static Value) -> Vec<&'static Value> {
    let (mut found, mut queue) = (Vec::new(), vec![schema]);
    while let Some(schema) = queue.pop() {
        if let Some(to) = schema["$ref"].as_str() {
            queue.extend(to.strip_prefix("#/components/schemas/").and_then(|name| outline().named(name)));
            continue;
        }
        let inner = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
        let before = queue.len();
        queue.extend(inner);
        if queue.len() == before && schema["type"] != "null" {
            found.push(schema);
        }
    }
    found
}

/// Whether a value of this type fits one of the schemas; it fits what says nothing of types.
fn fits(schemas: &[&Value], kind: &str) -> bool {
    let is = |schema: &&Value| match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|t| t == kind),
        _ => true,
    };
    schemas.is_empty() || schemas.iter().any(is)
}

/// The way to a value, written down only where something is wrong.
enum Step<'a> {
    Root,
    Member(&'a Step<'a>, &'a str),
    Item(&'a Step<'a>, usize),
}

impl Step<'_> {
    fn pointer(&self) -> String {
        match self {
            Step::Root => String::new(),
            Step::Member(outer, name) => format!("{}/{}", outer.pointer(), name.replace('~', "~0").replace('/', "~1")),
            Step::Item(outer, at) => format!("{}/{at}", outer.pointer()),
        }
    }
}

struct Place<'a> {
    schemas: Vec<&'static Value>,
    step: &'a Step<'a>,
    faults: &'a mut Vec<Fault>,
}

impl Place<'_> {
    fn wrong(&mut self) {
        let (vi, en) = ("Sai kiểu dữ liệu.", "Wrong type.");
        self.faults.push(Fault::new(Code::WrongType, self.step.pointer(), vi, en));
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if self.schemas.is_empty() { IgnoredAny::deserialize(from).map(drop) } else { from.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if !fits(&self.schemas, "array") {
            self.wrong();
            self.schemas.clear();
        }
        let inner: Vec<_> = self.schemas.iter().filter_map(|schema| schema.get("items")).flat_map(flat).collect();
        let mut at = 0;
        while list.next_element_seed(Place { schemas: inner.clone(), step: &Step::Item(self.step, at), faults: self.faults })?.is_some() {
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        if !fits(&self.schemas, "object") {
            self.wrong();
            self.schemas.clear();
        }
        while let Some(name) = object.next_key::<String>()? {
            let inner = self.schemas.iter().filter_map(|schema| schema["properties"].get(&name).or(schema.get("additionalProperties")));
            let inner = inner.filter(|schema| schema.is_object()).flat_map(flat).collect();
            object.next_value_seed(Place { schemas: inner, step: &Step::Member(self.step, &name), faults: self.faults })?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(body: &Value) -> Vec<String> {
        let (text, mut by_text, mut by_value) = (body.to_string(), Vec::new(), Vec::new());
        look("HistoryRow", &mut serde_json::Deserializer::from_str(&text), &mut by_text);
        look("HistoryRow", body, &mut by_value);
        let told = |faults: Vec<Fault>| faults.into_iter().map(|f| f.pointer.into_owned()).collect::<Vec<_>>();
        let (by_text, by_value) = (told(by_text), told(by_value));
        assert_eq!(by_text, by_value, "{text}");
        by_value
    }

    #[test]
    fn a_second_look_is_taken_where_it_may_find_something() {
        for (body, wanted) in
            [(r#"{"a":null,"b":{"c":1}}"#, false), (r#"{"a":null }"#, true), (r#"{"a":[]}"#, true), (r#"{"a":"null}"}"#, true)]
        {
            assert_eq!(body.contains('[') || ends_with_null(body.as_bytes()), wanted, "{body}");
        }
    }

    #[test]
    fn only_what_the_contract_has_elsewhere_is_misplaced() {
        let none: [&str; 0] = [];
        let row = json!({"code": "A", "applicant": {"kind": "citizen"}, "supplements": [{"items": ["B"]}], "due_on": null});
        assert_eq!(pointers(&row), none);
        assert_eq!(pointers(&json!(["A"])), [""]);
        assert_eq!(pointers(&json!({"applicant": ["citizen", "A"]})), ["/applicant"]);
        assert_eq!(pointers(&json!({"supplements": [{"items": []}, ["x"], [[]]]})), ["/supplements/1", "/supplements/2"]);
        assert_eq!(pointers(&json!({"consultations": [{"reminders": [[null]]}]})), ["/consultations/0/reminders/0"]);
        assert_eq!(pointers(&json!({"channel": {"direct": null}, "unknown": [[{}]]})), ["/channel"]);
        assert_eq!(pointers(&json!({"applicant": {"kind": {"citizen": null}}})), ["/applicant/kind"]);
    }
}
