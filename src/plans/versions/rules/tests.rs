#![allow(clippy::unwrap_used)]

use super::*;

fn plan(tasks: &[(&str, &str, &str)]) -> NewPlan {
    let tasks: Vec<Value> = tasks
        .iter()
        .map(|(code, group, title)| {
            json!({"local_code": code, "group": group, "title": title, "schedule": {"text": "Thường xuyên", "kind": "ongoing"}})
        })
        .collect();
    serde_json::from_value(json!({
        "code": "p", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "T", "issuer": {"department": "S"},
        "issued_on": "2022-04-19", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "groups": [{"code": "I", "title": "I"}, {"code": "II", "title": "II"}], "tasks": tasks
    }))
    .unwrap()
}

#[test]
fn what_is_added_changed_dropped_and_moved_is_told_apart() {
    let old = plan(&[("a", "I", "A"), ("b", "I", "B"), ("c", "II", "C"), ("d", "II", "D")]);
    let mut new = plan(&[("b", "I", "B"), ("e", "I", "E"), ("a", "I", "A"), ("d", "I", "D2")]);
    new.title = old.title.clone();
    let found = tasks(Some(&old), &new);
    let codes = |parts: &[ListedPart]| parts.iter().map(|p| p.code.clone()).collect::<Vec<_>>();
    assert_eq!((codes(&found.added), codes(&found.dropped)), (vec!["e".to_owned()], vec!["c".to_owned()]));
    let expected = MemberChange { member: "title".into(), old: json!("D"), new: json!("D2") };
    assert_eq!(found.changed, [ChangedPart { code: "d".into(), title: "D2".into(), members: vec![expected] }]);
    let moved: Vec<(&str, usize, usize)> = found.moved.iter().map(|m| (m.code.as_str(), m.old_position, m.new_position)).collect();
    assert_eq!(moved, [("a", 1, 3), ("d", 4, 4)]);
    assert_eq!(head(Some(&old), &new), []);
    assert_eq!(tasks(Some(&old), &old), PartsDifference::default());
    assert_eq!(tasks(None, &old).added.len(), 4);
}

#[test]
fn as_many_as_can_stay() {
    let cases: &[(&[usize], usize)] = &[(&[], 0), (&[3], 1), (&[0, 1, 2], 3), (&[2, 0, 1], 2), (&[2, 1, 0], 1), (&[3, 0, 4, 1, 2], 3)];
    for (numbers, stay) in cases {
        assert_eq!(longest_rise(numbers).len(), *stay, "{numbers:?}");
    }
}
