//! Who may do what: every operation of the contract, tried by every role, on what belongs to its own department, to one
//! below it and to another one. What must come of it follows from the table of permissions alone.

use std::collections::{BTreeMap, BTreeSet};

use dunghen::app::Clock;
use dunghen::auth::{Permission, Role, Span};
use serde_json::{Value, json};

use crate::contract::{Operation, check_problem, operations};
use crate::harness::{Actor, Answer, App};

/// Where a target lies, seen from the actor's department.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    Own,
    Below,
    Other,
}

/// What an operation has to do with the department of its target.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// Nothing: whoever holds the permission may.
    No,
    /// The target shows only to those whose permission to read reaches it; for others it does not exist.
    Sight(Permission),
    /// The target is for all to see; only the permission itself is bound.
    Seen,
    /// The department is named in the request, which is refused for what it says.
    Named,
}

/// A request that succeeds for whoever may do it, and leaves nothing behind.
#[derive(Clone, Debug)]
pub struct Sample {
    pub operation: &'static str,
    pub path: String,
    pub body: Option<Value>,
    pub bound: Bound,
}

/// A department with what belongs to it.
pub struct Place {
    pub relation: Relation,
    pub department: &'static str,
    /// Id of a frozen report about it.
    frozen: String,
    procedure: String,
    /// Ids of dossiers, by state.
    submitted: String,
    incomplete: String,
    accepted: String,
    processing: String,
    waiting: String,
    resolved: String,
    /// Code of the accepted one.
    unpaid: String,
    suspended: String,
    consulting: String,
    code: String,
    /// Id of a block of numbers; blocks belong to the counter, which serves all.
    reservation: String,
    /// Codes of obstacles, by state.
    raised: String,
    answered: String,
    escalated: String,
    /// Ids of explanations, by state.
    draft: String,
    handed_in: String,
    /// Number of a decision.
    decision: String,
}

pub struct World {
    pub app: App,
    pub places: Vec<Place>,
}

/// The actors' own department.
pub const HOME: &str = "DKKD";

const PASSWORD: &str = "một mật khẩu rất dài";

impl World {
    pub async fn new() -> World {
        World::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut dunghen::config::Settings)) -> World {
        let clock = Clock(Some("2022-06-15T02:00:00Z".parse().unwrap()));
        let app = App::with(clock, change).await;
        let (admin, office) = (app.admin().await, app.office().await);
        let departments = json!([
            {"code": "SKHDT", "name": "Sở", "kind": "agency", "identifier": "H32.05"},
            {"code": "MC", "name": "Một cửa", "kind": "unit", "parent": "SKHDT", "one_stop": true},
            {"code": HOME, "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
            {"code": "DKKD1", "name": "Tổ 1", "kind": "unit", "parent": HOME},
            {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"}
        ]);
        admin.post("/api/v1/departments/bulk", departments).await.expect(200);
        let user = json!({"username": "someone", "display_name": "Ai đó", "password": PASSWORD, "grants": [{"role": "director"}]});
        admin.put("/api/v1/users/someone", user).await.expect(201);
        let kpi = json!({"code": "satisfaction", "name": "Mức độ hài lòng", "unit": "percent", "direction": "higher_is_better", "source": "survey",
            "targets": [{"authority": "UBND", "department": "SKHDT", "period": "1999", "comparator": ">=", "value": 85}]});
        office.put("/api/v1/kpis/satisfaction", kpi).await.expect(201);
        let mut places = Vec::new();
        for (relation, department) in [(Relation::Own, HOME), (Relation::Below, "DKKD1"), (Relation::Other, "DN")] {
            places.push(place(&app, relation, department).await);
        }
        // A revision that has been done, a day that none has counted with yet.
        let calendar = async |day: &str| {
            let day = format!("/api/v1/calendars/vn/days/{day}");
            admin.put(&day, json!({"kind": "day_off", "name": "Nghỉ"})).await.expect(201)
        };
        calendar("2027-12-30").await;
        office.act("/api/v1/calendars/vn/revisions", 2, json!({})).await.expect(201);
        calendar("2027-12-31").await;
        let machine = json!({"client_id": "machine", "name": "Phần mềm", "scopes": ["dossier:load"]});
        app.admin().await.put("/api/v1/clients/machine", machine).await.expect(201);
        World { app, places }
    }

    pub fn place(&self, relation: Relation) -> &Place {
        self.places.iter().find(|p| p.relation == relation).unwrap()
    }

    /// Someone with a role, at home when asked to be.
    pub async fn actor(&self, role: Role, at_home: bool) -> Actor {
        self.app.actor(role, at_home.then_some(HOME)).await
    }

    /// A body that works once has to be made anew.
    pub async fn fresh_body(&self, sample: &Sample) -> Option<Value> {
        if sample.operation == "refresh_session" {
            let session = json!({"username": "someone", "password": PASSWORD});
            let session = self.app.nobody().post("/api/v1/auth/sessions", session).await.expect(201);
            return Some(json!({"refresh_token": session.body["refresh_token"]}));
        }
        if sample.operation == "create_token" {
            let secret = self.app.admin().await.act("/api/v1/clients/machine/secrets", 0, json!({})).await;
            let version = secret.body["current_version"].as_i64().unwrap();
            let secret = self.app.admin().await.act("/api/v1/clients/machine/secrets", version, json!({})).await.expect(201);
            let secret = &secret.body["client_secret"];
            return Some(json!({"grant_type": "client_credentials", "client_id": "machine", "client_secret": secret}));
        }
        sample.body.clone()
    }

    /// A job of the actor's own, where the sample is about one.
    pub async fn own_job(&self, actor: &Actor, sample: &Sample) -> Sample {
        if !sample.path.contains("{job}") && sample.operation != "list_jobs" {
            return sample.clone();
        }
        // A load with an end, or an export with its file.
        let export = sample.path.contains("/exports/");
        let cancel = sample.path.contains("cancellation");
        let params = if export {
            json!({"format": "csv", "query": "", "columns": ["code"]})
        } else {
            json!({"mode": "atomic", "strategy": "upsert", "dry_run": false, "listing": "errors", "format": "ndjson", "json_columns": []})
        };
        let (id, authority) = (uuid::Uuid::now_v7(), json!({"grants": [], "scope": null}));
        sqlx::query(
            "INSERT INTO jobs (id, kind, resource, state, creator_id, creator, request_id, language, params, authority, created_at, finished_at)
             SELECT $1, $2, 'departments', $3, u.id, u.username, 'x', 'vi', $4, $5, now(), CASE WHEN $3 = 'queued' THEN NULL ELSE now() END
               FROM (SELECT id, username FROM users UNION ALL SELECT id, 'client:' || client_id FROM clients) u WHERE u.username = $6",
        )
        .bind(id)
        .bind(if export { "export" } else { "load" })
        .bind(if cancel { "queued" } else { "succeeded" })
        .bind(params)
        .bind(authority)
        .bind(&actor.username)
        .execute(&self.app.pool)
        .await
        .unwrap();
        if !export && !cancel {
            let text = "INSERT INTO job_results (job_id, idx, status, errors, warnings) SELECT id, 0, 'unchanged', '[]', '[]' FROM jobs WHERE id = $1";
            sqlx::query(text).bind(id).execute(&self.app.pool).await.unwrap();
        }
        Sample { path: sample.path.replace("{job}", &id.to_string()), ..sample.clone() }
    }

    pub async fn send(&self, actor: &Actor, operation: &Operation, sample: &Sample) -> Answer {
        let sample = &self.own_job(actor, sample).await;
        match self.fresh_body(sample).await {
            Some(body) => {
                let (media, body) = as_sent(operation, &body);
                let headers = [("if-match", "*"), ("content-type", media), ("accept-language", "en")];
                actor.send(&operation.method, &sample.path, &headers, Some(body)).await
            }
            None => actor.send(&operation.method, &sample.path, &[("if-match", "*")], None).await,
        }
    }
}

/// A body in the media type that the operation takes: JSON, or a form.
pub fn as_sent(operation: &Operation, body: &Value) -> (&'static str, Vec<u8>) {
    // A file or a table is sent as it is.
    if let Some(text) = body.as_str() {
        let media = if operation.bodies().contains(&"application/pdf") { "application/pdf" } else { "text/csv" };
        return (media, text.as_bytes().to_vec());
    }
    if operation.bodies() != [FORM] {
        return ("application/json", serde_json::to_vec(body).unwrap());
    }
    let pair = |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap());
    (FORM, body.as_object().unwrap().iter().map(pair).collect::<Vec<_>>().join("&").into_bytes())
}

