#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

fn known() -> Known {
    let department = |code: &str, kind: &str, valid_to: Option<&str>| departments::Known {
        name: code.to_owned(),
        id: Uuid::now_v7(),
        code: code.into(),
        one_stop: false,
        kind: kind.into(),
        valid_from: None,
        valid_to: valid_to.map(|d| d.parse().unwrap()),
        agency: "SKHDT".into(),
    };
    let all = [department("SKHDT", "agency", None), department("VP", "office", None), department("CU", "division", Some("2021-12-31"))];
    Known {
        departments: all.into_iter().map(|d| (d.code.clone(), d)).collect(),
        top: Some("SKHDT".into()),
        kinds: HashSet::from(["cong-van".to_owned()]),
        writes: Reach::All,
        secrets: Reach::All,
        now: "2022-06-15T02:00:00Z".parse().unwrap(),
    }
}

fn row(change: Value) -> NewDocument {
    let mut body = json!({"direction": "outgoing", "book": "CV", "number": "12", "symbol": "SKHĐT-VP", "kind": "cong-van",
        "issued_on": "2022-06-10", "summary": "V/v báo cáo", "department": "VP"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(body).unwrap()
}

fn decided(row: &NewDocument, old: Option<&DocumentView>, holder: Option<&str>, known: &Known) -> Decided {
    let place = place(row, known).unwrap();
    decide(row, "X", true, &place, Before { same_code: old, holder }, known, Strategy::Upsert)
}

fn pointers(change: Value, known: &Known) -> Vec<String> {
    match decided(&row(change), None, None, known) {
        Decided::Rejected(faults) => faults.iter().map(|f| f.pointer.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn written(row: &NewDocument, known: &Known) -> DocumentView {
    match decided(row, None, None, known) {
        Decided::Write(view) => *view,
        _ => panic!("not written"),
    }
}

#[test]
fn every_fault_is_found() {
    let known = known();
    let wrong = json!({"number": " ", "summary": " ", "agency": "VP", "kind": "x", "department": "CU", "arrived_on": "2022-06-01", "sender": "UBND",
        "year": 2021, "sent_at": "2022-06-16T08:00:00+07:00", "recipients": ["a", " "]});
    let expected = [
        "/number",
        "/summary",
        "/recipients/1",
        "/agency",
        "/kind",
        "/department",
        "/arrived_on",
        "/sender",
        "/year",
        "/arrived_on",
        "/sent_at",
        "/sent_at",
    ];
    assert_eq!(pointers(wrong, &known), expected);
    let incoming = json!({"direction": "incoming", "department": null, "drafted_in_e_office": true, "approved_in_e_office": true,
        "sent_electronically": true, "issued_on": "2022-07-01"});
    let expected = ["/drafted_in_e_office", "/approved_in_e_office", "/sent_electronically", "/arrived_on", "/sender", "/issued_on"];
    assert_eq!(pointers(incoming, &known), expected);
    let cases = [
        (json!({"department": null}), vec!["/department"]),
        (json!({"department": "NO"}), vec!["/department"]),
        (json!({"sent_electronically": true, "sent_at": "2022-06-09T08:00:00+07:00"}), vec!["/sent_at"]),
        (json!({"sent_electronically": true, "sent_at": "2022-06-10T00:00:00+07:00"}), vec![]),
        (json!({"agency": "NO"}), vec!["/agency"]),
        (json!({"direction": "incoming", "arrived_on": "2022-06-10", "sender": "UBND tỉnh", "department": null}), vec![]),
    ];
    for (change, expected) in cases {
        assert_eq!(pointers(change.clone(), &known), expected, "{change}");
    }
}

#[test]
fn numbers_are_printed_and_sorted() {
    let known = known();
    let cases =
        [("12", Some(12), "12/SKHĐT-VP"), ("05", Some(5), "05/SKHĐT-VP"), ("12a", Some(12), "12a/SKHĐT-VP"), ("M1", None, "M1/SKHĐT-VP")];
    for (number, sequence, printed) in cases {
        let view = written(&row(json!({"number": number})), &known);
        assert_eq!((view.sequence, view.document_number.as_deref()), (sequence, Some(printed)));
    }
    assert_eq!(written(&row(json!({"symbol": null})), &known).document_number.as_deref(), Some("12"));
    assert_eq!(written(&row(json!({"document_number": "12-CV"})), &known).document_number.as_deref(), Some("12-CV"));
    let code = |number: &str| made_code(&place(&row(json!({"number": number})), &known).unwrap()).map(|c| c.to_string());
    assert_eq!(code("12").as_deref(), Some("SKHDT-outgoing-CV-2022-12"));
    assert_eq!(code("12/Đ").as_deref(), Some("SKHDT-outgoing-CV-2022-12-d"));
    assert_eq!(code(&"1".repeat(60)), None);
}

#[test]
fn what_stands_there_decides() {
    let known = known();
    let old = written(&row(json!({})), &known);
    assert!(matches!(decided(&row(json!({})), Some(&old), Some("X"), &known), Decided::Unchanged(_)));
    assert!(matches!(decided(&row(json!({"note": "x"})), Some(&old), Some("X"), &known), Decided::Write(v) if v.id == old.id));
    let code = |decided: Decided| match decided {
        Decided::Rejected(faults) => faults[0].code,
        _ => panic!("not refused"),
    };
    assert_eq!(code(decided(&row(json!({})), None, Some("Y"), &known)), Code::NumberTaken);
    let voided = DocumentView { voided_at: Some(crate::http::At(known.now)), void_reason: Some("x".into()), ..old.clone() };
    assert!(matches!(decided(&row(json!({})), Some(&voided), Some("X"), &known), Decided::Unchanged(_)));
    assert_eq!(code(decided(&row(json!({"note": "x"})), Some(&voided), Some("X"), &known)), Code::BadDocument);
    // A code that was made for another number.
    let clash = row(json!({"number": "13"}));
    let at = place(&clash, &known).unwrap();
    let before = Before { same_code: Some(&old), holder: None };
    assert_eq!(code(decide(&clash, "X", false, &at, before, &known, Strategy::Upsert)), Code::Exists);
}

#[test]
fn rights_are_asked_of_what_is_there_and_of_what_comes() {
    let mut known = known();
    let vp = known.departments["VP"].id;
    let old = written(&row(json!({"secrecy": "secret"})), &known);
    let refused = |change: Value, old: Option<&DocumentView>, known: &Known| matches!(decided(&row(change), old, None, known), Decided::Rejected(f) if f.iter().any(|f| f.code == Code::NotPermitted));
    (known.writes, known.secrets) = (Reach::Departments(vec![vp]), Reach::Departments(vec![]));
    assert!(!refused(json!({}), None, &known));
    assert!(refused(json!({"secrecy": "confidential"}), None, &known));
    assert!(refused(json!({"secrecy": "normal"}), Some(&old), &known));
    known.writes = Reach::Departments(vec![]);
    assert!(refused(json!({}), None, &known));
    // What no department handles yet is for those who register everywhere.
    let incoming = json!({"direction": "incoming", "arrived_on": "2022-06-10", "sender": "UBND tỉnh", "department": null});
    known.writes = Reach::Departments(vec![vp]);
    assert!(refused(incoming, None, &known));
}
