//! Results of indicators: who they are of, for when, against what; and what stands behind them.

use std::collections::BTreeSet;

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::examples::loaded;
use crate::figures::{row, with};
use crate::harness::{Actor, App};

const NOW: &str = "2022-06-20T10:00:00+07:00";

/// The divisions stand below the department; one has a unit.
async fn in_a_tree(app: &App) {
    let tree = json!([
        {"code": "SKHDT", "name": "Sở Kế hoạch và Đầu tư", "kind": "agency"},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DKKD1", "name": "Tổ 1", "kind": "unit", "parent": "DKKD"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"}
    ]);
    app.admin().await.post("/api/v1/departments/bulk", tree).await.expect(200);
}

async fn at(now: &str) -> App {
    let app = App::at(now).await.with_examples().await;
    in_a_tree(&app).await;
    app
}

async fn items(who: &Actor, query: &str) -> Vec<Value> {
    who.get(&format!("/api/v1/kpi-results?{query}")).await.expect(200).body["items"].as_array().unwrap().clone()
}

async fn only(who: &Actor, query: &str) -> Value {
    let all = items(who, query).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

fn done(code: &str, department: &str, at: &str) -> Value {
    let end = json!({"resolving_department": department, "decision": "resolved", "decision_document_no": "1/GCN", "finished_at": at});
    row(code, end)
}

/// Due on 9 June: in time, and late.
const EARLY: &str = "2022-06-08T10:00:00+07:00";
const LATE: &str = "2022-06-13T10:00:00+07:00";

fn share(item: &Value) -> (Value, Value, Value) {
    (item["numerator"].clone(), item["denominator"].clone(), item["value"].clone())
}

async fn define(app: &App, code: &str, change: Value) {
    let base = json!({"code": code, "name": code, "unit": "percent", "direction": "higher_is_better", "source": "survey"});
    let put = app.office().await.json("PUT", &format!("/api/v1/kpis/{code}"), &[("if-match", "*")], &with(base, change)).await;
    assert!([200, 201].contains(&put.status), "{}", put.text);
}

async fn measure(app: &App, kpi: &str, department: &str, period: &str, figure: Value) {
    let evidence = json!({"evidence": [{"document_number": "1/BC", "issued_on": "2022-06-12", "title": "Báo cáo"}]});
    let path = format!("/api/v1/kpis/{kpi}/measurements/{department}/{period}");
    app.office().await.put(&path, with(figure, evidence)).await.expect(201);
}

#[tokio::test]
async fn each_child_has_the_sums_of_all_below_it() {
    let app = at(NOW).await;
    let office = app.office().await;
    let rows = [
        done("a", "SKHDT", EARLY),
        done("b", "DKKD", EARLY),
        done("c", "DKKD1", LATE),
        done("d", "DKKD1", EARLY),
        done("e", "DKKD", EARLY),
    ];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    let query = "kpi=on_time_rate&period=2022-06";
    let children = items(&office, &format!("{query}&department=SKHDT&scope=children")).await;
    let found: Vec<_> = children.iter().map(|i| (i["key"].as_str().unwrap(), i["name"].as_str().unwrap(), share(i))).collect();
    assert_eq!(
        found,
        [
            ("DKKD", "Phòng Đăng ký kinh doanh", (json!(3), json!(4), json!(75.0))),
            ("DN", "Phòng Doanh nghiệp", (json!(0), json!(0), Value::Null)),
        ]
    );
    assert_eq!((&children[0]["department"], &children[1]["reason"]), (&json!("DKKD"), &json!("zero_denominator")));
    let of = async |cut: &str| share(&only(&office, &format!("{query}&department={cut}")).await);
    assert_eq!(of("SKHDT&scope=self").await, (json!(1), json!(1), json!(100.0)));
    assert_eq!(of("SKHDT&scope=subtree").await, (json!(4), json!(5), json!(80.0)));
    assert_eq!(of("DKKD").await, (json!(2), json!(2), json!(100.0)));
    assert_eq!(of("DKKD&scope=subtree").await, (json!(3), json!(4), json!(75.0)));
    assert!(items(&office, &format!("{query}&department=DKKD1&scope=children")).await.is_empty());
    // Who does not see the children is told of none.
    let officer = app.actor(Role::Officer, Some("DKKD")).await;
    assert!(items(&officer, &format!("{query}&department=DKKD&scope=children")).await.is_empty());
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let own = items(&head, &format!("{query}&department=DKKD&scope=children")).await;
    assert_eq!((own.len(), share(&own[0])), (1, (json!(1), json!(2), json!(50.0))));
    for (wrong, pointers) in [
        ("scope=children", vec!["scope"]),
        ("department=SKHDT&scope=children&group_by=field", vec!["group_by"]),
        ("department=SKHDT&scope=below&trend=perhaps", vec!["trend", "scope"]),
    ] {
        assert_eq!(office.get(&format!("/api/v1/kpi-results?{query}&{wrong}")).await.expect(400).pointers(), pointers, "{wrong}");
    }
}

#[tokio::test]
async fn periods_may_be_said_by_what_they_are_today() {
    let app = at(NOW).await;
    let office = app.office().await;
    let codes = async |query: &str| -> Vec<String> {
        let all = items(&office, &format!("kpi=on_time_rate&{query}")).await;
        all.iter().map(|i| i["period"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("period=this_quarter,last_month,same_period_last_year").await, ["2022Q2", "2022-05", "2021Q2", "2021-05"]);
    assert_eq!(codes("period=this_month&period_set=administrative").await, ["2022-07"]);
    let year = codes("period=last_12_months").await;
    assert_eq!((year.len(), year[0].as_str(), year[11].as_str()), (12, "2021-06", "2022-05"));
    for wrong in ["same_period_last_year", "today", "last_12_months,last_12_months,this_month"] {
        let refused = office.get(&format!("/api/v1/kpi-results?kpi=on_time_rate&period={wrong}")).await.expect(400);
        assert_eq!(refused.pointers(), ["period"], "{wrong}");
    }
}

#[tokio::test]
async fn a_figure_is_set_against_the_period_before_and_the_year_before() {
    let app = at(NOW).await;
    let office = app.office().await;
    let earlier = |code: &str, at: &str, accepted: &str| with(done(code, "DKKD", at), json!({"accepted_at": accepted}));
    let rows = [
        done("a", "DKKD", EARLY),
        done("b", "DKKD", EARLY),
        done("c", "DKKD", LATE),
        // A month before: one of three in time.
        earlier("d", "2022-05-06T10:00:00+07:00", "2022-05-05T09:00:00+07:00"),
        earlier("e", "2022-05-25T10:00:00+07:00", "2022-05-05T09:00:00+07:00"),
        earlier("f", "2022-05-25T10:00:00+07:00", "2022-05-05T09:00:00+07:00"),
    ];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    let query = "kpi=on_time_rate&period=2022-06";
    let plain = only(&office, query).await;
    assert!(plain.get("previous").is_none() && plain.get("year_before").is_none());
    let item = only(&office, &format!("{query}&trend=true")).await;
    // 66.666… − 33.333…, not 66.67 − 33.33.
    assert_eq!(item["previous"], json!({"period": "2022-05", "value": 33.33, "change": 33.33, "trend": "better"}));
    assert_eq!(item["year_before"], json!({"period": "2021-06", "value": null, "change": null, "trend": null}));
    let grouped = items(&office, &format!("{query}&trend=true&group_by=department")).await;
    assert_eq!((grouped.len(), &grouped[0]["previous"]), (1, &item["previous"]));
    let worse = only(&office, "kpi=on_time_rate&from=2022-05-20&to=2022-05-31&trend=true").await;
    assert_eq!(worse["previous"], json!({"period": "2022-05-08/2022-05-19", "value": null, "change": null, "trend": null}));
    // The lower the better.
    define(&app, "delays", json!({"unit": "count", "direction": "lower_is_better", "source": "manual"})).await;
    measure(&app, "delays", "SKHDT", "2022-05", json!({"value": 3})).await;
    measure(&app, "delays", "SKHDT", "2021-06", json!({"value": 5})).await;
    measure(&app, "delays", "SKHDT", "2022-06", json!({"value": 5})).await;
    let item = only(&office, "kpi=delays&period=2022-06&trend=true").await;
    assert_eq!(item["previous"], json!({"period": "2022-05", "value": 3.0, "change": 2.0, "trend": "worse"}));
    assert_eq!(item["year_before"], json!({"period": "2021-06", "value": 5.0, "change": 0.0, "trend": "same"}));
    let path = format!("/api/v1/kpi-results?{query}&trend=true");
    let csv = office.send("GET", &path, &[("accept", "text/csv"), ("accept-language", "en")], None).await.expect(200);
    assert!(csv.text.contains("Previous period") && csv.text.contains(",2022-05,33.33,33.33,better,2021-06,,,,"), "{}", csv.text);
}

#[tokio::test]
async fn measured_shares_add_up_as_sums_over_sums_or_not_at_all() {
    let app = at(NOW).await;
    let office = app.office().await;
    define(
        &app,
        "satisfaction",
        json!({"targets": [{"authority": "p", "department": "DN", "period": "2022", "comparator": ">=", "value": 80}]}),
    )
    .await;
    measure(&app, "satisfaction", "DKKD", "2022", json!({"numerator": 9, "denominator": 10})).await;
    let query = "kpi=satisfaction&period=2022&department=SKHDT&scope=subtree";
    let item = only(&office, query).await;
    // One measured, one that owes: what there is, and who is missing.
    assert_eq!(
        (share(&item), &item["missing"]),
        ((json!(9.0), json!(10.0), json!(90.0)), &json!([{"code": "DN", "name": "Phòng Doanh nghiệp"}]))
    );
    let body = office.get(&format!("/api/v1/kpi-results?{query}")).await.expect(200).body;
    let owed = json!([{"kpi": "satisfaction", "period": "2022", "department": "DN", "name": "Phòng Doanh nghiệp"}]);
    assert_eq!(body["missing"], owed);
    let grouped = office.get("/api/v1/kpi-results?kpi=satisfaction&period=2022&group_by=department").await.expect(200).body;
    assert_eq!((grouped["items"].as_array().unwrap().len(), &grouped["missing"]), (1, &owed));
    measure(&app, "satisfaction", "DN", "2022", json!({"numerator": 10, "denominator": 40})).await;
    // Below one that was measured nothing is counted twice.
    measure(&app, "satisfaction", "DKKD1", "2022", json!({"numerator": 1, "denominator": 5})).await;
    let item = only(&office, query).await;
    assert_eq!((share(&item), &item["missing"]), ((json!(19.0), json!(50.0), json!(38.0)), &json!([])));
    let children = items(&office, "kpi=satisfaction&period=2022&department=SKHDT&scope=children").await;
    assert_eq!(children.iter().map(|i| i["value"].clone()).collect::<Vec<_>>(), [json!(90.0), json!(25.0)]);
    assert_eq!(children[1]["target"], json!(80.0));
    // What was measured of the whole stands for it.
    measure(&app, "satisfaction", "SKHDT", "2022", json!({"value": 66})).await;
    assert_eq!(share(&only(&office, query).await), (Value::Null, Value::Null, json!(66.0)));
    // Plain per cents have no sum; counts have.
    define(&app, "index", json!({})).await;
    define(&app, "initiatives", json!({"unit": "count", "source": "manual"})).await;
    for (department, index, count) in [("DKKD", 80, 2), ("DN", 90, 3)] {
        measure(&app, "index", department, "2022", json!({"value": index})).await;
        measure(&app, "initiatives", department, "2022", json!({"value": count})).await;
    }
    let all = items(&office, "kpi=index,initiatives&period=2022&department=SKHDT&scope=subtree").await;
    assert_eq!((&all[0]["value"], &all[0]["reason"], &all[0]["status"]), (&Value::Null, &json!("not_additive"), &json!("no_data")));
    assert_eq!((&all[1]["value"], &all[1]["reason"]), (&json!(5.0), &Value::Null));
    let none = only(&office, "kpi=index&period=2021&department=SKHDT&scope=subtree").await;
    assert_eq!((&none["reason"], none["missing"].as_array().unwrap().len()), (&json!("no_measurement"), 2));
    let self_alone = only(&office, "kpi=index&period=2022&department=SKHDT").await;
    assert_eq!((&self_alone["reason"], &self_alone["missing"][0]["code"]), (&json!("no_measurement"), &json!("SKHDT")));
    // A head sees his own, and what is below.
    let head = app.actor(Role::Head, Some("DKKD")).await;
    assert_eq!(only(&head, "kpi=index&period=2022").await["value"], json!(80.0));
}

#[tokio::test]
async fn what_was_published_stands_beside_what_is_computed() {
    let app = at(NOW).await;
    let office = app.office().await;
    let rows = [done("a", "SKHDT", EARLY), done("b", "SKHDT", EARLY), done("c", "SKHDT", LATE)];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    assert_eq!(only(&office, "kpi=on_time_rate&period=2022-06").await["published"], Value::Null);
    measure(&app, "on_time_rate", "SKHDT", "2022-06", json!({"value": 70})).await;
    let item = only(&office, "kpi=on_time_rate&period=2022-06").await;
    assert_eq!(share(&item), (json!(2), json!(3), json!(66.67)));
    assert_eq!(item["published"], json!({"value": 70.0, "difference": -3.33, "recorded_at": "2022-06-20T10:00:00+07:00"}));
    let rows = items(&office, "kpi=on_time_rate&period=2022-06&group_by=department").await;
    assert_eq!(rows[0]["published"]["value"], json!(70.0));
    assert_eq!(only(&office, "kpi=on_time_rate&period=2022Q2").await["published"], Value::Null);
}

#[tokio::test]
async fn an_expression_is_computed_from_the_figures_of_its_indicators() {
    let app = at(NOW).await;
    let office = app.office().await;
    let rows = [done("a", "DKKD", EARLY), done("b", "DKKD", EARLY), done("c", "DKKD", LATE), done("d", "DN", EARLY)];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    define(&app, "satisfaction", json!({})).await;
    let index = json!({"source": "computed", "expression": "(on_time_rate + 2 * satisfaction) / 3",
        "targets": [{"authority": "plan", "period": "2022", "comparator": ">=", "value": 80},
            {"authority": "province", "department": "SKHDT", "period": "2022", "comparator": ">=", "value": 60}]});
    define(&app, "index", index).await;
    let query = "kpi=index&period=2022-06&department=DKKD";
    assert_eq!(only(&office, query).await["reason"], "no_measurement");
    measure(&app, "satisfaction", "DKKD", "2022-06", json!({"value": 80, "state": "provisional"})).await;
    let item = only(&office, query).await;
    // (66.666… + 160) / 3
    assert_eq!((&item["value"], &item["numerator"], &item["department"]), (&json!(75.56), &Value::Null, &json!("DKKD")));
    assert_eq!(item["provisional"], json!(true));
    let csv = office.send("GET", &format!("/api/v1/kpi-results?{query}"), &[("accept", "text/csv"), ("accept-language", "en")], None).await;
    let lines: Vec<&str> = csv.text.lines().collect();
    assert!(lines[0].ends_with("Departments without a measurement,Provisional") && lines[1].ends_with(",x"), "{}", csv.text);
    let told: Vec<_> = item["targets"].as_array().unwrap().iter().map(|t| (t["authority"].clone(), t["status"].clone())).collect();
    assert_eq!(told, [(json!("province"), json!("met")), (json!("plan"), json!("not_met"))]);
    assert_eq!((&item["target"], &item["met"], &item["status"]), (&json!(60.0), &json!(true), &json!("met")));
    let rows = items(&office, "kpi=index&period=2022-06&group_by=department").await;
    let found: Vec<_> = rows.iter().map(|i| (i["key"].clone(), i["value"].clone(), i["reason"].clone())).collect();
    assert_eq!(found[0], (json!("DKKD"), json!(75.56), Value::Null));
    assert_eq!((&found[1].0, &found[1].1), (&json!("DN"), &Value::Null));
    // Behind it stand its indicators with their figures.
    let page = office.get("/api/v1/kpi-results/index/contributors?period=2022-06&department=DKKD&count=exact").await.expect(200).body;
    let found: BTreeSet<String> =
        page["items"].as_array().unwrap().iter().map(|i| format!("{} {} {}", i["kind"], i["code"], i["value"])).collect();
    let expected = ["\"kpi\" \"on_time_rate\" 66.67", "\"kpi\" \"satisfaction\" 80.0"].map(str::to_owned);
    assert_eq!((found, &page["page"]["total"]), (BTreeSet::from(expected), &json!(2)));
}

/// All pages of what stands behind a figure.
async fn walk(who: &Actor, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{path}&limit=120{cursor}")).await.expect(200).body;
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

const PERIODS: [&str; 3] = ["period=2022", "period=2022Q1&period_set=administrative", "from=2022-03-10&to=2022-05-05"];

#[tokio::test]
async fn behind_a_figure_stand_as_many_as_it_says() {
    let app = loaded().await;
    in_a_tree(&app).await;
    let office = app.office().await;
    for code in ["e_document_rate", "e_office_drafted_rate", "task_on_time_rate", "plan_completion_rate"] {
        define(&app, code, json!({"source": "computed", "formula": code})).await;
    }
    let late = json!({"source": "computed", "formula": "tasks_overdue_or_extended", "unit": "count", "direction": "lower_is_better"});
    define(&app, "tasks_overdue_or_extended", late).await;
    documents_and_tasks(&app).await;
    let formulas = [
        "on_time_rate",
        "on_time_rate_ii06a",
        "online_rate",
        "apology_coverage",
        "supplement_rate",
        "refusal_rate",
        "e_document_rate",
        "e_office_drafted_rate",
        "task_on_time_rate",
        "plan_completion_rate",
        "tasks_overdue_or_extended",
    ];
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let (mut counted, mut seen) = (0, BTreeSet::new());
    for (who, periods) in [(&office, &PERIODS[..]), (&head, &PERIODS[..1])] {
        for period in periods {
            for cut in ["", "&department=DKKD", "&department=DKKD&scope=subtree", "&field=DKDN"] {
                let query = format!("{period}{cut}");
                for item in items(who, &format!("kpi={}&{query}", formulas.join(","))).await {
                    let kpi = item["kpi"].as_str().unwrap();
                    let path = format!("/api/v1/kpi-results/{kpi}/contributors?{query}");
                    let (numerator, denominator) = match item["denominator"].as_u64() {
                        Some(denominator) => (item["numerator"].as_u64().unwrap(), Some(denominator)),
                        None => (item["value"].as_f64().unwrap_or(0.0) as u64, None),
                    };
                    let counts = walk(who, &format!("{path}&part=numerator")).await;
                    assert_eq!(counts.len() as u64, numerator, "{path} numerator of {item}");
                    assert!(counts.iter().all(|one| one["in_numerator"] == true && one["withheld"] == false), "{path}");
                    let Some(denominator) = denominator else {
                        // Of a field there are no tasks.
                        if kpi != "tasks_overdue_or_extended" {
                            assert_eq!(item["reason"], "no_data_source");
                            continue;
                        }
                        assert_eq!(who.get(&format!("{path}&part=denominator")).await.expect(400).pointers(), ["part"]);
                        continue;
                    };
                    let all = walk(who, &path).await;
                    assert_eq!(all.len() as u64, denominator, "{path} denominator of {item}");
                    let ids = |list: &[Value]| -> BTreeSet<String> {
                        list.iter().map(|one| format!("{} {}", one["id"], one["occurrence"])).collect()
                    };
                    let some: Vec<Value> = all.iter().filter(|one| one["in_numerator"] == true).cloned().collect();
                    assert_eq!((ids(&some), ids(&all).len()), (ids(&counts), all.len()), "{path}");
                    counted += all.len();
                    seen.extend((numerator > 0).then(|| kpi.to_owned()));
                }
            }
        }
    }
    assert!(counted > 1000, "{counted}");
    assert_eq!(seen.len() + 1, formulas.len(), "{seen:?}");
    let page = office.get("/api/v1/kpi-results/on_time_rate/contributors?period=2022&count=exact&limit=3").await.expect(200).body;
    assert_eq!(page["page"]["total"], only(&office, "kpi=on_time_rate&period=2022").await["denominator"]);
    // Each is the very thing: its own page says the same.
    for one in page["items"].as_array().unwrap() {
        let detail = office.get(one["link"].as_str().unwrap()).await.expect(200).body;
        assert_eq!(
            (&detail["code"], &detail["finished_on"], &detail["resolving_department"]),
            (&one["code"], &one["on"], &one["department"])
        );
    }
}

/// Documents sent and not sent, and tasks done, late and extended.
async fn documents_and_tasks(app: &App) {
    let office = app.office().await;
    for (n, (secrecy, sent, drafted)) in
        (1..).zip([("normal", true, true), ("normal", false, true), ("normal", true, false), ("normal", false, false)])
    {
        let body = json!({"direction": "outgoing", "book": "CV", "number": n.to_string(), "kind": "cong-van", "issued_on": "2022-06-1".to_owned() + &n.to_string(),
            "summary": "V/v hướng dẫn", "department": if n % 2 == 0 { "DKKD" } else { "DKKD1" }, "sent_electronically": sent,
            "drafted_in_e_office": drafted, "approved_in_e_office": drafted, "secrecy": secrecy});
        office.put(&format!("/api/v1/documents/vb-{n}"), body).await.expect(201);
    }
    let task = |n: i32, lead: Value, end: &str| {
        json!({"local_code": format!("t{n}"), "group": "I", "title": "Việc", "lead": lead,
            "schedule": {"text": "Trong kỳ", "kind": "in", "start_on": "2022-03-01", "end_on": end}})
    };
    let plan = json!({"code": "kh", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch", "issuer": {"department": "SKHDT"},
        "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"}, "groups": [{"code": "I", "title": "Một"}],
        "tasks": [task(0, json!(["DKKD"]), "2022-06-15"), task(1, json!(["DKKD", "DKKD1"]), "2022-06-20"), task(2, json!(["DN"]), "2022-04-29")]});
    office.put("/api/v1/plans/kh", plan).await.expect(201);
    for (n, on) in [(0, "2022-06-10"), (1, "2022-06-25")] {
        let done = json!({"completed_on": on, "summary": "Đã ban hành", "evidence": [{"document_number": "88/QĐ", "issued_on": on}]});
        office.json("POST", &format!("/api/v1/tasks/kh.t{n}/completion"), &[("if-match", "*")], &done).await.expect(201);
    }
}

#[tokio::test]
async fn what_may_not_be_seen_counts_and_no_more_is_told_of_it() {
    let app = at(NOW).await;
    let office = app.office().await;
    define(&app, "e_office_drafted_rate", json!({"source": "computed", "formula": "e_office_drafted_rate"})).await;
    for (n, secrecy) in [(1, "normal"), (2, "secret")] {
        let body = json!({"direction": "outgoing", "book": "CV", "number": n.to_string(), "kind": "cong-van", "issued_on": "2022-06-10",
            "summary": format!("Nội dung {n}"), "department": "DKKD", "drafted_in_e_office": true, "approved_in_e_office": true, "secrecy": secrecy});
        office.put(&format!("/api/v1/documents/vb-{n}"), body).await.expect(201);
    }
    let path = "/api/v1/kpi-results/e_office_drafted_rate/contributors?period=2022-06";
    let titles = async |who: &Actor| -> BTreeSet<String> {
        who.get(path).await.expect(200).body["items"].as_array().unwrap().iter().map(|i| i["title"].to_string()).collect()
    };
    assert_eq!(titles(&office).await, BTreeSet::from(["\"Nội dung 1\"".to_owned(), "\"Nội dung 2\"".to_owned()]));
    let auditor = app.actor(Role::Auditor, None).await;
    assert_eq!(titles(&auditor).await, BTreeSet::from(["\"Nội dung 1\"".to_owned(), "null".to_owned()]));
    let page = auditor.get(path).await.expect(200);
    assert!(!page.text.contains("Nội dung 2") && !page.text.contains("vb-2"), "{}", page.text);
    let hidden: Vec<&Value> = page.body["items"].as_array().unwrap().iter().filter(|i| i["withheld"] == true).collect();
    assert_eq!(
        (hidden.len(), &hidden[0]["id"], &hidden[0]["link"], &hidden[0]["in_numerator"]),
        (1, &Value::Null, &Value::Null, &json!(true))
    );
    // Of whom one may not ask, one is told of nothing.
    let officer = app.actor(Role::Officer, Some("DN")).await;
    assert_eq!(officer.get(path).await.expect(200).body["items"], json!([]));
    assert_eq!(officer.get(&format!("{path}&department=DKKD")).await.expect(422).pointers(), ["department"]);
    office.get(&path.replace("e_office_drafted_rate", "nothing")).await.expect(404);
    let wrong = office.get("/api/v1/kpi-results/e_office_drafted_rate/contributors?period=last_12_months&part=half&scope=children").await;
    assert_eq!(wrong.expect(400).pointers(), ["period", "part", "scope"]);
    app.admin().await.get(path).await.expect(403);
    app.nobody().get(path).await.expect(401);
}

#[tokio::test]
async fn behind_a_measured_figure_stand_its_measurements_with_their_evidence() {
    let app = at(NOW).await;
    let office = app.office().await;
    define(&app, "satisfaction", json!({})).await;
    measure(&app, "satisfaction", "DKKD", "2022", json!({"numerator": 9, "denominator": 10})).await;
    measure(&app, "satisfaction", "DN", "2022", json!({"numerator": 10, "denominator": 40})).await;
    let path = "/api/v1/kpi-results/satisfaction/contributors?period=2022&department=SKHDT&scope=subtree";
    let first = office.get(&format!("{path}&limit=1&count=exact")).await.expect(200).body;
    assert_eq!((&first["page"]["total"], first["items"].as_array().unwrap().len()), (&json!(2), 1));
    let all = walk(&office, path).await;
    let codes: BTreeSet<&str> = all.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, BTreeSet::from(["satisfaction/DKKD/2022", "satisfaction/DN/2022"]));
    for one in &all {
        assert_eq!((&one["kind"], &one["evidence"][0]["document_number"]), (&json!("measurement"), &json!("1/BC")));
        assert_eq!(office.get(one["link"].as_str().unwrap()).await.expect(200).body["id"], one["id"]);
    }
    assert!(walk(&office, "/api/v1/kpi-results/satisfaction/contributors?period=2021").await.is_empty());
}
