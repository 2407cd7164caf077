//! What a client must fulfil. Pure.

use std::collections::HashSet;

use super::wire::{ClientView, NewClient};
use crate::auth::{Permission, Role};
use crate::error::{Code, Fault};

/// The scopes there are: what the role `integration` may do.
pub fn scopes() -> Vec<&'static str> {
    Permission::ALL.iter().filter(|p| p.span(Role::Integration).is_some()).map(|p| p.name()).collect()
}

/// Every fault of a client, given the codes of all departments.
pub fn faults(row: &NewClient, departments: &HashSet<String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.client_id.as_str().chars().any(|c| c.is_ascii_uppercase()) {
        faults.push(Fault::new(Code::WrongFormat, "/client_id", "Mã hệ thống dùng chữ thường.", "Client ids are in lower case."));
    }
    if row.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    let known = scopes();
    for (i, scope) in row.scopes.iter().enumerate() {
        if !known.contains(&scope.as_str()) {
            let list = known.join(", ");
            faults.push(Fault::new(
                Code::NotInList,
                format!("/scopes/{i}"),
                format!("Phải là một trong: {list}."),
                format!("Must be one of: {list}."),
            ));
        }
    }
    for (i, code) in row.departments.iter().enumerate() {
        if !departments.contains(code.as_str()) {
            faults.push(Fault::unknown(format!("/departments/{i}"), code.as_str()));
        }
    }
    faults
}

/// Scopes or departments in their order, each once.
pub fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Whether putting the client would change nothing.
pub fn equal(row: &NewClient, old: &ClientView) -> bool {
    old.name == row.name.as_str()
        && old.active == row.active
        && old.scopes == sorted(row.scopes.iter().map(|s| s.as_str()))
        && old.departments == sorted(row.departments.iter().map(|d| d.as_str()))
}

/// The scopes that a token gets: those asked for, or all of the client's; none when more is asked for than the client has.
pub fn granted(asked: Option<&str>, scopes: &[String]) -> Option<Vec<String>> {
    let Some(asked) = asked.filter(|a| !a.trim().is_empty()) else { return Some(scopes.to_vec()) };
    let asked = sorted(asked.split(' ').filter(|s| !s.is_empty()));
    asked.iter().all(|s| scopes.contains(s)).then_some(asked)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found() {
        let row: NewClient = serde_json::from_value(serde_json::json!({
            "client_id": "Ab", "name": " ", "scopes": ["dossier:read", "dossier:resolve", "x"], "departments": ["A", "B"]
        }))
        .unwrap();
        let known = HashSet::from(["A".to_owned()]);
        let pointers: Vec<_> = faults(&row, &known).into_iter().map(|f| f.pointer.into_owned()).collect();
        assert_eq!(pointers, ["/client_id", "/name", "/scopes/1", "/scopes/2", "/departments/1"]);
    }

    #[test]
    fn no_more_is_granted_than_there_is() {
        let has = ["dossier:load".to_owned(), "dossier:read".to_owned()];
        assert_eq!(granted(None, &has).unwrap(), has);
        assert_eq!(granted(Some(" "), &has).unwrap(), has);
        assert_eq!(granted(Some("dossier:read  dossier:read"), &has).unwrap(), ["dossier:read"]);
        assert_eq!(granted(Some("dossier:read department:write"), &has), None);
    }
}
