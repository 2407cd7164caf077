//! More time: asked for, decided, and kept on record.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::App;
use crate::task_work::{done, task, world};

fn time(to: &str) -> Value {
    json!({"department": "VP", "reason": "Chờ ý kiến Sở Nội vụ", "new_due_on": to})
}

async fn asked() -> App {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let head = app.actor(Role::Head, Some("VP")).await;
    head.act(&format!("{}/extension-requests", task("plain")), 1, time("2022-07-31")).await.expect(201);
    app
}

#[tokio::test]
async fn more_time_is_asked_for_within_bounds_and_once_at_a_time() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let head = app.actor(Role::Head, Some("VP")).await;
    let helper = app.actor(Role::Head, Some("DKKD")).await;
    let path = format!("{}/extension-requests", task("plain"));
    for (to, code) in [("2022-06-30", "not_later_than_due"), ("2022-06-01", "not_later_than_due"), ("2023-01-01", "later_than_parent")] {
        let refused = head.act(&path, 1, time(to)).await.expect(422);
        assert_eq!((refused.fault_codes(), refused.pointers()), (vec![code], vec!["/new_due_on"]), "{to}");
    }
    let mut other = time("2022-07-31");
    other["department"] = json!("DKKD");
    other["reason"] = json!(" ");
    assert_eq!(helper.act(&path, 1, other).await.expect(422).pointers(), ["/department", "/reason"]);
    assert_eq!(app.count("task_extensions").await, 0);
    let open = head.act(&path, 1, time("2022-07-31")).await.expect(201).body;
    assert_eq!((&open["extensions"][0]["status"], &open["due_on"]), (&json!("asked"), &json!("2022-06-30")));
    assert!(!open["allowed_acts"].as_array().unwrap().contains(&json!("ask_extension")));
    let second = head.act(&path, 2, time("2022-08-31")).await.expect(422);
    assert_eq!(second.fault_codes(), ["exists"]);
    assert_eq!(
        head.act(&format!("{}/extension-requests", task("event")), 1, time("2022-08-31")).await.expect(409).code(),
        "transition_not_allowed"
    );
}

#[tokio::test]
async fn of_two_that_ask_at_once_one_is_told_no() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let (one, two) = (app.actor(Role::Head, Some("VP")).await, app.actor(Role::Officer, Some("VP")).await);
    let path = format!("{}/extension-requests", task("plain"));
    let body = time("2022-07-31");
    let any = [("if-match", "*")];
    let (a, b) = tokio::join!(one.json("POST", &path, &any, &body), two.json("POST", &path, &any, &body));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    assert_eq!(app.count("task_extensions").await, 1);
}

#[tokio::test]
async fn the_director_decides_and_what_was_due_before_stays_on_record() {
    let app = asked().await;
    let (director, office) = (app.actor(Role::Director, None).await, app.office().await);
    let head = app.actor(Role::Head, Some("VP")).await;
    let on = |act: &str| format!("{}/extension-requests/1/{act}", task("plain"));
    assert_eq!(head.act(&on("approval"), 2, json!({})).await.expect(403).code(), "forbidden");
    director.act(&format!("{}/extension-requests/2/approval", task("plain")), 2, json!({})).await.expect(404);
    assert_eq!(head.act(&on("acceptance"), 2, json!({})).await.expect(409).code(), "transition_not_allowed");
    assert_eq!(director.act(&on("rejection"), 2, json!({"reason": ""})).await.expect(422).pointers(), ["/reason"]);
    let counter = json!({"new_due_on": "2022-06-30", "reason": " "});
    assert_eq!(office.act(&on("counter-proposal"), 2, counter).await.expect(422).pointers(), ["/new_due_on", "/reason"]);
    let offered =
        office.act(&on("counter-proposal"), 2, json!({"new_due_on": "2022-07-15", "reason": "Họp ngày 16"})).await.expect(201).body;
    assert_eq!((&offered["extensions"][0]["status"], &offered["due_on"]), (&json!("counter_proposed"), &json!("2022-06-30")));
    assert_eq!(director.act(&on("approval"), 3, json!({})).await.expect(409).code(), "transition_not_allowed");
    let taken = head.act(&on("acceptance"), 3, json!({})).await.expect(201).body;
    assert_eq!((&taken["due_on"], &taken["first_due_on"]), (&json!("2022-07-15"), &json!("2022-06-30")));
    let kept = &taken["extensions"][0];
    assert_eq!(
        (&kept["old_due_on"], &kept["new_due_on"], &kept["status"]),
        (&json!("2022-06-30"), &json!("2022-07-15"), &json!("approved"))
    );

    // Another one may be asked for; who asks does not decide; it may be taken back.
    let ask = format!("{}/extension-requests", task("plain"));
    office.act(&ask, 4, time("2022-08-31")).await.expect(201);
    assert_eq!(office.act(&ask.replace("requests", "requests/2/approval"), 5, json!({})).await.expect(403).code(), "forbidden");
    head.act(&ask.replace("requests", "requests/2/withdrawal"), 5, json!({})).await.expect(201);
    head.act(&ask, 6, time("2022-08-31")).await.expect(201);
    let no =
        director.act(&ask.replace("requests", "requests/3/rejection"), 7, json!({"reason": "Đã gia hạn một lần"})).await.expect(201).body;
    assert_eq!((&no["due_on"], &no["extensions"][2]["decision_reason"]), (&json!("2022-07-15"), &json!("Đã gia hạn một lần")));

    // In time by the date in force, and extended all the same; the plan put again leaves the date.
    let mut plan = crate::task_work::plan();
    plan["tasks"][0]["title"] = json!("Quy chế làm việc");
    office.json("PUT", "/api/v1/plans/kh-1", &[("if-match", "\"1\"")], &plan).await.expect(200);
    let listed = office.get("/api/v1/tasks?q=quy+che").await.expect(200).body["items"][0].clone();
    assert_eq!((&listed["due_on"], &listed["extended"]), (&json!("2022-07-15"), &json!(true)));
}

#[tokio::test]
async fn a_closing_ends_a_request_that_waits() {
    let app = asked().await;
    let office = app.office().await;
    let closed = office.act(&format!("{}/completion", task("plain")), 2, done("2022-06-14")).await.expect(201).body;
    assert_eq!((&closed["state"], &closed["extensions"][0]["status"]), (&json!("done_on_time"), &json!("withdrawn")));
}
