//! Sheets of index criteria, their scores, and what rose and fell.

use dunghen::auth::{Reach, Role};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::harness::{Actor, App, department};

const SHEETS: &str = "/api/v1/criteria-sheets";
const SHEET: &str = "/api/v1/criteria-sheets/par-2022";

async fn world() -> App {
    let app = App::at("2022-12-15T02:00:00Z").await;
    let below = |code: &str| json!({"code": code, "name": format!("Phòng {code}"), "kind": "division", "parent": "SKHDT"});
    let agency = json!({"code": "SKHDT", "name": "Sở", "kind": "agency"});
    app.admin().await.post("/api/v1/departments/bulk", json!([agency, below("VP"), below("DKKD"), department("NGOAI")])).await.expect(200);
    app
}

/// The sheet of a year: three criteria of three kinds under one field, one on its own.
fn sheet(year: i32) -> Value {
    json!({"code": format!("par-{year}"), "name": format!("Chỉ số cải cách hành chính năm {year}"), "year": year, "department": "SKHDT",
        "decision": "2071/QĐ-UBND", "criteria": [
            {"code": "1", "name": "Chỉ đạo, điều hành", "max_points": 5.5},
            {"code": "1.1", "parent": "1", "name": "Mức độ hoàn thành kế hoạch", "max_points": 2, "kind": "bands",
                "bands": [{"from": 100, "factor": 1}, {"from": 85, "per": 100}], "department": "VP"},
            {"code": "1.2", "parent": "1", "name": "Hồ sơ đúng hạn", "max_points": 2, "kind": "bands",
                "bands": [{"from": 95, "per": 100}], "department": "DKKD"},
            {"code": "1.10", "parent": "1", "name": "Có sáng kiến", "max_points": 1.5, "kind": "yes_no"},
            {"code": "2", "name": "Tác động", "max_points": 4.5, "kind": "survey"}]})
}

fn following(year: i32) -> Value {
    let mut body = sheet(year);
    body["follows"] = json!(format!("par-{}", year - 1));
    body
}

fn at(year: i32, rest: &str) -> String {
    format!("{SHEETS}/par-{year}{rest}")
}

async fn change(who: &Actor, path: &str, version: i64, body: Value) -> crate::harness::Answer {
    who.json("PUT", path, &[("if-match", &format!("\"{version}\""))], &body).await
}

fn one(view: &Value, code: &str) -> Value {
    view["criteria"].as_array().unwrap().iter().find(|c| c["code"] == code).unwrap().clone()
}

