//! What a department must fulfil. Pure.

use std::collections::HashMap;

use super::wire::{DepartmentView, NewDepartment};
use crate::error::{Code, Fault};
use crate::http::ResourceCode;

/// Every fault of a row, given the code and parent of every department as they will be.
pub fn faults(row: &NewDepartment, parents: &HashMap<String, Option<String>>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    let unknown =
        |code: &ResourceCode, pointer: String| (!parents.contains_key(code.as_str())).then(|| Fault::unknown(pointer, code.as_str()));
    faults.extend(row.parent.as_ref().and_then(|parent| unknown(parent, "/parent".into())));
    faults.extend(row.successor.as_ref().and_then(|successor| unknown(successor, "/successor".into())));
    for (i, member) in row.members.iter().enumerate() {
        faults.extend(unknown(member, format!("/members/{i}")));
        if member == &row.code {
            faults.push(Fault::new(
                Code::CircularParent,
                format!("/members/{i}"),
                "Đơn vị không thể là thành viên của chính nó.",
                "A unit is no member of itself.",
            ));
        }
    }
    if circular(row.code.as_str(), parents) {
        faults.push(Fault::plain(Code::CircularParent, "/parent"));
    }
    if let (Some(from), Some(to)) = (row.valid_from, row.valid_to)
        && from > to
    {
        faults.push(Fault::new(
            Code::DatesBackwards,
            "/valid_to",
            "Ngày hết hiệu lực trước ngày có hiệu lực.",
            "It would end before it begins.",
        ));
    }
    if row.identifier.as_ref().is_some_and(|i| !is_identifier(i.as_str())) {
        faults.push(Fault::new(Code::WrongFormat, "/identifier", "Mã định danh có dạng H32.05.", "An identifier looks like H32.05."));
    }
    faults
}

fn is_identifier(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

fn circular(code: &str, parents: &HashMap<String, Option<String>>) -> bool {
    let mut at = code;
    for _ in 0..=parents.len() {
        match parents.get(at).and_then(Option::as_deref) {
            None => return false,
            Some(parent) => at = parent,
        }
    }
    true
}

/// Whether putting the row would change nothing.
pub fn equal(row: &NewDepartment, old: &DepartmentView) -> bool {
    let mut members: Vec<&str> = row.members.iter().map(|m| m.as_str()).collect();
    members.sort_unstable();
    members.dedup();
    old.name == row.name.as_str()
        && old.kind == row.kind.name()
        && old.parent.as_deref() == row.parent.as_ref().map(|p| p.as_str())
        && old.one_stop == row.one_stop
        && old.identifier.as_deref() == row.identifier.as_ref().map(|i| i.as_str())
        && old.members == members
        && old.valid_from == row.valid_from
        && old.valid_to == row.valid_to
        && old.successor.as_deref() == row.successor.as_ref().map(|s| s.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_is_found() {
        let row: NewDepartment = serde_json::from_value(json!({
            "code": "A", "name": " ", "kind": "division", "parent": "B", "successor": "X",
            "valid_from": "2022-02-01", "valid_to": "2022-01-01", "identifier": "H-32", "members": ["A"]
        }))
        .unwrap();
        let parents = HashMap::from([("A".to_owned(), Some("B".to_owned())), ("B".to_owned(), Some("A".to_owned()))]);
        let found: Vec<_> = faults(&row, &parents).iter().map(|f| (f.code.name(), f.pointer.to_string())).collect();
        let pointers: Vec<_> = found.iter().map(|(_, p)| p.as_str()).collect();
        assert_eq!(pointers, ["/name", "/successor", "/members/0", "/parent", "/valid_to", "/identifier"], "{found:?}");
    }
}
