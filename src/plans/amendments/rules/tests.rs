#![allow(clippy::unwrap_used)]

use super::*;

fn task(code: &str) -> Value {
    json!({"local_code": code, "group": "I", "title": code, "schedule": {"text": "Thường xuyên", "kind": "ongoing"}})
}

fn old() -> NewPlan {
    serde_json::from_value(json!({
        "code": "p", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "T", "issuer": {"department": "S"},
        "issued_on": "2022-04-19", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "groups": [{"code": "I", "title": "I"}, {"code": "II", "title": "II"}], "tasks": [task("a"), task("b"), task("c")]
    }))
    .unwrap()
}

/// The local codes after the amendment, the fates, and the faults.
fn tried(members: Value) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut body = json!({"document_number": "2/KH", "document_type": "Kế hoạch", "title": "Sửa đổi", "issued_on": "2022-07-04"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let amendment = serde_json::from_value(body).unwrap();
    let worked = ["a".to_owned()];
    let ground = Ground { today: "2022-07-10".parse().unwrap(), in_force_since: "2022-04-19".parse().unwrap(), worked: &worked };
    let (amended, faults) = amended(&old(), &amendment, &ground);
    let codes = amended.plan.tasks.iter().map(|t| t.local_code.to_string()).collect();
    let fate = |f: &Fate| format!("{} {} {}", f.local_code, json!(f.becomes).as_str().unwrap(), f.to.as_deref().unwrap_or("-"));
    let fates = amended.fates.iter().map(fate).collect();
    (codes, fates, faults.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect())
}

#[test]
fn lists_add_change_and_drop() {
    let body = json!({"added": [{"task": task("d"), "after": "a"}, {"task": task("e")}], "changed": [{"local_code": "c", "title": "C"}],
        "dropped": [{"local_code": "b"}]});
    let (codes, fates, faults) = tried(body);
    assert_eq!(codes, ["a", "d", "c", "e"]);
    assert_eq!((fates, faults), (vec!["b cancelled -".to_owned()], vec![]));
}

#[test]
fn a_whole_list_stands_in_for_the_old_one() {
    let mut heir = task("d");
    heir["replaces"] = json!(["a", "b"]);
    let (codes, fates, faults) = tried(json!({"tasks": [task("c"), heir]}));
    assert_eq!(codes, ["c", "d"]);
    assert_eq!((fates, faults), (vec!["a moved d".to_owned(), "b moved d".to_owned()], vec![]));
}

#[test]
fn what_becomes_of_work_must_be_said() {
    let dropped = |members: Value| {
        let mut entry = json!({"local_code": "a"});
        entry.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        tried(json!({"dropped": [entry]}))
    };
    assert_eq!(dropped(json!({})).2, ["in_use /dropped/0/becomes"]);
    assert_eq!(dropped(json!({"becomes": "cancelled"})).2, ["missing /dropped/0/reason"]);
    assert_eq!(dropped(json!({"becomes": "cancelled", "reason": "x"})).1, ["a cancelled -"]);
    assert_eq!(dropped(json!({"becomes": "moved"})).2, ["missing /dropped/0/to"]);
    assert_eq!(dropped(json!({"becomes": "moved", "to": "x"})).2, ["unknown_code /dropped/0/to"]);
    assert_eq!(dropped(json!({"becomes": "moved", "to": "c"})).1, ["a moved c"]);
    assert_eq!(dropped(json!({"becomes": "kept"})).1, ["a kept -"]);
    assert_eq!(dropped(json!({"becomes": "kept", "to": "c"})).2, ["rule_broken /dropped/0/to"]);
    assert_eq!(tried(json!({"tasks": [task("b"), task("c")]})).2, ["in_use /tasks"]);
}

#[test]
fn faults_of_an_amendment_come_all_at_once() {
    let body = json!({"title": " ", "issued_on": "2022-07-11", "effective_on": "2022-04-18", "added": [{"task": task("b")}, {"task": task("d"), "after": "x"}],
        "changed": [{"local_code": "y"}, {"local_code": "c"}, {"local_code": "c"}], "dropped": [{"local_code": "c"}, {"local_code": "z"}]});
    let expected = [
        "missing /title",
        "date_in_future /issued_on",
        "dates_backwards /effective_on",
        "unknown_code /changed/0/local_code",
        "duplicate_in_payload /changed/2/local_code",
        "duplicate_in_payload /dropped/0/local_code",
        "exists /added/0/task/local_code",
        "unknown_code /added/1/after",
        "unknown_code /dropped/1/local_code",
    ];
    assert_eq!(tried(body).2, expected);
    assert_eq!(tried(json!({})).2, ["missing "]);
    assert_eq!(tried(json!({"tasks": [task("a"), task("b"), task("c")]})).2, ["missing "]);
    let both = json!({"tasks": [task("a"), task("b"), task("c")], "changed": [{"local_code": "a"}]});
    assert_eq!(tried(both).2, ["rule_broken /changed"]);
}

#[test]
fn faults_of_the_new_text_are_told_where_the_body_has_them() {
    let places = [None, Some("/added/0/task".to_owned())];
    let at = |pointer: &str| placed(vec![Fault::plain(Code::Missing, pointer.to_owned())], &places)[0].pointer.to_string();
    assert_eq!(at("/tasks/1/lead/0"), "/added/0/task/lead/0");
    assert_eq!(at("/tasks/0/title"), "/tasks/0/title");
    assert_eq!(at("/groups/1/title"), "/groups/1/title");
}
