//! Causes of delay, handling times and outcomes by month: worked by hand, and against a plain count over the worked examples.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use dunghen::auth::Role;
use dunghen::calendar::{Calendar, Day, rules};
use serde_json::{Value, json};

use crate::examples::{loaded, rows};
use crate::harness::{Actor, App};

const NOW: &str = "2022-06-20T10:00:00+07:00";

/// A row of history under a procedure of three working days; what is given replaces what is usual.
pub fn row(code: &str, change: Value) -> Value {
    let mut row = json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "digitised": true,
        "accepted_at": "2022-06-06T09:00:00+07:00"});
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    row
}

pub async fn with_rows(rows: &[Value]) -> App {
    let app = App::at(NOW).await.with_examples().await;
    app.office().await.load("/api/v1/dossiers/bulk", rows).await.expect(200);
    app
}

fn done(at: &str) -> Value {
    json!({"decision": "resolved", "decision_document_no": "1/GCN", "finished_at": at})
}

pub fn with(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

async fn figures(who: &Actor, report: &str) -> Value {
    who.get(&format!("/api/v1/reports/{report}")).await.expect(200).body
}

#[tokio::test]
async fn a_delay_has_one_cause() {
    let sorry = |reason: &str| json!([{"sent_at": "2022-06-09T08:00:00+07:00", "reason": reason, "new_due_on": "2022-06-14", "document_no": "4/XL"}]);
    let asked = |answered: Value| json!([{"agency": "Sở Xây dựng", "sent_at": "2022-06-07T08:00:00+07:00", "answer_due_on": "2022-06-08", "answered_at": answered}]);
    let late = "2022-06-13T10:00:00+07:00";
    // All are due on 9 June.
    let app = with_rows(&[
        row("stated", with(done("2022-06-10T10:00:00+07:00"), json!({"apologies": sorry(" Thiếu  người")}))),
        row("same", with(done(late), json!({"apologies": sorry("thieu NGƯỜI")}))),
        row("waited", with(done(late), json!({"apologies": sorry("Khác"), "consultations": asked(json!("2022-06-10T08:00:00+07:00"))}))),
        row("waiting", json!({"consultations": asked(json!(null))})),
        row("silent", json!({})),
        row("answered", with(done(late), json!({"consultations": asked(json!("2022-06-09T16:00:00+07:00"))}))),
        row("in_time", with(done("2022-06-09T10:00:00+07:00"), json!({"apologies": sorry("Thừa")}))),
        row("withdrawn", json!({"decision": "withdrawn", "decision_reason": "Theo đề nghị", "finished_at": late})),
    ])
    .await;
    let office = app.office().await;
    let expected = json!({"late": 4, "overdue": 2, "total": 6, "causes": [
        {"cause": "consulted_agency", "reason": null, "late": 1, "overdue": 1, "total": 2},
        {"cause": "stated", "reason": "Thiếu người", "late": 2, "overdue": 0, "total": 2},
        {"cause": "not_stated", "reason": null, "late": 1, "overdue": 1, "total": 2}]});
    let report = figures(&office, "overdue-reasons?from=2022-06-01&to=2022-06-19&group_by=department").await;
    assert_eq!(
        (&report["total"], &report["rows"][0]["key"], &report["rows"][0]["causes"]),
        (&expected, &json!("DKKD"), &expected["causes"])
    );
    // Before the 13th those of that day were still open, the one to be withdrawn among them.
    let before = figures(&office, "overdue-reasons?from=2022-06-01&to=2022-06-19&as_of=2022-06-12").await;
    let causes = before["total"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["cause"].as_str().unwrap(), c["late"].clone(), c["overdue"].clone()));
    let told = [("consulted_agency", json!(0), json!(2)), ("stated", json!(1), json!(1)), ("not_stated", json!(0), json!(3))];
    assert_eq!(causes.collect::<Vec<_>>(), told);
    assert_eq!((&before["as_of"], &before["rows"]), (&json!("2022-06-12"), &json!([])));
    // The same dossiers as in columns 10 and 13.
    for (from, to) in
        [("2022-06-01", "2022-06-19"), ("2022-06-10", "2022-06-10"), ("2022-06-13", "2022-06-30"), ("2022-01-01", "2022-06-08")]
    {
        let days = format!("from={from}&to={to}");
        let (reasons, results) =
            (figures(&office, &format!("overdue-reasons?{days}")).await, figures(&office, &format!("dossier-results?{days}")).await);
        assert_eq!(
            (&reasons["total"]["late"], &reasons["total"]["overdue"]),
            (&results["total"]["resolved_late"], &results["total"]["open_overdue"]),
            "{days}"
        );
    }
    let path = "/api/v1/reports/overdue-reasons?from=2022-06-01&to=2022-06-19&group_by=field";
    let csv = office.send("GET", path, &[("accept", "text/csv")], None).await.expect(200);
    assert!(csv.text.contains("Chờ cơ quan được lấy ý kiến trả lời,,1,1,2\r\n"), "{}", csv.text);
    assert!(csv.text.ends_with(",Tổng cộng,,,4,2,6\r\n"), "{}", csv.text);
}

