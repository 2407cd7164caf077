#![allow(clippy::unwrap_used)]

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::statistics::{MINIMUM, Share, as_per_cent, overlap, rate, two_proportions, wilson};
use super::tally::{factors, fed, fields, ranks, whole};
use super::{Closing, Ground, Indicator, Neighbour, Place};
use crate::error::Fault;
use crate::surveys::model::{SurveyAct, SurveyChange, SurveyState};
use crate::surveys::wire::{NewSurvey, SurveyAnswers, SurveyFeed, SurveyPublication};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn rows(value: Value) -> Vec<SurveyAnswers> {
    serde_json::from_value(value).unwrap()
}

fn shown(share: Share) -> Option<(f64, f64)> {
    wilson(share).map(|(from, to)| (as_per_cent(from), as_per_cent(to)))
}

/// The first four are those of R. G. Newcombe, Statistics in Medicine 17 (1998), method 3; the others follow from the formula by hand.
#[test]
fn wilson_intervals_are_the_known_ones() {
    for (satisfied, valid, from, to) in [
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
        (0, 10, 0.0, 27.75),
        (10, 10, 72.25, 100.0),
        (0, 1, 0.0, 79.35),
        (1, 1, 20.65, 100.0),
        (5, 10, 23.66, 76.34),
        (500_000, 1_000_000, 49.9, 50.1),
        (900_000_000, 1_000_000_000, 90.0, 90.0),
        (1_000_000_000, 1_000_000_000, 100.0, 100.0),
    ] {
        assert_eq!(shown(Share::of(satisfied, valid)), Some((from, to)), "{satisfied} of {valid}");
    }
    assert_eq!(shown(Share::of(0, 0)), None);
}

#[test]
fn an_interval_holds_its_share_and_narrows() {
    for valid in [1, 2, 7, 30, 365, 4000] {
        for satisfied in 0..=valid {
            let (from, to) = wilson(Share::of(satisfied, valid)).unwrap();
            let share = satisfied as f64 / valid as f64;
            assert!((0.0..=1.0).contains(&from) && from <= share && share <= to && to <= 1.0, "{satisfied} of {valid}: {from} {to}");
            let (other_from, other_to) = wilson(Share::of(valid - satisfied, valid)).unwrap();
            assert!((from - (1.0 - other_to)).abs() < 1e-12 && (to - (1.0 - other_from)).abs() < 1e-12, "{satisfied} of {valid}");
            let (more_from, more_to) = wilson(Share::of(satisfied * 2, valid * 2)).unwrap();
            assert!(more_to - more_from < to - from, "{satisfied} of {valid}");
        }
    }
}

#[test]
fn shares_are_rounded_half_up_and_compared_unrounded() {
    for (satisfied, valid, value) in [
        (2, 3, 66.67),
        (1, 8, 12.5),
        (1, 800, 0.13),
        (24_749, 25_000, 99.0),
        (0, 5, 0.0),
        (5, 5, 100.0),
        (1, 20_000, 0.01),
        (1, 20_001, 0.0),
    ] {
        assert_eq!(Share::of(satisfied, valid).value(), Some(value), "{satisfied} of {valid}");
    }
    assert_eq!((Share::of(0, 0).value(), rate(480, 500), rate(1, 0)), (None, Some(96.0), None));
    assert_eq!(Share::of(24_749, 25_000).compare(Share::of(99, 100)), Ordering::Less);
    assert_eq!(Share::of(1, 2).compare(Share::of(2, 4)), Ordering::Equal);
    assert_eq!(Share::of(0, 3).compare(Share::of(0, 0)), Ordering::Greater);
    assert_eq!(ranks(&[Share::of(1, 2), Share::of(0, 0), Share::of(9, 10), Share::of(2, 4)]), [Some(2), None, Some(1), Some(2)]);
}

