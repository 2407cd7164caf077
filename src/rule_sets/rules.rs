//! What a rule set must fulfil. Pure.

use chrono::{Days, NaiveDate};

use super::model::FormKind;
use super::wire::{NewRuleSet, RuleSetView};
use crate::error::{Code, Fault};
use crate::http::Line;

/// Every fault of a row, given all sets as they are.
pub fn faults(row: &NewRuleSet, all: &[RuleSetView]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut blank = |text: &Line, pointer: String| {
        if text.is_blank() {
            faults.push(Fault::missing(pointer));
        }
    };
    blank(&row.name, "/name".into());
    blank(&row.forms_source, "/forms_source".into());
    for (i, text) in row.legal_bases.iter().enumerate() {
        blank(&text.number, format!("/legal_bases/{i}/number"));
        blank(&text.title, format!("/legal_bases/{i}/title"));
    }
    for (i, form) in row.forms.iter().enumerate() {
        blank(&form.title, format!("/forms/{i}/title"));
        if let Some(number) = &form.number {
            blank(number, format!("/forms/{i}/number"));
        }
    }
    for (i, ground) in row.grounds.iter().enumerate() {
        blank(&ground.ground, format!("/grounds/{i}/ground"));
    }
    for (i, form) in row.forms.iter().enumerate() {
        if row.forms[..i].iter().any(|f| f.kind == form.kind) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/forms/{i}/kind")));
        }
    }
    for (i, ground) in row.grounds.iter().enumerate() {
        if row.grounds[..i].iter().any(|g| g.act == ground.act) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/grounds/{i}/act")));
        }
    }
    let lacking: Vec<&str> =
        FormKind::ALL.iter().filter(|kind| row.forms.iter().all(|f| f.kind != **kind)).map(|kind| kind.name()).collect();
    if !lacking.is_empty() {
        let lacking = lacking.join(", ");
        faults.push(Fault::new(Code::Missing, "/forms", format!("Thiếu mẫu: {lacking}."), format!("Forms that are lacking: {lacking}.")));
    }
    faults.extend(validity(row, all));
    faults
}

/// Sets follow each other without gap or overlap: a set begins where it says and ends where the next one begins. So a
/// change may not jump over a neighbour, nor leave days without a set that had one.
fn validity(row: &NewRuleSet, all: &[RuleSetView]) -> Option<Fault> {
    let from = row.valid_from.0;
    let fault = |pointer: &'static str, vi: String, en: String| Some(Fault::new(Code::ValidityNotContiguous, pointer, vi, en));
    let others = || all.iter().filter(|s| s.code != row.code.as_str());
    if let Some(other) = others().find(|s| s.valid_from.0 == from) {
        return fault(
            "/valid_from",
            format!("Bộ quy định “{}” cũng bắt đầu ngày này.", other.code),
            format!("“{}” begins on this day, too.", other.code),
        );
    }
    if let Some(old) = all.iter().find(|s| s.code == row.code.as_str()) {
        let before = others().filter(|s| s.valid_from < old.valid_from).max_by_key(|s| s.valid_from);
        let after = others().filter(|s| s.valid_from > old.valid_from).min_by_key(|s| s.valid_from);
        if let Some(other) = before.filter(|s| s.valid_from.0 > from).or(after.filter(|s| s.valid_from.0 < from)) {
            return fault(
                "/valid_from",
                format!("Không thể vượt qua bộ quy định “{}”.", other.code),
                format!("It cannot move past “{}”.", other.code),
            );
        }
        if before.is_none() && from > old.valid_from.0 {
            return fault(
                "/valid_from",
                format!("Các ngày từ {} sẽ không còn bộ quy định nào.", printed(old.valid_from.0)),
                format!("The days from {} on would be left without a set.", old.valid_from.0),
            );
        }
    }
    let end = others().filter(|s| s.valid_from.0 > from).map(|s| s.valid_from.0).min().and_then(|next| next.checked_sub_days(Days::new(1)));
    match (row.valid_to, end) {
        (Some(given), Some(end)) if given.0 != end => fault(
            "/valid_to",
            format!("Bộ quy định kế tiếp bắt đầu ngay sau {}.", printed(end)),
            format!("The next set begins right after {end}."),
        ),
        (Some(_), None) => fault(
            "/valid_to",
            "Chưa có bộ quy định kế tiếp: để trống, hoặc thêm bộ kế tiếp.".into(),
            "No set follows yet: leave it out, or add the one that follows.".into(),
        ),
        _ => None,
    }
}

