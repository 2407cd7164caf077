//! Changes of calendars: versions that stay readable, and dossiers that do not move by them.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App, department};

const VN: &str = "/api/v1/calendars/vn";

fn day(on: &str) -> String {
    format!("{VN}/days/{on}")
}

fn off(name: &str) -> Value {
    json!({"kind": "day_off", "name": name})
}

async fn put_at(who: &Actor, path: &str, version: &str, body: Value) -> Answer {
    who.json("PUT", path, &[("if-match", &format!("\"{version}\""))], &body).await
}

/// Audit lines and events of calendars.
async fn told(app: &App) -> (Vec<String>, i64) {
    let acts = sqlx::query_scalar(
        "SELECT act || ' ' || subject_code || ' ' || version FROM audit_events WHERE subject_type = 'calendar' ORDER BY id",
    );
    let events = sqlx::query_scalar("SELECT count(*) FROM outbox_events WHERE subject_type = 'calendar'");
    (acts.fetch_all(&app.pool).await.unwrap(), events.fetch_one(&app.pool).await.unwrap())
}

#[tokio::test]
async fn a_day_is_put_changed_and_taken_out_by_versions() {
    let app = App::start().await;
    let (admin, clerk) = (app.admin().await, app.one_stop().await);
    clerk.get(&day("2022-09-05")).await.expect(404);
    let made = admin.put(&day("2022-09-05"), off("Nghỉ tránh bão")).await.expect(201);
    assert_eq!((made.header("etag"), made.header("location")), (Some("\"2\""), Some("/api/v1/calendars/vn/days/2022-09-05")));
    assert_eq!(made.body, json!({"on": "2022-09-05", "kind": "day_off", "name": "Nghỉ tránh bão"}));
    assert_eq!(clerk.get(&day("2022-09-05")).await.expect(200).header("etag"), Some("\"2\""));

    let same = admin.put(&day("2022-09-05"), off("Nghỉ tránh bão")).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"2\"")));
    let create_only = admin.json("PUT", &day("2022-09-05"), &[("if-none-match", "*")], &off("x")).await.expect(412);
    assert_eq!(create_only.code(), "already_exists");
    assert_eq!(admin.put(&day("2022-09-05"), off("Bão số 4")).await.expect(428).body["current_version"], 2);
    put_at(&admin, &day("2022-09-05"), "1", off("Bão số 4")).await.expect(412);
    // Whoever names a version means it, also for a day that is new.
    put_at(&admin, &day("2022-09-06"), "1", off("Bão số 4")).await.expect(412);
    let changed = put_at(&admin, &day("2022-09-05"), "2", off("Bão số 4")).await.expect(200);
    assert_eq!((changed.header("etag"), &changed.body["name"]), (Some("\"3\""), &json!("Bão số 4")));

    let remove = async |version: Option<&str>| {
        let headers: Vec<_> = version.iter().map(|v| ("if-match", *v)).collect();
        admin.send("DELETE", &day("2022-09-05"), &headers, None).await
    };
    remove(None).await.expect(428);
    remove(Some("\"2\"")).await.expect(412);
    assert_eq!(remove(Some("\"3\"")).await.expect(200).body["version"], 4);
    remove(Some("\"4\"")).await.expect(404);
    clerk.get(&day("2022-09-05")).await.expect(404);

    // Every version stays as it was.
    for (version, name) in [(1, None), (2, Some("Nghỉ tránh bão")), (3, Some("Bão số 4")), (4, None)] {
        let then = clerk.get(&format!("{VN}/days?from=2022-09-05&to=2022-09-05&version={version}")).await.expect(200);
        assert_eq!(then.body["items"][0]["name"].as_str(), name, "{version}");
        let calendar = clerk.get(&format!("{VN}?version={version}")).await.expect(200);
        assert_eq!((&calendar.body["version"], calendar.header("etag")), (&json!(version), Some(&*format!("\"{version}\""))));
    }
    for unknown in ["5", "0", "-1", "2147483647"] {
        clerk.get(&format!("{VN}?version={unknown}")).await.expect(404);
        clerk.get(&format!("{VN}/days?version={unknown}")).await.expect(404);
    }
    clerk.get(&format!("{VN}?version=99999999999")).await.expect(400);
    let acts = ["put_day vn 2", "put_day vn 3", "remove_day vn 4"].map(str::to_owned);
    assert_eq!(told(&app).await, (acts.to_vec(), 3));

    // A year without days before has some, and then none again.
    admin.put(&day("2031-01-01"), off("Tết Dương lịch")).await.expect(201);
    admin.send("DELETE", &day("2031-01-01"), &[("if-match", "\"5\"")], None).await.expect(200);
    let changed = sqlx::query_scalar("SELECT detail -> 'changed' FROM audit_events WHERE subject_type = 'calendar' ORDER BY id");
    let changed: Vec<Value> = changed.fetch_all(&app.pool).await.unwrap();
    let (days, both) = (json!(["days"]), json!(["days", "years"]));
    assert_eq!(changed, [days.clone(), days.clone(), days, both.clone(), both]);
    // Who comes late is told what of the calendar changed.
    let late = put_at(&admin, &day("2022-09-06"), "4", off("Bão số 4")).await.expect(412);
    assert_eq!(late.body["changes"][0]["fields"], json!(["days", "years"]), "{}", late.text);
}

