#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use serde_json::{Value, json};

use super::score::{self, Score};
use super::sheet::{self, Ground};
use super::table::{self, Named};
use super::tree::{self, Scored};
use crate::criteria::model::{Basis, Trend};
use crate::criteria::wire::{NewCriteriaSheet, NewCriterion};
use crate::http::decimal::Decimal;
use crate::http::sheet::{Sheet, csv};

fn criterion(body: Value) -> NewCriterion {
    let mut whole = json!({"code": "1", "name": "Tiêu chí", "max_points": 2, "kind": "points"});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn sheet_of(criteria: Value) -> NewCriteriaSheet {
    let body = json!({"code": "par-2022", "name": "Bộ chỉ số", "year": 2022, "department": "SKHDT", "criteria": criteria});
    serde_json::from_value(body).unwrap()
}

fn score_of(criterion: &str, body: Value) -> Score {
    let mut whole = json!({"id": "0198c5a0-0000-7000-8000-000000000001", "criterion": criterion, "evidence": [], "version": 1});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

/// The scales that provinces use, each with figures at and beside its thresholds.
#[test]
fn points_follow_from_figures_by_the_bands() {
    let plan = json!([{"from": 100, "factor": 1}, {"from": 85, "per": 100}, {"from": 0, "points": 0}]);
    let on_time = json!([{"from": 95, "per": 100}]);
    let online = json!([{"from": 50, "factor": 1}, {"from": 0, "per": 50}]);
    let documents = json!([{"from": 90, "points": 1.5}, {"from": 60, "factor": 0.5}, {"from": 30, "points": 0.25}]);
    let ratio = |n: u32, d: u32| json!({"numerator": n, "denominator": d});
    let value = |v: f64| json!({"value": v});
    for (bands, figure, points) in [
        (&plan, value(100.0), 2.0),
        (&plan, value(99.999_999), 2.0),
        (&plan, value(85.0), 1.7),
        (&plan, value(84.999_999), 0.0),
        (&plan, ratio(20, 24), 0.0),
        (&plan, ratio(23, 24), 1.916_667),
        (&on_time, value(95.0), 1.9),
        (&on_time, value(94.999_999), 0.0),
        // 94.9996 % is shown as 95.00 and is below 95 %.
        (&on_time, ratio(23_749, 25_000), 0.0),
        (&on_time, ratio(19, 20), 1.9),
        (&on_time, ratio(0, 20), 0.0),
        (&online, value(50.0), 2.0),
        (&online, value(45.0), 1.8),
        (&online, value(0.0), 0.0),
        (&documents, value(95.0), 1.5),
        (&documents, value(60.0), 1.0),
        (&documents, value(59.0), 0.25),
        (&documents, value(29.0), 0.0),
    ] {
        let by_bands = criterion(json!({"kind": "bands", "bands": bands}));
        let told = score::points(&by_bands, &serde_json::from_value(figure.clone()).unwrap()).unwrap();
        assert_eq!(told.shown(), points, "{figure} by {bands}");
    }
    for (full_at, figure, points) in
        [(json!(null), value(96.0), 1.92), (json!(80), value(80.0), 2.0), (json!(80), value(40.0), 1.0), (json!(80), value(99.0), 2.0)]
    {
        let formula = criterion(json!({"kind": "formula", "full_at": full_at}));
        let told = score::points(&formula, &serde_json::from_value(figure.clone()).unwrap()).unwrap();
        assert_eq!(told.shown(), points, "{figure} of {full_at}");
    }
}

#[test]
fn the_appraised_score_counts_before_every_other() {
    let computed = criterion(json!({"kind": "formula"}));
    let survey = criterion(json!({"kind": "survey"}));
    for (criterion, body, expected) in [
        (&computed, json!({"self_score": 2, "figure": {"value": 96}, "appraised_score": 1.5}), Some((1.5, Basis::Appraised))),
        (&computed, json!({"self_score": 2, "figure": {"value": 96}}), Some((1.92, Basis::Computed))),
        (&computed, json!({"self_score": 2}), Some((2.0, Basis::Own))),
        (&computed, json!({"self_score": 2, "appraised_score": 0}), Some((0.0, Basis::Appraised))),
        (&survey, json!({"survey_score": 1.2}), Some((1.2, Basis::Survey))),
        (&survey, json!({"note": "chưa có"}), None),
    ] {
        let counted = score_of("1", body.clone()).counted(criterion).map(|(points, basis)| (points.shown(), basis));
        assert_eq!(counted, expected, "{body}");
    }
}

#[test]
fn faults_of_scores_come_all_at_once() {
    let today = "2022-12-15".parse().unwrap();
    let faults = |kind: &str, body: Value| -> Vec<String> {
        let found = score::score_faults(&serde_json::from_value(body).unwrap(), &criterion(json!({"kind": kind})), today);
        found.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect()
    };
    assert_eq!(faults("points", json!({"self_score": 2})), [""; 0]);
    assert_eq!(faults("points", json!({})), ["missing /self_score"]);
    assert_eq!(faults("yes_no", json!({"self_score": 1})), ["bad_criterion /self_score"]);
    assert_eq!(faults("survey", json!({"self_score": 1})), ["bad_criterion /self_score"]);
    assert_eq!(faults("formula", json!({"figure": {"value": 1, "numerator": 1}})), ["bad_criterion /figure/value"]);
    assert_eq!(faults("formula", json!({"figure": {"numerator": 1, "denominator": 0}})), ["bad_criterion /figure/denominator"]);
    let all = json!({"self_score": 2.000001, "figure": {"value": 1}, "evidence": [
        {"document_number": " ", "issued_on": "2022-12-16", "link": "ftp://x"}]});
    assert_eq!(
        faults("points", all),
        [
            "above_maximum /self_score",
            "bad_criterion /figure",
            "missing /evidence/0/document_number",
            "date_in_future /evidence/0/issued_on",
            "wrong_format /evidence/0/link"
        ]
    );
    let heading: NewCriterion = serde_json::from_value(json!({"code": "1", "name": "Lĩnh vực", "max_points": 2})).unwrap();
    let found = score::score_faults(&serde_json::from_value(json!({"self_score": 1})).unwrap(), &heading, today);
    assert_eq!(found.iter().map(|f| f.code.name()).collect::<Vec<_>>(), ["bad_criterion"]);
}

#[test]
fn faults_of_a_sheet_come_all_at_once() {
    let faults = |sheet: &NewCriteriaSheet, before: Option<&NewCriteriaSheet>, scores: &[Score]| -> Vec<String> {
        let ground = Ground { departments: &|code| code == "SKHDT", kpis: &HashSet::new(), last: None, before, scores };
        sheet::faults(sheet, &ground).iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect()
    };
    let good = sheet_of(json!([{"code": "1", "name": "A", "max_points": 3},
        {"code": "1.1", "parent": "1", "name": "B", "max_points": 2, "kind": "points"},
        {"code": "1.10", "parent": "1", "name": "C", "max_points": 1, "kind": "yes_no"}]));
    assert_eq!(faults(&good, None, &[]), [""; 0]);
    let bad = sheet_of(json!([
        {"code": "1", "name": "A", "max_points": 2.5, "kind": "points"},
        {"code": "1.1", "parent": "1", "name": " ", "max_points": 2, "kind": "points", "department": "X", "kpi": "Y", "follows": "9"},
        {"code": "1.1", "parent": "1", "name": "C", "max_points": 1},
        {"code": "2", "parent": "3", "name": "D", "max_points": 1},
        {"code": "3", "parent": "2", "name": "E", "max_points": 1},
        {"code": "4", "parent": "7", "name": "F", "max_points": 0, "kind": "formula", "full_at": 0},
        {"code": "5", "name": "G", "max_points": 1, "kind": "bands", "last_year_score": 2, "full_at": 80},
        {"code": "6", "name": "H", "max_points": 1, "kind": "bands", "bands": [{"from": 90, "points": 2}, {"from": 90, "factor": 1.5},
            {"from": 10}, {"from": 5, "per": 0}]}]));
    assert_eq!(
        faults(&bad, None, &[]),
        [
            "above_maximum /criteria/0/max_points",
            "bad_criterion /criteria/0/kind",
            "missing /criteria/1/name",
            "unknown_code /criteria/1/department",
            "unknown_code /criteria/1/kpi",
            "bad_criterion /criteria/1/follows",
            "duplicate_in_payload /criteria/2/code",
            "missing /criteria/2/kind",
            "circular_parent /criteria/3/parent",
            "circular_parent /criteria/4/parent",
            "unknown_code /criteria/5/parent",
            "bad_criterion /criteria/5/max_points",
            "bad_criterion /criteria/5/full_at",
            "above_maximum /criteria/6/last_year_score",
            "bad_criterion /criteria/6/full_at",
            "missing /criteria/6/bands",
            "above_maximum /criteria/7/bands/0/points",
            "bad_criterion /criteria/7/bands/1/factor",
            "duplicate_in_payload /criteria/7/bands/1/from",
            "bad_criterion /criteria/7/bands/2",
            "bad_criterion /criteria/7/bands/3/per",
        ]
    );
    // What was scored stays.
    let scores = [score_of("1.1", json!({"self_score": 1.5})), score_of("1.10", json!({"self_score": 1}))];
    let less = sheet_of(json!([{"code": "1", "name": "A", "max_points": 3},
        {"code": "1.1", "parent": "1", "name": "B", "max_points": 1, "kind": "formula"}]));
    assert_eq!(
        faults(&less, Some(&good), &scores),
        ["in_use /criteria/1/kind", "above_maximum /criteria/1/max_points", "in_use /criteria"]
    );
    let mut head = sheet_of(json!([]));
    (head.year, head.follows) = (1989, Some(head.code.clone()));
    assert_eq!(faults(&head, None, &[]), ["bad_criterion /year", "bad_criterion /follows"]);
}

#[test]
fn points_add_up_the_tree_and_charge_goes_down_it() {
    let sheet = sheet_of(json!([
        {"code": "2", "name": "Hai", "max_points": 4, "kind": "points"},
        {"code": "1.1", "parent": "1", "name": "Một một", "max_points": 2, "kind": "points"},
        {"code": "1", "name": "Một", "max_points": 6, "department": "DKKD"},
        {"code": "1.2", "parent": "1", "name": "Một hai", "max_points": 3, "department": "VP"},
        {"code": "1.2.1", "parent": "1.2", "name": "Một hai một", "max_points": 3, "kind": "points"}]));
    let scores = [score_of("1.1", json!({"self_score": 2, "appraised_score": 1.5})), score_of("1.2.1", json!({"self_score": 0.1}))];
    let nodes = tree::nodes(Scored { sheet: &sheet, scores: &scores });
    let told: Vec<_> =
        nodes.iter().map(|n| (n.criterion.code.as_str(), n.level, n.department, n.counted.map(|(p, _)| p.shown()))).collect();
    assert_eq!(
        told,
        [
            ("2", 1, "SKHDT", None),
            ("1", 1, "DKKD", Some(1.6)),
            ("1.1", 2, "DKKD", Some(1.5)),
            ("1.2", 2, "VP", Some(0.1)),
            ("1.2.1", 3, "VP", Some(0.1))
        ]
    );
    let totals = tree::totals(&nodes);
    let told = [totals.max_points, totals.points, totals.scored_max_points, totals.self_score, totals.appraised_score].map(Decimal::shown);
    assert_eq!((told, totals.index, totals.not_scored), ([10.0, 1.6, 5.0, 2.1, 1.5], Some(16.0), 1));
}

#[test]
fn what_rose_and_fell_is_told_by_parts_of_the_maximum() {
    let leaf = |code: &str, max: f64, more: Value| {
        let mut whole = json!({"code": code, "name": code, "max_points": max, "kind": "points"});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let last = sheet_of(json!([
        leaf("1", 2.0, json!({})),
        leaf("2", 2.0, json!({})),
        leaf("3", 2.0, json!({})),
        leaf("4", 2.0, json!({})),
        leaf("5", 2.0, json!({})),
        leaf("9", 1.0, json!({}))
    ]));
    let now = sheet_of(json!([
        leaf("1", 2.0, json!({})),
        leaf("2", 2.0, json!({})),
        leaf("3", 4.0, json!({})),
        leaf("4a", 2.0, json!({"follows": "4"})),
        leaf("5", 2.0, json!({})),
        leaf("6", 1.0, json!({})),
        leaf("7", 1.0, json!({"last_year_score": 0.5}))
    ]));
    let scored = |pairs: &[(&str, f64)]| -> Vec<Score> { pairs.iter().map(|(code, s)| score_of(code, json!({"self_score": s}))).collect() };
    let before = scored(&[("1", 1.0), ("2", 1.5), ("3", 1.0), ("4", 1.0), ("9", 1.0)]);
    let after = scored(&[("1", 1.000_001), ("2", 1.0), ("3", 2.0), ("4a", 2.0), ("5", 2.0), ("6", 1.0), ("7", 0.5)]);
    let changes = tree::changes(Scored { sheet: &now, scores: &after }, Some(Scored { sheet: &last, scores: &before }));
    let told: Vec<_> = changes.iter().map(|c| (c.code.as_str(), c.trend, c.difference)).collect();
    assert_eq!(
        told,
        [
            ("1", Trend::Up, Some(0.000_001)),
            ("2", Trend::Down, Some(-0.5)),
            ("3", Trend::Same, None),
            ("4a", Trend::Up, Some(1.0)),
            ("5", Trend::NotScored, None),
            ("6", Trend::New, None),
            ("7", Trend::Same, Some(0.0)),
            ("9", Trend::Gone, None)
        ]
    );
    let counts = tree::count(&changes);
    assert_eq!((counts.up, counts.down, counts.same, counts.new, counts.gone, counts.not_scored), (2, 1, 2, 1, 1, 1));
    let alone = Scored { sheet: &last, scores: &before };
    assert!(!tree::is_comparable(alone, None) && tree::is_comparable(Scored { sheet: &now, scores: &[] }, None));
}

fn read(text: &str) -> Result<table::Read, String> {
    let sheet: Sheet = csv(text.as_bytes()).map_err(|e| e.code().name().to_owned())?;
    let columns = table::columns(&sheet).map_err(|f| f.pointer.into_owned())?;
    let known = [("VP", "Văn phòng"), ("DKKD", "Phòng Đăng ký kinh doanh")];
    let known = known.map(|(code, name)| Named { code: code.into(), name: name.into() });
    Ok(table::read(&sheet, &columns, &known))
}

#[test]
fn a_table_is_read_as_offices_write_it() {
    let text = "BỘ CHỈ SỐ;;;;;;\nSTT;Tiêu chí/tiêu chí thành phần;Điểm tối đa;Cách chấm;Bậc điểm;Đơn vị phụ trách;Điểm năm trước\n(1);(2);(3);(4);(5);(6);(7)\n\
        1;CHỈ ĐẠO ĐIỀU HÀNH;10;;;;\n1.1.;Kế hoạch;2,5;Theo bậc;\"100: 2,5; 85: /100; 50: 50%\";Văn phòng;1,75\n1.10;Kiểm tra;1;Có/Không;;dkkd;\n\
        1.2;Sáng kiến;0.5;;;;\n;Tổng cộng;10;;;;\n";
    let found = read(text).unwrap();
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    let told = serde_json::to_value(&found.criteria).unwrap();
    let one = |i: usize, member: &str| told[i][member].clone();
    assert_eq!(found.rows, [4, 5, 6, 7]);
    assert_eq!((one(0, "kind"), one(0, "parent"), one(1, "parent"), one(2, "parent")), (json!(null), json!(null), json!("1"), json!("1")));
    assert_eq!(
        (one(1, "code"), one(1, "max_points"), one(1, "department"), one(1, "last_year_score")),
        (json!("1.1"), json!(2.5), json!("VP"), json!(1.75))
    );
    let band = |from: f64, points: Value, factor: Value, per: Value| json!({"from": from, "points": points, "factor": factor, "per": per});
    let none = Value::Null;
    assert_eq!(
        one(1, "bands"),
        json!([
            band(100.0, json!(2.5), none.clone(), none.clone()),
            band(85.0, none.clone(), none.clone(), json!(100.0)),
            band(50.0, none.clone(), json!(0.5), none)
        ])
    );
    assert_eq!(
        (one(2, "code"), one(2, "kind"), one(2, "department"), one(3, "kind")),
        (json!("1.10"), json!("yes_no"), json!("DKKD"), json!("points"))
    );
}

#[test]
fn faults_of_a_table_come_by_row_and_column() {
    let text = "Mã,Tiêu chí,Điểm tối đa,Loại,Bậc,Đơn vị\n1 1,Một,x,lạ,100=2,Phòng lạ\n,Hai,=A1,,,\n";
    let told: Vec<String> = read(text).unwrap().faults.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect();
    assert_eq!(
        told,
        [
            "wrong_format /rows/3/max_points",
            "wrong_format /rows/2/code",
            "wrong_format /rows/2/max_points",
            "wrong_format /rows/2/kind",
            "wrong_format /rows/2/bands",
            "unknown_code /rows/2/department",
            "missing /rows/3/code",
            "wrong_format /rows/3/max_points",
        ]
    );
    assert_eq!(read("a,b\n1,2\n").err(), Some("/header".to_owned()));
    assert_eq!(read("Tiêu chí,Điểm tối đa\n").unwrap().faults[0].pointer, "/rows");
}