#[tokio::test]
async fn a_sheet_is_scored_appraised_and_summed_up() {
    let app = world().await;
    let (office, director) = (app.office().await, app.actor(Role::Director, None).await);
    let (vp, dkkd) = (app.actor(Role::Head, Some("VP")).await, app.actor(Role::Head, Some("DKKD")).await);
    let before = (app.count("audit_events").await, app.count("outbox_events").await);
    let made = office.put(SHEET, sheet(2022)).await.expect(201);
    assert_eq!((made.header("location"), made.header("etag")), (Some(SHEET), Some("\"1\"")));
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), (before.0 + 1, before.1 + 1));
    assert_eq!((&made.body["totals"]["max_points"], &made.body["totals"]["not_scored"]), (&json!(10.0), &json!(4)));
    assert_eq!((&made.body["totals"]["index"], &one(&made.body, "1")["points"]), (&json!(0.0), &Value::Null));
    let again = office.put(SHEET, sheet(2022)).await.expect(200);
    assert_eq!((again.header("unchanged"), again.header("etag")), (Some("true"), Some("\"1\"")));
    assert_eq!(app.count("audit_events").await, before.0 + 1);

    // 23 of 24 tasks: 95.83 % of two points, whatever the department gives itself.
    let proof = json!([{"document_number": "31/BC", "issued_on": "2022-12-14", "title": "Báo cáo"}]);
    let own = json!({"self_score": 2, "figure": {"numerator": 23, "denominator": 24, "source": "Biểu theo dõi"}, "evidence": proof});
    let scored = vp.put(&at(2022, "/scores/1.1"), own.clone()).await.expect(201);
    assert_eq!(
        (&scored.body["computed_score"], &scored.body["points"], &scored.body["basis"]),
        (&json!(1.916_667), &json!(1.916_667), &json!("computed"))
    );
    assert_eq!(
        (&scored.body["department"], &scored.body["scored_by"], scored.header("etag")),
        (&json!("VP"), &json!(vp.username), Some("\"1\""))
    );
    assert_eq!(vp.put(&at(2022, "/scores/1.1"), own).await.expect(200).header("unchanged"), Some("true"));
    // 94.9996 % is below 95 %.
    let figure = json!({"figure": {"numerator": 23_749, "denominator": 25_000}});
    assert_eq!(dkkd.put(&at(2022, "/scores/1.2"), figure).await.expect(201).body["points"], 0.0);
    office.put(&at(2022, "/scores/1.10"), json!({"self_score": 1.5})).await.expect(201);
    // A survey is scored by who appraises, and before the department said anything.
    let surveyed = director.put(&at(2022, "/scores/2/appraisal"), json!({"survey_score": 3.6})).await.expect(201);
    assert_eq!((&surveyed.body["basis"], &surveyed.body["scored_by"]), (&json!("survey"), &Value::Null));
    let appraised = change(&director, &at(2022, "/scores/1.1/appraisal"), 1, json!({"appraised_score": 1.5, "note": "Thiếu một báo cáo"}))
        .await
        .expect(200);
    assert_eq!(
        (&appraised.body["points"], &appraised.body["self_score"], appraised.header("etag")),
        (&json!(1.5), &json!(2.0), Some("\"2\""))
    );

    let told = office.get(SHEET).await.expect(200).body;
    assert_eq!(
        told["totals"],
        json!({"max_points": 10.0, "points": 6.6, "index": 66.0, "scored_max_points": 10.0, "self_score": 3.5, "appraised_score": 1.5, "not_scored": 0})
    );
    let order: Vec<_> =
        told["criteria"].as_array().unwrap().iter().map(|c| (c["code"].as_str().unwrap(), c["level"].as_u64().unwrap())).collect();
    assert_eq!(order, [("1", 1), ("1.1", 2), ("1.2", 2), ("1.10", 2), ("2", 1)]);
    assert_eq!(
        (&one(&told, "1")["points"], &one(&told, "1")["basis"], &one(&told, "1.10")["department"]),
        (&json!(3.0), &json!("parts"), &json!("SKHDT"))
    );
    assert_eq!(told["version"], 1, "scores make no version of the sheet");
    // Taken back, the figure counts again.
    let back = change(&office, &at(2022, "/scores/1.1/appraisal"), 2, json!({})).await.expect(200).body;
    assert_eq!((&back["points"], &back["basis"], &back["version"]), (&json!(1.916_667), &json!("computed"), &json!(3)));
    let stale = change(&vp, &at(2022, "/scores/1.1"), 1, json!({"self_score": 1})).await.expect(412);
    assert_eq!((&stale.body["current_version"], stale.body["changes"].as_array().map(Vec::len)), (&json!(3), Some(2)), "{}", stale.text);
    vp.put(&at(2022, "/scores/1.1"), json!({"self_score": 1})).await.expect(428);
    // One that has been scored stays when the sheet changes.
    let mut less = sheet(2022);
    less["criteria"].as_array_mut().unwrap().remove(4);
    less["criteria"][1]["max_points"] = json!(1);
    let refused = change(&office, SHEET, 1, less).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["above_maximum", "in_use"], vec!["/criteria/1/max_points", "/criteria"]));
    let mut more = sheet(2022);
    more["criteria"][0]["name"] = json!("Công tác chỉ đạo");
    more["criteria"][3]["parent"] = Value::Null;
    let changed = change(&office, SHEET, 1, more).await.expect(200);
    assert_eq!(
        (changed.header("etag"), &one(&changed.body, "1.10")["level"], &changed.body["totals"]["index"]),
        (Some("\"2\""), &json!(1), &Value::from(61.01))
    );
}

