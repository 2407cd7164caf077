#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

fn known() -> Known {
    let set = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect();
    let components = [("satisfaction_index", None), ("part", Some("satisfaction_index".to_owned()))];
    Known {
        departments: set(&["SKHDT", "DKKD"]),
        fields: set(&["DT"]),
        procedures: [("P1".to_owned(), "DT".to_owned())].into(),
        components: components.into_iter().map(|(code, of)| (code.to_owned(), of)).collect(),
        lineages: Vec::new(),
    }
}

pub(in crate::kpi) fn kpi(change: Value) -> NewKpi {
    let mut body = json!({"code": "satisfaction_index", "name": "Chỉ số hài lòng", "unit": "percent",
        "direction": "higher_is_better", "source": "survey"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(body).unwrap()
}

pub(in crate::kpi) fn view(row: &NewKpi) -> KpiView {
    KpiView {
        id: uuid::Uuid::nil(),
        code: row.code.to_string(),
        name: row.name.as_str().to_owned(),
        unit: row.unit,
        direction: row.direction,
        source: row.source,
        formula: row.formula,
        expression: row.expression.as_ref().map(|e| e.as_str().to_owned()),
        inputs: inputs(row.expression.as_ref().map(|e| e.as_str())),
        scope: row.scope.clone(),
        period_rule: row.period_rule.clone(),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        component_of: row.component_of.as_ref().map(ToString::to_string),
        note: row.note.as_ref().map(|n| n.as_str().to_owned()),
        targets: row.targets.clone(),
        version: 1,
    }
}

pub(in crate::kpi) fn pointers(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|f| f.pointer.to_string()).collect()
}

#[test]
fn every_fault_of_a_definition_is_found() {
    assert!(kpi_faults(&kpi(json!({})), None, false, &known()).is_empty());
    let row = kpi(json!({"name": " ", "source": "computed", "component_of": "part", "targets": [
        {"authority": " ", "department": "X", "field": "Y", "period": "2022Q5", "comparator": ">=", "value": 101},
        {"authority": "a", "period": "2022", "comparator": ">=", "value": 100},
        {"authority": "a", "period": "2022", "comparator": "="}]}));
    let mut all = known();
    all.components.insert("satisfaction_index".into(), Some("part".into()));
    let expected = [
        "/name",
        "/formula",
        "/component_of",
        "/targets/0/authority",
        "/targets/0/department",
        "/targets/0/field",
        "/targets/0/period",
        "/targets/0/value",
        "/targets/2",
    ];
    assert_eq!(pointers(&kpi_faults(&row, None, false, &all)), expected);
}

#[test]
fn a_computed_indicator_keeps_its_formula() {
    let on_time = kpi(json!({"source": "computed", "formula": "on_time_rate"}));
    let other = kpi(json!({"source": "computed", "formula": "online_rate"}));
    let by_hand = kpi(json!({"source": "manual"}));
    assert!(kpi_faults(&on_time, Some(&view(&on_time)), false, &known()).is_empty());
    assert_eq!(pointers(&kpi_faults(&other, Some(&view(&on_time)), false, &known())), ["/formula"]);
    assert_eq!(pointers(&kpi_faults(&by_hand, Some(&view(&on_time)), false, &known())), ["/formula"]);
    assert_eq!(pointers(&kpi_faults(&on_time, Some(&view(&by_hand)), true, &known())), ["/source"]);
    let count = kpi(json!({"source": "computed", "formula": "tasks_overdue_or_extended"}));
    assert_eq!(pointers(&kpi_faults(&count, None, false, &known())), ["/unit"]);
    assert_eq!(pointers(&kpi_faults(&kpi(json!({"formula": "online_rate"})), None, false, &known())), ["/formula"]);
}

#[test]
fn a_definition_that_begins_later_may_count_otherwise() {
    let on_time = view(&kpi(json!({"source": "computed", "formula": "on_time_rate", "valid_from": "2022-01-01"})));
    let other = |valid_from: Value| kpi(json!({"source": "computed", "formula": "online_rate", "valid_from": valid_from}));
    let faults = |row: &NewKpi, old: &KpiView, measured| pointers(&kpi_faults(row, Some(old), measured, &known()));
    let none: [&str; 0] = [];
    assert_eq!(faults(&other(json!("2023-01-01")), &on_time, false), none);
    assert_eq!(faults(&other(json!("2022-01-01")), &on_time, false), ["/formula"]);
    assert_eq!(faults(&other(Value::Null), &on_time, false), ["/formula"]);
    let follows = kpi(json!({"source": "computed", "expression": "part * 2", "valid_from": "2023-01-01"}));
    assert_eq!(faults(&follows, &on_time, false), none);
    let corrected = kpi(json!({"source": "computed", "expression": "part * 3", "valid_from": "2023-01-01"}));
    assert_eq!(faults(&corrected, &view(&follows), false), none);
    assert_eq!(faults(&kpi(json!({"source": "manual", "valid_from": "2023-01-01"})), &view(&follows), false), ["/expression"]);
    let by_hand = view(&kpi(json!({"source": "manual"})));
    assert_eq!(faults(&follows, &by_hand, true), none);
    let points = kpi(json!({"source": "computed", "expression": "part * 2", "valid_from": "2023-01-01", "unit": "point"}));
    assert_eq!(faults(&points, &by_hand, true), ["/unit"]);
    // What is published of a computed one does not keep it from being changed.
    assert_eq!(faults(&corrected, &view(&follows), true), none);
}

#[test]
fn an_expression_is_read_and_its_names_are_known() {
    let faults = |change: Value| pointers(&kpi_faults(&kpi(change), None, false, &known()));
    let none: [&str; 0] = [];
    assert_eq!(faults(json!({"source": "computed", "expression": "(part * 2 + 1) / 3"})), none);
    assert_eq!(faults(json!({"source": "computed", "expression": "part +"})), ["/expression"]);
    assert_eq!(faults(json!({"source": "computed", "expression": "nope + [no-where] * part"})), ["/expression", "/expression"]);
    assert_eq!(faults(json!({"source": "computed", "expression": "part", "formula": "on_time_rate"})), ["/expression"]);
    assert_eq!(faults(json!({"source": "survey", "expression": "part", "formula": "on_time_rate"})), ["/formula", "/expression"]);
    assert_eq!(faults(json!({"source": "computed", "expression": "satisfaction_index + 1"})), ["/expression"]);
}

#[test]
fn no_indicator_follows_from_itself_on_any_day() {
    let day = |text: &str| Some(text.parse().unwrap());
    let lineage = |code: &str, version, valid_from, inputs: &[&str]| Lineage {
        code: code.to_owned(),
        version,
        valid_from,
        valid_to: None,
        inputs: inputs.iter().map(|c| (*c).to_owned()).collect(),
    };
    let told = |lineages: &[Lineage], change: Value| {
        let mut known = known();
        known.lineages = lineages.to_vec();
        known.components.extend(["b", "c"].map(|code| (code.to_owned(), None)));
        let mut row = json!({"source": "computed", "expression": "b + c"});
        row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        kpi_faults(&kpi(row), None, false, &known).first().map(|f| f.detail.en.clone())
    };
    let circle = |way: &str| Some(format!("The expressions make a circle: {way}."));
    assert_eq!(told(&[lineage("b", 1, None, &["c", "part"])], json!({})), None);
    let back = lineage("c", 1, None, &["part", "satisfaction_index"]);
    assert_eq!(told(std::slice::from_ref(&back), json!({})), circle("satisfaction_index → c → satisfaction_index"));
    let through = [lineage("b", 1, None, &["part"]), lineage("part", 1, None, &["satisfaction_index"])];
    assert_eq!(told(&through, json!({})), circle("satisfaction_index → b → part → satisfaction_index"));
    // It no longer does when the new definition begins.
    let until = [back.clone(), lineage("c", 2, day("2023-01-01"), &["part"])];
    assert_eq!(told(&until, json!({"valid_from": "2023-01-01"})), None);
    assert_eq!(told(&until, json!({"valid_from": "2022-12-31"})), circle("satisfaction_index → c → satisfaction_index"));
    // It will, some day.
    let from = [lineage("c", 1, None, &["part"]), Lineage { valid_from: day("2024-01-01"), version: 2, ..back.clone() }];
    assert_eq!(told(&from, json!({})), circle("satisfaction_index → c → satisfaction_index"));
    assert_eq!(told(&from, json!({"valid_to": "2023-12-31"})), None);
    // Replaced from the beginning.
    assert_eq!(told(&[back.clone(), lineage("c", 2, None, &["part"])], json!({})), None);
    // A circle that was there already does not keep others from being defined.
    let others = [lineage("c", 1, None, &["part"]), lineage("part", 1, None, &["c"])];
    assert_eq!(told(&others, json!({})), None);
}

#[test]
fn scope_periods_and_validity_hold_together() {
    let faults = |change: Value| pointers(&kpi_faults(&kpi(change), None, false, &known()));
    let none: [&str; 0] = [];
    assert_eq!(
        faults(json!({"scope": {"department": "DKKD", "field": "DT", "procedure": "P1"}, "period_rule": {"kinds": ["year", "quarter"]}})),
        none
    );
    let wrong = json!({"scope": {"department": "X", "field": "Y", "procedure": "Z"}, "valid_from": "2023-01-01", "valid_to": "2022-12-31",
        "period_rule": {"cut": "administrative", "kinds": ["year", "month", "year"]}});
    assert_eq!(faults(wrong), ["/scope/department", "/scope/field", "/scope/procedure", "/valid_to", "/period_rule/kinds/2"]);
    let mut all = known();
    all.fields.insert("DK".into());
    let other = kpi(json!({"scope": {"field": "DK", "procedure": "P1"}}));
    assert_eq!(pointers(&kpi_faults(&other, None, false, &all)), ["/scope/field"]);
    assert_eq!(faults(json!({"source": "computed", "formula": "task_on_time_rate", "scope": {"field": "DT"}})), ["/scope"]);
    assert_eq!(narrowed(&other.scope, Some("DT"), None), Err(NoValue::OutOfScope));
    let both = |field: &str, procedure: &str| Ok((Some(field.to_owned()), Some(procedure.to_owned())));
    assert_eq!(narrowed(&other.scope, None, None), both("DK", "P1"));
    assert_eq!(narrowed(&Scope::default(), Some("DT"), Some("P2")), both("DT", "P2"));
}

#[test]
fn a_target_points_the_indicators_way_and_its_margin_is_of_a_value() {
    let target = |comparator: &str, value: Value, margin: Value| json!([{"authority": "a", "procedure": "P9", "period": "2022", "comparator": comparator, "value": value, "margin": margin}]);
    let faults = |direction: &str, targets: Value| {
        pointers(&kpi_faults(&kpi(json!({"direction": direction, "targets": targets})), None, false, &known()))
    };
    assert_eq!(faults("higher_is_better", target(">=", json!(5), json!(0.5))), ["/targets/0/procedure"]);
    assert_eq!(faults("lower_is_better", target("=", json!(5), json!(0))), ["/targets/0/procedure", "/targets/0/margin"]);
    assert_eq!(
        faults("lower_is_better", target(">=", Value::Null, json!(1))),
        ["/targets/0/procedure", "/targets/0/comparator", "/targets/0/value"]
    );
    assert_eq!(
        faults("higher_is_better", target("<=", json!(101), Value::Null)),
        ["/targets/0/procedure", "/targets/0/comparator", "/targets/0/value"]
    );
}

#[test]
fn the_definition_of_a_day_is_the_latest_that_had_begun() {
    let version = |version, change: Value| {
        let definition = kpi(change);
        let at = crate::http::At(chrono::DateTime::UNIX_EPOCH);
        KpiVersionView {
            version,
            valid_from: definition.valid_from,
            valid_to: definition.valid_to,
            changed_by: None,
            changed_at: at,
            definition,
        }
    };
    let now = view(&kpi(json!({"name": "Nay", "valid_from": "2024-01-01"})));
    let at = |versions: &[KpiVersionView], day: &str| in_force(&now, versions, day.parse().unwrap()).map(|k| k.name);
    let name = |name: &str| Some(name.to_owned());
    let all = [
        version(1, json!({"name": "Đầu"})),
        version(2, json!({"name": "Giữa", "valid_from": "2023-01-01", "valid_to": "2023-06-30"})),
        version(4, json!({"name": "Nay", "valid_from": "2024-01-01"})),
    ];
    assert_eq!(at(&all, "2022-12-31"), name("Đầu"));
    assert_eq!(at(&all, "2023-01-01"), name("Giữa"));
    assert_eq!(at(&all, "2023-06-30"), name("Giữa"));
    // It has ended; the one before does not come back.
    assert_eq!(at(&all, "2023-07-01"), None);
    assert_eq!(at(&all, "2024-01-01"), name("Nay"));
    // A correction from the beginning replaces what was defined for later days.
    let corrected = [all.as_slice(), &[version(5, json!({"name": "Sửa"}))]].concat();
    assert_eq!(at(&corrected, "2023-07-01"), name("Sửa"));
    assert_eq!(at(&all[1..], "2022-12-31"), None);
    assert_eq!((at(&[], "2023-12-31"), at(&[], "2024-01-01")), (None, name("Nay")));
}

#[test]
fn every_period_is_of_a_kind() {
    let cases = [
        ("2022", PeriodKind::Year),
        ("2022H1", PeriodKind::Half),
        ("2022Q4", PeriodKind::Quarter),
        ("2022-9M", PeriodKind::NineMonths),
        ("2022-09", PeriodKind::Month),
    ];
    for (code, expected) in cases {
        assert_eq!(kind(&Period::parse(code).unwrap()), expected, "{code}");
    }
    let yearly: PeriodRule = serde_json::from_value(json!({"kinds": ["year"]})).unwrap();
    assert!(has_figures(&yearly, "2022") && !has_figures(&yearly, "2022Q1") && !has_figures(&yearly, "2022-01-01/2022-12-31"));
    assert!(has_figures(&PeriodRule::default(), "2022-01-01/2022-12-31"));
    let of_field = view(&kpi(json!({"period_rule": {"kinds": ["year"]}, "scope": {"field": "DT"}, "valid_to": "2022-12-31"})));
    let faults = |period: &str, field| pointers(&place_faults(&of_field, &Period::parse(period).unwrap(), field));
    assert!(faults("2022", None).is_empty() && faults("2022", Some("DT")).is_empty());
    assert_eq!(faults("2023H1", Some("DK")), ["", "", "/field"]);
}

#[test]
fn what_was_put_and_is_shown_is_the_same_body() {
    let row = kpi(json!({"source": "computed", "expression": "part / 2", "scope": {"field": "DT"}, "period_rule": {"kinds": ["year"]},
        "valid_from": "2022-01-01", "note": "Ghi chú", "component_of": "part", "targets": [
        {"authority": "a", "period": "2022", "comparator": ">=", "value": 99.5, "margin": 0.25, "procedure": "P1"}]}));
    assert!(same_kpi(&row, &view(&row)));
    let sent_again: NewKpi = serde_json::from_value(json!(as_put(&view(&row)).unwrap())).unwrap();
    assert_eq!(sent_again, row);
    for change in [
        json!({"expression": "part"}),
        json!({"scope": {}}),
        json!({"valid_to": "2023-01-01"}),
        json!({"period_rule": {}}),
        json!({"targets": []}),
    ] {
        let mut body = json!(row);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert!(!same_kpi(&serde_json::from_value(body).unwrap(), &view(&row)), "{change}");
    }
}
