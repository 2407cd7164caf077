//! Acts that may not be done: on what is closed, out of order, twice, too late to know. Each is refused for its reason, and
//! nothing of the dossier, the audit or the events changes.

use dunghen::auth::{Role, TokenGrant, tokens};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::harness::{Actor, Answer, App};

const NOW: &str = "2022-06-20T10:00:00+07:00";

/// Every act with a body that lacks nothing, the word its refusal says it by, and its path.
fn acts() -> Vec<(&'static str, &'static str, Value)> {
    let why = || json!({"reason": "Có lý do"});
    let with = |name: &str, value: &str| json!({"reason": "Có lý do", name: value});
    vec![
        ("acceptance", "acceptance", json!({})),
        ("completion-requests", "completion-requests", why()),
        ("completion", "completion-requests/1/completion", json!({})),
        ("non-acceptance", "non-acceptance", why()),
        ("processing", "processing", json!({})),
        ("supplement-requests", "supplement-requests", with("document_no", "1/TB")),
        ("fulfilment", "supplement-requests/1/fulfilment", json!({})),
        ("fee-requests", "fee-requests", json!({"amount_vnd": 50_000})),
        ("payment", "fee-requests/1/payment", json!({})),
        ("suspensions", "suspensions", with("legal_basis", "Điều 47")),
        ("suspension-end", "suspensions/1/end", json!({})),
        ("consultations", "consultations", json!({"agency": "Sở Xây dựng"})),
        ("consultation-reminder", "consultations/1/reminders", json!({"document_no": "2/TB"})),
        ("consultation-answer", "consultations/1/answer", json!({})),
        ("consultation-escalation", "consultations/1/escalation", json!({})),
        ("apologies", "apologies", with("new_due_on", "2022-07-01")),
        ("resolution", "resolution", json!({})),
        ("refusal", "refusal", with("document_no", "3/TB")),
        ("termination", "termination", with("notice_no", "4/TB")),
        ("return", "return", json!({})),
        ("transfer", "transfer", with("department", "DN")),
        ("withdrawal", "withdrawal", why()),
        ("void", "void", why()),
    ]
}

struct Desk {
    app: App,
    who: Actor,
}

impl Desk {
    /// Someone who may do every act on what DKKD and DN resolve; a department that was closed in May.
    async fn new() -> Desk {
        let app = App::at(NOW).await.with_examples().await;
        let closed = json!({"code": "CU", "name": "Phòng cũ", "kind": "division", "valid_from": "2019-01-01", "valid_to": "2022-05-31"});
        app.admin().await.put("/api/v1/departments/CU", closed).await.expect(201);
        let mut who = app.one_stop().await;
        let head = |code: &str| TokenGrant { role: Role::Head, department: Some(code.to_owned()) };
        let grants = vec![head("DKKD"), head("DN"), TokenGrant { role: Role::OneStop, department: None }];
        let id = sqlx::query_scalar("SELECT id FROM users WHERE username = $1").bind(&who.username).fetch_one(&app.pool).await.unwrap();
        who.token = Some(tokens::issue(&app.shared, id, &who.username, Uuid::now_v7(), grants).unwrap().0);
        Desk { app, who }
    }

    /// A dossier accepted on 13 June at nine, due on the 16th, after these acts at the tenth hour of the following days.
    async fn after(&self, names: &[&str]) -> Value {
        let submitted = names.contains(&"non-acceptance");
        let body = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": !submitted,
            "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}, "occurred_at": "2022-06-13T09:00:00+07:00"});
        let mut dossier = self.who.post("/api/v1/dossiers", body).await.expect(201).body;
        for (day, name) in (14..).zip(names) {
            let (_, path, mut body) = acts().into_iter().find(|(act, ..)| act == name).unwrap();
            body["occurred_at"] = json!(format!("2022-06-{day}T10:00:00+07:00"));
            dossier = self.act(&dossier, path, body).await.expect(200).body;
        }
        dossier
    }

