#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::KpiSubmissionAct::{Approve, Correct, Reopen, Return, Submit, Withdraw};
use super::KpiSubmissionState::{Approved, Draft, Returned, Submitted};
use super::*;
use crate::kpi::definitions::rules::tests as definitions;

#[test]
fn each_state_allows_what_follows_it() {
    let acts = [Submit, Withdraw, Approve, Return, Reopen, Correct];
    for (state, leads_to) in [
        (Draft, [Some(Submitted), None, None, None, None, None]),
        (Submitted, [None, Some(Draft), Some(Approved), Some(Returned), None, None]),
        (Returned, [Some(Submitted), None, None, None, None, None]),
        (Approved, [None, None, None, None, Some(Returned), None]),
    ] {
        assert_eq!(acts.map(|act| after(state, act)), leads_to, "{state:?}");
    }
    assert_eq!(allowed(Submitted, |_| true), [Withdraw, Approve, Return]);
    assert_eq!(allowed(Submitted, |act| act != Approve), [Withdraw, Return]);
    assert_eq!(allowed(Draft, |_| false), []);
}

#[test]
fn the_period_before_is_of_the_same_kind() {
    for (code, before) in [
        ("2022", "2021"),
        ("2022H2", "2022H1"),
        ("2022H1", "2021H2"),
        ("2022Q4", "2022Q3"),
        ("2022Q2", "2022Q1"),
        ("2022Q1", "2021Q4"),
        ("2022-12", "2022-11"),
        ("2022-10", "2022-09"),
        ("2022-02", "2022-01"),
        ("2022-01", "2021-12"),
        ("2022-9M", "2021-9M"),
    ] {
        assert_eq!(period_before(&Period::parse(code).unwrap()), before, "{code}");
    }
}

fn kpi(code: &str, source: &str, change: Value) -> KpiView {
    let mut body = json!({"code": code, "name": code.to_uppercase(), "source": source});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    definitions::view(&definitions::kpi(body))
}

fn target(department: Value, period: &str, field: Value) -> Value {
    json!({"authority": "kh", "department": department, "period": period, "field": field, "comparator": ">=", "value": 85})
}

fn measured(department: &str, kpi: &str, field: Option<&str>) -> MeasurementView {
    MeasurementView {
        id: uuid::Uuid::nil(),
        kpi: kpi.into(),
        department: department.into(),
        period: "2021".into(),
        field: field.map(str::to_owned),
        value: None,
        numerator: None,
        denominator: None,
        evidence: Vec::new(),
        note: None,
        state: Default::default(),
        published: false,
        correction_reason: None,
        recorded_at: crate::http::At(Default::default()),
        version: 1,
    }
}

#[test]
fn figures_are_owed_by_target_or_because_they_were_measured_before() {
    let (none, dt) = (Value::Null, json!("DT"));
    let only_quarters = json!({"targets": [target(json!("DKKD"), "2022", none.clone())], "period_rule": {"kinds": ["quarter"]}});
    let kpis = [
        // The year's target of the department above, and one of another period, oblige nobody below or within.
        kpi(
            "a",
            "survey",
            json!({"targets": [target(json!("SKHDT"), "2022", none.clone()), target(json!("DKKD"), "2022Q1", none.clone())]}),
        ),
        kpi("b", "manual", json!({"targets": [target(none.clone(), "2022", none.clone()), target(json!("DKKD"), "2022", dt)]})),
        kpi("c", "survey", json!({})),
        kpi("d", "computed", json!({"formula": "on_time_rate", "targets": [target(json!("DKKD"), "2022", none)]})),
        kpi("e", "survey", only_quarters),
        kpi("f", "survey", json!({"valid_to": "2022-06-30"})),
    ];
    let before = [
        measured("DKKD", "c", None),
        measured("DKKD", "d", None),
        measured("DN", "c", Some("DT")),
        measured("SKHDT", "a", None),
        measured("DN", "f", None),
    ];
    let all = owed(&kpis, &["SKHDT".to_owned()], &Period::parse("2022").unwrap(), &before);
    let told: Vec<String> =
        all.iter().map(|o| format!("{} {} {} {}", o.department, o.kpi, o.field.as_deref().unwrap_or("-"), o.because.name())).collect();
    let expected = ["DKKD b DT target", "DKKD c - measured_before", "DN c DT measured_before", "SKHDT a - target", "SKHDT b - target"];
    assert_eq!(told, expected);
    let now = [measured("DKKD", "b", None), measured("DKKD", "c", Some("DT")), measured("DN", "c", Some("DT")), measured("DN", "a", None)];
    let there: Vec<bool> = all.iter().map(|o| is_measured(o, &now)).collect();
    assert_eq!(there, [false, true, true, false, false]);
}

