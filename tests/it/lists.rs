//! Lists as a whole: cursors that cannot be forged, totals that count what is shown; and what a stale version is told.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dunghen::app::Clock;
use dunghen::auth::{Role, Span};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use crate::access::{Relation, World, table};
use crate::contract::check_problem;
use crate::harness::{Actor, App, department};

fn and(path: &str, query: &str) -> String {
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

/// Every row of a list, one a page.
async fn walk(actor: &Actor, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let next = cursor.map(|c| format!("&cursor={c}")).unwrap_or_default();
        let page = actor.get(&format!("{}{next}", and(path, "limit=1"))).await.expect(200).body;
        assert_eq!((&page["page"]["total"], &page["page"]["total_kind"]), (&Value::Null, &Value::Null));
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["page"]["next_cursor"].as_str() {
            Some(c) => cursor = Some(c.to_owned()),
            None => return items,
        }
    }
}

#[tokio::test]
async fn every_list_tells_its_total_when_asked_and_counts_what_it_shows() {
    let world = World::new().await;
    sqlx::query("ANALYZE").execute(&world.app.pool).await.unwrap();
    let mut lists = 0;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let counts = operation.parameters("query").contains(&"count");
        assert_eq!(counts, operation.parameters("query").contains(&"cursor"), "{}", operation.id);
        let Some(permission) = operation.permission.filter(|_| counts) else { continue };
        lists += 1;
        // One who sees all, and one who sees a part where the list is bound.
        let spans = [Span::All, Span::Below, Span::Own].map(|span| Role::ALL.iter().find(|r| permission.span(**r) == Some(span)));
        for role in spans.into_iter().flatten() {
            let actor = world.actor(*role, true).await;
            let sample = world.own_job(&actor, &sample).await;
            let about = format!("{} by {}", operation.id, role.name());
            let all = walk(&actor, &sample.path).await;
            assert!(!all.is_empty() || *role != Role::Admin, "{about}");
            for limit in [1, 500] {
                let page = actor.get(&and(&sample.path, &format!("count=exact&limit={limit}"))).await.expect(200).body["page"].clone();
                assert_eq!(
                    (page["total"].as_u64(), page["total_kind"].as_str()),
                    (Some(all.len() as u64), Some("exact")),
                    "{about}: {page}"
                );
                let page = actor.get(&and(&sample.path, &format!("limit={limit}&count=estimated"))).await.expect(200).body["page"].clone();
                assert!(page["total"].is_u64() && page["total_kind"] == "estimated", "{about}: {page}");
            }
            let wrong = actor.get(&and(&sample.path, "count=all")).await.expect(400);
            assert_eq!(wrong.pointers(), ["count"], "{about}");
        }
    }
    assert!(lists >= 11, "{lists}");
}