#[tokio::test]
async fn handling_times_are_counted_by_the_calendar_with_and_without_waiting() {
    let paper = |from: &str, to: Value| json!([{"requested_at": from, "document_no": "2/TB", "reason": "Thiếu", "fulfilled_at": to}]);
    let (asked, evening) = ("2022-06-07T09:00:00+07:00", json!("2022-06-09T18:00:00+07:00"));
    let app = with_rows(&[
        row("plain", done("2022-06-09T10:00:00+07:00")),
        // Received after closing, it belongs to the 7th.
        row("evening", with(done("2022-06-07T10:00:00+07:00"), json!({"accepted_at": "2022-06-06T18:00:00+07:00"}))),
        // Waiting on the 8th, 9th and, brought after closing, the 10th.
        row("waited", with(done("2022-06-13T10:00:00+07:00"), json!({"supplements": paper(asked, evening.clone())}))),
        // The 10th is waited for twice and left out once.
        row(
            "twice",
            with(
                done("2022-06-13T10:00:00+07:00"),
                json!({"supplements": paper(asked, evening), "suspensions": [
            {"from": "2022-06-09T19:00:00+07:00", "to": "2022-06-10T08:00:00+07:00", "reason": "x", "legal_basis": "y"}]}),
            ),
        ),
        row(
            "refused",
            json!({"decision": "refused", "decision_reason": "x", "decision_document_no": "1", "finished_at": "2022-06-10T10:00:00+07:00",
            "supplements": paper(asked, json!(null))}),
        ),
        row("withdrawn", json!({"decision": "withdrawn", "decision_reason": "x", "finished_at": "2022-06-17T10:00:00+07:00"})),
        row("voided", json!({"decision": "voided", "finished_at": "2022-06-17T10:00:00+07:00"})),
        row("open", json!({})),
    ])
    .await;
    let office = app.office().await;
    let path = "handling-times?from=2022-06-01&to=2022-06-19&group_by=procedure";
    let days = |median: i64, p90: i64| json!({"median": median, "p90": p90});
    // Elapsed 0, 3, 4, 5, 5; without waiting 0, 1, 2, 2, 3.
    let report = figures(&office, path).await;
    assert_eq!(report["total"], json!({"dossiers": 5, "handling_days": days(2, 3), "elapsed_days": days(4, 5)}));
    assert_eq!((&report["rows"][0]["key"], &report["rows"][0]["elapsed_days"]), (&json!("2.001199"), &days(4, 5)));
    let then = figures(&office, &format!("{path}&as_of=2022-06-10")).await;
    assert_eq!(then["total"], json!({"dossiers": 3, "handling_days": days(1, 3), "elapsed_days": days(3, 4)}));
    let none = figures(&office, "handling-times?from=2022-05-01&to=2022-05-31").await;
    assert_eq!((&none["total"]["dossiers"], &none["total"]["elapsed_days"]), (&json!(0), &json!({"median": null, "p90": null})));
    let csv = office.send("GET", &format!("/api/v1/reports/{path}"), &[("accept", "text/csv")], None).await.expect(200);
    assert!(csv.text.ends_with(",Tổng cộng,5,2,3,4,5\r\n"), "{}", csv.text);

    // The division closes on the 8th: a day less for all but the one that ended before.
    let closure = "INSERT INTO calendars (code, name, department_id) SELECT 'dkkd', 'x', id FROM departments WHERE code = 'DKKD';
        INSERT INTO calendar_days (calendar_code, day, first_version, kind, name) VALUES ('dkkd', '2022-06-08', 1, 'day_off', 'x')";
    sqlx::raw_sql(closure).execute(&app.pool).await.unwrap();
    let closed = figures(&office, path).await;
    assert_eq!(closed["total"], json!({"dossiers": 5, "handling_days": days(2, 2), "elapsed_days": days(3, 4)}));
    sqlx::raw_sql("DELETE FROM calendar_days WHERE day BETWEEN '2022-01-01' AND '2022-12-31'").execute(&app.pool).await.unwrap();
    let missing = office.get(&format!("/api/v1/reports/{path}")).await.expect(422);
    assert_eq!(missing.fault_codes(), ["calendar_missing"]);
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().map(|text| text.parse().unwrap())
}

fn calendar() -> Calendar {
    let days = csv::Reader::from_reader(include_str!("../../data/calendar/vn.csv").as_bytes()).into_deserialize::<Day>();
    Calendar::new("vn", 1, days.map(|day| day.unwrap()))
}