    async fn act(&self, dossier: &Value, path: &str, body: Value) -> Answer {
        self.who.act(&path_of(dossier, path), dossier["version"].as_i64().unwrap(), body).await
    }

    /// Everything that an act could change.
    async fn contents(&self) -> Vec<String> {
        let tables =
            ["dossiers", "dossier_pauses", "dossier_apologies", "dossier_consultations", "dossier_completions", "dossier_transfers"];
        let ledgers = ["dossier_findings", "audit_events", "outbox_events", "idempotency_keys"];
        let mut all = Vec::new();
        for table in tables.iter().chain(&ledgers) {
            let sql = format!("SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t");
            all.push(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.app.pool).await.unwrap());
        }
        all
    }
}

fn path_of(dossier: &Value, path: &str) -> String {
    format!("/api/v1/dossiers/{}/{path}", dossier["id"].as_str().unwrap())
}

#[tokio::test]
async fn nothing_but_voiding_is_done_to_what_is_closed() {
    let desk = Desk::new().await;
    for (state, way, still) in [
        ("resolved", &["processing", "resolution"][..], &["return", "void"][..]),
        ("returned", &["processing", "resolution", "return"], &["void"]),
        ("refused", &["processing", "refusal"], &["void"]),
        ("terminated", &["processing", "termination"], &["void"]),
        ("withdrawn", &["processing", "withdrawal"], &["void"]),
        ("not_accepted", &["non-acceptance"], &["void"]),
        ("voided", &["processing", "void"], &[]),
    ] {
        let dossier = desk.after(way).await;
        assert_eq!((&dossier["status"], &dossier["allowed_acts"]), (&json!(state), &json!(still)));
        let before = desk.contents().await;
        for (act, path, body) in acts().into_iter().filter(|(act, ..)| !still.contains(act)) {
            let refused = desk.act(&dossier, path, body).await;
            let told = (refused.status, refused.code(), &refused.body["from"], &refused.body["requested"], &refused.body["allowed"]);
            assert_eq!(told, (409, "transition_not_allowed", &json!(state), &json!(act), &json!(still)), "{act} when {state}");
        }
        assert_eq!(desk.contents().await, before, "{state}");
    }
}

#[tokio::test]
async fn a_version_must_be_named_and_be_the_present_one() {
    let desk = Desk::new().await;
    let dossier = desk.after(&["processing"]).await;
    let before = desk.contents().await;
    for (act, path, body) in acts() {
        let path = path_of(&dossier, path);
        assert_eq!(desk.who.post(&path, body.clone()).await.status, 428, "{act}");
        for version in [1, 3] {
            let stale = desk.who.act(&path, version, body.clone()).await;
            assert_eq!((stale.status, &stale.body["current_version"]), (412, &json!(2)), "{act}");
        }
    }
    assert_eq!(desk.contents().await, before);
}

