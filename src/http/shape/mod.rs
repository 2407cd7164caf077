//! What of a resource is answered: only some of its members (`fields`), and beside them what its codes stand for (`expand`).
//!
//! The codes stay where they are; the whole objects stand under `expanded`, by the name of the relation. A handler reads a
//! [`Shape`] and lets it answer; what may be asked for is said once, where the view is ([`Shaped`]).

mod contract;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::HttpRequest;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

pub use contract::describe;

use crate::error::{ApiError, Code};
use crate::http::query::FromQuery;
use crate::http::{Answer, Call, PageInfo, QueryReader, found, found_today, page};

/// Views by their code.
pub type Expansion = HashMap<String, Value>;

pub type Expanding<'a> = Pin<Box<dyn Future<Output = Result<Expansion, ApiError>> + 'a>>;

/// How the views of a resource are found by their codes: one query for all, showing what this caller's own `GET` would.
#[derive(Clone, Copy)]
pub struct Target {
    /// The schema of the views.
    pub schema: &'static str,
    pub find: for<'a> fn(&'a DatabaseConnection, &'a Call, Vec<String>) -> Expanding<'a>,
}

/// Views as JSON by their code.
///
/// # Errors
/// Only when a view cannot be serialised, which is a defect.
pub fn expansion<V: Serialize>(views: impl IntoIterator<Item = V>, code: impl Fn(&V) -> &str) -> Result<Expansion, ApiError> {
    views.into_iter().map(|view| Ok((code(&view).to_owned(), as_json(&view)?))).collect()
}

fn as_json<T: Serialize>(value: &T) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(|e| ApiError::new(Code::Internal).because(e))
}

/// What codes of a view stand for.
pub struct Relation {
    pub name: &'static str,
    /// The members that lead to the code; lists on the way are walked through.
    at: &'static [&'static str],
    many: bool,
    target: Target,
}

impl Relation {
    /// A code or null.
    pub const fn one(name: &'static str, at: &'static [&'static str], target: Target) -> Relation {
        Relation { name, at, many: false, target }
    }

    /// A list of codes, or a list of objects with one.
    pub const fn many(name: &'static str, at: &'static [&'static str], target: Target) -> Relation {
        Relation { name, at, many: true, target }
    }

    fn codes<'v>(&self, view: &'v Value) -> Vec<&'v str> {
        let mut found = Vec::new();
        gather(view, self.at, &mut found);
        found
    }
}

fn gather<'v>(value: &'v Value, at: &[&str], found: &mut Vec<&'v str>) {
    match (value, at) {
        (Value::Array(items), _) => items.iter().for_each(|item| gather(item, at, found)),
        (Value::String(code), []) if !found.contains(&code.as_str()) => found.push(code),
        (Value::Object(members), [first, rest @ ..]) => {
            if let Some(inner) = members.get(*first) {
                gather(inner, rest, found);
            }
        }
        _ => {}
    }
}

/// A view whose members may be chosen and whose codes may be expanded.
pub trait Shaped: Serialize + ToSchema + 'static {
    /// Closed: what `expand` offers.
    const RELATIONS: &'static [Relation] = &[];
}

/// Members that stay whatever is chosen: what a thing is known by.
const KEPT: [&str; 2] = ["id", "code"];

/// The member under which expanded objects stand.
const EXPANDED: &str = "expanded";

/// `expand` and `fields` of a request for views `V`.
pub struct Shape<V> {
    expand: Vec<&'static Relation>,
    fields: Option<Vec<String>>,
    view: PhantomData<V>,
}

impl<V: Shaped> FromQuery for Shape<V> {
    fn read(q: &mut QueryReader) -> Self {
        let expand = match V::RELATIONS {
            [] => Vec::new(),
            relations => {
                let asked = q.names("expand", || relations.iter().map(|r| r.name.to_owned()).collect()).unwrap_or_default();
                relations.iter().filter(|r| asked.iter().any(|name| name == r.name)).collect()
            }
        };
        let fields = q.names("fields", contract::members::<V>);
        Shape { expand, fields, view: PhantomData }
    }
}

impl<V: Shaped> Shape<V> {
    fn is_whole(&self) -> bool {
        self.expand.is_empty() && self.fields.is_none()
    }

    /// One view as [`found`] answers it. What is expanded changes without it, so the answer is then never 304.
    ///
    /// # Errors
    /// The database's.
    pub async fn found(&self, db: &DatabaseConnection, call: &Call, version: i32, view: &V) -> Answer {
        match self.one(db, call, view).await? {
            None => Ok(found(call, version, view)),
            Some(shaped) if self.expand.is_empty() => Ok(found(call, version, &shaped)),
            Some(shaped) => Ok(found_today(version, &shaped)),
        }
    }

    /// One view as [`found_today`] answers it.
    ///
    /// # Errors
    /// The database's.
    pub async fn found_today(&self, db: &DatabaseConnection, call: &Call, version: i32, view: &V) -> Answer {
        Ok(match self.one(db, call, view).await? {
            None => found_today(version, view),
            Some(shaped) => found_today(version, &shaped),
        })
    }

