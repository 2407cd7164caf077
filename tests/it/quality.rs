//! The national quality index: worked by hand, and against the other reports over the worked examples.

use std::collections::BTreeMap;

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::examples::loaded;
use crate::figures::{row, with, with_rows};
use crate::harness::Actor;

async fn index(who: &Actor, query: &str) -> Value {
    who.get(&format!("/api/v1/reports/quality-index?{query}")).await.expect(200).body
}

fn components(index: &Value) -> BTreeMap<String, Value> {
    let groups = index["groups"].as_array().unwrap().iter();
    groups.flat_map(|g| g["components"].as_array().unwrap()).map(|c| (c["number"].as_str().unwrap().to_owned(), c.clone())).collect()
}

#[tokio::test]
async fn a_small_period_worked_by_hand() {
    let done = |at: &str| json!({"decision": "resolved", "decision_document_no": "1/GCN", "finished_at": at});
    let asked = |pairs: &[(&str, Option<&str>)]| {
        let one = |(from, to): &(&str, Option<&str>)| {
            let at = |day: &str| format!("2022-06-{day}:00:00+07:00");
            json!({"requested_at": at(from), "document_no": "2/TB", "reason": "Thiếu", "fulfilled_at": to.map(at)})
        };
        json!({"supplements": pairs.iter().map(one).collect::<Vec<_>>()})
    };
    // All that were accepted on the 6th are due on the 9th.
    let app = with_rows(&[
        row("plain", with(done("2022-06-09T10:00:00+07:00"), json!({"channel": "online"}))),
        row("late", with(done("2022-06-10T10:00:00+07:00"), json!({"digitised": null}))),
        // Two days less, it ended on the 8th.
        row("once", with(done("2022-06-10T10:00:00+07:00"), asked(&[("07T09", Some("09T09"))]))),
        // One day less, it ended on the 12th.
        row("over", with(done("2022-06-13T10:00:00+07:00"), asked(&[("07T09", Some("08T09"))]))),
        // In time by its clock, but asked twice.
        row("twice", with(done("2022-06-09T10:00:00+07:00"), asked(&[("07T09", Some("07T15")), ("08T09", Some("08T15"))]))),
        row("waiting", asked(&[("08T09", None)])),
        row("asked_late", asked(&[("10T09", None)])),
        row("open", json!({"digitised": false})),
        row("fresh", json!({"accepted_at": "2022-06-13T09:00:00+07:00", "channel": "online"})),
        row("withdrawn", json!({"decision": "withdrawn", "decision_reason": "Theo đề nghị", "finished_at": "2022-06-09T10:00:00+07:00"})),
        row("before", with(done("2022-06-02T10:00:00+07:00"), json!({"accepted_at": "2022-05-30T09:00:00+07:00"}))),
        row("long_before", with(done("2022-05-25T10:00:00+07:00"), json!({"accepted_at": "2022-05-23T09:00:00+07:00"}))),
    ])
    .await;
    let admin = app.admin().await;
    for (code, level) in [("2.001199", "full"), ("2.002043", "level_2"), ("1.010027", "level_4")] {
        let old = admin.get(&format!("/api/v1/procedures/{code}")).await.expect(200).body;
        let mut put: Value = ["code", "name", "field", "department", "limit", "supplement_policy", "same_day_cutoff"]
            .into_iter()
            .map(|m| (m.to_owned(), old[m].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        put["online_level"] = json!(level);
        let path = format!("/api/v1/procedures/{code}");
        admin.json("PUT", &path, &[("if-match", "*")], &put).await.expect(200);
    }
    let office = app.office().await;
    let told = index(&office, "from=2022-06-01&to=2022-06-14&department=DKKD").await;
    let procedures = office.get("/api/v1/procedures?department=DKKD&limit=500").await.expect(200).body["items"].as_array().unwrap().len();
    let found = components(&told);
    let short = |number: &str| {
        let c = &found[number];
        (
            c["status"].as_str().unwrap().to_owned(),
            c["numerator"].clone(),
            c["denominator"].clone(),
            c["value"].clone(),
            c["points"].clone(),
        )
    };
    let expect = |status: &str, n: Value, d: Value, value: Value, points: Value| (status.to_owned(), n, d, value, points);
    let none = Value::Null;
    assert_eq!(short("2.1"), expect("computed", json!(6), json!(11), json!(54.55), json!(10.909_091)));
    assert_eq!(short("2.2"), expect("partly", json!(24), json!(6), json!(4.0), none.clone()));
    assert_eq!((&found["2.2"]["unit"], &found["2.2"]["max_points"]), (&json!("day"), &none));
    let share = (20_000.0 / procedures as f64).round() / 100.0;
    let (status, online, all, value, _) = short("3.1");
    assert_eq!((status.as_str(), online, all, value), ("partly", json!(2), json!(procedures), json!(share)));
    assert_eq!(short("3.2"), expect("computed", json!(1), json!(2), json!(50.0), json!(2.0)));
    assert_eq!(short("3.3"), expect("partly", json!(2), json!(10), json!(20.0), json!(1.6)));
    assert_eq!(short("4.1"), expect("partly", json!(0), json!(6), json!(0.0), json!(0.0)));
    // 80 % give everything.
    assert_eq!(short("4.2"), expect("partly", json!(8), json!(10), json!(80.0), json!(4.4)));
    assert!(found["4.2"]["reason"]["en"].as_str().unwrap().contains("1 dossiers do not tell"), "{told}");
    assert_eq!(short("5.4"), expect("partly", json!(6), json!(11), json!(54.55), json!(3.636_364)));
    for number in ["1.1", "1.2", "1.3", "1.4", "3.5", "3.6", "4.3", "4.4", "4.5", "5.1", "5.2", "5.3"] {
        assert_eq!(short(number), expect("not_computable", none.clone(), none.clone(), none.clone(), none.clone()));
        let reason = &found[number]["reason"];
        assert!(reason["vi"].is_string() && reason["en"].is_string() && reason["vi"] != reason["en"], "{number}: {reason}");
    }
    let groups: Vec<_> =
        told["groups"].as_array().unwrap().iter().map(|g| (g["code"].as_str().unwrap(), g["max_points"].clone())).collect();
    let maxima = [("CKMB", 18.0), ("TDGQ", 20.0), ("CLGQ", 12.0), ("TTTT", 10.0), ("MDSH", 22.0), ("MDHL", 18.0)];
    assert_eq!(groups, maxima.map(|(code, max)| (code, json!(max))));
    assert_eq!((&told["as_of"], &told["department"], &told["in_force"]), (&json!("2022-06-14"), &json!("DKKD"), &json!(false)));
    assert_eq!((&told["total"]["rating"], &told["total"]["computed_max_points"]), (&none, &json!(46.8)));
    // What is open is judged today while the period runs, and a later finish changes nothing of a past one.
    let running = index(&office, "from=2022-06-01&to=2022-06-30").await;
    assert_eq!(running["as_of"], "2022-06-20");
    let early = components(&index(&office, "from=2022-06-01&to=2022-06-08").await);
    // All but the two of later days were in time then, and the one that was asked twice.
    assert_eq!((&early["2.1"]["numerator"], &early["2.1"]["denominator"]), (&json!(9), &json!(10)));
    let csv = office
        .send("GET", "/api/v1/reports/quality-index?from=2022-06-01&to=2022-06-14", &[("accept", "text/csv")], None)
        .await
        .expect(200);
    assert!(csv.text.contains("\r\n2.1,Hồ sơ giải quyết đúng hạn,"), "{}", csv.text);
    assert!(csv.text.contains(",6,11,54.55,%,10.91,20.00,computed,\r\n"), "{}", csv.text);
    let xlsx = office.send("GET", "/api/v1/reports/quality-index?period=2022-06", &[("accept", dunghen::http::table::XLSX)], None).await;
    assert_eq!((xlsx.status, xlsx.header("content-disposition")), (200, Some("attachment; filename=\"quality-index.xlsx\"")));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_and_sight_is_kept() {
    let app = with_rows(&[row("a", json!({})), row("b", json!({"resolving_department": "DN"}))]).await;
    let office = app.office().await;
    let refused = office.get("/api/v1/reports/quality-index?department=NO&procedure=9").await.expect(400);
    assert_eq!(refused.pointers(), ["period"]);
    let refused = office.get("/api/v1/reports/quality-index?period=2022-06&department=NO&procedure=9").await.expect(422);
    assert_eq!(refused.pointers(), ["department", "procedure"]);
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let handled = async |who: &Actor, query: &str| components(&index(who, query).await)["2.1"]["denominator"].clone();
    assert_eq!(handled(&office, "from=2022-06-01&to=2022-06-14").await, 2);
    assert_eq!(handled(&head, "from=2022-06-01&to=2022-06-14").await, 1);
    head.get("/api/v1/reports/quality-index?period=2022-06&department=DN").await.expect(422);
    app.admin().await.get("/api/v1/reports/quality-index?period=2022-06").await.expect(403);
    let empty = components(&index(&office, "from=2021-01-01&to=2021-01-31").await);
    assert_eq!((&empty["2.1"]["status"], &empty["2.1"]["value"]), (&json!("not_computable"), &Value::Null));
}

#[tokio::test]
async fn it_agrees_with_the_other_reports_on_the_examples() {
    let app = loaded().await;
    let office = app.office().await;
    let codes: Vec<String> = {
        let rows = office.get("/api/v1/reports/dossier-results?period=2022&group_by=department").await.expect(200).body;
        rows["rows"].as_array().unwrap().iter().map(|r| r["key"].as_str().unwrap().to_owned()).collect()
    };
    assert!(codes.len() > 1, "{codes:?}");
    for period in ["2022", "2022-04", "2022Q1", "2022H2"] {
        let whole = components(&index(&office, &format!("period={period}")).await);
        let results = office.get(&format!("/api/v1/reports/dossier-results?period={period}")).await.expect(200).body["total"].clone();
        let number = |value: &Value| value.as_i64().unwrap();
        let (online, other) = (number(&results["received_online"]), number(&results["received_direct_postal"]));
        assert_eq!((number(&whole["3.3"]["numerator"]), number(&whole["3.3"]["denominator"])), (online, online + other), "{period}");
        let handled = number(&whole["2.1"]["denominator"]);
        // Those carried over count only when they were finished.
        let total = number(&results["received_total"]);
        assert!((online + other..=total).contains(&handled), "{period}: {handled} of {total}");
        assert!((0..=handled).contains(&number(&whole["2.1"]["numerator"])));
        assert!(number(&whole["4.1"]["denominator"]) <= number(&results["resolved_total"]), "{period}");
        assert_eq!(whole["5.4"]["numerator"], whole["2.1"]["numerator"]);
        // The parts are the whole.
        for (component, member) in [("2.1", "numerator"), ("2.1", "denominator"), ("4.2", "numerator"), ("2.2", "numerator")] {
            let mut sum = 0;
            for code in &codes {
                let part = components(&index(&office, &format!("period={period}&department={code}")).await);
                sum += number(&part[component][member]);
            }
            assert_eq!(sum, number(&whole[component][member]), "{period} {component} {member}");
        }
    }
}
