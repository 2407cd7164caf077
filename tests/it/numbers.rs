//! Numbers of dossiers: no gap that is not explained and no duplicate, whoever asks at once; blocks for counters that go offline.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const NOW: &str = "2022-06-20T10:00:00+07:00";
const RESERVATIONS: &str = "/api/v1/dossier-numbers/reservations";

/// Counters MC (agency MC), and at a second and third agency MC2 (H32.06) and MC3 (H32.07).
async fn offices(now: &str) -> App {
    let app = App::at(now).await.with_examples().await;
    let admin = app.admin().await;
    for (agency, identifier, counter) in [("SO2", "H32.06", "MC2"), ("SO3", "H32.07", "MC3")] {
        let departments = json!([
            {"code": agency, "name": agency, "kind": "agency", "identifier": identifier},
            {"code": counter, "name": "Một cửa", "kind": "unit", "parent": agency, "one_stop": true}
        ]);
        admin.post("/api/v1/departments/bulk", departments).await.expect(200);
    }
    app
}

fn dossier(counter: &str, code: Option<&str>) -> Value {
    json!({"procedure": "2.001199", "receiving_department": counter, "channel": "direct", "code": code,
        "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}})
}

async fn receive(who: &Actor, counter: &str, code: Option<&str>) -> Answer {
    who.post("/api/v1/dossiers", dossier(counter, code)).await
}

async fn reserve(who: &Actor, counter: &str, count: i32) -> Value {
    let body = json!({"department": counter, "count": count, "expires_at": "2022-06-20T17:00:00+07:00"});
    who.post(RESERVATIONS, body).await.expect(201).body
}

/// `[first, last, reason]` of each hole of a day.
async fn holes(who: &Actor, agency: &str) -> Vec<Value> {
    let day = who.get(&format!("/api/v1/dossier-numbers/gaps?agency={agency}&day=2022-06-20")).await.expect(200).body["items"][0].clone();
    day["holes"].as_array().unwrap().iter().map(|h| json!([h["first"], h["last"], h["reason"]])).collect()
}

#[tokio::test]
async fn sixty_four_at_once_at_three_agencies_get_every_number_once() {
    let app = offices(NOW).await;
    let clerk = app.one_stop().await;
    let counters = [("MC", "MC"), ("MC2", "H32.06"), ("MC3", "H32.07")];
    let gate = std::sync::Arc::new(tokio::sync::Barrier::new(64));
    let tasks: Vec<_> = (0..64)
        .map(|i| {
            let (who, gate) = (clerk.clone(), gate.clone());
            tokio::spawn(async move {
                gate.wait().await;
                let mut found = Vec::new();
                for round in 0..3 {
                    let (counter, _) = counters[(i + round) % 3];
                    // Every eighth takes its number, and gives it back.
                    let (path, body) = match (i + round) % 8 {
                        0 => ("/api/v1/dossiers?dry_run=true", dossier(counter, None)),
                        1 => (RESERVATIONS, json!({"department": counter, "count": 2})),
                        _ => ("/api/v1/dossiers", dossier(counter, None)),
                    };
                    let answer = who.post(path, body).await;
                    match (answer.status, (i + round) % 8) {
                        (201, 1) => found.extend(["first_code", "last_code"].map(|m| answer.body[m].as_str().unwrap().to_owned())),
                        (201, 2..) => found.push(answer.body["code"].as_str().unwrap().to_owned()),
                        (201, 0) => assert!(answer.body["code"].as_str().unwrap().ends_with(char::is_numeric)),
                        _ => panic!("{}", answer.text),
                    }
                }
                found
            })
        })
        .collect();
    let mut by_agency: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for task in tasks {
        for code in task.await.unwrap() {
            assert!(all.insert(code.clone()), "{code} twice");
            let (head, number) = code.rsplit_once('-').unwrap();
            by_agency.entry(head.to_owned()).or_default().push(number.parse().unwrap());
        }
    }
    assert_eq!(by_agency.len(), 3);
    for (head, mut numbers) in by_agency {
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=i32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>(), "{head}");
    }
    // The only holes are the blocks, and each says which.
    for (_, agency) in counters {
        for hole in holes(&clerk, agency).await {
            assert_eq!(hole[2], "reserved", "{agency}: {hole}");
        }
    }
}

#[tokio::test]
async fn a_block_is_used_by_its_counter_and_every_hole_is_explained() {
    let app = offices(NOW).await;
    let clerk = app.one_stop().await;
    receive(&clerk, "MC", None).await.expect(201);
    let block = reserve(&clerk, "MC", 5).await;
    assert_eq!(
        (&block["agency"], &block["day"], &block["first"], &block["last"], &block["last_code"], &block["state"], &block["used"]),
        (&json!("MC"), &json!("2022-06-20"), &json!(2), &json!(6), &json!("MC-220620-0006"), &json!("open"), &json!(0))
    );
    assert_eq!(receive(&clerk, "MC", None).await.expect(201).body["code"], "MC-220620-0007");

    // The counter comes back online with what it wrote down.
    let used = receive(&clerk, "MC", Some("MC-220620-0003")).await.expect(201).body;
    assert_eq!(receive(&clerk, "MC", Some("MC-220620-0003")).await.expect(409).code(), "code_taken");
    let elsewhere = receive(&clerk, "MC2", Some("MC-220620-0004")).await.expect(422);
    assert_eq!((elsewhere.fault_codes(), elsewhere.pointers()), (vec!["number_reserved_elsewhere"], vec!["/code"]));
    for ahead in ["MC-220620-0008", "MC-220621-0001", "H32.06-220620-0001", "MC-220620-99999"] {
        assert_eq!(receive(&clerk, "MC", Some(ahead)).await.expect(422).fault_codes(), ["number_not_reserved"], "{ahead}");
    }
    // What only looks like a number is a code of the caller's own.
    for other in ["MC-220620-008", "MC-220620-100000", "XX-220620-0001", "MC-220631-0001", "MC-220620-00009"] {
        receive(&clerk, "MC", Some(other)).await.expect(201);
    }
    // Every fault at once, that of the number too.
    let mut wrong = dossier("MC", Some("MC-220620-0008"));
    wrong["procedure"] = json!("x");
    assert_eq!(clerk.post("/api/v1/dossiers", wrong).await.expect(422).pointers(), ["/procedure", "/code"]);

    let path = format!("{RESERVATIONS}/{}", block["id"].as_str().unwrap());
    assert_eq!(clerk.get(&path).await.expect(200).body["used"], 1);
    let void = format!("/api/v1/dossiers/{}/void", used["id"].as_str().unwrap());
    clerk.act(&void, 1, json!({"reason": "Nhập trùng"})).await.expect(200);
    assert_eq!(holes(&clerk, "MC").await, [json!([2, 2, "reserved"]), json!([4, 6, "reserved"])]);
    let day = clerk.get("/api/v1/dossier-numbers/gaps?day=2022-06-20").await.expect(200).body["items"].clone();
    assert_eq!((&day[0]["used"], &day[0]["last_number"], &day[0]["voided"]), (&json!(3), &json!(7), &json!(["MC-220620-0003"])));
    assert_eq!((&day[0]["holes"][1]["reservation"], &day[0]["holes"][1]["until"]), (&block["id"], &block["expires_at"]));

    // Releasing gives up the rest; it is done once.
    let release = format!("{path}/release");
    clerk.post(&release, json!({})).await.expect(428);
    clerk.act(&release, 2, json!({})).await.expect(412);
    clerk.act(&format!("{release}?dry_run=true"), 1, json!({})).await.expect(200);
    let released = clerk.act(&release, 1, json!({"reason": "Đã có mạng trở lại"})).await.expect(200).body;
    assert_eq!((&released["state"], &released["used"], &released["version"]), (&json!("released"), &json!(1), &json!(2)));
    let again = clerk.act(&release, 2, json!({})).await.expect(409);
    assert_eq!((again.code(), &again.body["state"]), ("reservation_over", &json!("released")));
    assert_eq!(receive(&clerk, "MC", Some("MC-220620-0004")).await.expect(422).fault_codes(), ["reservation_over"]);
    assert_eq!(holes(&clerk, "MC").await, [json!([2, 2, "released"]), json!([4, 6, "released"])]);
    assert_eq!(receive(&clerk, "MC", None).await.expect(201).body["code"], "MC-220620-0008");
    let acts: Vec<String> =
        sqlx::query_scalar("SELECT act FROM audit_events WHERE subject_type = 'dossier_number_reservation' ORDER BY id")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    assert_eq!(acts, ["reserve", "release"]);
    let changed: Value =
        sqlx::query_scalar("SELECT detail -> 'changed' FROM audit_events WHERE act = 'release'").fetch_one(&app.pool).await.unwrap();
    assert_eq!(changed, json!(["released_at", "state"]));
}

#[tokio::test]
async fn a_block_expires_by_the_clock() {
    let app = offices("2022-06-20T16:59:59+07:00").await;
    let clerk = app.one_stop().await;
    // Blocks of another hour of the same server: reserved in the past, expiring a second from now, and now.
    let open = reserve(&clerk, "MC", 2).await;
    receive(&clerk, "MC", Some("MC-220620-0001")).await.expect(201);
    let end = |at: &'static str| {
        sqlx::query(
            "UPDATE dossier_number_reservations SET reserved_at = $1::timestamptz - interval '1 hour', expires_at = $1::timestamptz",
        )
        .bind(at)
        .execute(&app.pool)
    };
    end("2022-06-20T16:59:59+07:00").await.unwrap();
    assert_eq!(receive(&clerk, "MC", Some("MC-220620-0002")).await.expect(422).fault_codes(), ["reservation_over"]);
    let path = format!("{RESERVATIONS}/{}", open["id"].as_str().unwrap());
    assert_eq!(clerk.get(&path).await.expect(200).body["state"], "expired");
    assert_eq!(clerk.act(&format!("{path}/release"), 1, json!({})).await.expect(409).code(), "reservation_over");
    assert_eq!(holes(&clerk, "MC").await, [json!([2, 2, "reservation_expired"])]);
    end("2022-06-20T17:00:00+07:00").await.unwrap();
    assert_eq!(holes(&clerk, "MC").await, [json!([2, 2, "reserved"])]);
    receive(&clerk, "MC", Some("MC-220620-0002")).await.expect(201);
    assert_eq!(holes(&clerk, "MC").await, [json!(null); 0]);
}

