//! What a procedure must fulfil. Pure.

use std::collections::HashMap;

use super::wire::{NewProcedure, ProcedureView};
use crate::error::{Code, Fault};

/// Field names by code.
pub type FieldNames = HashMap<String, String>;

/// The names of fields after these rows: the latest row that gives one decides.
pub fn field_names<'a>(stored: &FieldNames, rows: impl IntoIterator<Item = &'a NewProcedure>) -> FieldNames {
    let mut names = stored.clone();
    let given = rows.into_iter().filter_map(|row| Some((&row.field.code, row.field.name.as_ref().filter(|name| !name.is_blank())?)));
    names.extend(given.map(|(code, name)| (code.as_str().to_owned(), name.as_str().to_owned())));
    names
}

/// Every fault of a row. `fields` are the names as they will be, `is_department` knows the codes of departments.
pub fn faults(row: &NewProcedure, fields: &FieldNames, is_department: impl Fn(&str) -> bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    let field_named = match &row.field.name {
        Some(name) => !name.is_blank(),
        None => fields.contains_key(row.field.code.as_str()),
    };
    if !field_named {
        faults.push(Fault::missing("/field/name"));
    }
    if !is_department(row.department.as_str()) {
        faults.push(Fault::unknown("/department", row.department.as_str()));
    }
    if let Some(wrong) = row.limit.and_then(|limit| limit.check().err()) {
        let text = wrong.text();
        faults.push(Fault::new(Code::LimitOutOfRange, "/limit/value", text.vi, text.en));
    }
    for (i, component) in row.components.iter().enumerate() {
        if component.name.is_blank() {
            faults.push(Fault::missing(format!("/components/{i}/name")));
        }
    }
    if let (Some(from), Some(to)) = (row.valid_from, row.valid_to)
        && from > to
    {
        faults.push(Fault::new(
            Code::DatesBackwards,
            "/valid_to",
            "Ngày hết hiệu lực trước ngày có hiệu lực.",
            "It would end before it begins.",
        ));
    }
    faults
}

/// Whether putting the row would change nothing, given the name its field will have.
pub fn equal(row: &NewProcedure, old: &ProcedureView, field_name: Option<&str>) -> bool {
    old.name == row.name.as_str()
        && old.field.code == row.field.code.as_str()
        && field_name.is_none_or(|name| old.field.name == name)
        && old.department == row.department.as_str()
        && old.limit == row.limit
        && old.supplement_policy == row.supplement_policy
        && old.same_day_cutoff == row.cutoff()
        && old.online_level == row.online_level.map(|level| level.0)
        && old.components == row.components
        && old.fee_vnd == row.fee_vnd.map(|fee| fee.0)
        && old.valid_from == row.valid_from
        && old.valid_to == row.valid_to
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::super::wire::FieldView;
    use super::*;

    fn row(changes: Value) -> NewProcedure {
        let mut body =
            json!({"code": "2.001199", "name": "Đăng ký", "field": {"code": "DN", "name": "Doanh nghiệp"}, "department": "DKKD"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    fn found(row: &NewProcedure, fields: &FieldNames) -> Vec<(&'static str, String)> {
        faults(row, fields, |code| code == "DKKD").iter().map(|f| (f.code.name(), f.pointer.to_string())).collect()
    }

    #[test]
    fn every_fault_is_found() {
        let row = row(json!({
            "name": " ", "field": {"code": "DN", "name": ""}, "department": "X", "limit": {"value": 0, "unit": "working_hour"},
            "components": [{"name": "a"}, {"name": ""}], "valid_from": "2022-02-01", "valid_to": "2022-01-01",
        }));
        let expected = [
            ("missing", "/name"),
            ("missing", "/field/name"),
            ("unknown_code", "/department"),
            ("limit_out_of_range", "/limit/value"),
            ("missing", "/components/1/name"),
            ("dates_backwards", "/valid_to"),
        ];
        assert_eq!(found(&row, &FieldNames::new()), expected.map(|(code, pointer)| (code, pointer.to_owned())));
    }

    #[test]
    fn a_field_needs_a_name_until_it_has_one() {
        let nameless = row(json!({"field": {"code": "DN"}}));
        assert_eq!(found(&nameless, &FieldNames::new()), [("missing", "/field/name".to_owned())]);
        assert_eq!(found(&nameless, &field_names(&FieldNames::new(), [&row(json!({}))])), []);
    }

    #[test]
    fn the_latest_name_of_a_field_holds() {
        let stored = FieldNames::from([("DN".into(), "cũ".into()), ("DT".into(), "Đầu tư".into())]);
        let rows = ["một", "hai", " "].map(|name| row(json!({"field": {"code": "DN", "name": name}})));
        let names = field_names(&stored, &rows);
        assert_eq!((names["DN"].as_str(), names["DT"].as_str()), ("hai", "Đầu tư"));
    }

    #[test]
    fn defaults_are_equal_to_what_they_stand_for() {
        let old = ProcedureView {
            id: uuid::Uuid::nil(),
            code: "2.001199".into(),
            name: "Đăng ký".into(),
            field: FieldView { code: "DN".into(), name: "Doanh nghiệp".into() },
            department: "DKKD".into(),
            limit: None,
            supplement_policy: super::super::SupplementPolicy::Pause,
            same_day_cutoff: "15:00".parse().unwrap(),
            online_level: Some(super::super::OnlineLevel::Level4),
            components: serde_json::from_value(
                json!([{"name": "a", "originals": 0, "certified_copies": 0, "photocopies": 0, "required": true}]),
            )
            .unwrap(),
            fee_vnd: None,
            valid_from: None,
            valid_to: None,
            version: 1,
            department_id: uuid::Uuid::nil(),
        };
        let same = json!({"online_level": 4, "components": [{"name": "a"}], "same_day_cutoff": null, "limit": null});
        assert!(equal(&row(same.clone()), &old, Some("Doanh nghiệp")));
        assert!(!equal(&row(same), &old, Some("khác")));
        for change in [
            json!({"name": "x"}),
            json!({"limit": {"value": 3, "unit": "working_day"}}),
            json!({"same_day_cutoff": "16:00"}),
            json!({"fee_vnd": 0}),
            json!({"components": []}),
            json!({"supplement_policy": "restart"}),
            json!({"online_level": "full"}),
        ] {
            let mut all = json!({"online_level": 4, "components": [{"name": "a"}]});
            all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert!(!equal(&row(all), &old, None), "{change}");
        }
    }
}