/// Working days after acceptance up to the finish, and how many of them were not spent waiting: day by day.
fn taken(calendar: &Calendar, row: &Value) -> (usize, usize) {
    let local = |at: DateTime<Utc>| rules::vn_date(at);
    let (begin, finish) =
        (rules::effective_day(calendar, instant(&row["accepted_at"]).unwrap()).unwrap(), local(instant(&row["finished_at"]).unwrap()));
    let mut waiting = BTreeSet::new();
    for (list, from, to) in
        [("supplements", "requested_at", "fulfilled_at"), ("fee_requests", "requested_at", "paid_at"), ("suspensions", "from", "to")]
    {
        for pause in row[list].as_array().into_iter().flatten() {
            let until = instant(&pause[to]).map_or(finish, |at| rules::effective_day(calendar, at).unwrap());
            waiting.extend(local(instant(&pause[from]).unwrap()).iter_days().skip(1).take_while(|day| *day <= until));
        }
    }
    let working = begin.iter_days().skip(1).take_while(|day| *day <= finish).filter(|day| rules::is_working(calendar, *day).unwrap());
    let days: Vec<NaiveDate> = working.collect();
    (days.len(), days.iter().filter(|day| !waiting.contains(day)).count())
}

/// By nearest rank.
fn point(days: &mut [usize], per_cent: usize) -> Value {
    days.sort_unstable();
    match days.len() {
        0 => json!(null),
        n => json!(days[(n * per_cent).div_ceil(100) - 1]),
    }
}

#[tokio::test]
async fn the_worked_examples_take_as_long_as_a_plain_count_says() {
    let app = loaded().await;
    let office = app.office().await;
    let calendar = calendar();
    let procedures: Value = serde_json::from_str(include_str!("../data/procedures.json")).unwrap();
    let of: BTreeMap<&str, &str> =
        procedures.as_array().unwrap().iter().map(|p| (p["code"].as_str().unwrap(), p["department"].as_str().unwrap())).collect();
    let all = rows();
    let mut seen = 0;
    for (from, to) in
        [("2022-01-01", "2022-12-31"), ("2021-12-15", "2022-03-14"), ("2022-04-15", "2022-05-14"), ("2022-08-08", "2022-08-12")]
    {
        let (first, last): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
        let mut expected: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for row in &all {
            let counts = matches!(row["decision"].as_str(), Some("resolved" | "refused" | "terminated" | "not_accepted"))
                && !row["accepted_at"].is_null();
            if counts && (first..=last).contains(&rules::vn_date(instant(&row["finished_at"]).unwrap())) {
                let (elapsed, handling) = taken(&calendar, row);
                let department = row["resolving_department"].as_str().unwrap_or_else(|| of[row["procedure"].as_str().unwrap()]);
                for key in ["", department] {
                    let (all, own) = expected.entry(key).or_default();
                    all.push(elapsed);
                    own.push(handling);
                }
                seen += 1;
            }
        }
        let report = figures(&office, &format!("handling-times?from={from}&to={to}&group_by=department")).await;
        let found: BTreeMap<&str, &Value> =
            report["rows"].as_array().unwrap().iter().map(|r| (r["key"].as_str().unwrap(), r)).chain([("", &report["total"])]).collect();
        assert_eq!(
            found.keys().filter(|k| !k.is_empty()).collect::<Vec<_>>(),
            expected.keys().filter(|k| !k.is_empty()).collect::<Vec<_>>()
        );
        for (key, (elapsed, handling)) in &mut expected {
            let row = found[key];
            assert_eq!(row["dossiers"], json!(elapsed.len()), "{from} {key}");
            assert_eq!(row["elapsed_days"], json!({"median": point(elapsed, 50), "p90": point(elapsed, 90)}), "{from} {key}");
            assert_eq!(row["handling_days"], json!({"median": point(handling, 50), "p90": point(handling, 90)}), "{from} {key}");
        }
    }
    assert!(seen > 250, "{seen}");
}

