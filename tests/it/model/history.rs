//! The stories once more: as rows of history, and as items of the list.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::office::{Asked, instant};
use super::{Played, Stage};

/// The row of history that tells what a dossier's acts told, if one can.
fn row(one: &Played) -> Option<Value> {
    let model = &one.model;
    // A row knows one end only: not what a voided dossier had become before.
    if model.voided.is_some() && model.finished.is_some() {
        return None;
    }
    let given = |act: &str| -> Vec<&Asked> { one.given.iter().filter(|a| a.act == act).collect() };
    let ends = |act: &str, n: usize| given(act).get(n).map(|a| instant(a.at));
    let supplements = given("supplement-requests").into_iter().enumerate().map(|(i, a)| {
        json!({"requested_at": instant(a.at), "reason": a.text("/reason"), "document_no": a.text("/document_no"),
            "respond_by_on": a.text("/respond_by_on"), "fulfilled_at": ends("fulfilment", i)})
    });
    let suspensions = given("suspensions").into_iter().enumerate().map(|(i, a)| {
        json!({"from": instant(a.at), "reason": a.text("/reason"), "legal_basis": a.text("/legal_basis"), "to": ends("suspension-end", i)})
    });
    let fees =
        given("fee-requests").into_iter().enumerate().map(|(i, a)| json!({"requested_at": instant(a.at), "paid_at": ends("payment", i)}));
    let apologies = given("apologies")
        .into_iter()
        .map(|a| json!({"sent_at": instant(a.at), "reason": a.text("/reason"), "new_due_on": a.text("/new_due_on")}));
    let consultations = model.consultations.iter().map(|c| {
        let reminders: Vec<_> = c.reminders.iter().map(|(at, no)| json!({"sent_at": instant(*at), "document_no": no})).collect();
        json!({"agency": c.agency, "sent_at": c.sent.map(instant), "document_no": c.document_no, "answer_due_on": c.answer_due,
            "reminders": reminders, "answered_at": c.answered.map(instant), "escalated_at": c.escalated.map(instant)})
    });
    let end = model.finished.or(model.voided.map(|at| ("void", at)));
    let (decision, told) = match end.map(|(act, _)| act) {
        None => (None, None),
        Some(act) => {
            let word = match act {
                "resolution" => "resolved",
                "refusal" => "refused",
                "termination" => "terminated",
                "withdrawal" => "withdrawn",
                "void" => "voided",
                _ => "not_accepted",
            };
            (Some(word), given(act).pop())
        }
    };
    Some(json!({"code": format!("row-{}", one.detail["code"].as_str().unwrap()), "procedure": one.received["procedure"],
        "receiving_department": "MC", "resolving_department": model.department, "channel": one.received["channel"],
        "applicant": one.received["applicant"], "digitised": model.digitised, "submitted_at": instant(model.submitted),
        "accepted_at": model.accepted.map(instant), "supplements": supplements.collect::<Vec<_>>(), "suspensions": suspensions.collect::<Vec<_>>(),
        "fee_requests": fees.collect::<Vec<_>>(), "apologies": apologies.collect::<Vec<_>>(), "consultations": consultations.collect::<Vec<_>>(),
        "decision": decision, "decision_reason": told.and_then(|a| a.text("/reason")),
        "decision_document_no": told.and_then(|a| a.text("/document_no").or(a.text("/notice_no"))),
        "finished_at": end.map(|(_, at)| instant(at)), "returned_at": ends("return", 0)}))
}

/// A dossier made by single acts is the one that a row of the same history makes.
pub async fn told_as_rows(stage: &Stage, played: &[Played<'_>]) {
    let (of_rows, rows): (Vec<&Played>, Vec<Value>) = played.iter().filter_map(|one| Some((one, row(one)?))).unzip();
    let office = stage.app.office().await;
    let dossiers = stage.app.count("dossiers").await;
    let rehearsed = office.load("/api/v1/dossiers/bulk?dry_run=true&return=all", &rows).await.expect(200).body;
    assert_eq!(stage.app.count("dossiers").await, dossiers, "a dry run stores nothing");
    assert_eq!(office.load("/api/v1/dossiers/bulk?return=all", &rows).await.expect(200).body, rehearsed);
    for (one, row) in of_rows.iter().zip(&rows) {
        let path = format!("/api/v1/dossiers/by-code/{}", row["code"].as_str().unwrap());
        let mut found = stage.who.get(&path).await.expect(200).body;
        let mut acted = one.detail.clone();
        for detail in [&mut found, &mut acted] {
            // What only one of the two ways can tell.
            for name in ["id", "code", "version", "completion_requests", "transfers"] {
                detail.as_object_mut().unwrap().remove(name);
            }
            for (before, after) in [("accepted", "processing"), ("awaiting_completion", "submitted")] {
                if detail["status"] == before {
                    detail["status"] = json!(after);
                    detail["allowed_acts"] = json!([]);
                }
            }
            if detail["status"] == "processing" || detail["status"] == "submitted" {
                detail["allowed_acts"] = json!([]);
            }
        }
        assert_eq!(found, acted, "{row} and the acts of {}", one.detail["code"]);
    }
}

/// The list shows what the details show, and its filters find what its items say.
pub async fn listed(stage: &Stage, played: &[Played<'_>]) {
    let codes = |items: &[Value]| -> Vec<String> {
        let mut codes: Vec<String> = items.iter().map(|i| i["code"].as_str().unwrap().to_owned()).collect();
        codes.sort_unstable();
        codes
    };
    let all = items(stage, "").await;
    for one in played {
        let item = all.iter().find(|i| i["code"] == one.detail["code"]).unwrap();
        for (name, value) in item.as_object().unwrap() {
            assert_eq!(value, &one.detail[name], "{name} of {} in the list", item["code"]);
        }
    }
    for filter in ["status", "outcome", "timeliness", "department"] {
        let member = if filter == "department" { "resolving_department" } else { filter };
        let mut by_word: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for item in &all {
            by_word.entry(item[member].as_str().unwrap()).or_default().push(item.clone());
        }
        for (word, expected) in by_word {
            assert_eq!(codes(&items(stage, &format!("&{filter}={word}")).await), codes(&expected), "{filter}={word}");
        }
    }
}

/// All pages of the list.
async fn items(stage: &Stage, filter: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stage.who.get(&format!("/api/v1/dossiers?limit=100{filter}{cursor}")).await.expect(200).body;
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}