#[test]
fn differences_are_in_points_half_away_from_zero() {
    let share = Share::of(2, 3);
    for (published, difference) in [(6667, 0.0), (6600, -0.67), (6700, 0.33), (10_000, 33.33), (0, -66.67)] {
        assert_eq!(share.published_less(published), Some(difference), "{published}");
    }
    assert_eq!(Share::of(1, 800).published_less(0), Some(-0.13));
    assert_eq!(Share::of(0, 0).published_less(8640), None);
    assert_eq!((Share::of(9, 10).less(Share::of(4, 5)), Share::of(4, 5).less(Share::of(9, 10))), (Some(10.0), Some(-10.0)));
    assert_eq!(Share::of(9, 10).less(Share::of(0, 0)), None);
}

#[test]
fn two_waves_differ_when_chance_does_not_explain_it() {
    let z = |a: (i64, i64), b: (i64, i64)| two_proportions(Share::of(a.0, a.1), Share::of(b.0, b.1)).map(|z| (z * 1000.0).round() / 1000.0);
    // 45 of 100 against 30 of 100: pooled 0.375, error 0.068465, z = 2.191.
    assert_eq!(z((45, 100), (30, 100)), Some(2.191));
    assert_eq!(z((30, 100), (45, 100)), Some(-2.191));
    assert_eq!((z((5, 5), (7, 7)), z((0, 5), (0, 7)), z((1, 1), (0, 0))), (Some(0.0), Some(0.0), None));
    let told = |a: (i64, i64), b: (i64, i64), same: bool| super::change(Share::of(a.0, a.1), Some(Share::of(b.0, b.1)), same).0;
    for (now, before, same, expected) in [
        ((45, 100), (30, 100), true, SurveyChange::Rose),
        ((30, 100), (45, 100), true, SurveyChange::Fell),
        ((43, 100), (40, 100), true, SurveyChange::NoClearChange),
        ((400, 400), (400, 400), true, SurveyChange::NoClearChange),
        ((29, 29), (0, 100), true, SurveyChange::TooFewAnswers),
        ((30, 30), (0, 100), true, SurveyChange::Rose),
        ((45, 100), (30, 100), false, SurveyChange::NotComparable),
        ((45, 100), (0, 0), true, SurveyChange::NotComparable),
    ] {
        assert_eq!(told(now, before, same), expected, "{now:?} {before:?}");
    }
    assert_eq!(super::change(Share::of(45, 100), None, true), (SurveyChange::NotComparable, None));
    // Intervals that overlap a little do not yet mean that there is no difference.
    assert_eq!(overlap(Share::of(45, 100), Share::of(30, 100)), Some(true));
    assert_eq!(overlap(Share::of(90, 100), Share::of(30, 100)), Some(false));
    assert_eq!(MINIMUM, 30);
}