#[tokio::test]
async fn an_estimate_is_near_and_a_count_that_takes_too_long_is_503() {
    let app = App::with(Clock::default(), |s| s.database.statement_timeout_s = 1).await;
    let admin = app.admin().await;
    let units: Vec<Value> = (0..2000).map(|n| department(&format!("D{n}"))).collect();
    admin.post("/api/v1/departments/bulk", json!(units)).await.expect(200);
    sqlx::query("ANALYZE departments").execute(&app.pool).await.unwrap();
    let page = admin.get("/api/v1/departments?count=estimated&limit=1").await.expect(200).body["page"].clone();
    assert!((1000..=4000).contains(&page["total"].as_i64().unwrap()), "{page}");
    assert_eq!(admin.get("/api/v1/departments?count=exact&limit=1").await.expect(200).body["page"]["total"], 2000);
    let mut other = PgConnection::connect(app.shared.settings.database.url.expose_secret()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("LOCK TABLE departments IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answer = admin.get("/api/v1/departments?count=exact").await.expect(503);
    assert_eq!((answer.code(), answer.header("retry-after").is_some()), ("unavailable", true));
    other.execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only_and_cannot_be_made_up() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.post("/api/v1/departments/bulk", json!([department("A"), department("B"), department("C")])).await.expect(200);
    let first = admin.get("/api/v1/departments?limit=1&kind=division").await.expect(200);
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap().to_owned();
    let second = admin.get(&format!("/api/v1/departments?kind=division&count=exact&limit=2&cursor={cursor}")).await.expect(200).body;
    assert_eq!((&second["items"][0]["code"], &second["items"][1]["code"], &second["page"]["total"]), (&json!("B"), &json!("C"), &json!(3)));
    // It is nobody's secret: another who may see the list goes on with it.
    app.office().await.get(&format!("/api/v1/departments?kind=division&cursor={cursor}")).await.expect(200);
    let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    let tampered = URL_SAFE_NO_PAD.encode(&bytes);
    let made_up = URL_SAFE_NO_PAD.encode([&[0; 16][..], b"\"B\""].concat());
    for path in [
        format!("/api/v1/departments?cursor={cursor}"),
        format!("/api/v1/departments?kind=unit&cursor={cursor}"),
        format!("/api/v1/users?cursor={cursor}"),
        format!("/api/v1/departments?kind=division&cursor={tampered}"),
        format!("/api/v1/departments?kind=division&cursor={made_up}"),
        "/api/v1/departments?kind=division&cursor=x".into(),
    ] {
        let answer = admin.get(&path).await.expect(400);
        check_problem(&answer, &path);
        assert_eq!(answer.code(), "cursor_mismatch", "{path}");
    }
    let unknown = admin.get("/api/v1/departments?coutn=exact").await.expect(400);
    assert_eq!((unknown.code(), unknown.pointers()), ("unknown_parameter", vec!["coutn"]));
    assert!(unknown.body["errors"][0]["detail"].as_str().unwrap().contains("“count”"), "{}", unknown.text);
}

#[tokio::test]
async fn a_stale_version_is_told_what_changed_and_by_whom() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let (one, two) = (app.admin().await, app.admin().await);
    let path = "/api/v1/departments/X";
    one.put(path, department("X")).await.expect(201);
    let mut body = department("X");
    for (version, member, value) in
        [("\"1\"", "name", json!("Phòng khác")), ("\"2\"", "kind", json!("unit")), ("\"3\"", "name", json!("Y"))]
    {
        body[member] = value;
        two.json("PUT", path, &[("if-match", version)], &body).await.expect(200);
    }
    let stale = one.json("PUT", path, &[("if-match", "\"2\"")], &department("X")).await.expect(412);
    check_problem(&stale, "stale");
    let told = &stale.body;
    assert_eq!((&told["current_version"], &told["changed_by"]), (&json!(4), &json!(two.username)));
    assert_eq!(told["changed_fields"], json!(["kind", "name"]));
    let changes: Vec<_> = told["changes"].as_array().unwrap().iter().map(|c| (&c["version"], &c["act"], &c["fields"])).collect();
    assert_eq!(changes, [(&json!(3), &json!("put"), &json!(["kind"])), (&json!(4), &json!("put"), &json!(["name"]))]);
    assert!(told["detail"].as_str().unwrap().contains(&two.username) && told["detail"].as_str().unwrap().contains("kind, name"));
    let bare = one.json("PUT", path, &[("if-match", "4")], &department("X")).await.expect(412);
    assert_eq!(bare.body["detail"], "If-Match must be an ETag, in quotes: the current version is \"4\".");
    // A version that never was tells nothing more.
    let odd = one.json("PUT", path, &[("if-match", "\"x\"")], &department("X")).await.expect(412);
    assert_eq!((&odd.body["current_version"], odd.body.get("changes")), (&json!(4), None));

    let (counter, head) = (app.one_stop().await, app.actor(Role::Head, Some("DKKD")).await);
    let new = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true,
        "occurred_at": "2022-06-17T09:00:00+07:00", "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
    let made = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    let act = format!("/api/v1/dossiers/{}", made["id"].as_str().unwrap());
    let department = made["resolving_department"].as_str().unwrap();
    let head = if department == "DKKD" { head } else { app.actor(Role::Head, Some(department)).await };
    head.act(&format!("{act}/processing"), 1, json!({})).await.expect(200);
    let papers = json!({"reason": "Thiếu điều lệ", "document_no": "13/TB", "items": ["Điều lệ"]});
    head.act(&format!("{act}/supplement-requests"), 2, papers).await.expect(200);
    let stale = counter.act(&format!("{act}/withdrawal"), 1, json!({"reason": "Theo đề nghị"})).await.expect(412).body;
    assert_eq!((&stale["current_version"], &stale["changed_by"]), (&json!(3), &json!(head.username)));
    let fields: Vec<&str> = stale["changed_fields"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    for field in ["status", "supplements", "due_on", "due_before"] {
        assert!(fields.contains(&field), "{stale}");
    }
    assert!(!fields.contains(&"applicant") && !fields.contains(&"version"), "{stale}");
}

/// What is not known is not told: neither a list that is empty, nor one that is made up from what looks alike.
#[tokio::test]
async fn a_stale_version_is_told_no_more_than_is_known() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let office = app.office().await;
    let row = |channel: &str| {
        json!({"code": "H-1", "procedure": "2.001199", "receiving_department": "MC", "channel": channel,
            "accepted_at": "2022-06-17T08:30:00+07:00", "applicant": {"kind": "citizen", "name": "Trần B"}})
    };
    office.load("/api/v1/dossiers/bulk", &[row("online")]).await.expect(200);
    office.load("/api/v1/dossiers/bulk", &[row("postal")]).await.expect(200);
    let made = office.get("/api/v1/dossiers/by-code/H-1").await.expect(200).body;
    assert_eq!(made["version"], 2);
    let path = format!("/api/v1/dossiers/{}/withdrawal", made["id"].as_str().unwrap());
    let stale = app.one_stop().await.act(&path, 1, json!({"reason": "Theo đề nghị"})).await.expect(412);
    check_problem(&stale, "after a load");
    let told = &stale.body;
    assert_eq!((&told["current_version"], &told["changed_by"]), (&json!(2), &json!(office.username)));
    assert_eq!((&told["changes"][0]["act"], &told["changed_fields"]), (&json!("load"), &json!(["channel"])), "{told}");
    // So is what was there from the beginning.
    let admin = app.admin().await;
    let calendar = admin.get("/api/v1/calendars/vn").await.expect(200).body;
    let mut other = json!({"code": "vn", "name": "Lịch khác"});
    for member in ["office_hours", "off_hours_receipt"] {
        other[member] = calendar[member].clone();
    }
    let tag = format!("\"{}\"", calendar["version"]);
    admin.json("PUT", "/api/v1/calendars/vn", &[("if-match", &tag)], &other).await.expect(200);
    other["name"] = json!("Lịch nữa");
    let stale_calendar = admin.json("PUT", "/api/v1/calendars/vn", &[("if-match", &tag)], &other).await.expect(412).body;
    assert_eq!(stale_calendar["changed_fields"], json!(["name"]), "{stale_calendar}");
    // Parts that come, go and change are named, too.
    let (mut one, mut two) = (row("postal"), row("postal"));
    one["fee_requests"] = json!([{"requested_at": "2022-06-17T09:00:00+07:00", "paid_at": "2022-06-17T10:00:00+07:00"}]);
    two["fee_requests"] = json!([{"requested_at": "2022-06-17T09:00:00+07:00", "paid_at": "2022-06-20T08:30:00+07:00"}]);
    two["applicant"]["name"] = json!("Trần C");
    office.load("/api/v1/dossiers/bulk", &[one]).await.expect(200);
    office.load("/api/v1/dossiers/bulk", &[two]).await.expect(200);
    let told = app.one_stop().await.act(&path, 2, json!({"reason": "Theo đề nghị"})).await.expect(412).body;
    let fields: Vec<_> = told["changes"].as_array().unwrap().iter().map(|c| &c["fields"]).collect();
    assert!(fields[0].as_array().unwrap().contains(&json!("fee_requests")), "{told}");
    assert!(!fields[0].as_array().unwrap().contains(&json!("applicant")), "{told}");
    for member in ["applicant", "fee_requests"] {
        assert!(fields[1].as_array().unwrap().contains(&json!(member)), "{told}");
    }

    // Of many changes the last are told, none of them as if nothing had changed.
    let path = "/api/v1/departments/X";
    let admin = app.admin().await;
    admin.put(path, department("X")).await.expect(201);
    for version in 1..=24 {
        let mut body = department("X");
        body["name"] = json!(format!("Phòng {version}"));
        admin.json("PUT", path, &[("if-match", &format!("\"{version}\""))], &body).await.expect(200);
    }
    let told = admin.json("PUT", path, &[("if-match", "\"1\"")], &department("X")).await.expect(412).body;
    let changes = told["changes"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["version"], &told["current_version"]), (20, &json!(6), &json!(25)));
    assert!(changes.iter().all(|c| c["fields"] == json!(["name"])), "{told}");
    assert_eq!(told.get("changed_fields"), None);
}