#[tokio::test]
async fn a_department_scores_what_is_in_its_charge_and_does_not_appraise() {
    let app = world().await;
    let office = app.office().await;
    office.put(SHEET, sheet(2022)).await.expect(201);
    let (vp, officer) = (app.actor(Role::Head, Some("VP")).await, app.actor(Role::Officer, Some("VP")).await);
    let (agency, auditor) = (app.actor(Role::Head, Some("SKHDT")).await, app.actor(Role::Auditor, None).await);
    let own = json!({"self_score": 1.5});
    vp.put(&at(2022, "/scores/1.2"), json!({"self_score": 1})).await.expect(403);
    vp.put(&at(2022, "/scores/1.10"), own.clone()).await.expect(403);
    officer.put(&at(2022, "/scores/1.1"), json!({"self_score": 1})).await.expect(403);
    auditor.put(&at(2022, "/scores/1.1"), json!({"self_score": 1})).await.expect(403);
    vp.put(&at(2022, "/scores/1.1/appraisal"), json!({"appraised_score": 2})).await.expect(403);
    vp.put(SHEET, sheet(2022)).await.expect(403);
    agency.put(&at(2022, "/scores/1.10"), own).await.expect(201);
    agency.put(&at(2022, "/scores/1.2"), json!({"self_score": 1})).await.expect(201);
    for who in [&vp, &officer, &auditor] {
        who.get(SHEET).await.expect(200);
        who.get(&at(2022, "/scores/1.2")).await.expect(200);
    }
    app.admin().await.get(SHEET).await.expect(403);
    auditor.get(&at(2022, "/scores/1.1")).await.expect(404);
    office.get(&at(2021, "")).await.expect(404);
    office.put(&at(2022, "/scores/9"), json!({"self_score": 1})).await.expect(404);
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let app = world().await;
    let office = app.office().await;
    let bad = json!({"code": "par-2022", "name": " ", "year": 2022, "department": "NO", "follows": "none", "criteria": [
        {"code": "1", "name": "A", "max_points": 1},
        {"code": "1.1", "parent": "1", "name": "B", "max_points": 2, "kind": "points", "kpi": "none", "last_year_score": 3},
        {"code": "1.1", "parent": "9", "name": "C", "max_points": 1}]});
    let refused = office.put(SHEET, bad).await.expect(422);
    let expected = [
        "/name",
        "/department",
        "/follows",
        "/criteria/0/max_points",
        "/criteria/1/last_year_score",
        "/criteria/1/kpi",
        "/criteria/2/code",
        "/criteria/2/parent",
        "/criteria/2/kind",
    ];
    assert_eq!(refused.pointers(), expected, "{}", refused.text);
    let refused =
        office.put(SHEET, json!({"code": "par-2022", "name": 1, "criteria": [{"code": "1", "max_points": -1}]})).await.expect(400);
    assert!(refused.pointers().contains(&"/name"), "{}", refused.text);
    assert_eq!((app.count("criteria_sheets").await, app.count("criteria").await), (0, 0));
    assert_eq!(office.put(&at(2021, ""), sheet(2022)).await.expect(422).pointers(), ["/code"]);
    let dry = office.put(&format!("{SHEET}?dry_run=true"), sheet(2022)).await.expect(201);
    assert_eq!((dry.header("dry-run"), app.count("criteria_sheets").await), (Some("true"), 0));
    office.put(SHEET, sheet(2022)).await.expect(201);
    let above = json!({"self_score": 2.5, "figure": {"value": 1, "numerator": 2}, "evidence": [{"document_number": "", "issued_on": "2022-12-16"}]});
    let refused = office.put(&at(2022, "/scores/1.1"), above).await.expect(422);
    assert_eq!(refused.pointers(), ["/self_score", "/figure/value", "/evidence/0/document_number", "/evidence/0/issued_on"]);
    assert_eq!(refused.fault_codes()[0], "above_maximum");
    for (criterion, body, pointer) in [
        ("1", json!({"self_score": 1}), ""),
        ("1.10", json!({"self_score": 1}), "/self_score"),
        ("2", json!({"self_score": 1}), "/self_score"),
        ("1.10", json!({}), "/self_score"),
    ] {
        assert_eq!(office.put(&at(2022, &format!("/scores/{criterion}")), body).await.expect(422).pointers(), [pointer]);
    }
    let refused = office.put(&at(2022, "/scores/1.1/appraisal"), json!({"appraised_score": 3, "survey_score": 1})).await.expect(422);
    assert_eq!(refused.pointers(), ["/appraised_score", "/survey_score"]);
    assert_eq!(app.count("criterion_scores").await, 0);
    // Of those who score at once, each is heard or told to look again.
    let bodies = [1.0, 1.1, 1.2, 1.3].map(|score| json!({"self_score": score}));
    let path = at(2022, "/scores/1.1");
    let answers = futures_util::future::join_all(bodies.into_iter().map(|body| office.put(&path, body))).await;
    let mut statuses: Vec<_> = answers.iter().map(|a| a.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 428, 428, 428]);
}