fn printed(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// Whether putting the row would change nothing.
pub fn equal(row: &NewRuleSet, old: &RuleSetView) -> bool {
    let (mut forms, mut grounds) = (row.forms.clone(), row.grounds.clone());
    forms.sort_by_key(|f| f.kind);
    grounds.sort_by_key(|g| g.act);
    old.name == row.name.as_str()
        && old.valid_from == row.valid_from
        && (row.valid_to.is_none() || old.valid_to == row.valid_to)
        && old.legal_bases == row.legal_bases
        && old.forms_source == row.forms_source.as_str()
        && old.forms == forms
        && old.grounds == grounds
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::Day;
    use serde_json::{Value, json};

    fn row(code: &str, from: &str, change: Value) -> NewRuleSet {
        let form = |kind: &FormKind| json!({"kind": kind, "number": "01", "title": "Mẫu", "page_size": "a5"});
        let mut body = json!({"code": code, "name": "Bộ", "valid_from": from, "legal_bases": [], "forms_source": "Thông tư",
            "forms": FormKind::ALL.iter().map(form).collect::<Vec<_>>()});
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    fn set(code: &str, from: &str, to: Option<&str>) -> RuleSetView {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let row = row(code, from, json!({}));
        RuleSetView {
            id: uuid::Uuid::nil(),
            code: code.into(),
            name: row.name.as_str().into(),
            valid_from: day(from),
            valid_to: to.map(day),
            legal_bases: Vec::new(),
            forms_source: row.forms_source.as_str().into(),
            forms: row.forms,
            grounds: Vec::new(),
            version: 1,
        }
    }

    fn pointers(row: &NewRuleSet) -> Vec<String> {
        let all = [set("a", "2018-06-21", Some("2025-06-30")), set("b", "2025-07-01", None)];
        faults(row, &all).iter().map(|f| f.pointer.to_string()).collect()
    }

    #[test]
    fn every_fault_is_found() {
        let bad = row(
            "c",
            "2025-07-01",
            json!({"name": " ", "legal_bases": [{"number": "1", "title": ""}], "grounds": [{"act": "refusal", "ground": ""}, {"act": "refusal", "ground": "x"}],
                "forms": [{"kind": "stop", "number": "", "title": "", "page_size": "a4"}, {"kind": "stop", "title": "x", "page_size": "a4"}]}),
        );
        let expected = [
            "/name",
            "/legal_bases/0/title",
            "/forms/0/title",
            "/forms/0/number",
            "/grounds/0/ground",
            "/forms/1/kind",
            "/grounds/1/act",
            "/forms",
            "/valid_from",
        ];
        assert_eq!(pointers(&bad), expected);
    }

    #[test]
    fn validities_follow_each_other() {
        for (code, from, to, wrong) in [
            ("c", "2027-01-01", None, None),
            ("c", "2020-01-01", Some("2025-06-30"), None),
            ("c", "2015-01-01", Some("2018-06-20"), None),
            ("c", "2015-01-01", Some("2018-06-21"), Some("/valid_to")),
            ("c", "2027-01-01", Some("2030-01-01"), Some("/valid_to")),
            ("a", "2018-06-21", Some("2025-06-30"), None),
            ("a", "2017-01-01", None, None),
            ("a", "2018-06-22", None, Some("/valid_from")),
            ("a", "2025-07-02", None, Some("/valid_from")),
            ("b", "2025-07-15", None, None),
            ("b", "2018-01-01", None, Some("/valid_from")),
            ("b", "2018-06-21", None, Some("/valid_from")),
        ] {
            let found = pointers(&row(code, from, json!({"valid_to": to})));
            assert_eq!(found.first().map(String::as_str), wrong, "{code} {from} {to:?}");
        }
    }
}