    /// A page of views.
    ///
    /// # Errors
    /// The database's.
    pub async fn page<P>(&self, req: &HttpRequest, db: &DatabaseConnection, call: &Call, page: &P) -> Answer
    where
        P: Paged<Item = V>,
    {
        let (items, info) = page.parts();
        if self.is_whole() {
            return Ok(page::respond(req, info, page));
        }
        let items = self.shaped(db, call, items).await?;
        Ok(page::respond(req, info, &json!({"items": items, "page": info})))
    }

    async fn one(&self, db: &DatabaseConnection, call: &Call, view: &V) -> Result<Option<Value>, ApiError> {
        if self.is_whole() { Ok(None) } else { Ok(self.shaped(db, call, std::slice::from_ref(view)).await?.pop()) }
    }

    async fn shaped(&self, db: &DatabaseConnection, call: &Call, views: &[V]) -> Result<Vec<Value>, ApiError> {
        let mut views = views.iter().map(as_json).collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for relation in &self.expand {
            let mut codes: Vec<String> = views.iter().flat_map(|view| relation.codes(view)).map(str::to_owned).collect();
            codes.sort_unstable();
            codes.dedup();
            let expansion = if codes.is_empty() { Expansion::new() } else { (relation.target.find)(db, call, codes).await? };
            found.push((*relation, expansion));
        }
        for view in &mut views {
            let expanded: Map<String, Value> =
                found.iter().map(|(relation, all)| (relation.name.to_owned(), shown(relation, all, view))).collect();
            if let Value::Object(members) = view {
                if let Some(fields) = &self.fields {
                    members.retain(|name, _| KEPT.contains(&name.as_str()) || fields.contains(name));
                }
                if !self.expand.is_empty() {
                    members.insert(EXPANDED.to_owned(), expanded.into());
                }
            }
        }
        Ok(views)
    }
}

/// What a view shows of a relation: out of sight is like not there.
fn shown(relation: &Relation, all: &Expansion, view: &Value) -> Value {
    let mut known = relation.codes(view).into_iter().filter_map(|code| all.get(code).cloned());
    if relation.many { known.collect() } else { known.next().unwrap_or_default() }
}

/// Other parameters, and the shape of one view.
pub struct With<T, V> {
    pub asked: T,
    pub shape: Shape<V>,
}

impl<T: FromQuery, V: Shaped> FromQuery for With<T, V> {
    fn read(q: &mut QueryReader) -> Self {
        With { asked: T::read(q), shape: Shape::read(q) }
    }
}

/// A page of a list: see `page_of!`.
pub trait Paged: Serialize {
    type Item;

    fn parts(&self) -> (&[Self::Item], &PageInfo);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn nothing<'a>(_: &'a DatabaseConnection, _: &'a Call, _: Vec<String>) -> Expanding<'a> {
        Box::pin(async { Ok(Expansion::new()) })
    }

    const TARGET: Target = Target { schema: "Thing", find: nothing };

    #[derive(Serialize, ToSchema)]
    struct Thing {
        id: u8,
        above: Option<String>,
        parts: Vec<String>,
    }

    impl Shaped for Thing {
        const RELATIONS: &'static [Relation] = &[Relation::one("above", &["above"], TARGET), Relation::many("parts", &["parts"], TARGET)];
    }

    #[test]
    fn codes_are_found_where_they_stand() {
        let view = json!({"a": "A", "b": null, "list": ["B", "C", "B"], "deep": [{"code": "D"}, {"code": "E"}, {"no": 1}]});
        for (at, expected) in
            [(&["a"][..], &["A"][..]), (&["b"], &[]), (&["list"], &["B", "C"]), (&["deep", "code"], &["D", "E"]), (&["gone"], &[])]
        {
            assert_eq!(Relation { name: "x", at, many: true, target: TARGET }.codes(&view), expected, "{at:?}");
        }
    }

    #[test]
    fn what_is_out_of_sight_is_left_out() {
        let all = Expansion::from([("B".to_owned(), json!({"code": "B"}))]);
        let view = json!({"above": "A", "parts": ["A", "B"]});
        assert_eq!(shown(&Thing::RELATIONS[0], &all, &view), Value::Null);
        assert_eq!(shown(&Thing::RELATIONS[1], &all, &view), json!([{"code": "B"}]));
    }

    #[test]
    fn names_come_from_closed_lists_and_the_nearest_is_told() {
        let read = |raw: &str| QueryReader::new(raw).finish_with(Shape::<Thing>::read);
        let shape = read("expand=parts,above&fields=parts").unwrap();
        assert_eq!((shape.expand.len(), shape.fields.as_deref()), (2, Some(&["parts".to_owned()][..])));
        assert!(read("").unwrap().is_whole());
        let error = read("expand=abvoe,parts,parts&fields=,part").err().unwrap();
        let told: Vec<_> = error.fault_list().iter().map(|f| (f.pointer.as_ref(), f.detail.en.as_ref())).collect();
        assert_eq!(
            told,
            [
                ("expand", "There is no “abvoe”. Did you mean “above”? Choose from: above, parts."),
                ("expand", "“parts” is named twice."),
                ("fields", "There is no “”. Choose from: id, above, parts."),
                ("fields", "There is no “part”. Did you mean “parts”? Choose from: id, above, parts."),
            ]
        );
    }
}