#[tokio::test]
async fn every_fault_of_a_reservation_comes_at_once() {
    let app = offices(NOW).await;
    let clerk = app.one_stop().await;
    let post = async |body: Value| clerk.post(RESERVATIONS, body).await;
    let wrong =
        post(json!({"department": "DKKD", "day": "2022-07-22", "count": 1, "expires_at": "2022-06-20T10:00:00+07:00"})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/department", "/day", "/expires_at"]);
    assert_eq!(wrong.fault_codes(), ["not_one_stop", "rule_broken", "dates_backwards"]);
    assert_eq!(post(json!({"department": "X", "count": 1})).await.expect(422).fault_codes(), ["unknown_code"]);
    for count in [json!(0), json!(501), json!(-1), json!("5"), json!(1.5), json!(null)] {
        assert_eq!(post(json!({"department": "MC", "count": count})).await.expect(400).pointers(), ["/count"], "{count}");
    }
    sqlx::query("INSERT INTO dossier_numbers VALUES ('MC', '2022-06-20', 99998)").execute(&app.pool).await.unwrap();
    let most = post(json!({"department": "MC", "count": 2})).await.expect(422);
    assert_eq!((most.fault_codes(), most.pointers()), (vec!["numbers_exhausted"], vec!["/count"]));
    assert_eq!(app.count("dossier_number_reservations").await, 0);
    assert_eq!(receive(&clerk, "MC", None).await.expect(201).body["code"], "MC-220620-99999");
    assert_eq!(receive(&clerk, "MC", None).await.expect(422).fault_codes(), ["numbers_exhausted"]);
    app.admin().await.post(RESERVATIONS, json!({"department": "MC", "count": 1})).await.expect(403);
    for query in [
        "",
        "?agency=MC",
        "?from=2022-06-20",
        "?day=2022-06-20&to=2022-06-21",
        "?from=2022-06-21&to=2022-06-20",
        "?from=2022-06-01&to=2022-07-02",
    ] {
        clerk.get(&format!("/api/v1/dossier-numbers/gaps{query}")).await.expect(400);
    }
    clerk.get(&format!("{RESERVATIONS}/{}", uuid::Uuid::nil())).await.expect(404);
    clerk.get(&format!("{RESERVATIONS}/x")).await.expect(404);
}

#[tokio::test]
async fn a_loaded_history_brings_numbers_along_and_receipts_go_on_after_them() {
    let app = offices(NOW).await;
    let (clerk, office) = (app.one_stop().await, app.office().await);
    let block = reserve(&clerk, "MC", 2).await;
    let row = |code: &str| json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online", "accepted_at": "2022-06-20T08:30:00+07:00"});
    let rows: Vec<Value> = ["MC-220620-0002", "MC-220620-0006", "MC-220619-0001", "OLD-7"].into_iter().map(row).collect();
    office.load("/api/v1/dossiers/bulk?dry_run=true", &rows).await.expect(200);
    assert_eq!(holes(&clerk, "MC").await, [json!([1, 2, "reserved"])]);
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    assert_eq!(holes(&clerk, "MC").await, [json!([1, 1, "reserved"]), json!([3, 5, "unexplained"])]);
    assert_eq!(receive(&clerk, "MC", None).await.expect(201).body["code"], "MC-220620-0007");
    // A late entry may fill a hole of the past, once.
    receive(&clerk, "MC", Some("MC-220620-0004")).await.expect(201);
    assert_eq!(holes(&clerk, "MC").await, [json!([1, 1, "reserved"]), json!([3, 3, "unexplained"]), json!([5, 5, "unexplained"])]);
    assert_eq!(clerk.get(&format!("{RESERVATIONS}/{}", block["id"].as_str().unwrap())).await.expect(200).body["used"], 1);
    let days = clerk.get("/api/v1/dossier-numbers/gaps?from=2022-06-01&to=2022-06-30&limit=1").await.expect(200);
    assert_eq!((&days.body["items"][0]["day"], &days.body["items"][0]["holes"]), (&json!("2022-06-19"), &json!([])));
    let next = days.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    let second = clerk.get(&next).await.expect(200).body;
    assert_eq!((&second["items"][0]["day"], &second["page"]["next_cursor"]), (&json!("2022-06-20"), &Value::Null));
}

fn history(code: &str, counter: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": counter, "channel": "online", "accepted_at": "2022-06-20T08:30:00+07:00"})
}

#[tokio::test]
async fn a_load_pushes_on_only_what_it_writes_of_its_own_agency_up_to_today() {
    let app = offices(NOW).await;
    let (clerk, office) = (app.one_stop().await, app.office().await);
    let rows = [
        history("MC-220620-0003", "MC"),
        // Refused: told twice.
        history("MC-220620-0050", "MC"),
        history("MC-220620-0050", "MC"),
        // Another agency's number, and one of tomorrow.
        history("H32.06-220620-0070", "MC"),
        history("MC-220621-0080", "MC"),
        // Refused: no such procedure.
        json!({"code": "MC-220620-0090", "procedure": "x", "receiving_department": "MC", "channel": "online", "accepted_at": "2022-06-20T08:30:00+07:00"}),
    ];
    let loaded = office.load("/api/v1/dossiers/bulk?mode=best_effort", &rows).await.expect(207).body;
    assert_eq!((&loaded["summary"]["created"], &loaded["summary"]["rejected"]), (&json!(3), &json!(3)));
    assert_eq!(receive(&clerk, "MC", None).await.expect(201).body["code"], "MC-220620-0004");
    assert_eq!(receive(&clerk, "MC2", None).await.expect(201).body["code"], "H32.06-220620-0001");
    assert_eq!(app.count("dossier_numbers WHERE day = '2022-06-21'").await, 0);
}

#[tokio::test]
async fn the_holes_of_an_agency_are_its_own_counters_to_fill() {
    let app = offices(NOW).await;
    let clerk = app.one_stop().await;
    app.office().await.load("/api/v1/dossiers/bulk", &[history("H32.06-220620-0004", "MC2")]).await.expect(200);
    let refused = receive(&clerk, "MC", Some("H32.06-220620-0003")).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["number_not_reserved"], vec!["/code"]));
    receive(&clerk, "MC2", Some("H32.06-220620-0003")).await.expect(201);
}

