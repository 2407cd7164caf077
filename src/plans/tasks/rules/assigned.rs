//! What a task from above must fulfil. Pure.

use chrono::NaiveDate;

use crate::error::{Code, Fault};
use crate::plans::tasks::wire::AssignedTask;

/// What a task from above is judged against.
pub struct Ground<'a> {
    /// Whether there is such a department: whether it is in force on the day of the document.
    pub department: &'a dyn Fn(&str) -> Option<bool>,
    pub today: NaiveDate,
    /// When the task named as the one above is due; `None` when there is none such in sight.
    pub parent_due_on: Option<Option<NaiveDate>>,
    /// Work has been done on it already.
    pub worked: bool,
    /// The last day in time that it had.
    pub was_due_on: Option<NaiveDate>,
}

/// Every fault of a task from above.
pub fn faults(task: &AssignedTask, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if task.title.is_blank() {
        faults.push(Fault::missing("/title"));
    }
    if task.document_number.is_blank() {
        faults.push(Fault::missing("/document_number"));
    }
    if (ground.department)(task.issuer.as_str()).is_none() {
        faults.push(Fault::unknown("/issuer", task.issuer.as_str()));
    }
    if task.document_on.0 > ground.today {
        faults.push(Fault::plain(Code::DateInFuture, "/document_on"));
    }
    if task.due_on < task.document_on {
        faults.push(Fault::new(
            Code::DatesBackwards,
            "/due_on",
            "Hạn trước ngày của văn bản giao việc.",
            "The due date lies before the document that assigns the task.",
        ));
    }
    if task.lead.is_empty() {
        faults.push(Fault::missing("/lead"));
    }
    let named = [("lead", &task.lead), ("coordinate", &task.coordinate)];
    let all: Vec<_> =
        named.iter().flat_map(|(name, codes)| codes.iter().enumerate().map(move |(i, c)| (format!("/{name}/{i}"), c))).collect();
    for (at, code) in &all {
        if all.iter().filter(|(_, other)| other == code).count() > 1 {
            faults.push(Fault::plain(Code::DuplicateInPayload, at.clone()));
        }
        match (ground.department)(code.as_str()) {
            None => faults.push(Fault::unknown(at.clone(), code.as_str())),
            Some(false) => faults.push(Fault::new(
                Code::NotValidThen,
                at.clone(),
                format!("Đơn vị “{code}” không có hiệu lực vào ngày giao việc."),
                format!("“{code}” is not in force on the day the task was assigned."),
            )),
            Some(true) => {}
        }
    }
    if let Some(parent) = &task.parent {
        match ground.parent_due_on {
            None => faults.push(Fault::unknown("/parent", parent.as_str())),
            Some(_) if *parent == task.code => faults.push(Fault::new(
                Code::CircularParent,
                "/parent",
                "Nhiệm vụ không thể thuộc chính nó.",
                "A task is not a part of itself.",
            )),
            Some(Some(last)) if task.due_on.0 > last => faults.push(Fault::new(
                Code::LaterThanParent,
                "/due_on",
                format!("Không được sau hạn của nhiệm vụ cấp trên ({}).", last.format("%d/%m/%Y")),
                format!("Must not be later than the task above is due ({last})."),
            )),
            Some(_) => {}
        }
    }
    if ground.worked && ground.was_due_on.is_some_and(|was| was != task.due_on.0) {
        faults.push(Fault::new(
            Code::InUse,
            "/due_on",
            "Nhiệm vụ đã có người thực hiện: muốn đổi hạn thì gia hạn.",
            "There is work on the task: its due date changes by an extension.",
        ));
    }
    faults
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_of_a_task_from_above_is_told() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let task = |change: serde_json::Value| -> AssignedTask {
            let mut body = json!({"code": "gv-1", "document_number": "1/UBND", "document_on": "2022-05-04", "issuer": "UBND",
                "title": "Việc", "lead": ["A"], "due_on": "2022-06-30"});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            serde_json::from_value(body).unwrap()
        };
        let department = |code: &str| match code {
            "A" | "B" | "UBND" => Some(true),
            "OLD" => Some(false),
            _ => None,
        };
        let ground = |parent: Option<Option<&str>>, worked: bool| Ground {
            department: &department,
            today: day("2022-06-01"),
            parent_due_on: parent.map(|due| due.map(day)),
            worked,
            was_due_on: Some(day("2022-06-30")),
        };
        let cases = [
            (json!({}), None, false, vec![]),
            (json!({"document_on": "2022-06-02"}), None, false, vec!["/document_on"]),
            (json!({"due_on": "2022-05-03"}), None, false, vec!["/due_on"]),
            (json!({"lead": [], "title": " "}), None, false, vec!["/title", "/lead"]),
            (
                json!({"lead": ["A", "OLD"], "coordinate": ["X", "A"]}),
                None,
                false,
                vec!["/lead/0", "/lead/1", "/coordinate/0", "/coordinate/1"],
            ),
            (json!({"parent": "gv-0"}), None, false, vec!["/parent"]),
            (json!({"parent": "gv-0"}), Some(Some("2022-06-29")), false, vec!["/due_on"]),
            (json!({"parent": "gv-0"}), Some(Some("2022-06-30")), false, vec![]),
            (json!({"parent": "gv-1"}), Some(None), false, vec!["/parent"]),
            (json!({"due_on": "2022-07-15"}), None, true, vec!["/due_on"]),
            (json!({"title": "Việc khác"}), None, true, vec![]),
        ];
        for (change, parent, worked, expected) in cases {
            let found = faults(&task(change.clone()), &ground(parent, worked));
            assert_eq!(found.iter().map(|f| f.pointer.as_ref()).collect::<Vec<_>>(), expected, "{change}");
        }
    }
}