/// What was done, what is asked, the status, and the faults with their places.
type Case<'a> = (&'a [&'a str], &'a str, Value, u16, &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn acts_that_cannot_be_are_refused_for_their_reason() {
    let desk = Desk::new().await;
    let apology = |day: &str| json!({"reason": "Chờ ý kiến", "new_due_on": day});
    let to = |department: &str| json!({"reason": "Cần chuyển", "department": department});
    let at = |when: &str| json!({"occurred_at": when});
    let (early, ahead) = ("2022-06-14T09:59:59+07:00", "2022-06-20T10:00:01+07:00");
    let processing = &["processing"][..];
    let supplement = &["processing", "supplement-requests"][..];
    let consulted = &["processing", "consultations", "consultation-answer"][..];
    let cases: &[Case] = &[
        (processing, "resolution", at(early), 422, &[("dates_backwards", "/occurred_at")]),
        (processing, "resolution", at(ahead), 422, &[("date_in_future", "/occurred_at")]),
        (processing, "fee-requests", at(early), 422, &[("dates_backwards", "/occurred_at")]),
        (processing, "fee-requests", at(ahead), 422, &[("date_in_future", "/occurred_at")]),
        (supplement, "supplement-requests/1/fulfilment", at(early), 422, &[("dates_backwards", "/occurred_at")]),
        (&["processing", "resolution"], "return", at(early), 422, &[("dates_backwards", "/occurred_at")]),
        (&["processing", "resolution"], "return", at(ahead), 422, &[("date_in_future", "/occurred_at")]),
        // A new date that is no later than the due date, or has passed.
        (processing, "apologies", apology("2022-06-16"), 422, &[("not_later_than_due", "/new_due_on"), ("dates_backwards", "/new_due_on")]),
        (processing, "apologies", apology("2022-06-19"), 422, &[("dates_backwards", "/new_due_on")]),
        (supplement, "apologies", apology("2022-06-15"), 422, &[("not_later_than_due", "/new_due_on"), ("dates_backwards", "/new_due_on")]),
        // Requests that are not open, by their number.
        (supplement, "supplement-requests/2/fulfilment", json!({}), 404, &[]),
        (supplement, "supplement-requests/0/fulfilment", json!({}), 404, &[]),
        (supplement, "supplement-requests/-1/fulfilment", json!({}), 404, &[]),
        (supplement, "supplement-requests/99999999999/fulfilment", json!({}), 404, &[]),
        (&["processing", "supplement-requests", "fulfilment"], "supplement-requests/1/fulfilment", json!({}), 409, &[]),
        (supplement, "fee-requests/1/payment", json!({}), 409, &[]),
        (supplement, "suspensions/1/end", json!({}), 409, &[]),
        (&["processing", "fee-requests"], "fee-requests/2/payment", json!({}), 404, &[]),
        (&["processing", "suspensions"], "suspensions/2/end", json!({}), 404, &[]),
        (processing, "consultations/1/answer", json!({}), 404, &[]),
        (consulted, "consultations/1/answer", json!({}), 404, &[]),
        (consulted, "consultations/1/reminders", json!({"document_no": "5/TB"}), 404, &[]),
        (consulted, "consultations/1/escalation", json!({}), 404, &[]),
        (&["processing", "consultations", "consultation-escalation"], "consultations/1/escalation", json!({}), 404, &[]),
        // Another resolving department: one that is closed, the present one, none.
        (processing, "transfer", to("CU"), 422, &[("not_valid_then", "/department")]),
        (processing, "transfer", to("DKKD"), 422, &[("rule_broken", "/department")]),
        (processing, "transfer", to("NOWHERE"), 422, &[("unknown_code", "/department")]),
        (processing, "transfer", json!({"reason": "Cần chuyển"}), 422, &[("missing", "/department")]),
    ];
    for (way, path, body, status, faults) in cases {
        let dossier = desk.after(way).await;
        let before = desk.contents().await;
        let refused = desk.act(&dossier, path, body.clone()).await;
        let about = format!("{path} {body} after {way:?}: {}", refused.text);
        assert_eq!(refused.status, *status, "{about}");
        assert_eq!(refused.fault_codes().into_iter().zip(refused.pointers()).collect::<Vec<_>>(), *faults, "{about}");
        assert_eq!(refused.body["allowed"].is_array(), *status == 409, "{about}");
        assert_eq!(desk.contents().await, before, "{about}");
    }
}

#[tokio::test]
async fn one_pause_at_a_time_is_open() {
    let desk = Desk::new().await;
    let kinds = ["supplement-requests", "fee-requests", "suspensions"];
    for first in kinds {
        let dossier = desk.after(&["processing", first]).await;
        let before = desk.contents().await;
        for (act, path, body) in acts().into_iter().filter(|(act, ..)| kinds.contains(act)) {
            let refused = desk.act(&dossier, path, body).await.expect(409);
            assert_eq!(
                (&refused.body["requested"], &refused.body["allowed"]),
                (&json!(act), &dossier["allowed_acts"]),
                "{act} after {first}"
            );
        }
        assert_eq!(desk.contents().await, before, "{first}");
    }
}
