#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::kpi::definitions::rules::tests::{kpi, pointers, view};

#[test]
fn a_measurement_is_a_figure_with_evidence() {
    let period = Period::parse("2022").unwrap();
    let today = "2023-02-01".parse().unwrap();
    let proof = json!([{"document_number": "1/BC", "issued_on": "2023-01-16", "title": "Báo cáo"}]);
    let faults = |unit: &str, mut body: Value| {
        if body["evidence"].is_null() {
            body["evidence"] = proof.clone();
        }
        let row: NewMeasurement = serde_json::from_value(body).unwrap();
        pointers(&measurement_faults(&row, &view(&kpi(json!({"unit": unit}))), &period, today))
    };
    assert!(faults("percent", json!({"value": 86.4})).is_empty());
    assert!(faults("percent", json!({"numerator": 3, "denominator": 4})).is_empty());
    assert!(faults("count", json!({"value": 2})).is_empty());
    let none: [&str; 0] = [];
    assert_eq!(faults("percent", json!({"value": 100})), none);
    assert_eq!(faults("percent", json!({"value": 100.01})), ["/value"]);
    assert_eq!(faults("count", json!({"value": 1.5})), ["/value"]);
    assert_eq!(faults("percent", json!({})), ["/value"]);
    assert_eq!(faults("percent", json!({"value": 1, "numerator": 1, "denominator": 1})), ["/value"]);
    assert_eq!(faults("percent", json!({"numerator": 1})), ["/value"]);
    assert_eq!(faults("percent", json!({"numerator": 1, "denominator": 0})), ["/denominator"]);
    assert_eq!(faults("percent", json!({"numerator": 2, "denominator": 1})), ["/numerator"]);
    assert_eq!(faults("percent", json!({"value": 1, "evidence": []})), ["/evidence"]);
    let wrong = json!([{"document_number": " ", "issued_on": "2023-03-01", "title": "", "link": "javascript:alert(1)"}]);
    let at = ["/evidence/0/document_number", "/evidence/0/title", "/evidence/0/issued_on", "/evidence/0/link"];
    assert_eq!(faults("percent", json!({"value": 1, "evidence": wrong})), at);
    let computed = view(&kpi(json!({"source": "computed", "formula": "on_time_rate"})));
    let row: NewMeasurement = serde_json::from_value(json!({"value": 1, "evidence": proof})).unwrap();
    let refused = measurement_faults(&row, &computed, &period, today);
    assert_eq!(refused[0].code, Code::BadMeasurement);
    let future = Period::parse("2024").unwrap();
    let early = measurement_faults(&row, &view(&kpi(json!({}))), &future, today);
    assert_eq!(early[0].code, Code::DateInFuture);
}