#[test]
fn the_whole_is_a_sum_over_a_sum_and_counts_nobody_twice() {
    let answers = rows(json!([
        {"factor": "access", "question": "1", "satisfied": 90, "neutral": 10},
        {"factor": "access", "question": "1", "field": "DT", "satisfied": 20, "neutral": 10},
        {"factor": "access", "question": "2", "field": "DT", "very_satisfied": 5, "dissatisfied": 5, "no_answer": 2},
        {"factor": "access", "question": "2", "field": "DN", "very_satisfied": 1, "very_dissatisfied": 9},
        {"factor": "result", "satisfied": 1, "very_satisfied": 1, "neutral": 8}
    ]));
    let sums = |tallies: Vec<(String, super::Tally)>| -> Vec<(String, i64, i64)> {
        tallies.into_iter().map(|(code, tally)| (code, tally.share().satisfied, tally.share().valid)).collect()
    };
    let all = whole(&answers);
    assert_eq!((all.share(), all.no_answer, all.forms()), (Share::of(98, 130), 2, 132));
    assert_eq!(sums(factors(&answers)), [("access".into(), 96, 120), ("result".into(), 2, 10)]);
    assert_eq!(sums(fields(&answers)), [("DT".into(), 25, 40), ("DN".into(), 1, 10)]);
    // The mean of the two factors would be 50 %.
    assert_eq!(all.share().value(), Some(75.38));

    let feeds: Vec<SurveyFeed> =
        serde_json::from_value(json!([{"kpi": "index"}, {"kpi": "investment", "field": "DT"}, {"kpi": "gone", "field": "X"}])).unwrap();
    let told: Vec<_> = fed(&feeds, &answers)
        .into_iter()
        .map(|f| format!("{} {:?} {}/{}", f.kpi, f.field.as_deref(), f.share.satisfied, f.share.valid))
        .collect();
    assert_eq!(
        told,
        [
            "index None 98/130",
            "index Some(\"DT\") 25/40",
            "index Some(\"DN\") 1/10",
            "investment Some(\"DT\") 25/40",
            "access None 96/120",
            "access Some(\"DT\") 25/40",
            "access Some(\"DN\") 1/10",
            "result None 2/10"
        ]
    );
    // A factor that takes the whole by name does so once.
    let feeds: Vec<SurveyFeed> = serde_json::from_value(json!([{"kpi": "access"}])).unwrap();
    assert_eq!(fed(&feeds, &answers).iter().filter(|f| f.kpi == "access" && f.field.is_none()).count(), 1);
    assert!(fed(&feeds, &rows(json!([{"factor": "access", "no_answer": 5}]))).is_empty());
}

fn ground() -> Ground {
    let good = Indicator { is_computed: false, is_percent: true };
    let kpis = HashMap::from([
        ("access".to_owned(), good),
        ("result".to_owned(), good),
        ("index".to_owned(), good),
        ("online_rate".to_owned(), Indicator { is_computed: true, is_percent: true }),
        ("initiatives".to_owned(), Indicator { is_computed: false, is_percent: false }),
    ]);
    let fields = HashSet::from(["DT".to_owned(), "DN".to_owned()]);
    Ground { today: day("2022-12-15"), department: Place::Good, kpis, fields, before: None, next: Vec::new() }
}

fn new() -> Value {
    json!({"code": "hl-2022", "name": "Khảo sát", "department": "SKHDT", "period": "2022",
        "method": {"name": "Phiếu", "mode": "paper", "scale": "five_point"}, "population": 1000, "sample_size": 120, "respondents": 100,
        "fieldwork_from": "2022-10-03", "fieldwork_to": "2022-11-15", "conductor": "Văn phòng",
        "evidence": [{"document_number": "1/BC", "issued_on": "2022-12-01", "title": "Báo cáo"}],
        "feeds": [{"kpi": "index"}], "answers": [{"factor": "access", "satisfied": 80, "neutral": 15, "no_answer": 5}]})
}

fn told(faults: Vec<Fault>) -> Vec<String> {
    faults.iter().map(|f| format!("{} {}", f.pointer, f.code.name())).collect()
}

fn faults_of(change: impl FnOnce(&mut Value), ground: &Ground) -> Vec<String> {
    let mut body = new();
    change(&mut body);
    told(super::survey_faults(&serde_json::from_value::<NewSurvey>(body).unwrap(), ground))
}

