//! The register of documents: entries, numbers, secrecy, loads, and the indicators counted from it.

use std::io::Write as _;

use dunghen::auth::Role;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

async fn office_of(now: &str) -> App {
    let app = App::at(now).await;
    let departments = json!([
        {"code": "SKHDT", "name": "Sở", "kind": "agency"},
        {"code": "VP", "name": "Văn phòng", "kind": "office", "parent": "SKHDT"},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DKKD1", "name": "Tổ 1", "kind": "unit", "parent": "DKKD"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"}
    ]);
    app.admin().await.post("/api/v1/departments/bulk", departments).await.expect(200);
    app
}

async fn app() -> App {
    office_of("2022-06-15T02:00:00Z").await
}

fn outgoing(number: &str, change: Value) -> Value {
    let mut body = json!({"direction": "outgoing", "book": "CV", "number": number, "symbol": "SKHĐT-ĐKKD", "kind": "cong-van",
        "issued_on": "2022-05-10", "summary": "V/v hướng dẫn đăng ký kinh doanh", "department": "DKKD", "recipients": ["UBND tỉnh"]});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn incoming(number: &str, change: Value) -> Value {
    let mut body = json!({"direction": "incoming", "book": "DEN", "number": number, "document_number": "15/UBND-TH", "kind": "cong-van",
        "issued_on": "2022-05-09", "arrived_on": "2022-05-11", "sender": "UBND tỉnh", "summary": "V/v báo cáo cải cách hành chính"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

async fn clerk(app: &App) -> Actor {
    app.actor(Role::Clerk, Some("VP")).await
}

/// What nothing may have changed.
async fn traces(app: &App) -> [i64; 3] {
    [app.count("documents").await, app.count("audit_events").await, app.count("outbox_events").await]
}

#[tokio::test]
async fn a_document_is_registered_changed_left_alone_and_voided() {
    let app = app().await;
    let clerk = clerk(&app).await;
    let path = "/api/v1/documents/cv-12";
    let body = outgoing("12", json!({"sent_electronically": true, "sent_at": "2022-05-10T10:00:00+07:00", "urgency": "flash"}));
    let dry = clerk.put(&format!("{path}?dry_run=true"), body.clone()).await.expect(201);
    assert_eq!((dry.header("dry-run"), app.count("documents").await), (Some("true"), 0));
    let before = traces(&app).await;
    let made = clerk.put(path, body.clone()).await.expect(201);
    assert_eq!(made.header("location"), Some(path));
    let view = &made.body;
    assert_eq!((&view["document_number"], &view["sequence"], &view["agency"]), (&json!("12/SKHĐT-ĐKKD"), &json!(12), &json!("SKHDT")));
    assert_eq!((&view["year"], &view["secrecy"], &view["source_system"]), (&json!(2022), &json!("normal"), &json!("dunghen")));
    assert_eq!(view["sent_at"], "2022-05-10T10:00:00+07:00");
    assert_eq!(traces(&app).await, [before[0] + 1, before[1] + 1, before[2] + 1]);
    let id = view["id"].as_str().unwrap().to_owned();
    assert_eq!(clerk.get(&format!("/api/v1/documents/{id}")).await.expect(200).body, *view);
    let known = clerk.send("GET", path, &[("if-none-match", "\"1\"")], None).await;
    assert_eq!(known.status, 304);

    let before = traces(&app).await;
    assert_eq!(clerk.put(path, body.clone()).await.expect(200).header("unchanged"), Some("true"));
    let create_only = clerk.json("PUT", path, &[("if-none-match", "*")], &body).await;
    assert_eq!((create_only.status, create_only.code()), (412, "already_exists"));
    let mut changed = body.clone();
    changed["signer"] = json!("Phó Giám đốc");
    assert_eq!(clerk.put(path, changed.clone()).await.code(), "precondition_required");
    assert_eq!(clerk.json("PUT", path, &[("if-match", "\"7\"")], &changed).await.code(), "version_mismatch");
    assert_eq!(traces(&app).await, before);
    let answer = clerk.json("PUT", path, &[("if-match", "\"1\"")], &changed).await.expect(200);
    assert_eq!((answer.header("etag"), &answer.body["id"]), (Some("\"2\""), &json!(id)));
    let stale = clerk.json("PUT", path, &[("if-match", "\"1\"")], &body).await.expect(412);
    assert_eq!((&stale.body["changed_fields"], &stale.body["changed_by"]), (&json!(["signer"]), &json!(clerk.username)));

    let void = format!("{path}/void");
    assert_eq!(clerk.act(&void, 2, json!({"reason": " "})).await.expect(422).pointers(), ["/reason"]);
    assert_eq!(clerk.act(&void, 1, json!({"reason": "Cấp nhầm số"})).await.code(), "version_mismatch");
    let voided = clerk.act(&void, 2, json!({"reason": "Cấp nhầm số"})).await.expect(200).body;
    assert_eq!((&voided["void_reason"], &voided["version"]), (&json!("Cấp nhầm số"), &json!(3)));
    let again = clerk.act(&void, 3, json!({"reason": "Cấp nhầm số"})).await.expect(409);
    assert_eq!((again.code(), &again.body["allowed"]), ("transition_not_allowed", &json!([])));
    // Its number stays taken, and it is changed no more.
    let other = clerk.put("/api/v1/documents/another", outgoing("12", json!({}))).await.expect(422);
    assert_eq!((other.fault_codes(), other.pointers()), (vec!["number_taken"], vec!["/number"]));
    let late = clerk.json("PUT", path, &[("if-match", "*")], &body).await.expect(422);
    assert_eq!(late.fault_codes(), ["bad_document"]);
    assert_eq!(clerk.get("/api/v1/documents?voided=false").await.body["items"], json!([]));
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let app = app().await;
    let clerk = clerk(&app).await;
    let before = traces(&app).await;
    let wrong = json!({"code": "x", "agency": "VP", "kind": "tho", "department": "KHONG", "sender": "UBND", "year": 2021, "summary": " ",
        "sent_at": "2022-06-16T08:00:00+07:00", "secrecy": "secret"});
    let refused = clerk.put("/api/v1/documents/x", outgoing("1", wrong)).await.expect(422);
    let expected = ["/summary", "/agency", "/kind", "/department", "/sender", "/year", "/sent_at", "/sent_at"];
    assert_eq!(refused.pointers(), expected, "{}", refused.text);
    assert_eq!(clerk.put("/api/v1/documents/y", outgoing("1", json!({"code": "x"}))).await.expect(422).pointers(), ["/code"]);
    let shape =
        json!({"direction": "sideways", "book": "số 1", "number": 5, "kind": "cong-van", "issued_on": "x", "summary": "a", "colour": 1});
    let refused = clerk.put("/api/v1/documents/x", shape).await.expect(400);
    assert_eq!(refused.pointers().len(), 5, "{}", refused.text);
    let unassigned = incoming("1", json!({"arrived_on": null, "sender": null, "drafted_in_e_office": true}));
    assert_eq!(
        clerk.put("/api/v1/documents/x", unassigned).await.expect(422).pointers(),
        ["/drafted_in_e_office", "/arrived_on", "/sender"]
    );
    let future = incoming("1", json!({"issued_on": "2022-06-20", "arrived_on": "2022-06-16"}));
    assert_eq!(
        clerk.put("/api/v1/documents/x", future).await.expect(422).fault_codes(),
        ["date_in_future", "date_in_future", "dates_backwards"]
    );
    assert_eq!(traces(&app).await, before);
    assert_eq!(clerk.get("/api/v1/documents/x").await.status, 404);
    assert_eq!(clerk.get("/api/v1/documents?directoin=outgoing&secrecy=x").await.expect(400).pointers(), ["secrecy", "directoin"]);
}

#[tokio::test]
async fn a_number_is_used_once_however_it_is_typed() {
    let app = app().await;
    let clerk = clerk(&app).await;
    clerk.put("/api/v1/documents/a", outgoing("12/\u{110}\u{1ebf}", json!({}))).await.expect(201);
    // The same, decomposed.
    let same = clerk.put("/api/v1/documents/b", outgoing("12/\u{110}e\u{302}\u{301}", json!({}))).await.expect(422);
    assert_eq!(same.fault_codes(), ["number_taken"]);
    // Another book, year or direction has numbers of its own.
    clerk.put("/api/v1/documents/c", outgoing("12/\u{110}\u{1ebf}", json!({"book": "QD"}))).await.expect(201);
    clerk.put("/api/v1/documents/d", outgoing("12/\u{110}\u{1ebf}", json!({"issued_on": "2021-05-10"}))).await.expect(201);
    clerk.put("/api/v1/documents/e", incoming("12/\u{110}\u{1ebf}", json!({"book": "CV"}))).await.expect(201);
    // In a load the number finds its entry, and two rows with one number are refused both.
    let row = outgoing("12/\u{110}e\u{302}\u{301}", json!({}));
    let loaded = clerk.post("/api/v1/documents/bulk?return=all", json!([row])).await.expect(200);
    assert_eq!((&loaded.body["results"][0]["code"], &loaded.body["results"][0]["status"]), (&json!("a"), &json!("unchanged")));
    let twice = json!([
        outgoing("7", json!({"code": "x"})),
        outgoing("7", json!({"code": "y"})),
        outgoing("8", json!({"code": "z"})),
        outgoing("9", json!({"code": "z"})),
        outgoing("12/\u{110}\u{1ebf}", json!({"code": "w"})),
        outgoing("10", json!({}))
    ]);
    let before = app.count("documents").await;
    let refused = clerk.post("/api/v1/documents/bulk", twice.clone()).await.expect(422);
    assert_eq!(refused.body["summary"]["rejected"], 5);
    let told: Vec<(&str, &str)> = refused.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["errors"][0]["code"].as_str().unwrap(), r["errors"][0]["pointer"].as_str().unwrap()))
        .collect();
    let twice_at = |at| ("duplicate_in_payload", at);
    assert_eq!(told, [twice_at("/number"), twice_at("/number"), twice_at("/code"), twice_at("/code"), ("number_taken", "/number")]);
    assert_eq!(app.count("documents").await, before);
    let partly = clerk.post("/api/v1/documents/bulk?mode=best_effort", twice).await.expect(207);
    assert_eq!((&partly.body["summary"]["created"], app.count("documents").await), (&json!(1), before + 1));
    assert_eq!(clerk.get("/api/v1/documents/SKHDT-outgoing-CV-2022-10").await.expect(200).body["number"], "10");
}

#[tokio::test]
async fn what_is_secret_is_seen_by_few() {
    let app = app().await;
    let clerk = clerk(&app).await;
    for (code, department, secrecy) in
        [("open", "DKKD", "normal"), ("own", "DKKD", "secret"), ("below", "DKKD1", "confidential"), ("other", "DN", "top_secret")]
    {
        let body = outgoing(code, json!({"department": department, "secrecy": secrecy}));
        clerk.put(&format!("/api/v1/documents/{code}"), body).await.expect(201);
    }
    let all = ["below", "open", "other", "own"];
    let machine = app.actor(Role::Integration, None).await;
    let cases: [(Actor, &[&str]); 9] = [
        (app.office().await, &all),
        (app.actor(Role::Director, None).await, &all),
        (clerk.clone(), &all),
        (app.actor(Role::Auditor, None).await, &["open"]),
        (app.actor(Role::OneStop, Some("DKKD")).await, &["open"]),
        (app.actor(Role::Head, Some("DKKD")).await, &["below", "open", "own"]),
        (app.actor(Role::Officer, Some("DKKD")).await, &["open", "own"]),
        (app.actor(Role::Officer, Some("DN")).await, &["other"]),
        (machine.clone(), &all),
    ];
    for (actor, expected) in cases {
        let list = actor.get("/api/v1/documents?count=exact").await.expect(200).body;
        let mut codes: Vec<&str> = list["items"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap()).collect();
        codes.sort_unstable();
        assert_eq!((codes, &list["page"]["total"]), (expected.to_vec(), &json!(expected.len())), "{}", actor.username);
        for code in all {
            let status = if expected.contains(&code) { 200 } else { 404 };
            assert_eq!(actor.get(&format!("/api/v1/documents/{code}")).await.status, status, "{} {code}", actor.username);
        }
    }
    // A trace of what is secret does not tell it.
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox_events WHERE subject_code = 'own' AND data ->> 'summary' IS NOT NULL")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(told, 0);
    // A machine of another department neither changes nor voids it.
    let machine = app.actor(Role::Integration, Some("DN")).await;
    machine.put("/api/v1/documents/own", outgoing("own", json!({}))).await.expect(404);
    let refused =
        machine.post("/api/v1/documents/bulk", json!([outgoing("own", json!({"code": "own", "department": "DN"}))])).await.expect(422);
    assert_eq!(refused.body["results"][0]["errors"][0]["code"], "not_permitted");
    machine.post("/api/v1/documents/bulk", json!([outgoing("21", json!({"department": "DN"}))])).await.expect(200);
    machine.act("/api/v1/documents/own/void", 1, json!({"reason": "x"})).await.expect(403);
}

#[tokio::test]
async fn the_list_is_filtered_searched_and_paged_by_day_and_number() {
    let app = app().await;
    let clerk = clerk(&app).await;
    let rows = json!([
        outgoing("2", json!({"task": "kh-1.a", "drafted_in_e_office": true, "approved_in_e_office": true})),
        outgoing("10", json!({"sent_electronically": true, "dossier": "H-1"})),
        outgoing("9", json!({"department": "DN", "kind": "bao-cao", "summary": "Báo cáo đầu tư công"})),
        outgoing("1", json!({"book": "QD", "issued_on": "2022-05-12", "kind": "quyet-dinh", "urgency": "urgent"})),
        incoming("3", json!({})),
        incoming("4", json!({"department": "DKKD", "replies_to": "SKHDT-outgoing-CV-2022-2", "arrived_on": "2022-05-13"})),
    ]);
    clerk.post("/api/v1/documents/bulk", rows).await.expect(200);
    let numbers = async |query: &str| -> Vec<String> {
        let list = clerk.get(&format!("/api/v1/documents?sort=registered_on&{query}")).await.expect(200).body;
        list["items"].as_array().unwrap().iter().map(|d| d["number"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("", vec!["2", "9", "10", "3", "1", "4"]),
        ("direction=outgoing", vec!["2", "9", "10", "1"]),
        ("book=QD&year=2022&agency=SKHDT", vec!["1"]),
        ("year=2021", vec![]),
        ("issued_from=2022-05-10&issued_to=2022-05-10", vec!["2", "9", "10"]),
        ("arrived_from=2022-05-12&arrived_to=2022-05-13", vec!["4"]),
        ("kind=bao-cao,quyet-dinh", vec!["9", "1"]),
        ("department=DN", vec!["9"]),
        ("urgency=urgent,flash", vec!["1"]),
        ("secrecy=secret", vec![]),
        ("drafted_in_e_office=true&approved_in_e_office=true", vec!["2"]),
        ("direction=outgoing&sent_electronically=false", vec!["2", "9", "1"]),
        ("task=kh-1.a", vec!["2"]),
        ("dossier=H-1", vec!["10"]),
        ("replies_to=SKHDT-outgoing-CV-2022-2", vec!["4"]),
        ("q=dau+tu+bao", vec!["9"]),
        ("q=15/ubnd", vec!["3", "4"]),
    ] {
        assert_eq!(numbers(query).await, expected, "{query}");
    }
    let mut path = "/api/v1/documents?limit=2&count=exact".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = clerk.get(&path).await.expect(200).body;
        assert_eq!(page["page"]["total"], 6);
        seen.extend(page["items"].as_array().unwrap().iter().map(|d| d["number"].as_str().unwrap().to_owned()));
        match page["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/documents?limit=2&count=exact&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["4", "1", "3", "10", "9", "2"]);
    // A document about a task closes nothing, whether the task is there or not.
    assert_eq!(app.count("task_completions").await, 0);
    let kinds = clerk.get("/api/v1/document-kinds?limit=500&count=exact").await.expect(200).body;
    assert!(kinds["items"].as_array().unwrap().iter().any(|k| k["code"] == "ke-hoach" && k["name"] == "Kế hoạch"));
    assert_eq!(kinds["page"]["total"].as_u64(), Some(kinds["items"].as_array().unwrap().len() as u64));
}

async fn stored(actor: &Actor) -> Vec<Value> {
    let mut items = actor.get("/api/v1/documents?limit=500&sort=registered_on").await.expect(200).body["items"].as_array().unwrap().clone();
    items.iter_mut().for_each(|d| drop(d.as_object_mut().unwrap().remove("id")));
    items.sort_by_key(|d| d["code"].as_str().unwrap().to_owned());
    items
}

#[tokio::test]
async fn a_load_makes_what_single_requests_make() {
    let (one, many) = (app().await, app().await);
    let (single, bulk) = (clerk(&one).await, clerk(&many).await);
    let rows: Vec<Value> = (1..=30)
        .map(|n| match n % 3 {
            0 => incoming(&n.to_string(), json!({"code": format!("d-{n}"), "department": "DN", "note": "\u{1ebf}"})),
            1 => outgoing(&n.to_string(), json!({"code": format!("d-{n}"), "secrecy": "secret", "task": "kh-1.a"})),
            _ => {
                outgoing(&n.to_string(), json!({"code": format!("d-{n}"), "sent_electronically": true, "sent_at": "2022-05-11T08:00:00Z"}))
            }
        })
        .collect();
    for row in &rows {
        single.put(&format!("/api/v1/documents/{}", row["code"].as_str().unwrap()), row.clone()).await.expect(201);
    }
    bulk.post("/api/v1/documents/bulk", json!(rows)).await.expect(200);
    assert_eq!(stored(&single).await, stored(&bulk).await);
    assert_eq!(traces(&one).await, traces(&many).await);
    // The same again, packed; as CSV; and with one change.
    let before = traces(&many).await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    rows.iter().for_each(|row| writeln!(packed, "{row}").unwrap());
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    let again = bulk.send("POST", "/api/v1/documents/bulk", &headers, Some(packed.finish().unwrap())).await.expect(200);
    assert_eq!(again.body["summary"]["unchanged"], 30);
    assert_eq!(traces(&many).await, before);
    let csv = "code,direction,book,number,symbol,kind,issued_on,summary,department,recipients,secrecy,task,note\n\
        d-1,outgoing,CV,1,SKHĐT-ĐKKD,cong-van,2022-05-10,V/v hướng dẫn đăng ký kinh doanh,DKKD,\"[\"\"UBND tỉnh\"\"]\",secret,kh-1.a,\n\
        d-4,outgoing,CV,4,SKHĐT-ĐKKD,cong-van,2022-05-10,V/v hướng dẫn đăng ký kinh doanh,DKKD,\"[\"\"UBND tỉnh\"\"]\",secret,kh-1.a,mới\n";
    let told: Answer =
        bulk.send("POST", "/api/v1/documents/bulk?return=all", &[("content-type", "text/csv")], Some(csv.into())).await.expect(200);
    let status: Vec<&str> = told.body["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(status, ["unchanged", "updated"]);
    single
        .json("PUT", "/api/v1/documents/d-4", &[("if-match", "\"1\"")], &{
            let mut row = rows[3].clone();
            row["note"] = json!("mới");
            row
        })
        .await
        .expect(200);
    assert_eq!(stored(&single).await, stored(&bulk).await);
    let create = bulk.post("/api/v1/documents/bulk?strategy=create", json!([rows[0]])).await.expect(422);
    assert_eq!(create.body["results"][0]["errors"][0]["code"], "exists");
    let update = bulk.post("/api/v1/documents/bulk?strategy=update", json!([outgoing("99", json!({}))])).await.expect(422);
    assert_eq!(update.body["results"][0]["errors"][0]["code"], "does_not_exist");
}

#[tokio::test]
async fn twenty_thousand_in_one_load() {
    let app = app().await;
    let clerk = clerk(&app).await;
    let rows: Vec<Value> = (1..=20_000).map(|n| outgoing(&n.to_string(), json!({}))).collect();
    let begun = std::time::Instant::now();
    let loaded = clerk.load("/api/v1/documents/bulk", &rows).await.expect(200);
    println!("20,000 documents in {:?}", begun.elapsed());
    assert_eq!(loaded.body["summary"]["created"], 20_000);
    assert_eq!(traces(&app).await[0], 20_000);
    let begun = std::time::Instant::now();
    let again = clerk.load("/api/v1/documents/bulk", &rows).await.expect(200);
    println!("the same again in {:?}", begun.elapsed());
    assert_eq!(again.body["summary"]["unchanged"], 20_000);
}

#[tokio::test]
async fn two_at_once_with_one_number_make_one_entry() {
    let app = app().await;
    let clerk = clerk(&app).await;
    let put = async |i: u32| clerk.put(&format!("/api/v1/documents/at-once-{i}"), outgoing("1", json!({}))).await;
    let answers = futures_util::future::join_all((0..8).map(put)).await;
    assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
    for answer in answers.iter().filter(|a| a.status != 201) {
        assert!(answer.code() == "concurrent_change" || answer.fault_codes() == ["number_taken"], "{}", answer.text);
    }
    assert_eq!(app.count("documents").await, 1);
}

#[tokio::test]
async fn the_indicators_are_counted_from_the_register() {
    let app = office_of("2022-12-20T02:00:00Z").await;
    let (clerk, office) = (clerk(&app).await, app.office().await);
    for code in ["e_document_rate", "e_office_drafted_rate"] {
        let kpi = json!({"code": code, "name": code, "unit": "percent", "direction": "higher_is_better", "source": "computed", "formula": code,
            "targets": [{"authority": "kh", "period": "2022", "comparator": ">=", "value": 75}]});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    let figures = async |actor: &Actor, query: &str| -> Vec<Value> {
        let path = format!("/api/v1/kpi-results?kpi=e_document_rate,e_office_drafted_rate&{query}");
        let items = actor.get(&path).await.expect(200).body["items"].as_array().unwrap().clone();
        items.iter().map(|i| json!([i["key"], i["numerator"], i["denominator"], i["value"]])).collect()
    };
    let none = office.get("/api/v1/kpi-results?kpi=e_document_rate&period=2022").await.expect(200).body["items"][0].clone();
    assert_eq!((&none["value"], &none["reason"], &none["status"]), (&json!(null), &json!("zero_denominator"), &json!("no_data")));
    let both = json!({"drafted_in_e_office": true, "approved_in_e_office": true, "sent_electronically": true});
    let with = |more: Value| {
        let mut change = both.clone();
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        change
    };
    let rows = json!([
        outgoing("1", both.clone()),
        outgoing("2", json!({"drafted_in_e_office": true, "sent_electronically": true})),
        outgoing("3", with(json!({"department": "DKKD1"}))),
        outgoing("4", with(json!({"department": "DN", "sent_electronically": false}))),
        // Secret: counts as drafted, but not among those that might be sent.
        outgoing("5", with(json!({"secrecy": "secret", "sent_electronically": false}))),
        // Of another year, and an incoming one.
        outgoing("6", json!({"issued_on": "2021-12-31"})),
        incoming("1", json!({})),
        // Sent after the end of May.
        outgoing("7", with(json!({"issued_on": "2022-05-31", "sent_at": "2022-06-01T00:00:00+07:00"}))),
        outgoing("8", json!({"code": "voided", "department": "DN"})),
    ]);
    clerk.post("/api/v1/documents/bulk", rows).await.expect(200);
    let all = |rows: [Value; 2]| rows.to_vec();
    assert_eq!(figures(&office, "period=2022").await, all([json!([null, 4, 6, 66.67]), json!([null, 5, 7, 71.43])]));
    clerk.act("/api/v1/documents/voided/void", 1, json!({"reason": "Cấp nhầm số"})).await.expect(200);
    assert_eq!(figures(&office, "period=2022").await, all([json!([null, 4, 5, 80.0]), json!([null, 5, 6, 83.33])]));
    // What was voided or sent later does not change a past figure.
    assert_eq!(figures(&office, "period=2022-05").await, all([json!([null, 3, 6, 50.0]), json!([null, 5, 7, 71.43])]));
    assert_eq!(figures(&office, "period=2022&department=DKKD").await, all([json!([null, 3, 3, 100.0]), json!([null, 3, 4, 75.0])]));
    assert_eq!(
        figures(&office, "period=2022&department=DKKD&scope=subtree").await,
        all([json!([null, 4, 4, 100.0]), json!([null, 4, 5, 80.0])])
    );
    let rows = figures(&office, "period=2022&group_by=department").await;
    assert_eq!(rows[..3], [json!(["DKKD", 3, 3, 100.0]), json!(["DKKD1", 1, 1, 100.0]), json!(["DN", 0, 1, 0.0])]);
    assert_eq!(rows.len(), 6);
    assert_eq!(figures(&office, "period=2022&group_by=procedure").await, Vec::<Value>::new());
    // A head counts what is in sight.
    let head = app.actor(Role::Head, Some("DN")).await;
    assert_eq!(figures(&head, "period=2022").await, all([json!([null, 0, 1, 0.0]), json!([null, 1, 1, 100.0])]));
    // The list of the same days and flags opens the figure.
    let list = "direction=outgoing&issued_from=2022-01-01&issued_to=2022-12-31&voided=false";
    let total = async |more: &str| {
        office.get(&format!("/api/v1/documents?{list}&count=exact{more}")).await.expect(200).body["page"]["total"].clone()
    };
    assert_eq!((total("&secrecy=normal").await, total("&secrecy=normal&sent_electronically=true").await), (json!(5), json!(4)));
    assert_eq!((total("").await, total("&drafted_in_e_office=true&approved_in_e_office=true").await), (json!(6), json!(5)));
}