pub const FORM: &str = "application/x-www-form-urlencoded";

async fn place(app: &App, relation: Relation, department: &'static str) -> Place {
    let (admin, office, counter) = (app.admin().await, app.office().await, app.one_stop().await);
    let head = app.actor(Role::Head, Some(department)).await;
    let procedure = format!("P.{department}");
    let body = json!({"code": procedure, "name": "Thủ tục", "field": {"code": "F", "name": "Lĩnh vực"}, "department": department,
        "limit": {"value": 5, "unit": "working_day"}});
    admin.put(&format!("/api/v1/procedures/{procedure}"), body).await.expect(201);
    let evidence = json!({"value": 90, "evidence": [{"document_number": "1/BC", "issued_on": "2022-01-12", "title": "Báo cáo"}]});
    // Not submitted, submitted, approved.
    for (period, act) in [("2021", ""), ("2020", "submission"), ("2019", "approval")] {
        office.put(&format!("/api/v1/kpis/satisfaction/measurements/{department}/{period}"), evidence.clone()).await.expect(201);
        let at = |act: &str| format!("/api/v1/submissions/{department}/{period}/{act}");
        if !act.is_empty() {
            head.act(&at("submission"), 0, json!({})).await.expect(200);
        }
        if act == "approval" {
            office.act(&at(act), 1, json!({})).await.expect(200);
        }
    }
    let new = |accept: bool| {
        json!({"procedure": procedure, "receiving_department": "MC", "channel": "direct", "accept": accept,
            "occurred_at": "2022-06-10T09:00:00+07:00", "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}, "digitised": false})
    };
    let (mut ids, mut code) = (Vec::new(), String::new());
    for accept in [false, true, true, true, true, true, true, true, false] {
        let made = counter.post("/api/v1/dossiers", new(accept)).await.expect(201).body;
        ids.push(made["id"].as_str().unwrap().to_owned());
        if ids.len() == 2 {
            code = made["code"].as_str().unwrap().to_owned();
        }
    }
    let act = async |id: &str, act: &str, version, body| head.act(&format!("/api/v1/dossiers/{id}/{act}"), version, body).await.expect(200);
    for id in &ids[2..8] {
        act(id, "processing", 1, json!({})).await;
    }
    act(&ids[3], "supplement-requests", 2, json!({"reason": "Thiếu điều lệ", "document_no": "12/TB"})).await;
    act(&ids[4], "resolution", 2, json!({"document_no": "1/GCN"})).await;
    act(&ids[5], "fee-requests", 2, json!({"amount_vnd": 50_000})).await;
    act(&ids[6], "suspensions", 2, json!({"reason": "Có tranh chấp", "legal_basis": "Điều 47"})).await;
    act(&ids[7], "consultations", 2, json!({"agency": "Sở Xây dựng", "answer_due_on": "2022-06-20"})).await;
    let incomplete = format!("/api/v1/dossiers/{}/completion-requests", ids[8]);
    counter.act(&incomplete, 1, json!({"reason": "Thiếu bản sao"})).await.expect(200);
    office.put(&format!("/api/v1/plans/kh-{department}"), plan(department, "Kế hoạch")).await.expect(201);
    work(app, &head, department).await;
    office.put(&format!("/api/v1/documents/di-{department}"), document(department, "Báo cáo tháng 5")).await.expect(201);
    let report = json!({"report": "dossier-results", "parameters": {"period": "2022-06", "department": department}});
    let frozen = office.post("/api/v1/reports/snapshots", report).await.expect(201).body["id"].as_str().unwrap().to_owned();
    let block = json!({"department": "MC", "count": 5, "expires_at": "2022-06-20T17:00:00+07:00"});
    let reservation = counter.post("/api/v1/dossier-numbers/reservations", block).await.expect(201).body["id"].as_str().unwrap().to_owned();
    let [submitted, accepted, processing, waiting, resolved, unpaid, suspended, consulting, incomplete] = ids.try_into().unwrap();
    let mut obstacles = Vec::new();
    for act in ["", "answer", "escalation"] {
        let body = json!({"department": department, "title": "Vướng mắc", "description": "Thiếu tài khoản"});
        let code = head.post("/api/v1/obstacles", body).await.expect(201).body["code"].as_str().unwrap().to_owned();
        if !act.is_empty() {
            office.act(&format!("/api/v1/obstacles/{code}/{act}"), 1, json!({"text": "Đã xem"})).await.expect(200);
        }
        obstacles.push(code);
    }
    let [raised, answered, escalated] = obstacles.try_into().unwrap();
    office.put(&format!("/api/v1/criteria-sheets/bo-{department}"), criteria(department, "Bộ tiêu chí")).await.expect(201);
    office.put(&format!("/api/v1/criteria-sheets/bo-{department}/scores/1.1"), json!({"self_score": 1})).await.expect(201);
    let decided =
        json!({"item": format!("obstacle:{escalated}"), "text": "Bổ sung máy quét", "lead": [department], "due_on": "2022-06-30"});
    let decision = office.post("/api/v1/briefings/2022-07/decisions", decided).await.expect(201).body["code"].as_str().unwrap().to_owned();
    let mut explanations = Vec::new();
    for period in ["2022-06", "2022Q2"] {
        let made = head.post("/api/v1/explanations", explanation(department, period)).await.expect(201).body;
        explanations.push(made["id"].as_str().unwrap().to_owned());
    }
    let [draft, handed_in] = explanations.try_into().unwrap();
    head.act(&format!("/api/v1/explanations/{handed_in}/submission"), 1, json!({})).await.expect(200);
    for code in [duty(department), "bc-all".to_owned()] {
        let from = if code == "bc-all" { json!(["DKKD", "DKKD1", "DN"]) } else { json!([department]) };
        office.json("PUT", &format!("/api/v1/duties/{code}"), &[("if-match", "*")], &monthly(&code, from)).await;
    }
    let may = format!("/api/v1/duties/{}/occurrences/2022-05/consolidation", duty(department));
    office.act(&may, 0, json!({"summary": "Đã tổng hợp"})).await.expect(200);
    for (code, closed) in [("mo", false), ("dong", true)] {
        let path = format!("/api/v1/surveys/{code}-{department}");
        office.put(&path, survey(&format!("{code}-{department}"), department, "Khảo sát")).await.expect(201);
        if closed {
            office.act(&format!("{path}/closure"), 1, json!({})).await.expect(200);
        }
    }
    Place {
        raised,
        answered,
        escalated,
        draft,
        handed_in,
        decision,
        relation,
        department,
        frozen,
        procedure,
        submitted,
        incomplete,
        accepted,
        processing,
        waiting,
        resolved,
        unpaid,
        suspended,
        consulting,
        code,
        reservation,
    }
}

/// An outgoing document that the department drafted.
fn document(department: &str, summary: &str) -> Value {
    json!({"direction": "outgoing", "book": format!("BC-{department}"), "number": "1", "kind": "bao-cao", "issued_on": "2022-06-10", "summary": summary,
        "department": department})
}

/// Someone who may be given tasks in a department.
fn officer_of(department: &str) -> String {
    format!("cb.{}", department.to_lowercase())
}

/// Work on the tasks of a department's plan: one handed in, one that waits for more time, one with another day offered, one given to it.
async fn work(app: &App, head: &Actor, department: &str) {
    let officer = officer_of(department);
    let user = json!({"username": officer, "display_name": "Chuyên viên", "grants": [{"role": "officer", "department": department}]});
    app.admin().await.put(&format!("/api/v1/users/{officer}"), user).await.expect(201);
    let (office, task) = (app.office().await, |local: &str| format!("/api/v1/tasks/viec-{department}.{local}"));
    let mut body = plan(department, "Kế hoạch đang thực hiện");
    body["code"] = json!(format!("viec-{department}"));
    let task_of = |local: &str, schedule: Value| json!({"local_code": local, "title": "Việc", "lead": [department], "schedule": schedule});
    let first_half = json!({"text": "6 tháng đầu năm", "kind": "in", "start_on": "2022-01-01", "end_on": "2022-06-30"});
    let event = json!({"text": "Sau khi Bộ công bố", "kind": "after_event", "event": "Bộ công bố"});
    let mut tasks: Vec<Value> = ["b", "c", "d", "e"].map(|local| task_of(local, first_half.clone())).to_vec();
    tasks.push(task_of("f", event));
    body["tasks"] = json!(tasks);
    office.put(&format!("/api/v1/plans/viec-{department}"), body).await.expect(201);
    let proof = json!([{"document_number": "245/BC", "issued_on": "2022-06-10"}]);
    let done = json!({"completed_on": "2022-06-13", "summary": "Đã ban hành", "evidence": proof});
    head.act(&format!("{}/submission", task("b")), 1, done).await.expect(201);
    let time = json!({"department": department, "reason": "Chờ ý kiến", "new_due_on": "2022-08-31"});
    for local in ["c", "d"] {
        head.act(&format!("{}/extension-requests", task(local)), 1, time.clone()).await.expect(201);
    }
    let other_day = json!({"new_due_on": "2022-08-15", "reason": "Phải xong sớm hơn"});
    office.act(&format!("{}/extension-requests/1/counter-proposal", task("d")), 2, other_day).await.expect(201);
    office.act(&format!("{}/assignments", task("e")), 1, json!({"department": department, "role": "lead"})).await.expect(201);
    let document = json!({"department": department, "title": "Báo cáo"});
    head.act(&format!("{}/evidence", task("e")), 2, document).await.expect(201);
    let path = format!("{}/evidence/1/content", task("e"));
    let headers = [("if-match", "*"), ("content-type", "application/pdf")];
    head.send("PUT", &path, &headers, Some(b"%PDF-1.7 0".to_vec())).await.expect(201);
}

/// A plan of one task, led by the department.
fn plan(department: &str, title: &str) -> Value {
    json!({"code": format!("kh-{department}"), "document_number": "1/KH", "document_type": "Kế hoạch", "title": title,
        "issuer": {"department": "SKHDT"}, "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "groups": [{"code": "I", "title": "Một"}],
        "tasks": [{"local_code": "a", "group": "I", "title": "Việc", "lead": [department], "schedule": {"text": "Thường xuyên", "kind": "ongoing"}}]})
}

/// A sheet of index criteria, one of which is in the charge of the department.
fn criteria(department: &str, name: &str) -> Value {
    json!({"code": format!("bo-{department}"), "name": name, "year": 2022, "department": "SKHDT", "criteria": [
        {"code": "1", "name": "Chỉ đạo, điều hành", "max_points": 3},
        {"code": "1.1", "parent": "1", "name": "Kế hoạch", "max_points": 2, "kind": "points", "department": department}]})
}

/// An explanation of what every department of the world owes: its papers are not scanned.
fn explanation(department: &str, period: &str) -> Value {
    json!({"department": department, "period": period, "subjects": [{"kind": "finding", "code": "missing_digital_file"}],
        "cause": "Máy quét hỏng", "remedy": "Đã thay máy quét"})
}

/// A wave about a department that can be closed.
fn survey(code: &str, department: &str, name: &str) -> Value {
    json!({"code": code, "name": name, "department": department, "period": "2021",
        "method": {"name": "Phiếu", "mode": "paper", "scale": "five_point"}, "sample_size": 100, "respondents": 90,
        "fieldwork_from": "2021-10-04", "fieldwork_to": "2021-11-05", "conductor": "Văn phòng",
        "evidence": [{"document_number": "1/BC", "issued_on": "2022-01-12", "title": "Báo cáo"}],
        "answers": [{"factor": "satisfaction", "satisfied": 60, "neutral": 20}]})
}

fn duty(department: &str) -> String {
    format!("bc-{department}")
}

fn monthly(code: &str, from: Value) -> Value {
    json!({"code": code, "what": "Báo cáo tháng", "from": from, "to": ["SKHDT"], "schedule": {"text": "hằng tháng", "monthly": {"due": {"day": 25}}},
        "valid_from": "2022-01-01"})
}

/// The closed table: one request for each operation, on a target that belongs to the department of `place`.
pub fn samples(place: &Place) -> Vec<Sample> {
    use Bound::{Named, No, Seen, Sight};
    let Place {
        department,
        frozen,
        procedure,
        submitted,
        incomplete,
        accepted,
        processing,
        waiting,
        resolved,
        unpaid,
        suspended,
        consulting,
        code,
        reservation,
        raised,
        answered,
        escalated,
        draft,
        handed_in,
        decision,
        ..
    } = place;
    let mut all = Vec::new();
    let mut read = |operation, bound, path: String| all.push(Sample { operation, path, body: None, bound });
    let dossier = Sight(Permission::ReadDossier);

    read("get_openapi", No, "/openapi.json".into());
    read("list_problem_pages", No, "/docs/problems".into());
    read("get_problem_page", No, "/docs/problems/not_found".into());
    read("get_live", No, "/health/live".into());
    read("get_ready", No, "/health/ready".into());
    read("get_metrics", No, "/metrics".into());
    read("get_jwks", No, "/.well-known/jwks.json".into());
    read("get_me", No, "/api/v1/me".into());
    read("get_my_reminders", No, "/api/v1/me/reminders".into());
    read("delete_session", No, "/api/v1/auth/sessions/current".into());
    read("list_users", No, "/api/v1/users".into());
    read("get_user", No, "/api/v1/users/someone".into());
    read("list_clients", No, "/api/v1/clients".into());
    read("get_client", No, "/api/v1/clients/machine".into());
    read("list_departments", No, "/api/v1/departments".into());
    read("get_department", No, format!("/api/v1/departments/{department}"));
    read("list_calendars", No, "/api/v1/calendars".into());
    read("get_calendar", No, "/api/v1/calendars/vn".into());
    read("list_calendar_days", No, "/api/v1/calendars/vn/days?from=2022-01-01".into());
    read("get_calendar_day", No, "/api/v1/calendars/vn/days/2022-09-02".into());
    read("delete_calendar_day", No, "/api/v1/calendars/vn/days/2027-12-31?dry_run=true".into());
    read("list_calendar_revisions", No, "/api/v1/calendars/vn/revisions".into());
    read("get_calendar_revision", No, "/api/v1/calendars/vn/revisions/1".into());
    read("list_calendar_revision_moves", No, "/api/v1/calendars/vn/revisions/1/moves".into());
    read("list_number_reservations", No, "/api/v1/dossier-numbers/reservations?department=MC&day=2022-06-15".into());
    read("get_number_reservation", No, format!("/api/v1/dossier-numbers/reservations/{reservation}"));
    read("list_number_gaps", No, "/api/v1/dossier-numbers/gaps?agency=H32.05&from=2022-06-10&to=2022-06-15".into());
    read("list_procedures", No, "/api/v1/procedures".into());
    read("get_procedure", No, format!("/api/v1/procedures/{procedure}"));
    read("list_rule_sets", No, "/api/v1/rule-sets".into());
    read("get_rule_set", No, "/api/v1/rule-sets/nd61-2018".into());
    read("list_dossiers", No, format!("/api/v1/dossiers?department={department}"));
    read("get_dossier", dossier, format!("/api/v1/dossiers/{accepted}"));
    read("get_dossier_by_code", dossier, format!("/api/v1/dossiers/by-code/{code}"));
    read("get_dossier_timeline", dossier, format!("/api/v1/dossiers/{accepted}/timeline"));
    read("get_dossier_clock", dossier, format!("/api/v1/dossiers/{waiting}/clock?as_of=2022-06-14"));
    read("get_dossier_slip", dossier, format!("/api/v1/dossiers/{accepted}/slips/receipt"));
    read("get_dossier_register", No, "/api/v1/registers/dossiers?from=2022-06-01&to=2022-06-30".into());
    read("get_work_list", No, format!("/api/v1/work-list?department={department}"));
    read("list_document_kinds", No, "/api/v1/document-kinds".into());
    read("list_documents", No, "/api/v1/documents".into());
    read("get_document", Sight(Permission::ReadDocument), format!("/api/v1/documents/di-{department}"));
    read("list_plans", No, "/api/v1/plans".into());
    read("get_plan", No, format!("/api/v1/plans/kh-{department}"));
    read("list_plan_versions", No, format!("/api/v1/plans/kh-{department}/versions"));
    read("get_plan_version", No, format!("/api/v1/plans/kh-{department}/versions/1"));
    read("get_plan_difference", No, format!("/api/v1/plans/kh-{department}/versions/1/difference"));
    read("list_tasks", No, "/api/v1/tasks".into());
    read("get_task", Sight(Permission::ReadTask), format!("/api/v1/tasks/kh-{department}.a"));
    read("get_task_history", Sight(Permission::ReadTask), format!("/api/v1/tasks/kh-{department}.a/history"));
    read("get_task_timeline", Sight(Permission::ReadTask), format!("/api/v1/tasks/kh-{department}.a/timeline"));
    read("get_evidence_content", Sight(Permission::ReadTask), format!("/api/v1/tasks/viec-{department}.e/evidence/1/content"));
    read("get_plan_progress", No, format!("/api/v1/reports/plan-progress?plan=kh-{department}"));
    read("list_kpis", No, "/api/v1/kpis".into());
    read("get_kpi", No, "/api/v1/kpis/satisfaction".into());
    read("list_kpi_versions", No, "/api/v1/kpis/satisfaction/versions".into());
    read("get_kpi_version", No, "/api/v1/kpis/satisfaction/versions/1".into());
    read("list_targets", No, "/api/v1/kpi-targets".into());
    read("list_kpi_targets", No, "/api/v1/kpis/satisfaction/targets".into());
    read("delete_kpi_target", No, "/api/v1/kpis/satisfaction/targets/1?dry_run=true".into());
    read("list_measurements", No, "/api/v1/kpis/satisfaction/measurements".into());
    let measurement = format!("/api/v1/kpis/satisfaction/measurements/{department}/2021");
    read("get_measurement", Sight(Permission::ReadMeasurement), measurement.clone());
    read("list_measurement_versions", Sight(Permission::ReadMeasurement), format!("{measurement}/versions"));
    read("list_submissions", No, "/api/v1/submissions".into());
    read("get_missing_submissions", Named, format!("/api/v1/submissions/missing?period=2022&department={department}"));
    read("get_submission", Sight(Permission::ReadMeasurement), format!("/api/v1/submissions/{department}/2020"));
    read("get_kpi_results", Named, format!("/api/v1/kpi-results?period=2022&department={department}"));
    let behind = format!("/api/v1/kpi-results/supplement_rate/contributors?period=2022-06&department={department}");
    read("list_kpi_contributors", Named, behind);
    read("get_dashboard", Named, format!("/api/v1/dashboard?period=2022&department={department}"));
    read("get_dossier_results", Named, format!("/api/v1/reports/dossier-results?period=2022-06&department={department}"));
    for (operation, report) in [
        ("get_outcomes_by_month", "outcomes-by-month?year=2022"),
        ("get_overdue_reasons", "overdue-reasons?period=2022-06"),
        ("get_handling_times", "handling-times?period=2022-06"),
        ("get_finding_counts", "findings?period=2022-06"),
        ("get_quality_index", "quality-index?period=2022-06"),
    ] {
        read(operation, Named, format!("/api/v1/reports/{report}&department={department}"));
    }
    read("list_jobs", No, "/api/v1/jobs".into());
    read("get_job", No, "/api/v1/jobs/{job}".into());
    read("list_job_results", No, "/api/v1/jobs/{job}/results".into());
    read("get_job_errors", No, "/api/v1/jobs/{job}/errors".into());
    read("cancel_job", No, "/api/v1/jobs/{job}/cancellation?dry_run=true".into());
    read("get_export", No, "/api/v1/exports/{job}".into());
    read("get_export_content", No, "/api/v1/exports/{job}/content".into());
    read("list_findings", No, "/api/v1/findings".into());
    read("list_report_snapshots", No, "/api/v1/reports/snapshots".into());
    let snapshot = Sight(Permission::ReadSnapshot);
    read("get_report_snapshot", snapshot, format!("/api/v1/reports/snapshots/{frozen}"));
    read("get_snapshot_difference", snapshot, format!("/api/v1/reports/snapshots/{frozen}/difference"));
    read("get_dossier_outcomes", Named, format!("/api/v1/reports/dossier-outcomes?period=2022-06&department={department}"));

    let sheet = format!("/api/v1/criteria-sheets/bo-{department}");
    read("list_criteria_sheets", No, "/api/v1/criteria-sheets".into());
    read("get_criteria_sheet", No, sheet.clone());
    read("get_criteria_changes", No, format!("{sheet}/changes"));
    read("get_criterion_score", No, format!("{sheet}/scores/1.1"));

    read("list_obstacles", No, "/api/v1/obstacles".into());
    read("get_obstacle", Sight(Permission::ReadObstacle), format!("/api/v1/obstacles/{raised}"));
    read("get_owed_explanations", Named, format!("/api/v1/explanations/owed?period=2022-06&department={department}"));
    read("list_explanations", No, "/api/v1/explanations".into());
    read("get_explanation", Sight(Permission::ReadExplanation), format!("/api/v1/explanations/{draft}"));
    read("get_briefing", Named, format!("/api/v1/reports/briefing?period=2022-06&department={department}"));
    read("list_decisions", No, "/api/v1/briefings/2022-07/decisions".into());
    read("get_decision", Sight(Permission::ReadDecision), format!("/api/v1/briefings/2022-07/decisions/{decision}"));
    let (duty_code, due_report) = (duty(department), format!("/api/v1/duties/{}/occurrences/2022-06", duty(department)));
    let surveyed = Sight(Permission::ReadSurvey);
    read("list_surveys", No, "/api/v1/surveys".into());
    read("get_survey", surveyed, format!("/api/v1/surveys/mo-{department}"));
    read("get_survey_results", surveyed, format!("/api/v1/surveys/dong-{department}/results"));
    read("list_duties", No, "/api/v1/duties".into());
    read("get_duty", No, format!("/api/v1/duties/{duty_code}"));
    read("list_duty_occurrences", No, "/api/v1/duty-occurrences".into());
    read("get_duty_occurrence", No, due_report.clone());
    read("list_hand_ins", No, format!("{due_report}/hand-ins"));

    let mut write = |operation, bound, path: &str, body: Value| {
        let dry = if path.contains("auth/") || path.ends_with("/calculations") { "" } else { "?dry_run=true" };
        all.push(Sample { operation, path: format!("{path}{dry}"), body: Some(body), bound });
    };
    write("create_export", No, "/api/v1/exports", json!({"resource": "departments", "format": "csv"}));
    write("create_session", No, "/api/v1/auth/sessions", json!({"username": "someone", "password": PASSWORD}));
    write("refresh_session", No, "/api/v1/auth/sessions/refresh", json!({"refresh_token": "x"}));
    write("create_token", No, "/oauth/token", json!({"grant_type": "client_credentials"}));
    let client = json!({"client_id": "another", "name": "Phần mềm", "scopes": ["dossier:load"], "departments": [department]});
    write("put_client", No, "/api/v1/clients/another", client);
    write("create_client_secret", No, "/api/v1/clients/machine/secrets", json!({}));
    let user = json!({"username": "another", "display_name": "Người khác", "grants": [{"role": "officer", "department": department}]});
    write("put_user", No, "/api/v1/users/another", user.clone());
    write("load_users", No, "/api/v1/users/bulk", json!([user]));
    let unit = json!({"code": "NEW", "name": "Đơn vị mới", "kind": "unit", "parent": department});
    write("put_department", No, "/api/v1/departments/NEW", unit.clone());
    write("load_departments", No, "/api/v1/departments/bulk", json!([unit]));
    let terms = json!({"code": procedure, "name": "Thủ tục sửa đổi", "field": {"code": "F"}, "department": department, "limit": {"value": 3, "unit": "working_day"}});
    write("put_procedure", No, &format!("/api/v1/procedures/{procedure}"), terms.clone());
    write("load_procedures", No, "/api/v1/procedures/bulk", json!([terms]));
    write("put_rule_set", No, "/api/v1/rule-sets/NEW", crate::rule_sets::new_set("NEW", "2027-01-01"));
    let calculation = json!({"accepted_at": "2022-06-06T09:00:00+07:00", "limit": {"value": 10, "unit": "working_day"},
        "pauses": [{"kind": "supplement", "from": "2022-06-08T09:00:00+07:00", "to": "2022-06-09T09:00:00+07:00"}], "as_of": "2022-06-30"});
    write("calculate_due_date", No, "/api/v1/calendars/vn/calculations", calculation);

    let report = json!({"report": "findings", "parameters": {"period": "2022-06", "group_by": "kind", "department": department}});
    write("freeze_report", Named, "/api/v1/reports/snapshots", report);
    write("put_calendar_day", No, "/api/v1/calendars/vn/days/2027-12-29", json!({"kind": "day_off", "name": "Nghỉ"}));
    let calendar = json!({"code": "NEW", "name": "Lịch riêng", "department": department});
    write("put_calendar", No, "/api/v1/calendars/NEW", calendar);
    write("create_calendar_revision", No, "/api/v1/calendars/vn/revisions", json!({"reason": "Nghỉ bão"}));
    write("reserve_numbers", No, "/api/v1/dossier-numbers/reservations", json!({"department": "MC", "count": 5}));
    write("release_numbers", No, &format!("/api/v1/dossier-numbers/reservations/{reservation}/release"), json!({}));

    let applicant = json!({"kind": "citizen", "name": "Trần Thị B"});
    let new = json!({"procedure": procedure, "receiving_department": "MC", "channel": "online", "applicant": applicant, "accept": true});
    write("receive_dossier", No, "/api/v1/dossiers", new);
    let history = json!({"code": format!("H-{department}"), "procedure": procedure, "receiving_department": "MC", "resolving_department": department,
        "channel": "online", "applicant": applicant, "accepted_at": "2022-05-04T08:00:00+07:00", "decision": "resolved",
        "decision_document_no": "2/GCN", "finished_at": "2022-05-06T15:00:00+07:00"});
    write("purge_personal_data", No, "/api/v1/personal-data/purges", json!({}));
    write("load_dossiers", Named, "/api/v1/dossiers/bulk", json!([history]));
    let mut act = |operation, id: &str, act: &str, body: Value| write(operation, dossier, &format!("/api/v1/dossiers/{id}/{act}"), body);
    act("accept_dossier", submitted, "acceptance", json!({"occurred_at": "2022-06-14T09:00:00+07:00"}));
    act("decline_dossier", submitted, "non-acceptance", json!({"reason": "Không thuộc thẩm quyền"}));
    let slip = json!({"reason": "Thiếu bản sao căn cước", "items": ["Bản sao căn cước"], "respond_by_on": "2022-07-01"});
    act("request_completion", submitted, "completion-requests", slip);
    act("record_completion", incomplete, "completion-requests/1/completion", json!({}));
    act("process_dossier", accepted, "processing", json!({}));
    let papers = json!({"reason": "Thiếu điều lệ", "document_no": "13/TB", "items": ["Điều lệ"], "respond_by_on": "2022-07-01"});
    act("request_supplement", processing, "supplement-requests", papers);
    act("fulfil_supplement", waiting, "supplement-requests/1/fulfilment", json!({}));
    act("request_fee", processing, "fee-requests", json!({"amount_vnd": 50_000}));
    act("record_payment", unpaid, "fee-requests/1/payment", json!({}));
    act("suspend_dossier", processing, "suspensions", json!({"reason": "Có tranh chấp", "legal_basis": "Điều 47"}));
    act("end_suspension", suspended, "suspensions/1/end", json!({}));
    act("consult_agency", processing, "consultations", json!({"agency": "Sở Xây dựng", "answer_due_on": "2022-07-20"}));
    act("remind_agency", consulting, "consultations/1/reminders", json!({"document_no": "620/SKHĐT"}));
    act("record_answer", consulting, "consultations/1/answer", json!({}));
    act("escalate_consultation", consulting, "consultations/1/escalation", json!({}));
    act("terminate_dossier", processing, "termination", json!({"reason": "Không đủ điều kiện", "notice_no": "15/TB"}));
    act("apologise_dossier", accepted, "apologies", json!({"reason": "Chờ ý kiến", "new_due_on": "2022-07-20", "document_no": "40/XL"}));
    act("refuse_dossier", processing, "refusal", json!({"reason": "Ngành nghề bị cấm", "document_no": "77/TB"}));
    act("resolve_dossier", processing, "resolution", json!({"document_no": "3/GCN"}));
    act("return_dossier", resolved, "return", json!({"method": "direct"}));
    let other = if *department == "DN" { HOME } else { "DN" };
    act("transfer_dossier", processing, "transfer", json!({"department": other, "reason": "Thuộc thẩm quyền của phòng khác"}));
    act("withdraw_dossier", accepted, "withdrawal", json!({"reason": "Theo đề nghị"}));
    act("void_dossier", accepted, "void", json!({"reason": "Nhập trùng"}));

    let registered = Sight(Permission::ReadDocument);
    let entry = format!("/api/v1/documents/di-{department}");
    write("put_document", registered, &entry, document(department, "Báo cáo tháng 5 (sửa)"));
    write("load_documents", Named, "/api/v1/documents/bulk", json!([document(department, "Báo cáo tháng 5 (sửa lại)")]));
    write("void_document", registered, &format!("{entry}/void"), json!({"reason": "Cấp nhầm số"}));
    write("put_plan", No, &format!("/api/v1/plans/kh-{department}"), plan(department, "Kế hoạch sửa đổi"));
    let amendment = json!({"document_number": "2/KH", "document_type": "Kế hoạch", "title": "Sửa đổi", "issued_on": "2022-06-10",
        "changed": [{"local_code": "a", "title": "Việc sửa đổi"}]});
    let table = json!("STT,Nhiệm vụ,Tiến độ,Chủ trì\n1,Việc,Thường xuyên,DKKD\n");
    write("import_plan_tasks", No, &format!("/api/v1/plans/kh-{department}/imports"), table);
    write("amend_plan", No, &format!("/api/v1/plans/kh-{department}/amendments"), amendment);
    let task = format!("/api/v1/tasks/kh-{department}.a");
    let proof = json!([{"document_number": "245/BC", "issued_on": "2022-06-10"}]);
    let report = json!({"department": department, "period": "2022-05", "content": "Đã rà soát", "percent": 60, "evidence": proof});
    write("report_progress", Sight(Permission::ReadTask), &format!("{task}/progress-reports"), report);
    let completion = json!({"completed_on": "2022-06-13", "summary": "Đã ban hành", "evidence": proof});
    write("complete_task", Sight(Permission::ReadTask), &format!("{task}/completion"), completion);
    let task_sight = Sight(Permission::ReadTask);
    let mut on = |operation, local: &str, act: &str, body: Value| {
        let plan = if local == "a" { "kh" } else { "viec" };
        write(operation, task_sight, &format!("/api/v1/tasks/{plan}-{department}.{local}/{act}"), body);
    };
    let done = json!({"completed_on": "2022-06-13", "summary": "Đã ban hành", "evidence": proof});
    on("hand_in_task", "a", "submission", done);
    on("confirm_task", "b", "confirmation", json!({}));
    on("return_task", "b", "return", json!({"reason": "Thiếu biên bản"}));
    on("assign_task", "e", "assignments", json!({"department": department, "officers": [officer_of(department)]}));
    on("accept_assignment", "e", &format!("assignments/{department}/acceptance"), json!({}));
    on("refuse_assignment", "e", &format!("assignments/{department}/refusal"), json!({"reason": "Không thuộc chức năng"}));
    on("trigger_task", "f", "trigger", json!({"occurred_on": "2022-06-06", "working_days": 10}));
    on("cancel_task", "a", "cancellation", json!({"reason": "Rút nhiệm vụ", "document_number": "1/UBND"}));
    on("set_task_not_applicable", "a", "not-applicable", json!({"reason": "Không phát sinh"}));
    on("ask_extension", "b", "extension-requests", json!({"department": department, "reason": "Chờ ý kiến", "new_due_on": "2022-08-31"}));
    on("approve_extension", "c", "extension-requests/1/approval", json!({}));
    on("reject_extension", "c", "extension-requests/1/rejection", json!({"reason": "Đủ thời gian"}));
    on("counter_propose_extension", "c", "extension-requests/1/counter-proposal", json!({"new_due_on": "2022-07-15", "reason": "Sớm hơn"}));
    on("accept_extension", "d", "extension-requests/1/acceptance", json!({}));
    on("withdraw_extension", "d", "extension-requests/1/withdrawal", json!({}));
    on("add_evidence", "a", "evidence", json!({"department": department, "title": "Báo cáo"}));
    on("put_evidence_content", "e", "evidence/1/content", json!("%PDF-1.7 1"));
    let above = json!({"code": "gv-1", "document_number": "1/UBND", "document_on": "2022-05-04", "issuer": "SKHDT", "title": "Việc",
        "lead": [department], "due_on": "2022-06-30"});
    write("put_task", No, "/api/v1/tasks/gv-1", above.clone());
    write("load_tasks", No, "/api/v1/tasks/bulk", json!([above]));
    let new = json!({"code": "reform_index", "name": "Chỉ số", "unit": "percent", "direction": "higher_is_better", "source": "imported",
        "targets": [{"authority": "kh", "department": department, "period": "2022", "comparator": ">=", "value": 85}]});
    write("put_kpi", No, "/api/v1/kpis/reform_index", new.clone());
    write("put_kpi_target", No, "/api/v1/kpis/satisfaction/targets/2", new["targets"][0].clone());
    let figure = json!({"value": 91.5, "correction_reason": "Đếm lại",
        "evidence": [{"document_number": "2/BC", "issued_on": "2022-01-13", "title": "Báo cáo lại"}]});
    write("put_measurement", Seen, &measurement, figure.clone());
    let mut row = figure;
    (row["kpi"], row["department"], row["period"]) = (json!("satisfaction"), json!(department), json!("2021"));
    write("load_measurements", Named, "/api/v1/kpi-measurements/bulk", json!([row]));
    for (operation, period, act, body) in [
        ("submit_figures", 2021, "submission", json!({"note": "Số liệu năm"})),
        ("withdraw_figures", 2020, "withdrawal", json!({})),
        ("approve_figures", 2020, "approval", json!({})),
        ("return_figures", 2020, "return", json!({"reason": "Chưa khớp báo cáo"})),
        ("reopen_figures", 2019, "reopening", json!({"reason": "Có số liệu mới"})),
    ] {
        let path = format!("/api/v1/submissions/{department}/{period}/{act}");
        write(operation, Sight(Permission::ReadMeasurement), &path, body);
    }

    write("put_criteria_sheet", No, &sheet, criteria(department, "Bộ tiêu chí sửa đổi"));
    let table = json!(format!("STT,Tiêu chí,Điểm tối đa,Đơn vị\n1,Chỉ đạo,4,\n1.1,Kế hoạch,2,{department}\n"));
    write("import_criteria", No, &format!("{sheet}/imports"), table);
    write("put_criterion_score", Seen, &format!("{sheet}/scores/1.1"), json!({"self_score": 1.5, "note": "Đã tự chấm"}));
    let appraised = json!({"appraised_score": 1, "note": "Thiếu báo cáo"});
    write("put_criterion_appraisal", Seen, &format!("{sheet}/scores/1.1/appraisal"), appraised);

    let obstacle = json!({"department": department, "title": "Thiếu máy quét", "description": "Chưa số hóa được hồ sơ"});
    write("raise_obstacle", Named, "/api/v1/obstacles", obstacle);
    let said = json!({"text": "Đã xem xét"});
    for (operation, code, act, body) in [
        ("answer_obstacle", raised, "answer", said.clone()),
        ("escalate_obstacle", answered, "escalation", said.clone()),
        ("decide_obstacle", escalated, "decision", json!({"decision": "agreed", "text": "Đồng ý"})),
        ("close_obstacle", answered, "closure", json!({})),
        ("withdraw_obstacle", raised, "withdrawal", said),
    ] {
        write(operation, Sight(Permission::ReadObstacle), &format!("/api/v1/obstacles/{code}/{act}"), body);
    }
    let decided = json!({"text": "Bổ sung hai máy quét", "lead": [department], "due_on": "2022-07-05"});
    let mut new = decided.clone();
    new["item"] = json!(format!("obstacle:{escalated}"));
    write("create_decision", No, "/api/v1/briefings/2022-07/decisions", new);
    let seen = Sight(Permission::ReadDecision);
    write("put_decision", seen, &format!("/api/v1/briefings/2022-07/decisions/{decision}"), decided);
    let why = json!({"reason": "Đã có máy quét"});
    write("revoke_decision", seen, &format!("/api/v1/briefings/2022-07/decisions/{decision}/revocation"), why);
    write("create_explanation", Named, "/api/v1/explanations", explanation(department, "2022H1"));
    let mut text = explanation(department, "2022-06");
    for member in ["department", "period"] {
        text.as_object_mut().unwrap().remove(member);
    }
    text["cause"] = json!("Máy quét hỏng từ tháng 5");
    let seen = Sight(Permission::ReadExplanation);
    write("put_explanation", seen, &format!("/api/v1/explanations/{draft}"), text);
    write("submit_explanation", seen, &format!("/api/v1/explanations/{draft}/submission"), json!({}));
    write("accept_explanation", seen, &format!("/api/v1/explanations/{handed_in}/acceptance"), json!({}));
    write("return_explanation", seen, &format!("/api/v1/explanations/{handed_in}/return"), json!({"reason": "Chưa rõ"}));
    let mut changed = monthly(&duty_code, json!([department]));
    changed["what"] = json!("Báo cáo hằng tháng");
    write("put_duty", No, &format!("/api/v1/duties/{duty_code}"), changed);
    write("import_duties", No, "/api/v1/duties/imports", json!({"plan": format!("kh-{department}")}));
    write("put_duty_dates", No, &due_report, json!({"due_on": "2022-07-01", "reason": "Họp dời ngày"}));
    write("hand_in_report", Named, &format!("{due_report}/hand-ins"), json!({"department": department, "content": "Đã làm"}));
    write("consolidate_report", No, &format!("{due_report}/consolidation"), json!({"summary": "Đã tổng hợp"}));
    let sent = json!({"document_no": "31/BC", "sent_on": "2022-06-14", "channel": "e_office"});
    let (open, closed) = (format!("/api/v1/surveys/mo-{department}"), format!("/api/v1/surveys/dong-{department}"));
    write("put_survey", surveyed, &open, survey(&format!("mo-{department}"), department, "Khảo sát lại"));
    let counted = json!([{"factor": "satisfaction", "satisfied": 61, "neutral": 20}]);
    write("load_survey_answers", surveyed, &format!("{open}/answers/bulk"), counted);
    write("close_survey", surveyed, &format!("{open}/closure"), json!({}));
    let right = json!({"reason": "Nhập nhầm", "survey": survey(&format!("dong-{department}"), department, "Khảo sát đã sửa")});
    write("correct_survey", surveyed, &format!("{closed}/correction"), right);
    let published = json!({"document_number": "7/QĐ", "published_on": "2022-01-16", "values": [{"value": 74.5}]});
    write("publish_survey", surveyed, &format!("{closed}/publication"), published);
    write("dispatch_report", No, &format!("/api/v1/duties/{duty_code}/occurrences/2022-05/dispatch"), sent);
    all
}

/// The operations of the contract, each with its sample at a place.
pub fn table(place: &Place) -> Vec<(Operation, Sample)> {
    let mut samples: BTreeMap<&str, Sample> = BTreeMap::new();
    for sample in samples_once(place) {
        samples.insert(sample.operation, sample);
    }
    let mut table = Vec::new();
    for operation in operations() {
        let sample = samples.remove(operation.id.as_str());
        let sample = sample.unwrap_or_else(|| panic!("{} has no sample request: give it one in access.rs", operation.id));
        table.push((operation, sample));
    }
    assert!(samples.is_empty(), "samples of operations that do not exist: {:?}", samples.keys());
    table
}

fn samples_once(place: &Place) -> Vec<Sample> {
    let all = samples(place);
    let ids: BTreeSet<_> = all.iter().map(|s| s.operation).collect();
    assert_eq!(ids.len(), all.len(), "an operation has two samples");
    all
}

/// What came of one try.
struct Observed {
    operation: String,
    permission: Option<Permission>,
    bound: Bound,
    /// Nobody is no role.
    role: Option<Role>,
    at_home: bool,
    relation: Relation,
    status: u16,
    text: String,
}

type Table<'a> = &'a dyn Fn(Permission, Role) -> Option<Span>;

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Success,
    Status(u16),
}

impl Observed {
    fn reaches(&self, table: Table<'_>, permission: Permission, role: Role) -> bool {
        match table(permission, role) {
            None => false,
            Some(Span::All) => true,
            Some(Span::Own) => self.at_home && self.relation == Relation::Own,
            // A machine without a department serves all.
            Some(Span::Below) if role == Role::Integration && !self.at_home => true,
            Some(Span::Below) => self.at_home && self.relation != Relation::Other,
        }
    }

    fn expected(&self, table: Table<'_>) -> Expected {
        let Some(permission) = self.permission else { return Expected::Success };
        let Some(role) = self.role else { return Expected::Status(401) };
        if table(permission, role).is_none() {
            return Expected::Status(403);
        }
        match self.bound {
            Bound::No => Expected::Success,
            Bound::Sight(read) if !self.reaches(table, read, role) => Expected::Status(404),
            _ if self.reaches(table, permission, role) => Expected::Success,
            Bound::Named => Expected::Status(422),
            Bound::Sight(_) | Bound::Seen => Expected::Status(403),
        }
    }

    /// How far a span gets here, from 0 for nowhere to 3 for everywhere.
    fn effect(&self, table: Table<'_>, span: Option<Span>, role: Role) -> u8 {
        let rank = |span: Option<Span>| match span {
            None => 0,
            Some(Span::Own) => 1,
            Some(Span::Below) => 2,
            Some(Span::All) => 3,
        };
        match self.bound {
            Bound::No => rank(span).min(1),
            Bound::Sight(read) if Some(read) != self.permission => rank(span).min(rank(table(read, role)).max(1)),
            _ => rank(span),
        }
    }

    fn agrees(&self, table: Table<'_>) -> bool {
        match self.expected(table) {
            Expected::Success => (200..300).contains(&self.status),
            Expected::Status(status) => self.status == status,
        }
    }

    fn who(&self) -> String {
        let role = self.role.map_or("nobody", Role::name);
        format!("{role}{}", if self.at_home { "" } else { " without a department" })
    }
}

fn disagreements<'a>(all: &'a [Observed], table: Table<'_>) -> Vec<&'a Observed> {
    all.iter().filter(|o| !o.agrees(table)).collect()
}

async fn observe(world: &World) -> Vec<Observed> {
    let mut actors = vec![(None, false, world.app.nobody())];
    for role in Role::ALL {
        actors.push((Some(role), true, world.actor(role, true).await));
        if !role.needs_department() {
            actors.push((Some(role), false, world.actor(role, false).await));
        }
    }
    let mut all = Vec::new();
    for place in &world.places {
        for (operation, sample) in table(place) {
            for (role, at_home, actor) in &actors {
                // What anyone may call asks nobody who they are.
                if operation.permission.is_none() && (place.relation != Relation::Own || !matches!(role, None | Some(Role::Admin))) {
                    continue;
                }
                let leaver;
                let actor = match role {
                    // Who signs out is gone.
                    Some(role) if operation.id == "delete_session" => {
                        leaver = world.actor(*role, *at_home).await;
                        &leaver
                    }
                    _ => actor,
                };
                let answer = world.send(actor, &operation, &sample).await;
                if answer.status >= 400 {
                    check_problem(&answer, &operation.id);
                }
                all.push(Observed {
                    operation: operation.id.clone(),
                    permission: operation.permission,
                    bound: sample.bound,
                    role: *role,
                    at_home: *at_home,
                    relation: place.relation,
                    status: answer.status,
                    text: answer.text,
                });
            }
        }
    }
    all
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let world = World::new().await;
    let all = observe(&world).await;
    assert!(all.len() > 40 * 14 * 3, "{}", all.len());
    print(&all);
    let real: Table<'_> = &|permission: Permission, role| permission.span(role);
    let wrong: Vec<String> = disagreements(&all, real)
        .iter()
        .map(|o| {
            format!("{} by {} on {:?}: {} instead of {:?}: {:.200}", o.operation, o.who(), o.relation, o.status, o.expected(real), o.text)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // A table that says anything else is noticed.
    for permission in Permission::ALL {
        let guarded: Vec<_> = all.iter().filter(|o| o.permission == Some(*permission)).collect();
        for role in Role::ALL {
            let span = permission.span(role);
            for other in [None, Some(Span::Own), Some(Span::Below), Some(Span::All)] {
                // Beyond what the role sees, and where nothing is bound to a department, one span is like another.
                let effect = |span: Option<Span>| -> Vec<u8> { guarded.iter().map(|o| o.effect(real, span, role)).collect() };
                if effect(other) == effect(span) {
                    continue;
                }
                let lie = |p: Permission, r: Role| if p == *permission && r == role { other } else { p.span(r) };
                let noticed = !disagreements(&all, &lie).is_empty();
                assert!(noticed, "nobody would notice {} for {} as {other:?} instead of {span:?}", permission.name(), role.name());
            }
        }
    }
    assert_eq!(observed_roles(&all), committed_roles());
}

/// Permissions that guard a part of answers, not an operation; `personal.rs` and `documents.rs` try them.
const OF_FIELDS: &[Permission] = &[Permission::ReadPersonalData, Permission::ReadSecretDocument];

#[test]
fn every_permission_guards_an_operation() {
    let guarding: Vec<Permission> = operations().iter().filter_map(|o| o.permission).collect();
    let idle: Vec<_> = Permission::ALL.iter().filter(|p| !guarding.contains(p)).copied().collect();
    assert_eq!(idle, OF_FIELDS);
}

/// The grid, for `cargo test access -- --nocapture`: for each place `+` done, `-` not permitted, `?` does not exist, `!` refused.
fn print(all: &[Observed]) {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for o in all {
        let mark = match o.status {
            200..300 => '+',
            401 | 403 => '-',
            404 => '?',
            _ => '!',
        };
        let cells = lines.entry(&o.operation).or_default();
        let who = o.who();
        match cells.iter_mut().find(|c| c.split(':').next() == Some(&who)) {
            Some(cell) => cell.push(mark),
            None => cells.push(format!("{who}:{mark}")),
        }
    }
    for (operation, cells) in lines {
        println!("{operation:22} {}", cells.join("  "));
    }
}

/// Per operation the roles that got through, with how far where that shows.
fn observed_roles(all: &[Observed]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for operation in all.iter().map(|o| &o.operation).collect::<BTreeSet<_>>() {
        let roles = found.entry(operation.clone()).or_default();
        let tries: Vec<_> = all.iter().filter(|o| &o.operation == operation).collect();
        if tries.iter().any(|o| o.role.is_none() && o.status < 300) {
            roles.push("anyone".into());
            continue;
        }
        for role in Role::ALL {
            let done = |at: Relation| tries.iter().any(|o| o.role == Some(role) && o.at_home && o.relation == at && o.status < 300);
            let reach = match [Relation::Own, Relation::Below, Relation::Other].map(done) {
                [false, false, false] => continue,
                [true, false, false] => "own",
                [true, true, false] => "below",
                [true, true, true] => "all",
                odd => panic!("{operation}: {} got through at {odd:?}", role.name()),
            };
            roles.push(format!("{}({reach})", role.name()));
        }
    }
    found
}

/// The same as `openapi/operations.txt` tells it.
fn committed_roles() -> BTreeMap<String, Vec<String>> {
    let bound: BTreeMap<&str, bool> = {
        let place = Place {
            relation: Relation::Own,
            department: HOME,
            frozen: String::new(),
            procedure: String::new(),
            submitted: String::new(),
            incomplete: String::new(),
            accepted: String::new(),
            processing: String::new(),
            waiting: String::new(),
            resolved: String::new(),
            unpaid: String::new(),
            suspended: String::new(),
            consulting: String::new(),
            code: String::new(),
            reservation: String::new(),
            raised: String::new(),
            answered: String::new(),
            escalated: String::new(),
            draft: String::new(),
            handed_in: String::new(),
            decision: String::new(),
        };
        samples(&place).iter().map(|s| (s.operation, !matches!(s.bound, Bound::No))).collect()
    };
    let text = include_str!("../../openapi/operations.txt");
    let mut told = BTreeMap::new();
    for line in text.lines() {
        let mut columns = line.rsplit("  ");
        let (Some(roles), Some(_), Some(id)) = (columns.next(), columns.next(), columns.next()) else { panic!("{line}") };
        // How far a permission goes shows only where it is bound to a department.
        let role = |r: &str| if bound[id] { r.to_owned() } else { r.replace("(own)", "(all)").replace("(below)", "(all)") };
        told.insert(id.to_owned(), roles.split(' ').map(role).collect());
    }
    told
}

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let world = World::new().await;
    let nobody = world.app.nobody();
    let admin = world.app.admin().await;
    let good = admin.token.clone().unwrap();
    let unsigned = {
        let mut parts: Vec<&str> = good.split('.').collect();
        parts[0] = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        parts[2] = "";
        parts.join(".")
    };
    let bad: Vec<String> = vec![
        "Bearer x".into(),
        "Bearer".into(),
        "Basic c29tZW9uZTp4".into(),
        format!("Bearer {}", &good[..good.len() - 3]),
        format!("Bearer {unsigned}"),
        good.clone(),
    ];
    for (operation, sample) in table(world.place(Relation::Own)) {
        let mut tries = vec![(None, "unauthenticated")];
        tries.extend(bad.iter().map(|header| (Some(header.as_str()), "invalid_token")));
        for (header, code) in tries {
            let about = format!("{} with {header:?}", operation.id);
            let headers: Vec<(&str, &str)> = header.map(|h| ("authorization", h)).into_iter().collect();
            let body = world.fresh_body(&sample).await;
            let answer = match &body {
                Some(body) => {
                    let (media, body) = as_sent(&operation, body);
                    let headers = [headers.as_slice(), &[("content-type", media)]].concat();
                    nobody.send(&operation.method, &sample.path, &headers, Some(body)).await
                }
                None => nobody.send(&operation.method, &sample.path, &headers, None).await,
            };
            if operation.permission.is_none() {
                assert!(answer.status < 300, "{about}: {} {}", answer.status, answer.text);
                break;
            }
            check_problem(&answer, &about);
            assert_eq!((answer.status, answer.code()), (401, code), "{about}");
            assert!(answer.header("www-authenticate").is_some_and(|h| h.starts_with("Bearer")), "{about}");
            // A body that cannot be read is not looked at.
            if !operation.bodies().is_empty() {
                let broken = nobody.send(&operation.method, &sample.path, &headers, Some(b"{".to_vec())).await;
                assert_eq!(broken.status, 401, "{about}: {}", broken.text);
            }
        }
    }
}

fn departments(items: &Value, member: &str) -> BTreeSet<String> {
    items.as_array().unwrap().iter().map(|i| i[member].as_str().or(i[member][0].as_str()).unwrap().to_owned()).collect()
}

/// Lists, searches and reports show what their permission reaches, and nothing of the rest.
#[tokio::test]
async fn lists_and_reports_show_exactly_what_is_in_sight() {
    let world = World::new().await;
    for role in Role::ALL {
        for at_home in [true, false] {
            if !at_home && role.needs_department() {
                continue;
            }
            let actor = world.actor(role, at_home).await;
            for (permission, path, items, member) in [
                (Permission::ReadDossier, "/api/v1/dossiers?", "items", "resolving_department"),
                (Permission::ReadDossier, "/api/v1/dossiers?q=nguyen", "items", "resolving_department"),
                (Permission::ReadDossier, "/api/v1/dossiers?department=DKKD,DKKD1,DN", "items", "resolving_department"),
                (Permission::ReadDossier, "/api/v1/dossiers?procedure=P.DKKD,P.DKKD1,P.DN", "items", "resolving_department"),
                (Permission::ReadRegister, "/api/v1/registers/dossiers?from=2022-06-01&to=2022-06-30", "items", "resolving_department"),
                (Permission::ReadDocument, "/api/v1/documents?", "items", "department"),
                (Permission::ReadDocument, "/api/v1/documents?q=bao+cao+thang", "items", "department"),
                (Permission::ReadTask, "/api/v1/tasks?", "items", "lead"),
                (Permission::ReadTask, "/api/v1/tasks?q=viec", "items", "lead"),
                (Permission::ReadMeasurement, "/api/v1/kpis/satisfaction/measurements?", "items", "department"),
                (Permission::ReadMeasurement, "/api/v1/submissions?", "items", "department"),
                (Permission::ReadMeasurement, "/api/v1/submissions/missing?period=2022", "items", "department"),
                (Permission::ReadReport, "/api/v1/reports/dossier-results?period=2022-06&group_by=department", "rows", "key"),
                (Permission::ReadReport, "/api/v1/reports/dossier-outcomes?period=2022-06&group_by=department", "rows", "key"),
                (Permission::ReadReport, "/api/v1/reports/findings?period=2022-06&group_by=department", "rows", "key"),
                (
                    Permission::ReadReport,
                    "/api/v1/reports/overdue-reasons?period=2022-06&period_set=calendar&group_by=department&as_of=2022-06-30",
                    "rows",
                    "key",
                ),
                (
                    Permission::ReadReport,
                    "/api/v1/reports/handling-times?period=2022-06&period_set=calendar&group_by=department",
                    "rows",
                    "key",
                ),
                (Permission::ReadSnapshot, "/api/v1/reports/snapshots?", "items", "departments"),
                (Permission::ReadObstacle, "/api/v1/obstacles?", "items", "department"),
                (Permission::ReadSurvey, "/api/v1/surveys?", "items", "department"),
                (Permission::ReadSurvey, "/api/v1/surveys?kpi=satisfaction&period=2021&q=khao+sat", "items", "department"),
                (Permission::ReadExplanation, "/api/v1/explanations?", "items", "department"),
                (Permission::ReadExplanation, "/api/v1/explanations/owed?period=2022-06", "items", "department"),
                (Permission::ReadDecision, "/api/v1/briefings/2022-07/decisions?", "items", "lead"),
                (Permission::ReadReport, "/api/v1/reports/briefing?period=2022-06", "departments", "department"),
                (Permission::ReadHandIn, "/api/v1/duties/bc-all/occurrences/2022-06/hand-ins", "items", "department"),
                (Permission::ReadReport, "/api/v1/kpi-results?kpi=supplement_rate&period=2022&group_by=department", "items", "department"),
                (Permission::ReadReport, "/api/v1/kpi-results/supplement_rate/contributors?period=2022-06", "items", "department"),
            ] {
                let about = format!("{} (at home: {at_home}) at {path}", role.name());
                let answer = actor.get(path).await;
                let Some(span) = permission.span(role) else {
                    assert_eq!(answer.status, 403, "{about}: {}", answer.text);
                    continue;
                };
                assert_eq!(answer.status, 200, "{about}: {}", answer.text);
                let expected: &[&str] = match (span, at_home) {
                    (Span::All, _) => &["DKKD", "DKKD1", "DN"],
                    (Span::Below, false) if role == Role::Integration => &["DKKD", "DKKD1", "DN"],
                    (Span::Below, true) => &["DKKD", "DKKD1"],
                    (Span::Own, true) => &["DKKD"],
                    (Span::Below | Span::Own, false) => &[],
                };
                let expected: BTreeSet<String> = expected.iter().map(|d| (*d).to_owned()).collect();
                assert_eq!(departments(&answer.body[items], member), expected, "{about}: {}", answer.text);
            }
            // Totals are of the same dossiers.
            if let Some(span) = Permission::ReadReport.span(role) {
                let total = actor.get("/api/v1/reports/dossier-results?period=2022-06").await.expect(200).body["total"].clone();
                let places = match (span, at_home) {
                    (Span::All, _) => 3,
                    (Span::Below, true) => 2,
                    (Span::Own, true) => 1,
                    _ => 0,
                };
                assert_eq!(total["received_total"], places * 7, "{}: {total}", role.name());
                let months = actor.get("/api/v1/reports/outcomes-by-month?year=2022").await.expect(200).body;
                let accepted =
                    |counts: &Value| counts["timeliness"].as_object().unwrap().values().map(|n| n.as_i64().unwrap()).sum::<i64>();
                assert_eq!(
                    (accepted(&months["rows"][5]), accepted(&months["total"])),
                    (places * 7, places * 7),
                    "{}: {months}",
                    role.name()
                );
            }
        }
    }
}
