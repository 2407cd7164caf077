#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

fn known() -> Known {
    let set = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect();
    let components = [("satisfaction_index", None), ("part", Some("satisfaction_index".to_owned()))];
    Known {
        departments: set(&["SKHDT", "DKKD"]),
        fields: set(&["DT"]),
        components: components.into_iter().map(|(code, of)| (code.to_owned(), of)).collect(),
    }
}

fn kpi(change: Value) -> NewKpi {
    let mut body = json!({"code": "satisfaction_index", "name": "Chỉ số hài lòng", "unit": "percent",
        "direction": "higher_is_better", "source": "survey"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(body).unwrap()
}

fn view(row: &NewKpi) -> KpiView {
    KpiView {
        id: uuid::Uuid::nil(),
        code: row.code.to_string(),
        name: row.name.as_str().to_owned(),
        unit: row.unit,
        direction: row.direction,
        source: row.source,
        formula: row.formula,
        component_of: None,
        note: None,
        targets: row.targets.clone(),
        version: 1,
    }
}

fn pointers(faults: &[Fault]) -> Vec<String> {
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
fn the_nearest_target_holds() {
    let target_of = |department: Value, field: Value, period: &str, value: Value| -> Target {
        serde_json::from_value(json!({"authority": "plan", "department": department, "field": field, "period": period,
            "comparator": ">=", "value": value}))
        .unwrap()
    };
    let targets = [
        target_of(json!("SKHDT"), Value::Null, "2022", Value::Null),
        target_of(Value::Null, Value::Null, "2022", json!(50)),
        target_of(json!("SKHDT"), Value::Null, "2022", json!(90)),
        target_of(json!("DKKD"), Value::Null, "2022", json!(95)),
        target_of(json!("DKKD"), Value::Null, "2022H1", json!(93)),
        target_of(json!("SKHDT"), json!("DT"), "2022", json!(85)),
    ];
    let chain = |codes: &[&str]| -> Chain { codes.iter().map(|c| (*c).to_owned()).collect() };
    let find = |codes: &[&str], field, period: &str, set| {
        target(&targets, &chain(codes), field, Period::parse(period).unwrap().days(set), set).map(|t| t.value.unwrap().shown())
    };
    let calendar = PeriodSet::Calendar;
    assert_eq!(find(&["DKKD", "SKHDT"], None, "2022", calendar), Some(95.0));
    assert_eq!(find(&["DKKD", "SKHDT"], None, "2022-05", calendar), Some(93.0));
    assert_eq!(find(&["DKKD", "SKHDT"], None, "2022-09", calendar), Some(95.0));
    assert_eq!(find(&["DN", "SKHDT"], None, "2022H1", PeriodSet::Administrative), Some(90.0));
    assert_eq!(find(&["DN"], None, "2022", calendar), Some(50.0));
    assert_eq!(find(&["DKKD", "SKHDT"], Some("DT"), "2022Q1", calendar), Some(85.0));
    assert_eq!(find(&["DKKD", "SKHDT"], Some("KTTT"), "2022", calendar), Some(95.0));
    assert_eq!(find(&["DKKD", "SKHDT"], None, "2021", calendar), None);
}

#[test]
fn a_figure_stands_against_its_target_unrounded() {
    let at_least: Target = serde_json::from_value(json!({"authority": "a", "period": "2022", "comparator": ">=", "value": 99})).unwrap();
    let none: Target = serde_json::from_value(json!({"authority": "a", "period": "2022", "comparator": "=", "value": 0})).unwrap();
    assert_eq!(status(Exact::per_cent(24_749, 25_000), Some(&at_least)), (Some(false), Status::NotMet));
    assert_eq!(status(Exact::per_cent(99, 100), Some(&at_least)), (Some(true), Status::Met));
    assert_eq!(status(Exact::per_cent(0, 0), Some(&at_least)), (None, Status::NoData));
    assert_eq!(status(Exact::per_cent(1, 2), None), (None, Status::NoTarget));
    assert_eq!(status(Some(Exact::of("0".parse().unwrap())), Some(&none)), (Some(true), Status::Met));
    assert_eq!(status(Some(Exact::of("1".parse().unwrap())), Some(&none)), (Some(false), Status::NotMet));
    let at_most = meets(Exact::of("2".parse().unwrap()), Comparator::AtMost, "3".parse().unwrap());
    assert!(at_most);
}