#[tokio::test]
async fn a_load_leaves_the_open_blocks_of_other_counters_alone() {
    let app = offices(NOW).await;
    let (clerk, office) = (app.one_stop().await, app.office().await);
    let block = reserve(&clerk, "MC", 3).await;
    let rows = [history("MC-220620-0001", "MC"), history("MC-220620-0002", "MC2"), history("MC-220620-0004", "MC2")];
    for path in ["/api/v1/dossiers/bulk?mode=best_effort&dry_run=true", "/api/v1/dossiers/bulk?mode=best_effort"] {
        let loaded = office.load(path, &rows).await.expect(207).body;
        assert_eq!((&loaded["summary"]["created"], &loaded["summary"]["rejected"]), (&json!(2), &json!(1)), "{path}");
        let told = &loaded["results"].as_array().unwrap().iter().find(|r| r["status"] == "rejected").unwrap()["errors"];
        assert_eq!((&told[0]["code"], &told[0]["pointer"]), (&json!("number_reserved_elsewhere"), &json!("/code")));
    }
    // With every other fault of the row, and no longer once the block is given up; what is stored already stays.
    let mut wrong = history("MC-220620-0002", "MC2");
    wrong["procedure"] = json!("x");
    let refused = office.load("/api/v1/dossiers/bulk", &[wrong]).await.expect(422).body["results"][0]["errors"].clone();
    let codes: Vec<_> = refused.as_array().unwrap().iter().map(|e| e["code"].clone()).collect();
    assert_eq!(codes, ["unknown_code", "number_reserved_elsewhere"]);
    let mut again = history("MC-220620-0001", "MC2");
    again["digitised"] = json!(true);
    office.load("/api/v1/dossiers/bulk", &[again]).await.expect(200);
    let path = format!("{RESERVATIONS}/{}/release", block["id"].as_str().unwrap());
    clerk.act(&path, 1, json!({})).await.expect(200);
    office.load("/api/v1/dossiers/bulk", &rows[1..2]).await.expect(200);
}