#[tokio::test]
async fn what_rose_and_fell_against_the_year_before() {
    let app = world().await;
    let office = app.office().await;
    office.put(&at(2021, ""), sheet(2021)).await.expect(201);
    let mut body = following(2022);
    body["criteria"].as_array_mut().unwrap().extend([
        json!({"code": "3", "name": "Mới", "max_points": 1, "kind": "points"}),
        json!({"code": "4", "name": "Điểm năm trước có sẵn", "max_points": 1, "kind": "points", "last_year_score": 0.5, "department": "DKKD"}),
    ]);
    office.put(SHEET, body).await.expect(201);
    let score = async |year: i32, code: &str, points: f64| {
        office.put(&at(year, &format!("/scores/{code}/appraisal")), json!({"appraised_score": points})).await.expect(201);
    };
    for (code, then, now) in [("1.1", 1.7, 2.0), ("1.2", 1.9, 1.9), ("1.10", 1.5, 0.0)] {
        score(2021, code, then).await;
        score(2022, code, now).await;
    }
    score(2021, "2", 3.0).await;
    score(2022, "4", 0.75).await;
    let changes = office.get(&at(2022, "/changes")).await.expect(200).body;
    let told: Vec<_> =
        changes["items"].as_array().unwrap().iter().map(|c| (c["code"].as_str().unwrap(), c["trend"].as_str().unwrap())).collect();
    assert_eq!(told, [("1.1", "up"), ("1.2", "same"), ("1.10", "down"), ("2", "not_scored"), ("3", "new"), ("4", "up")]);
    assert_eq!(changes["counts"], json!({"up": 2, "down": 1, "same": 1, "new": 1, "gone": 0, "not_scored": 1}));
    assert_eq!((&changes["items"][0]["difference"], &changes["follows"]), (&json!(0.3), &json!("par-2021")));
    let own = office.get(&at(2022, "/changes?department=DKKD")).await.expect(200).body;
    assert_eq!(own["counts"], json!({"up": 1, "down": 0, "same": 1, "new": 0, "gone": 0, "not_scored": 0}));
    assert_eq!(office.get(&at(2022, "/changes?department=SKHDT")).await.expect(200).body["counts"], changes["counts"]);
    assert_eq!(office.get(&at(2022, "/changes?department=NO")).await.expect(422).pointers(), ["department"]);
    let csv = office.send("GET", &at(2022, "/changes"), &[("accept", "text/csv")], None).await.expect(200);
    assert!(csv.text.contains("1.10,Có sáng kiến,SKHDT,1.50,0.00,1.50,-1.50,down\r\n"), "{}", csv.text);
    assert_eq!(one(&office.get(SHEET).await.expect(200).body, "1")["last_year_points"], 5.1);
    // A sheet does not follow one of its own year or later.
    let mut late = following(2022);
    (late["code"], late["follows"]) = (json!("par-khac"), json!("par-2022"));
    assert_eq!(office.put(&format!("{SHEETS}/par-khac"), late).await.expect(422).pointers(), ["/follows"]);

    // As indicators count them.
    let db = dunghen::db::connect_lazy(&app.shared.settings.database, 1).unwrap();
    let id = async |code: &str| -> uuid::Uuid {
        sqlx::query_scalar("SELECT id FROM departments WHERE code = $1").bind(code).fetch_one(&app.pool).await.unwrap()
    };
    let moved = async |reach: &Reach, department, year| dunghen::criteria::moved(&db, reach, department, year).await.unwrap();
    let all = moved(&Reach::All, None, 2022).await.unwrap();
    assert_eq!((all.up, all.down, all.same, all.new_or_gone, all.not_scored, all.criteria.len()), (2, 1, 1, 1, 1, 6));
    let (agency, dkkd) = (id("SKHDT").await, id("DKKD").await);
    assert_eq!(moved(&Reach::All, Some(agency), 2022).await.unwrap().up, 2);
    let own = moved(&Reach::All, Some(dkkd), 2022).await.unwrap();
    assert_eq!((own.up, own.down), (1, 0));
    assert_eq!(moved(&Reach::Departments(vec![dkkd]), None, 2022).await.unwrap().criteria.len(), own.criteria.len());
    assert!(moved(&Reach::All, None, 2021).await.is_none(), "nothing is known of 2020");
    assert!(moved(&Reach::All, None, 2020).await.is_none());
}