#[tokio::test]
async fn a_stale_task_is_told_what_reports_and_plans_changed() {
    let app = App::at("2022-06-15T08:00:00+07:00").await;
    let (admin, office) = (app.admin().await, app.office().await);
    admin.post("/api/v1/departments/bulk", json!([department("VP"), department("DKKD")])).await.expect(200);
    let task = |code: &str, title: &str| json!({"local_code": code, "title": title, "lead": ["DKKD"], "schedule": {"text": "Thường xuyên", "kind": "ongoing"}});
    let mut plan = json!({"code": "kh-1", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch nhỏ",
        "issuer": {"department": "VP"}, "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "tasks": [task("a", "Việc thứ nhất"), task("b", "Việc thứ hai")]});
    office.put("/api/v1/plans/kh-1", plan.clone()).await.expect(201);
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let report = json!({"department": "DKKD", "period": "2022-06", "content": "Đã thực hiện", "percent": 40,
        "evidence": [{"document_number": "12/BC", "issued_on": "2022-06-10"}]});
    head.act("/api/v1/tasks/kh-1.b/progress-reports", 1, report.clone()).await.expect(201);
    let told = head.act("/api/v1/tasks/kh-1.b/progress-reports", 1, report.clone()).await.expect(412).body;
    assert_eq!((&told["current_version"], &told["changed_fields"]), (&json!(2), &json!(["progress_reports"])), "{told}");
    // The plan changes one task and leaves the other.
    plan["tasks"][1]["title"] = json!("Việc khác");
    office.json("PUT", "/api/v1/plans/kh-1", &[("if-match", "\"1\"")], &plan).await.expect(200);
    let told = head.act("/api/v1/tasks/kh-1.b/progress-reports", 2, report.clone()).await.expect(412).body;
    assert_eq!((&told["current_version"], &told["changed_by"]), (&json!(3), &json!(office.username)), "{told}");
    assert_eq!((&told["changed_fields"], &told["changes"][0]["act"]), (&json!(["title"]), &json!("put")), "{told}");
    let told = head.act("/api/v1/tasks/kh-1.b/progress-reports", 1, report).await.expect(412).body;
    assert_eq!(told["changed_fields"], json!(["progress_reports", "title"]));
    let lines = app.count("audit_events WHERE subject_type = 'task' AND act = 'put'").await;
    assert_eq!((lines, app.count("outbox_events WHERE type = 'task.put' AND subject_code = 'kh-1.b'").await), (1, 1));
    assert_eq!(head.get("/api/v1/tasks/kh-1.a").await.expect(200).body["version"], 1);
}

/// The versions of all single resources are told, and asked with them nothing is sent again, unless the day alone changes it.
#[tokio::test]
async fn every_single_resource_has_its_version() {
    let world = World::new().await;
    let mut conditional = 0;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let Some(permission) = operation.permission.filter(|_| operation.answers("304")) else { continue };
        conditional += 1;
        let role = Role::ALL.iter().find(|r| permission.span(**r) == Some(Span::All)).unwrap();
        let actor = world.actor(*role, true).await;
        let got = actor.get(&sample.path).await.expect(200);
        let tag = got.header("etag").unwrap_or_else(|| panic!("{}: no ETag", operation.id)).to_owned();
        assert!(tag.starts_with('"') && tag[1..tag.len() - 1].parse::<u32>().is_ok(), "{tag}");
        let again = actor.send("GET", &sample.path, &[("if-none-match", &tag)], None).await;
        // Until it is settled, a dossier or a task becomes overdue by the day alone.
        let open = ["get_dossier", "get_dossier_by_code", "get_task"].contains(&operation.id.as_str());
        assert_eq!(again.status, if open { 200 } else { 304 }, "{}", operation.id);
        actor.send("GET", &sample.path, &[("if-none-match", "\"999\"")], None).await.expect(200);
    }
    assert!(conditional >= 9, "{conditional}");
}