#[test]
fn what_is_missing_must_be_explained() {
    let owe = |kpi: &str, field: Option<&str>| Owed {
        department: "DKKD".into(),
        kpi: kpi.into(),
        field: field.map(str::to_owned),
        because: KpiOwedBecause::Target,
        name: "Chỉ tiêu".into(),
    };
    let missing = [owe("a", None), owe("b", Some("DT"))];
    let told = |body: Value, missing: &[Owed], measured: bool, begun: bool| -> Vec<String> {
        let new: NewKpiSubmission = serde_json::from_value(body).unwrap();
        submit_faults(&new, missing, measured, begun).iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect()
    };
    let both = json!({"without": [{"kpi": "a", "reason": "Chưa công bố"}, {"kpi": "b", "field": "DT", "reason": "Chưa công bố"}]});
    for (body, missing, measured, begun, expected) in [
        (json!({}), &[][..], true, true, &[][..]),
        (json!({}), &[], false, true, &["missing "]),
        (json!({}), &[], false, false, &["date_in_future "]),
        (both.clone(), &missing, false, true, &[]),
        (json!({}), &missing, true, true, &["missing /without", "missing /without"]),
        (
            json!({"without": [{"kpi": "a", "reason": " "}, {"kpi": "a", "reason": "x"}, {"kpi": "b", "reason": "x"}, {"kpi": "c", "reason": "x"}]}),
            &missing,
            true,
            true,
            &[
                "missing /without/0/reason",
                "duplicate_in_payload /without/1",
                "unknown_code /without/2/kpi",
                "unknown_code /without/3/kpi",
                "missing /without",
            ],
        ),
    ] {
        assert_eq!(told(body.clone(), missing, measured, begun), expected, "{body}");
    }
}

#[test]
fn what_changed_since_the_approval_is_told() {
    let figure = |kpi: &str, change: Value| -> KpiSubmissionFigure {
        let mut body = json!({"kpi": kpi, "name": "", "field": null, "value": null, "numerator": null, "denominator": null, "state": "final",
            "published": false, "version": 1});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    };
    let computed = |kpi: &str, numerator: f64, value: Option<f64>| -> KpiSubmissionComputed {
        serde_json::from_value(json!({"kpi": kpi, "name": "", "numerator": numerator, "denominator": 7.0, "value": value, "reason": null,
            "target": null, "comparator": null, "met": null, "status": "no_target"}))
        .unwrap()
    };
    let approval = KpiApproval {
        figures: vec![figure("a", json!({"value": 86.4})), figure("b", json!({"numerator": 1, "denominator": 3}))],
        computed: vec![computed("x", 1.0, Some(14.29)), computed("y", 2.0, Some(28.57))],
        by: "office".into(),
        at: crate::http::At(Default::default()),
    };
    assert_eq!(differences(&approval, &approval.figures, &approval.computed), []);
    let now = [
        figure("a", json!({"value": 86.4, "version": 2, "state": "provisional"})),
        figure("b", json!({"numerator": 2, "denominator": 3, "version": 2})),
        figure("b", json!({"field": "DT", "value": 50})),
    ];
    let told = differences(&approval, &now, &[computed("x", 2.0, Some(28.57)), computed("y", 2.0, Some(28.57)), computed("z", 0.0, None)]);
    let told: Vec<_> = told.iter().map(|d| (d.kpi.as_str(), d.field.as_deref(), d.computed, d.approved, d.now)).collect();
    let expected = [
        ("b", None, false, Some(33.33), Some(66.67)),
        ("b", Some("DT"), false, None, Some(50.0)),
        ("x", None, true, Some(14.29), Some(28.57)),
        ("z", None, true, None, None),
    ];
    assert_eq!(told, expected);
}