#[tokio::test]
async fn outcomes_by_month_are_those_of_each_month() {
    let app = loaded().await;
    let office = app.office().await;
    let expected: Value = serde_json::from_str(include_str!("../data/expected.json")).unwrap();
    let outcome: BTreeMap<&str, &str> =
        expected["dossiers"].as_array().unwrap().iter().map(|d| (d["code"].as_str().unwrap(), d["outcome"].as_str().unwrap())).collect();
    // As of the end of the year every dossier stands as its detail says.
    let mut plain: BTreeMap<u32, BTreeMap<&str, i64>> = BTreeMap::new();
    let all = rows();
    for row in &all {
        let Some(accepted) = instant(&row["accepted_at"]).map(rules::vn_date) else { continue };
        let verdict = outcome[row["code"].as_str().unwrap()];
        if accepted.year() == 2022 && verdict != "voided" {
            *plain.entry(accepted.month()).or_default().entry(verdict).or_default() += 1;
        }
    }
    let report = figures(&office, "outcomes-by-month?year=2022&period_set=calendar").await;
    assert_eq!((&report["from"], &report["to"], &report["as_of"]), (&json!("2022-01-01"), &json!("2022-12-31"), &json!("2022-12-31")));
    let months = report["rows"].as_array().unwrap();
    assert_eq!(months.len(), 12);
    for (n, month) in (1..).zip(months) {
        assert_eq!(month["outcomes"], json!(plain.get(&n).cloned().unwrap_or_default()), "{n}");
    }
    for (set, as_of) in [("administrative", "2022-12-14"), ("administrative", "2022-05-04"), ("calendar", "2022-08-31")] {
        let report = figures(&office, &format!("outcomes-by-month?year=2022&period_set={set}&as_of={as_of}&department=DKKD")).await;
        let mut sum = 0;
        for month in report["rows"].as_array().unwrap() {
            let key = month["key"].as_str().unwrap();
            let same = figures(&office, &format!("dossier-outcomes?period={key}&period_set={set}&as_of={as_of}&department=DKKD")).await;
            assert_eq!(
                (&month["outcomes"], &month["timeliness"]),
                (&same["total"]["outcomes"], &same["total"]["timeliness"]),
                "{key} {set} {as_of}"
            );
            sum += month["timeliness"].as_object().unwrap().values().map(|n| n.as_i64().unwrap()).sum::<i64>();
        }
        assert_eq!(sum, report["total"]["timeliness"].as_object().unwrap().values().map(|n| n.as_i64().unwrap()).sum::<i64>());
    }
    for (query, pointer) in [("", "year"), ("year=22", "year"), ("year=2022-04", "year"), ("year=2022&group_by=field", "group_by")] {
        assert_eq!(office.get(&format!("/api/v1/reports/outcomes-by-month?{query}")).await.expect(400).pointers(), [pointer], "{query}");
    }
    let path = "/api/v1/reports/outcomes-by-month?year=2022";
    let csv = office.send("GET", path, &[("accept", "text/csv")], None).await.expect(200);
    assert_eq!(csv.text.lines().count(), 14, "{}", csv.text);
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for report in
        ["outcomes-by-month?year=2022", "overdue-reasons?period=2022", "handling-times?period=2022", "findings?period=2022&group_by=kind"]
    {
        let xlsx = office.send("GET", &format!("/api/v1/reports/{report}"), &[("accept", sheet)], None).await.expect(200);
        assert!(xlsx.text.starts_with("PK"), "{report}");
    }
}

#[tokio::test]
async fn a_transferred_dossier_counts_for_whose_it_was() {
    let late = row("late", with(done("2022-06-17T10:00:00+07:00"), json!({"digitised": false})));
    let app = with_rows(&[late, row("moved", json!({"digitised": false}))]).await;
    let (office, head) = (app.office().await, app.actor(Role::Head, Some("DKKD")).await);
    let dossier = office.get("/api/v1/dossiers/by-code/moved").await.expect(200).body;
    let path = format!("/api/v1/dossiers/{}/transfer", dossier["id"].as_str().unwrap());
    let to = json!({"department": "DN", "reason": "Thuộc thẩm quyền của phòng khác", "occurred_at": "2022-06-15T08:00:00+07:00"});
    head.act(&path, dossier["version"].as_i64().unwrap(), to).await.expect(200);
    let keys =
        |report: &Value| report["rows"].as_array().unwrap().iter().map(|r| r["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let reports = [
        "dossier-results?group_by=department",
        "overdue-reasons?group_by=department",
        "findings?group_by=department",
        "dossier-outcomes?group_by=department",
    ];
    for report in reports {
        for (to, expected) in [("2022-06-14", vec!["DKKD"]), ("2022-06-15", vec!["DKKD", "DN"])] {
            let path = format!("{report}&from=2022-06-01&to={to}");
            assert_eq!(keys(&figures(&office, &path).await), expected, "{path}");
            assert_eq!(keys(&figures(&head, &path).await), ["DKKD"], "{path}");
        }
    }
    let open = |report: Value| report["total"]["open_total"].as_i64().unwrap();
    let path = "dossier-results?from=2022-06-01&to=2022-06";
    assert_eq!((open(figures(&head, &format!("{path}-14")).await), open(figures(&head, &format!("{path}-15")).await)), (2, 1));
    assert_eq!(open(figures(&office, &format!("{path}-14&department=DN")).await), 0);
}
