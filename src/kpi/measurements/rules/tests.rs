#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::kpi::definitions::rules::tests::{self as definitions, pointers};

fn kpi(unit: &str, source: &str) -> KpiView {
    let body =
        json!({"code": "satisfaction", "unit": unit, "source": source, "period_rule": {"kinds": ["year"]}, "scope": {"field": "DT"}});
    definitions::view(&definitions::kpi(body))
}

fn proof() -> Value {
    json!([{"document_number": "1/BC", "issued_on": "2023-01-16", "title": "Báo cáo"}])
}

fn row(mut body: Value) -> NewMeasurement {
    if body["evidence"].is_null() {
        body["evidence"] = proof();
    }
    serde_json::from_value(body).unwrap()
}

fn told(unit: &str, body: Value) -> Vec<String> {
    pointers(&faults(&row(body), &kpi(unit, "survey"), &Period::parse("2022").unwrap(), "2023-02-01".parse().unwrap()))
}

#[test]
fn a_measurement_is_a_figure_with_evidence() {
    let wrong = json!([{"document_number": " ", "issued_on": "2023-03-01", "title": "", "link": "javascript:alert(1)"}]);
    let of_evidence = ["/evidence/0/document_number", "/evidence/0/title", "/evidence/0/issued_on", "/evidence/0/link"];
    for (unit, body, expected) in [
        ("percent", json!({"value": 86.4}), &[][..]),
        ("percent", json!({"numerator": 3, "denominator": 4}), &[]),
        ("percent", json!({"numerator": 4, "denominator": 4, "state": "provisional"}), &[]),
        ("count", json!({"value": 2}), &[]),
        ("percent", json!({"value": 100}), &[]),
        ("percent", json!({"value": 100.01}), &["/value"]),
        ("point", json!({"value": 100.01}), &[]),
        ("day", json!({"numerator": 1, "denominator": 2}), &["/numerator"]),
        ("percent", json!({"value": 1, "field": "DT"}), &[]),
        ("percent", json!({"value": 1, "field": "DK"}), &["/field"]),
        ("count", json!({"value": 1.5}), &["/value"]),
        ("count", json!({"numerator": 1, "denominator": 2}), &["/numerator"]),
        ("percent", json!({}), &["/value"]),
        ("percent", json!({"value": 1, "numerator": 1, "denominator": 1}), &["/value"]),
        ("percent", json!({"numerator": 1}), &["/value"]),
        ("percent", json!({"numerator": 1, "denominator": 0}), &["/denominator"]),
        ("percent", json!({"numerator": 0, "denominator": 0}), &["/denominator"]),
        ("percent", json!({"numerator": 2, "denominator": 1}), &["/numerator"]),
        ("percent", json!({"value": 1, "evidence": []}), &["/evidence"]),
        ("percent", json!({"value": 1, "evidence": wrong}), &of_evidence),
        (
            "percent",
            json!({"numerator": 2, "denominator": 1, "evidence": [], "correction_reason": " "}),
            &["/numerator", "/evidence", "/correction_reason"],
        ),
    ] {
        assert_eq!(told(unit, body.clone()), expected, "{unit} {body}");
    }
    let early = Period::parse("2024").unwrap();
    let early = faults(&row(json!({"value": 1})), &kpi("percent", "survey"), &early, "2023-02-01".parse().unwrap());
    assert_eq!((early.len(), early[0].code), (1, Code::DateInFuture));
    let quarter =
        faults(&row(json!({"value": 1})), &kpi("percent", "survey"), &Period::parse("2022Q1").unwrap(), "2023-02-01".parse().unwrap());
    assert_eq!((quarter.len(), quarter[0].code), (1, Code::BadMeasurement));
    // What was published of a computed indicator is held to the same.
    let published =
        |body| pointers(&faults(&row(body), &kpi("percent", "computed"), &Period::parse("2022").unwrap(), "2023-02-01".parse().unwrap()));
    assert_eq!((published(json!({"value": 99})), published(json!({"value": 101}))), (vec![], vec!["/value".to_owned()]));
}

fn standing(state: MeasurementState) -> MeasurementView {
    MeasurementView {
        id: uuid::Uuid::nil(),
        kpi: "satisfaction".into(),
        department: "SKHDT".into(),
        period: "2022".into(),
        field: None,
        value: Some("86.4".parse().unwrap()),
        numerator: None,
        denominator: None,
        evidence: serde_json::from_value(proof()).unwrap(),
        note: None,
        state,
        published: false,
        correction_reason: None,
        recorded_at: crate::http::At(Default::default()),
        version: 1,
    }
}

#[test]
fn what_is_final_or_held_changes_with_a_reason() {
    let (provisional, last) = (standing(MeasurementState::Provisional), standing(MeasurementState::Final));
    for (old, held, needed) in [
        (None, false, false),
        (None, true, true),
        (Some(&provisional), false, false),
        (Some(&provisional), true, true),
        (Some(&last), false, true),
        (Some(&last), true, true),
    ] {
        let bare = reason_fault(&row(json!({"value": 1})), old, held);
        assert_eq!(bare.map(|f| (f.code, f.pointer.to_string())), needed.then(|| (Code::Missing, "/correction_reason".into())));
        assert_eq!(reason_fault(&row(json!({"value": 1, "correction_reason": "Nhập nhầm"})), old, held), None);
    }
}

#[test]
fn a_reason_alone_changes_nothing() {
    let last = standing(MeasurementState::Final);
    for (body, expected) in [
        (json!({"value": 86.4}), true),
        (json!({"value": 86.40, "correction_reason": "Nhập nhầm"}), true),
        (json!({"value": 86.41}), false),
        (json!({"value": 86.4, "state": "provisional"}), false),
        (json!({"value": 86.4, "note": "đo bằng phiếu"}), false),
        (json!({"numerator": 864, "denominator": 1000}), false),
    ] {
        assert_eq!(same(&row(body.clone()), &last), expected, "{body}");
    }
}