#[test]
fn every_fault_of_a_wave_is_told() {
    assert_eq!(faults_of(|_| {}, &ground()), [""; 0]);
    let wrong = |body: &mut Value| {
        body["name"] = json!(" ");
        body["period"] = json!("2022-13");
        body["method"]["name"] = json!("");
        (body["population"], body["sample_size"], body["respondents"]) = (json!(90), json!(100), json!(101));
        (body["fieldwork_from"], body["fieldwork_to"]) = (json!("2022-12-16"), json!("2022-12-01"));
        body["evidence"] = json!([{"document_number": "", "issued_on": "2022-12-16", "title": "x", "link": "ftp://x"}]);
        body["follows"] = json!("gone");
        body["feeds"] = json!([{"kpi": "nothing", "field": "X"}, {"kpi": "online_rate"}, {"kpi": "initiatives"}, {"kpi": "index"}, {"kpi": "index", "field": "DT"}]);
        body["answers"] = json!([{"factor": "nothing", "field": "X", "question": " ", "satisfied": 102}]);
    };
    let mut place = ground();
    place.department = Place::Unknown;
    assert_eq!(
        faults_of(wrong, &place),
        [
            "/name missing",
            "/department unknown_code",
            "/period wrong_format",
            "/method/name missing",
            "/sample_size bad_survey",
            "/respondents answers_exceed_sample",
            "/fieldwork_to dates_backwards",
            "/fieldwork_from date_in_future",
            "/evidence/0/document_number missing",
            "/evidence/0/issued_on date_in_future",
            "/evidence/0/link wrong_format",
            "/follows unknown_code",
            "/feeds/0/kpi unknown_code",
            "/feeds/0/field unknown_code",
            "/feeds/1/kpi bad_survey",
            "/feeds/2/kpi bad_survey",
            "/feeds/4/kpi duplicate_in_payload",
            "/answers/0/factor unknown_code",
            "/answers/0/field unknown_code",
            "/answers/0/question missing",
            "/answers/0 answers_exceed_sample",
        ]
    );
    assert_eq!(
        faults_of(|body| body["sample_size"] = json!(0), &ground()),
        ["/sample_size bad_survey", "/respondents answers_exceed_sample"]
    );
    place.department = Place::OutOfReach;
    assert_eq!(faults_of(|_| {}, &place), ["/department not_permitted"]);
}

#[test]
fn no_question_has_more_answers_than_there_were_forms() {
    for (answers, expected) in [
        (json!([{"factor": "access", "satisfied": 100}]), vec![]),
        (json!([{"factor": "access", "satisfied": 100, "no_answer": 1}]), vec!["/answers/0 answers_exceed_sample"]),
        (json!([{"factor": "access", "question": "1", "satisfied": 100}, {"factor": "access", "question": "2", "satisfied": 100}]), vec![]),
        // Fields are parts of the same question.
        (
            json!([{"factor": "access", "field": "DT", "satisfied": 60}, {"factor": "access", "field": "DN", "satisfied": 41}]),
            vec!["/answers/1 answers_exceed_sample"],
        ),
        (
            json!([{"factor": "access", "field": "DT", "satisfied": 60}, {"factor": "access", "satisfied": 60}, {"factor": "access", "field": "DN", "neutral": 1}]),
            vec!["/answers/2 bad_survey"],
        ),
        (json!([{"factor": "access", "satisfied": 60, "neutral": 9}, {"factor": "access", "field": "DT", "satisfied": 30}]), vec![]),
        (
            json!([{"factor": "access", "satisfied": 1}, {"factor": "access", "satisfied": 2}, {"factor": "result", "field": "DT"}, {"factor": "result", "field": "DT"}]),
            vec!["/answers/1 duplicate_in_payload", "/answers/3 duplicate_in_payload"],
        ),
        (
            json!([{"factor": "access", "satisfied": 1}, {"factor": "access", "question": "1", "satisfied": 2}]),
            vec!["/answers/1/question bad_survey"],
        ),
    ] {
        assert_eq!(faults_of(|body| body["answers"] = answers.clone(), &ground()), expected, "{answers}");
    }
    let three = |body: &mut Value| {
        body["method"]["scale"] = json!("three_point");
        body["answers"] =
            json!([{"factor": "access", "very_dissatisfied": 1, "dissatisfied": 1, "neutral": 1, "satisfied": 1, "very_satisfied": 1}]);
    };
    assert_eq!(faults_of(three, &ground()), ["/answers/0/very_dissatisfied bad_survey", "/answers/0/neutral bad_survey"]);
}