/// The rows come in for a while; what is reserved meanwhile is not taken by them.
#[tokio::test]
async fn a_block_that_is_reserved_while_a_load_comes_in_is_respected() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = offices(NOW).await;
    let (clerk, office) = (app.one_stop().await, app.office().await);
    let row = format!("{}\n", history("MC-220620-0002", "MC2"));
    let host = app.base.trim_start_matches("http://");
    let head = format!(
        "POST /api/v1/dossiers/bulk HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        office.token.as_ref().unwrap(),
        row.len()
    );
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&row.as_bytes()[..10]).await.unwrap();
    // The load has begun: it has a connection of its own.
    let mut waited = 0;
    while app
        .count(
            "pg_stat_activity WHERE application_name = 'dunghen load' AND state = 'idle in transaction' AND datname = current_database()",
        )
        .await
        == 0
    {
        waited += 1;
        assert!(waited < 200, "the load does not begin");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    reserve(&clerk, "MC", 3).await;
    stream.write_all(&row.as_bytes()[10..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
    assert_eq!(app.count("dossiers").await, 0);
    let refused = office.load("/api/v1/dossiers/bulk", &[history("MC-220620-0002", "MC2")]).await.expect(422);
    assert_eq!(refused.body["results"][0]["errors"][0]["code"], "number_reserved_elsewhere");
}

#[tokio::test]
async fn blocks_are_listed_page_by_page_and_never_overlap() {
    let app = offices(NOW).await;
    let clerk = app.one_stop().await;
    let tasks: Vec<_> = (0..24)
        .map(|i| {
            let clerk = clerk.clone();
            tokio::spawn(async move { reserve(&clerk, ["MC", "MC2"][i % 2], 1 + i32::try_from(i).unwrap()).await })
        })
        .collect();
    let mut blocks: Vec<(String, i64, i64)> = Vec::new();
    for task in tasks {
        let block = task.await.unwrap();
        blocks.push((block["agency"].as_str().unwrap().to_owned(), block["first"].as_i64().unwrap(), block["last"].as_i64().unwrap()));
    }
    blocks.sort_unstable();
    for pair in blocks.windows(2) {
        assert_eq!(pair[1].1, if pair[0].0 == pair[1].0 { pair[0].2 + 1 } else { 1 });
    }
    let (mut seen, mut path) = (0, format!("{RESERVATIONS}?department=MC&day=2022-06-20&limit=5"));
    loop {
        let page = clerk.get(&path).await.expect(200);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.iter().all(|b| b["department"] == "MC"));
        seen += items.len();
        match page.header("link") {
            Some(link) => path = link.split(['<', '>']).nth(1).unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, 12);
    assert_eq!(clerk.get(&format!("{RESERVATIONS}?day=2022-06-21")).await.expect(200).body["items"], json!([]));
    // The database itself would refuse.
    let twice =
        "INSERT INTO dossier_number_reservations SELECT gen_random_uuid(), department_id, agency, day, numbers, reserved_at, reserved_by,
                 expires_at, released_at, version FROM dossier_number_reservations LIMIT 1";
    let refused = sqlx::query(twice).execute(&app.pool).await.unwrap_err();
    assert_eq!(refused.as_database_error().and_then(|e| e.constraint()), Some("dossier_number_reservation_overlap_excl"));
}