#[tokio::test]
async fn faults_and_dry_runs_change_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.put("/api/v1/departments/A", department("A")).await.expect(201);
    let dry = admin.put(&format!("{}?dry_run=true", day("2022-09-05")), off("Bão")).await.expect(201);
    assert_eq!((dry.header("dry-run"), dry.header("etag")), (Some("true"), Some("\"2\"")));
    assert_eq!(admin.put(&day("2022-09-05"), off(" ")).await.expect(422).pointers(), ["/name"]);
    let shape = admin.put(&day("2022-09-05"), json!({"kind": "holiday", "x": 1})).await.expect(400);
    let mut pointers = shape.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/kind", "/name", "/x"]);
    for wrong in ["2022-02-30", "x", "20220905", "%00"] {
        assert_eq!(admin.put(&day(wrong), off("x")).await.expect(400).pointers(), ["date"], "{wrong}");
    }
    admin.put("/api/v1/calendars/x/days/2022-09-05", off("x")).await.expect(404);
    admin.put("/api/v1/calendars/%00/days/2022-09-05", off("x")).await.expect(404);

    let put = async |code: &str, body: Value| admin.put(&format!("/api/v1/calendars/{code}"), body).await;
    let hours = json!([{"opens": "08:00", "closes": "12:00"}, {"opens": "11:00", "closes": "11:00"}]);
    let wrong = put("a", json!({"code": "a", "name": " ", "department": "B", "office_hours": hours})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/name", "/office_hours/1/closes", "/office_hours/1/opens", "/department"]);
    assert_eq!(wrong.fault_codes(), ["missing", "bad_office_hours", "bad_office_hours", "unknown_code"]);
    assert_eq!(put("a", json!({"code": "b", "name": "x", "department": "A"})).await.expect(422).pointers(), ["/code"]);
    assert_eq!(
        put("a", json!({"code": "a", "name": "x", "office_hours": []})).await.expect(422).pointers(),
        ["/department", "/office_hours"]
    );
    let vn = json!({"code": "vn", "name": "x", "department": "A"});
    put("vn", vn.clone()).await.expect(428);
    assert_eq!(put_at(&admin, VN, "1", vn).await.expect(422).pointers(), ["/department"]);
    put("a", json!({"code": "a", "name": "x", "department": "A", "off_hours_receipt": "never"})).await.expect(400);
    assert_eq!((app.count("calendars").await, app.count("calendar_versions").await, app.count("calendar_days").await), (1, 1, 87));
    assert_eq!(told(&app).await, (vec![], 0));
}

#[tokio::test]
async fn the_calendar_of_a_department_is_put_and_changed_as_a_whole() {
    let app = App::start().await;
    let admin = app.admin().await;
    for code in ["A", "B"] {
        admin.put(&format!("/api/v1/departments/{code}"), department(code)).await.expect(201);
    }
    let mut own = json!({"code": "a", "name": "Lịch của A", "department": "A"});
    let made = admin.put("/api/v1/calendars/a", own.clone()).await.expect(201);
    assert_eq!(made.header("location"), Some("/api/v1/calendars/a"));
    assert_eq!(
        (&made.body["base"], &made.body["off_hours_receipt"], &made.body["office_hours"][1]["closes"], &made.body["version"]),
        (&json!("vn"), &json!("next_working_day"), &json!("17:00"), &json!(1))
    );
    assert_eq!(admin.put("/api/v1/calendars/a", own.clone()).await.expect(200).header("unchanged"), Some("true"));
    own["office_hours"] = json!([{"opens": "07:30", "closes": "11:30"}, {"opens": "11:30", "closes": "16:30"}]);
    admin.put("/api/v1/calendars/a", own.clone()).await.expect(428);
    let changed = put_at(&admin, "/api/v1/calendars/a", "1", own.clone()).await.expect(200);
    assert_eq!((&changed.body["version"], &changed.body["office_hours"]), (&json!(2), &own["office_hours"]));
    assert_eq!(admin.get("/api/v1/calendars/a?version=1").await.expect(200).body, made.body);

    // One calendar a department, and it stays there.
    let second = admin.put("/api/v1/calendars/a2", json!({"code": "a2", "name": "Lịch thứ hai", "department": "A"})).await.expect(422);
    assert_eq!((second.fault_codes(), second.pointers()), (vec!["in_use"], vec!["/department"]));
    own["department"] = json!("B");
    assert_eq!(put_at(&admin, "/api/v1/calendars/a", "2", own).await.expect(422).pointers(), ["/department"]);
    let acts = ["put a 1", "put a 2"].map(str::to_owned);
    assert_eq!(told(&app).await, (acts.to_vec(), 2));
    assert_eq!(admin.get("/api/v1/calendars").await.expect(200).body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn changes_at_once_make_one_version_each() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tasks: Vec<_> = (1..=16)
        .map(|n| {
            let admin = admin.clone();
            tokio::spawn(async move {
                admin.put(&day(&format!("2022-08-{n:02}")), off("Bão")).await.expect(201).header("etag").map(str::to_owned)
            })
        })
        .collect();
    let mut versions = Vec::new();
    for task in tasks {
        versions.push(task.await.unwrap().unwrap().trim_matches('"').parse::<i32>().unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=17).collect::<Vec<_>>());
    for version in [1, 2, 9, 17] {
        let then = admin.get(&format!("{VN}/days?from=2022-08-01&to=2022-08-31&version={version}")).await.expect(200);
        assert_eq!(then.body["items"].as_array().unwrap().len(), version - 1);
    }
}