#[test]
fn waves_follow_each_other_in_one_department() {
    let wave =
        |code: &str, department: &str, period: &str| Neighbour { code: code.into(), department: department.into(), period: period.into() };
    let follows = |body: &mut Value| body["follows"] = json!("hl-2021");
    for (before, next, expected) in [
        (Some(wave("hl-2021", "SKHDT", "2021")), None, vec![]),
        (Some(wave("hl-2021", "SKHDT", "2021H2")), Some(wave("hl-2023", "SKHDT", "2023")), vec![]),
        (Some(wave("hl-2021", "SNV", "2021")), None, vec!["/follows bad_survey"]),
        (Some(wave("hl-2021", "SKHDT", "2022")), None, vec!["/follows dates_backwards"]),
        (Some(wave("hl-2021", "SKHDT", "2022Q2")), None, vec!["/follows dates_backwards"]),
        (None, None, vec!["/follows unknown_code"]),
        (Some(wave("hl-2021", "SKHDT", "2021")), Some(wave("x", "SNV", "2023")), vec!["/department in_use"]),
        (Some(wave("hl-2021", "SKHDT", "2021")), Some(wave("x", "SKHDT", "2021")), vec!["/period dates_backwards"]),
    ] {
        let about = format!("{before:?} {next:?}");
        let ground = Ground { before, next: next.into_iter().collect(), ..ground() };
        assert_eq!(faults_of(follows, &ground), expected, "{about}");
    }
}

#[test]
fn a_wave_is_closed_once_it_is_complete_and_corrected_afterwards() {
    use SurveyAct::{Close, Correct, Publish};
    use SurveyState::{Closed, Open, Published};
    assert_eq!(
        (super::allowed(Open), super::allowed(Closed), super::allowed(Published)),
        (vec![Close], vec![Correct, Publish], vec![Correct, Publish])
    );
    assert_eq!(
        (super::after(Open, Close), super::after(Closed, Publish), super::after(Published, Correct)),
        (Some(Closed), Some(Published), Some(Published))
    );
    let lacking = |change: &dyn Fn(&mut Value), today: &str| {
        let mut body = new();
        change(&mut body);
        let new: NewSurvey = serde_json::from_value(body).unwrap();
        told(super::closing_faults(&Closing::of_new(&new), day(today)))
    };
    assert_eq!(lacking(&|_| {}, "2022-11-15"), [""; 0]);
    assert_eq!(lacking(&|_| {}, "2022-11-14"), ["/fieldwork_to date_in_future"]);
    let empty = |body: &mut Value| {
        for member in ["respondents", "fieldwork_from", "fieldwork_to", "conductor", "evidence", "answers"] {
            body.as_object_mut().unwrap().remove(member);
        }
    };
    let all = ["/respondents", "/fieldwork_from", "/fieldwork_to", "/conductor", "/evidence", "/answers"].map(|at| format!("{at} missing"));
    assert_eq!(lacking(&empty, "2022-12-15"), all);
}

#[test]
fn what_was_published_stays_when_a_wave_is_corrected() {
    let publication: SurveyPublication = serde_json::from_value(json!({"document_number": "1/QĐ", "published_on": "2022-12-15",
        "values": [{"value": 86.4}, {"factor": "access", "value": 85}, {"field": "DT", "value": 80}]}))
    .unwrap();
    let still = |answers: Value| {
        let mut body = new();
        body["answers"] = answers;
        super::still_published(&serde_json::from_value(body).unwrap(), Some(&publication)).map(|f| f.code.name())
    };
    assert_eq!(still(json!([{"factor": "access", "field": "DT", "satisfied": 1}])), None);
    assert_eq!(still(json!([{"factor": "access", "satisfied": 1}])), Some("in_use"));
    assert_eq!(still(json!([{"factor": "result", "field": "DT", "satisfied": 1}])), Some("in_use"));
    assert_eq!(super::still_published(&serde_json::from_value(new()).unwrap(), None), None);
}
