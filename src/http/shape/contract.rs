//! `expand` and `fields` in the contract: the names that each operation takes, and what its answers then look like.

use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ArrayItems, Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema};

use super::{EXPANDED, KEPT, Relation, Shape, Shaped, With};

/// The schemas that `expand` leads to, for [`describe`] and for whoever reads the contract.
const EXPANDS: &str = "x-expands";

/// The members of a view, as its schema names them.
pub fn members<V: PartialSchema>() -> Vec<String> {
    match V::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

impl<V: Shaped> IntoParams for Shape<V> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let members = members::<V>();
        let kept: Vec<&str> = KEPT.into_iter().filter(|k| members.iter().any(|m| m == k)).collect();
        let stay = if kept.is_empty() { String::new() } else { format!("; `{}` always", kept.join("`, `")) };
        let fields = names("fields", format!("Only these members, separated by commas{stay}."), members.iter().map(String::as_str));
        if V::RELATIONS.is_empty() {
            return vec![fields.build()];
        }
        let text = "Put what these codes stand for under `expanded`, separated by commas: as the caller's own request would show it, or null. \
                    `ETag` remains the version of the resource itself, and the answer is never 304.";
        let schemas = V::RELATIONS
            .iter()
            .map(|r: &Relation| (r.name.to_owned(), if r.many { json!([r.target.schema]) } else { json!(r.target.schema) }));
        let extensions = Extensions::from_iter([(EXPANDS, Value::Object(schemas.collect()))]);
        let expand = names("expand", text.to_owned(), V::RELATIONS.iter().map(|r| r.name)).extensions(Some(extensions));
        vec![expand.build(), fields.build()]
    }
}

impl<T: IntoParams, V: Shaped> IntoParams for With<T, V> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let asked = T::into_params(&place);
        asked.into_iter().chain(Shape::<V>::into_params(place)).collect()
    }
}

fn names<'a>(name: &str, description: String, allowed: impl Iterator<Item = &'a str>) -> ParameterBuilder {
    let one = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(allowed)).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .style(Some(ParameterStyle::Form))
        .explode(Some(false))
        .schema(Some(ArrayBuilder::new().items(one).unique_items(true).min_items(Some(1))))
}

/// Adds to every operation that takes `fields` what its answer is then: a part of the view, and what is expanded.
pub fn describe(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for item in document.paths.paths.values_mut() {
        let Some(operation) = &mut item.get else { continue };
        let parameters = operation.parameters.iter().flatten();
        let parameter =
            |name: &str| parameters.clone().find_map(|p| if let RefOr::T(p) = p { Some(p).filter(|p| p.name == name) } else { None });
        if parameter("fields").is_none() {
            continue;
        }
        let expands = parameter("expand").and_then(|p| p.extensions.as_ref()?.get(EXPANDS).cloned());
        let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { continue };
        let Some(RefOr::T(content)) = answer.content.get_mut("application/json") else { continue };
        let Some(whole) = content.schema.as_ref().and_then(named) else { continue };
        let Some(page) = object(&components.schemas, &whole) else { continue };
        let view = item_of(&page);
        let Some(mut object) = object(&components.schemas, view.as_deref().unwrap_or(&whole)) else { continue };
        let view_name = view.clone().unwrap_or_else(|| whole.clone());
        if let Some(Value::Object(relations)) = expands {
            let name = format!("{view_name}Expanded");
            let all = relations.iter().fold(ObjectBuilder::new(), |all, (relation, schema)| all.property(relation, related(schema)));
            let all = all.description(Some("What was asked for with `expand`, by name; null where there is nothing, or nothing in sight."));
            components.schemas.insert(name.clone(), RefOr::T(all.build().into()));
            object.properties.insert(EXPANDED.to_owned(), RefOr::Ref(Ref::from_schema_name(name)));
            components.schemas.insert(view_name.clone(), RefOr::T(object.clone().into()));
        }
        let part = format!("{view_name}Part");
        components.schemas.insert(part.clone(), RefOr::T(part_of(object, &view_name).into()));
        let shown = match view {
            None => part,
            Some(_) => {
                let name = format!("{whole}Part");
                let mut parts = page;
                parts.description = Some(format!("A `{whole}` when `fields` was given."));
                let items = ArrayBuilder::new().items(Ref::from_schema_name(part));
                parts.properties.insert("items".to_owned(), RefOr::T(items.build().into()));
                components.schemas.insert(name.clone(), RefOr::T(parts.into()));
                name
            }
        };
        let either = AnyOfBuilder::new().item(Ref::from_schema_name(whole)).item(Ref::from_schema_name(shown));
        content.schema = Some(RefOr::T(either.build().into()));
    }
}

/// The members are the same, but only those by which a thing is known are always there.
fn part_of(mut view: Object, name: &str) -> Object {
    view.required.retain(|member| KEPT.contains(&member.as_str()));
    view.description = Some(format!("A `{name}` when `fields` was given: the members that were asked for."));
    view
}

fn related(schema: &Value) -> RefOr<Schema> {
    match schema {
        Value::Array(one) => {
            let one = one.first().and_then(Value::as_str).unwrap_or_default();
            RefOr::T(ArrayBuilder::new().items(Ref::from_schema_name(one)).build().into())
        }
        one => {
            let null = ObjectBuilder::new().schema_type(Type::Null);
            RefOr::T(OneOfBuilder::new().item(null).item(Ref::from_schema_name(one.as_str().unwrap_or_default())).build().into())
        }
    }
}

fn named(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(to) => to.ref_location.strip_prefix("#/components/schemas/").map(str::to_owned),
        RefOr::T(_) => None,
    }
}

fn object<'s>(schemas: impl IntoIterator<Item = (&'s String, &'s RefOr<Schema>)>, name: &str) -> Option<Object> {
    match schemas.into_iter().find(|(known, _)| *known == name)? {
        (_, RefOr::T(Schema::Object(object))) => Some(object.clone()),
        _ => None,
    }
}

/// The schema of a page's items; none where this is no page.
fn item_of(page: &Object) -> Option<String> {
    page.properties.get("page")?;
    match page.properties.get("items")? {
        RefOr::T(Schema::Array(items)) => match &items.items {
            ArrayItems::RefOrSchema(item) => named(item),
            _ => None,
        },
        _ => None,
    }
}