#[tokio::test]
async fn a_table_is_read_and_read_again_unchanged() {
    let app = world().await;
    let office = app.office().await;
    let mut head = sheet(2022);
    head["criteria"] = json!([]);
    office.put(SHEET, head).await.expect(201);
    let path = at(2022, "/imports");
    let send = async |path: &str, media: &str, version: &str, body: Vec<u8>| {
        office.send("POST", path, &[("content-type", media), ("if-match", version), ("accept-language", "en")], Some(body)).await
    };
    let csv = "STT,Tiêu chí,Điểm tối đa,Cách chấm,Bậc điểm,Đơn vị\n1,Chỉ đạo,\"3,5\",,,\n1.1,Kế hoạch,2,Bậc,100: 2; 85: /100,Phòng VP\n1.10,Sáng kiến,1.5,Có/Không,,\n";
    let dry = send(&format!("{path}?dry_run=true"), "text/csv", "\"1\"", csv.into()).await.expect(200);
    assert_eq!((&dry.body["summary"]["created"], app.count("criteria").await), (&json!(3), 0));
    let read = send(&path, "text/csv", "\"1\"", csv.into()).await.expect(200);
    assert_eq!(
        (read.header("etag"), &read.body["header_row"], &read.body["columns"][0]["field"]),
        (Some("\"2\""), &json!(1), &json!("code"))
    );
    let again = send(&path, "text/csv", "\"2\"", csv.into()).await.expect(200);
    assert_eq!((again.header("unchanged"), &again.body["summary"]["unchanged"]), (Some("true"), &json!(3)));
    let told = office.get(SHEET).await.expect(200).body;
    assert_eq!((&one(&told, "1.1")["department"], &one(&told, "1.1")["bands"][1]["per"]), (&json!("VP"), &json!(100.0)));
    assert_eq!((&one(&told, "1.10")["parent"], &one(&told, "1.10")["kind"]), (&json!("1"), &json!("yes_no")));
    office.put(&at(2022, "/scores/1.1"), json!({"self_score": 2})).await.expect(201);

    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("Phụ lục").unwrap();
    for (row, cells) in
        [["Mã", "Tiêu chí", "Điểm tối đa", "Loại"], ["1", "Chỉ đạo", "1", ""], ["1.1", "Kế hoạch", "2", "bậc"], ["1.1", "Lặp", "x", ""]]
            .into_iter()
            .enumerate()
    {
        for (column, cell) in cells.into_iter().enumerate() {
            page.write(row as u32, column as u16, cell).unwrap();
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    let refused = send(&path, dunghen::http::table::XLSX, "\"2\"", bytes.clone()).await.expect(422);
    assert_eq!(refused.pointers(), ["/rows/4/max_points"]);
    let csv = "Mã,Tiêu chí,Điểm tối đa\n1,Chỉ đạo,1\n1.2,Một,2\n1.2,Lặp,2\n";
    let refused = send(&path, "text/csv", "\"2\"", csv.into()).await.expect(422);
    assert_eq!(refused.pointers(), ["/rows/2/max_points", "/rows/4/code", "/criteria"], "{}", refused.text);
    let wrong = send(&format!("{path}?sheet=Khác"), dunghen::http::table::XLSX, "\"2\"", bytes).await.expect(400);
    assert_eq!(wrong.pointers(), ["sheet"]);
    assert_eq!(
        (send(&path, "text/csv", "\"1\"", csv.into()).await.status, office.get(SHEET).await.body["version"].clone()),
        (422, json!(2))
    );
    send(&at(2019, "/imports"), "text/csv", "\"1\"", csv.into()).await.expect(404);
}

#[tokio::test]
async fn sheets_are_listed_by_year_department_and_words() {
    let app = world().await;
    let office = app.office().await;
    office.put(&at(2021, ""), sheet(2021)).await.expect(201);
    office.put(SHEET, following(2022)).await.expect(201);
    let codes = async |query: &str| -> Vec<String> {
        let page = office.get(&format!("{SHEETS}?{query}")).await.expect(200).body;
        page["items"].as_array().unwrap().iter().map(|s| s["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("").await, ["par-2021", "par-2022"]);
    assert_eq!(codes("year=2022&department=SKHDT&q=cai+cach+2022").await, ["par-2022"]);
    assert_eq!(codes("department=VP").await, [""; 0]);
    let page = office.get(&format!("{SHEETS}?limit=1&count=exact&expand=department")).await.expect(200).body;
    assert_eq!(
        (&page["page"]["total"], &page["items"][0]["criteria"], &page["items"][0]["expanded"]["department"]["code"]),
        (&json!(2), &json!(5), &json!("SKHDT"))
    );
    let next = page["page"]["next_cursor"].as_str().unwrap();
    assert_eq!(codes(&format!("limit=1&cursor={next}")).await, ["par-2022"]);
    for year in ["x", "1989", "2201"] {
        assert_eq!(office.get(&format!("{SHEETS}?year={year}")).await.expect(400).pointers(), ["year"]);
    }
}

#[tokio::test]
async fn criteria_that_rose_and_fell_are_indicators() {
    let app = world().await;
    let office = app.office().await;
    for (code, direction) in [("criteria_up", "higher_is_better"), ("criteria_down", "lower_is_better")] {
        let kpi = json!({"code": code, "name": code, "unit": "count", "direction": direction, "source": "computed", "formula": code,
            "targets": [{"authority": "kh-1186", "department": "SKHDT", "period": "2022", "comparator": if code == "criteria_up" { ">=" } else { "=" },
                "value": if code == "criteria_up" { 1 } else { 0 }}]});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    let figures = async |query: &str| {
        let body = office.get(&format!("/api/v1/kpi-results?kpi=criteria_up,criteria_down&{query}")).await.expect(200).body;
        body["items"].as_array().unwrap().iter().map(|f| (f["value"].clone(), f["status"].clone(), f["reason"].clone())).collect::<Vec<_>>()
    };
    let nothing = (Value::Null, json!("no_data"), json!("no_data_source"));
    assert_eq!(figures("period=2022&department=SKHDT").await, [nothing.clone(), nothing.clone()]);
    office.put(&at(2021, ""), sheet(2021)).await.expect(201);
    office.put(SHEET, following(2022)).await.expect(201);
    for (year, scores) in [(2021, [("1.1", 1.0), ("1.2", 2.0), ("1.10", 1.5)]), (2022, [("1.1", 2.0), ("1.2", 1.0), ("1.10", 1.5)])] {
        for (criterion, score) in scores {
            office.put(&at(year, &format!("/scores/{criterion}")), json!({"self_score": score})).await.expect(201);
        }
    }
    let (met, not_met) = ((json!(1.0), json!("met"), Value::Null), (json!(1.0), json!("not_met"), Value::Null));
    assert_eq!(figures("period=2022&department=SKHDT").await, [met, not_met]);
    // Sheets are of years.
    assert_eq!(figures("period=2022Q4&department=SKHDT").await[0].2, "no_data_source");
    let behind = office.get("/api/v1/kpi-results/criteria_up/contributors?period=2022&department=SKHDT&count=exact").await.expect(200).body;
    assert_eq!(
        (&behind["page"]["total"], &behind["items"][0]["kind"], &behind["items"][0]["code"]),
        (&json!(1), &json!("criterion"), &json!("par-2022/1.1"))
    );
    office.get(behind["items"][0]["link"].as_str().unwrap()).await.expect(200);
    office.get("/api/v1/kpi-results/criteria_up/contributors?period=2022&part=denominator").await.expect(400);
}
