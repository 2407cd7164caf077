//! How far plans are, as a report and as indicators.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::App;
use crate::task_work::{done, task, world};

/// On 5 July: one task extended and done late, June's briefing done in time, the second quarter of the ongoing one overdue.
async fn at_work() -> App {
    let app = world("2022-07-05T08:00:00+07:00").await;
    let (office, director) = (app.office().await, app.actor(Role::Director, None).await);
    let ask = json!({"department": "VP", "reason": "Chờ ý kiến", "new_due_on": "2022-07-02"});
    office.act(&format!("{}/extension-requests", task("plain")), 1, ask).await.expect(201);
    director.act(&format!("{}/extension-requests/1/approval", task("plain")), 2, json!({})).await.expect(201);
    office.act(&format!("{}/completion", task("plain")), 3, done("2022-07-04")).await.expect(201);
    let mut june = done("2022-06-29");
    june["occurrence"] = json!(1);
    office.act(&format!("{}/completion", task("monthly")), 1, june).await.expect(201);
    let above = json!({"code": "gv-1", "document_number": "1/UBND", "document_on": "2022-06-10", "issuer": "UBND", "title": "Báo cáo",
        "lead": ["DKKD"], "due_on": "2022-06-20"});
    office.put("/api/v1/tasks/gv-1", above).await.expect(201);
    app
}

#[tokio::test]
async fn a_plan_is_counted_by_occurrences_as_of_a_day() {
    let app = at_work().await;
    let office = app.office().await;
    let of = async |query: &str| office.get(&format!("/api/v1/reports/plan-progress?{query}")).await.expect(200).body;
    let now = of("plan=kh-1").await;
    let counts = &now["total"]["counts"];
    for (name, n) in
        [("done_late", 1), ("done_on_time", 1), ("overdue", 1), ("in_progress", 2), ("not_started", 3), ("total", 8), ("due", 3)]
    {
        assert_eq!(counts[name], n, "{name}: {counts}");
    }
    assert_eq!((&counts["extended"], &counts["late_or_extended"]), (&json!(1), &json!(2)));
    assert_eq!((&now["total"]["completion_rate"], &now["total"]["on_time_rate"]), (&json!(25.0), &json!(33.33)));
    let late: Vec<&str> = now["late"].as_array().unwrap().iter().map(|l| l["task"].as_str().unwrap()).collect();
    assert_eq!(late, ["kh-1.ongoing", "kh-1.plain"]);

    // At the end of June nothing had been asked for, and June's briefing was done.
    let then = of("plan=kh-1&as_of=2022-06-30").await;
    let counts = &then["total"]["counts"];
    assert_eq!(
        (&counts["due_soon"], &counts["done_on_time"], &counts["overdue"], &counts["extended"]),
        (&json!(2), &json!(1), &json!(0), &json!(0))
    );

    let rows = of("group_by=department").await["rows"].clone();
    let keys: Vec<&str> = rows.as_array().unwrap().iter().map(|r| r["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["DKKD", "VP"]);
    assert_eq!(of("origin=assigned").await["total"]["counts"]["overdue"], 1);
    let groups = of("plan=kh-1&group_by=group").await["rows"].clone();
    assert_eq!((&groups[0]["key"], &groups[1]["key"]), (&json!("I"), &Value::Null));
    assert_eq!(office.get("/api/v1/reports/plan-progress?plan=no").await.expect(422).pointers(), ["plan"]);

    // Each sees what it leads.
    let head = app.actor(Role::Head, Some("DKKD")).await;
    assert_eq!(head.get("/api/v1/reports/plan-progress").await.expect(200).body["total"]["counts"]["total"], 1);
    let csv = office.send("GET", "/api/v1/reports/plan-progress?group_by=department", &[("accept", "text/csv")], None).await.expect(200);
    assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let sheet = office.send("GET", "/api/v1/reports/plan-progress", &[("accept", xlsx)], None).await.expect(200);
    assert_eq!(sheet.header("content-type"), Some(xlsx));
}

#[tokio::test]
async fn indicators_on_tasks_are_counted() {
    let app = at_work().await;
    let office = app.office().await;
    for (code, unit, direction) in [
        ("task_on_time_rate", "percent", "higher_is_better"),
        ("plan_completion_rate", "percent", "higher_is_better"),
        ("tasks_overdue_or_extended", "count", "lower_is_better"),
    ] {
        let kpi = json!({"code": code, "name": code, "unit": unit, "direction": direction, "source": "computed", "formula": code,
            "targets": [{"authority": "kh-1", "period": "2022", "comparator": if unit == "count" { "=" } else { ">=" },
                "value": if unit == "count" { 0 } else { 100 }}]});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    let of = async |query: &str| office.get(&format!("/api/v1/kpi-results?{query}")).await.expect(200).body["items"].clone();
    // Due by 5 July: plain (2 July), the briefing of June, the second quarter, and the one from above.
    let rate = of("kpi=task_on_time_rate&period=2022").await[0].clone();
    assert_eq!(
        (&rate["numerator"], &rate["denominator"], &rate["value"], &rate["met"]),
        (&json!(1), &json!(4), &json!(25.0), &json!(false))
    );
    assert_eq!(of("kpi=plan_completion_rate&period=2022").await[0]["value"], 50.0);
    let broken = of("kpi=tasks_overdue_or_extended&period=2022").await[0].clone();
    assert_eq!((&broken["value"], &broken["status"]), (&json!(3.0), &json!("not_met")));
    // They belong to the period of their first due date.
    assert_eq!(of("kpi=tasks_overdue_or_extended&period=2022Q2").await[0]["value"], 3.0);
    assert_eq!(of("kpi=tasks_overdue_or_extended&period=2022-07").await[0]["value"], 0.0);
    let rows = of("kpi=tasks_overdue_or_extended&period=2022&group_by=department").await;
    let pairs: Vec<_> =
        rows.as_array().unwrap().iter().map(|r| (r["department"].as_str().unwrap(), r["value"].as_f64().unwrap())).collect();
    assert_eq!(pairs, [("DKKD", 1.0), ("VP", 2.0)]);
    assert_eq!(of("kpi=task_on_time_rate&period=2022&department=DKKD").await[0]["denominator"], 1);
    assert_eq!(of("kpi=task_on_time_rate&period=2021").await[0]["reason"], "zero_denominator");
}
