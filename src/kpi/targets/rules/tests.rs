#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

#[test]
fn the_nearest_target_holds() {
    let target_of = |department: Value, field: Value, period: &str, value: Value| -> Target {
        serde_json::from_value(json!({"authority": "plan", "department": department, "field": field, "period": period,
            "comparator": ">=", "value": value}))
        .unwrap()
    };
    let all = [
        target_of(json!("SKHDT"), Value::Null, "2022", Value::Null),
        target_of(Value::Null, Value::Null, "2022", json!(50)),
        target_of(json!("SKHDT"), Value::Null, "2022", json!(90)),
        target_of(json!("DKKD"), Value::Null, "2022", json!(95)),
        target_of(json!("DKKD"), Value::Null, "2022H1", json!(93)),
        target_of(json!("SKHDT"), json!("DT"), "2022", json!(85)),
    ];
    let chain = |codes: &[&str]| -> Chain { codes.iter().map(|c| (*c).to_owned()).collect() };
    let find = |codes: &[&str], field, period: &str, set| {
        let (chain, days) = (chain(codes), Period::parse(period).unwrap().days(set));
        targets(&all, &About { chain: &chain, field, procedure: None, days, set }).first().map(|t| t.value.unwrap().shown())
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
fn every_authority_is_heard_and_the_nearest_decides() {
    let target = |authority: &str, change: Value| -> Target {
        let mut body = json!({"authority": authority, "period": "2022", "comparator": ">="});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    };
    let all = [
        target("UBND", json!({"value": 90})),
        target("plan", json!({"department": "SKHDT", "value": 99})),
        target("plan", json!({"department": "SKHDT", "period": "2022Q1", "value": 97})),
        target("Bộ", json!({"department": "SKHDT"})),
        target("UBND", json!({"field": "DT", "value": 80})),
        target("plan", json!({"procedure": "P1", "value": 70})),
        target("other", json!({"department": "SKHDT", "value": 98})),
        target("elsewhere", json!({"department": "DN", "value": 1})),
    ];
    let chain: Chain = ["DKKD", "SKHDT"].map(str::to_owned).to_vec();
    let find = |field, procedure, period: &str| -> Vec<(String, f64)> {
        let days = Period::parse(period).unwrap().days(PeriodSet::Calendar);
        let about = About { chain: &chain, field, procedure, days, set: PeriodSet::Calendar };
        targets(&all, &about).into_iter().map(|t| (t.authority.as_str().to_owned(), t.value.unwrap().shown())).collect()
    };
    let told = |list: &[(&str, f64)]| -> Vec<(String, f64)> { list.iter().map(|(a, v)| ((*a).to_owned(), *v)).collect() };
    assert_eq!(find(None, None, "2022"), told(&[("plan", 99.0), ("other", 98.0), ("UBND", 90.0)]));
    assert_eq!(find(None, None, "2022-02"), told(&[("plan", 97.0), ("other", 98.0), ("UBND", 90.0)]));
    assert_eq!(find(Some("DT"), None, "2022"), told(&[("UBND", 80.0), ("plan", 99.0), ("other", 98.0)]));
    assert_eq!(find(Some("DT"), Some("P1"), "2022"), told(&[("plan", 70.0), ("UBND", 80.0), ("other", 98.0)]));
    assert_eq!(find(Some("DT"), Some("P2"), "2022"), told(&[("UBND", 80.0), ("plan", 99.0), ("other", 98.0)]));
}

#[test]
fn a_figure_stands_against_its_target_unrounded() {
    let target_of = |comparator: &str, value: f64, margin: Value| -> Target {
        serde_json::from_value(json!({"authority": "a", "period": "2022", "comparator": comparator, "value": value, "margin": margin}))
            .unwrap()
    };
    let (up, down) = (Direction::Higher, Direction::Lower);
    let at_least = target_of(">=", 99.0, json!(0.5));
    assert_eq!(status(Exact::per_cent(0, 0), Some(&at_least), up, true), (None, Status::NoData));
    assert_eq!(status(Exact::per_cent(1, 2), None, up, true), (None, Status::NoTarget));
    let nothing: Target = serde_json::from_value(json!({"authority": "a", "period": "2022", "comparator": ">="})).unwrap();
    assert_eq!(status(Exact::per_cent(1, 2), Some(&nothing), up, true), (None, Status::NoTarget));

    // Per cent, the target, direction; met, its status while the period runs, and when it is over.
    let (met, risk, not) = (Status::Met, Status::AtRisk, Status::NotMet);
    let none = Value::Null;
    let cases = [
        ((24_749, 25_000), target_of(">=", 99.0, none.clone()), up, false, not, not),
        ((99, 100), target_of(">=", 99.0, none.clone()), up, true, met, met),
        ((24_749, 25_000), at_least.clone(), up, false, risk, not),
        ((99, 100), at_least.clone(), up, true, risk, met),
        // As far as the margin is not nearer than the margin.
        ((985, 1000), at_least.clone(), up, false, not, not),
        ((9_850_001, 10_000_000), at_least.clone(), up, false, risk, not),
        ((995, 1000), at_least.clone(), up, true, met, met),
        ((9_949_999, 10_000_000), at_least, up, true, risk, met),
        ((6, 100), target_of("<=", 5.0, json!(2)), down, false, risk, not),
        ((4, 100), target_of("<=", 5.0, json!(2)), down, true, risk, met),
        ((7, 100), target_of("<=", 5.0, json!(2)), down, false, not, not),
        ((3, 100), target_of("<=", 5.0, json!(2)), down, true, met, met),
        ((1, 1), target_of("=", 100.0, json!(1)), up, true, met, met),
        ((999, 1000), target_of("=", 100.0, json!(1)), up, false, risk, not),
        ((0, 1), target_of("=", 0.0, json!(1)), down, true, met, met),
        ((1, 200), target_of("=", 0.0, json!(1)), down, false, risk, not),
        // Missed on the better side.
        ((49, 100), target_of("=", 50.0, json!(5)), down, false, not, not),
        ((51, 100), target_of("=", 50.0, json!(5)), up, false, not, not),
    ];
    for ((n, d), target, direction, expected, running, over) in cases {
        let figure = Exact::per_cent(n, d);
        let about = format!("{n}/{d} {} {:?}", target.comparator.name(), target.margin);
        assert_eq!(status(figure, Some(&target), direction, true), (Some(expected), running), "{about}");
        assert_eq!(status(figure, Some(&target), direction, false), (Some(expected), over), "{about}");
    }
    assert!(meets(Exact::of("2".parse().unwrap()), Comparator::AtMost, "3".parse().unwrap()));
}
