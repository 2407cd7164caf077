use dunghen::auth::{Reach, Role};
use dunghen::surveys;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

const SURVEYS: &str = "/api/v1/surveys";

/// A department with two below, two indicators on satisfaction, the five factors, and the fields DT and DN.
async fn world() -> App {
    let app = App::at("2022-12-20T02:00:00Z").await;
    let (admin, office) = (app.admin().await, app.office().await);
    let units = json!([
        {"code": "SKHDT", "name": "Sở Kế hoạch và Đầu tư", "kind": "agency"},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"}
    ]);
    admin.post("/api/v1/departments/bulk", units).await.expect(200);
    for (code, field) in [("P.DT", "DT"), ("P.DN", "DN")] {
        let procedure = json!({"code": code, "name": "Thủ tục", "field": {"code": field, "name": format!("Lĩnh vực {field}")}, "department": "DKKD",
            "limit": {"value": 5, "unit": "working_day"}});
        admin.put(&format!("/api/v1/procedures/{code}"), procedure).await.expect(201);
    }
    for code in ["satisfaction_index", "investment", "access", "procedures", "officials", "result", "reception"] {
        let kpi =
            json!({"code": code, "name": format!("Chỉ số {code}"), "unit": "percent", "direction": "higher_is_better", "source": "survey"});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    app
}

fn row(factor: &str, field: Option<&str>, satisfied: i64, neutral: i64) -> Value {
    json!({"factor": factor, "field": field, "satisfied": satisfied, "neutral": neutral})
}

fn wave(code: &str, period: &str, answers: Value) -> Value {
    let year = &period[..4];
    json!({"code": code, "name": format!("Khảo sát mức độ hài lòng {period}"), "department": "SKHDT", "period": period,
        "method": {"name": "Phát phiếu", "version": "1", "legal_basis": "Kế hoạch 1186/KH-SKHĐT", "mode": "paper", "scale": "five_point"},
        "population": 4200, "sample_size": 500, "respondents": 480, "fieldwork_from": format!("{year}-10-03"), "fieldwork_to": format!("{year}-11-15"),
        "conductor": "Văn phòng", "evidence": [{"document_number": "3310/BC", "issued_on": format!("{year}-12-08"), "title": "Báo cáo"}],
        "feeds": [{"kpi": "satisfaction_index"}, {"kpi": "investment", "field": "DT"}], "answers": answers})
}

fn answers() -> Value {
    json!([row("access", None, 400, 80), row("access", Some("DT"), 80, 20), row("result", None, 300, 100)])
}

async fn put(actor: &Actor, body: &Value) -> crate::harness::Answer {
    actor.put(&format!("{SURVEYS}/{}", body["code"].as_str().unwrap()), body.clone()).await
}

async fn counts(app: &App) -> Vec<i64> {
    let mut all = Vec::new();
    for table in ["surveys", "survey_answers", "survey_feeds", "survey_steps", "survey_published_values", "audit_events", "outbox_events"] {
        all.push(app.count(table).await);
    }
    all
}

#[tokio::test]
async fn a_wave_is_put_closed_corrected_and_published() {
    let app = world().await;
    let office = app.office().await;
    let at = |act: &str| format!("{SURVEYS}/hl-2022/{act}");
    let mut body = wave("hl-2022", "2022", answers());
    let made = put(&office, &body).await.expect(201);
    assert_eq!((made.header("location"), made.header("etag")), (Some("/api/v1/surveys/hl-2022"), Some("\"1\"")));
    assert_eq!((&made.body["state"], &made.body["allowed_acts"]), (&json!("open"), &json!(["close"])));
    assert_eq!(
        made.body["answers"][1],
        json!({"factor": "access", "field": "DT", "question": null, "very_dissatisfied": 0, "dissatisfied": 0,
        "neutral": 20, "satisfied": 80, "very_satisfied": 0, "no_answer": 0})
    );
    let before = counts(&app).await;
    let same = put(&office, &body).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"1\"")));
    assert_eq!(counts(&app).await, before);

    body["note"] = json!("Phiếu thu tại Một cửa");
    assert_eq!(put(&office, &body).await.expect(428).code(), "precondition_required");
    office.json("PUT", &format!("{SURVEYS}/hl-2022"), &[("if-match", "\"7\"")], &body).await.expect(412);
    let changed = office.json("PUT", &format!("{SURVEYS}/hl-2022"), &[("if-match", "\"1\"")], &body).await.expect(200);
    assert_eq!((&changed.body["version"], &changed.body["note"]), (&json!(2), &body["note"]));
    let stale =
        office.json("PUT", &format!("{SURVEYS}/hl-2022"), &[("if-match", "\"1\"")], &wave("hl-2022", "2022", answers())).await.expect(412);
    assert_eq!(stale.body["changed_fields"], json!(["note"]), "{}", stale.text);
    assert_eq!(
        office
            .act(&at("publication"), 2, json!({"document_number": "1", "published_on": "2022-12-19", "values": [{"value": 80}]}))
            .await
            .expect(409)
            .body["allowed"],
        json!(["close"])
    );

    let before = counts(&app).await;
    let dry = office.act(&format!("{}?dry_run=true", at("closure")), 2, json!({"text": "Khóa"})).await.expect(200);
    assert_eq!((dry.header("dry-run"), counts(&app).await), (Some("true"), before.clone()));
    let closed = office.act(&at("closure"), 2, json!({"text": "Đã kiểm tra"})).await.expect(200).body;
    assert_eq!(
        (&closed["state"], &closed["closed_at"], &closed["version"]),
        (&json!("closed"), &json!("2022-12-20T09:00:00+07:00"), &json!(3))
    );
    assert_eq!(closed["allowed_acts"], json!(["correct", "publish"]));
    let after = counts(&app).await;
    assert_eq!((after[3], after[5], after[6]), (before[3] + 1, before[5] + 1, before[6] + 1));

    // Closed, it is changed by a correction only.
    body["respondents"] = json!(490);
    let refused = office.json("PUT", &format!("{SURVEYS}/hl-2022"), &[("if-match", "\"3\"")], &body).await.expect(409);
    assert_eq!(
        (refused.code(), &refused.body["from"], &refused.body["requested"]),
        ("transition_not_allowed", &json!("closed"), &json!("put"))
    );
    assert_eq!(refused.body["allowed"], json!(["correct", "publish"]));
    office.load(&format!("{SURVEYS}/hl-2022/answers/bulk"), &[row("access", None, 1, 1)]).await.expect(409);
    office.act(&at("closure"), 3, json!({})).await.expect(409);
    let silent = office.act(&at("correction"), 3, json!({"reason": " ", "survey": body})).await.expect(422);
    assert_eq!(silent.pointers(), ["/reason"]);
    let corrected = office
        .act(&at("correction"), 3, json!({"reason": "Thiếu 10 phiếu", "document_no": "31/BC", "survey": body}))
        .await
        .expect(200)
        .body;
    assert_eq!((&corrected["state"], &corrected["respondents"], &corrected["version"]), (&json!("closed"), &json!(490), &json!(4)));
    let step = &corrected["timeline"][1];
    assert_eq!((&step["act"], &step["text"], &step["document_no"]), (&json!("correct"), &json!("Thiếu 10 phiếu"), &json!("31/BC")));
    let was: Value = sqlx::query_scalar("SELECT detail FROM audit_events WHERE act = 'correct'").fetch_one(&app.pool).await.unwrap();
    assert_eq!((&was["was"]["respondents"], &was["changed"]), (&json!(480), &json!(["respondents", "timeline"])));
    let nothing = office.act(&at("correction"), 4, json!({"reason": "x", "survey": body})).await.expect(200);
    assert_eq!((nothing.header("unchanged"), &nothing.body["version"]), (Some("true"), &json!(4)));

    let values = json!([{"value": 81.25}, {"factor": "access", "value": 83.33}, {"field": "DT", "value": 79.9}]);
    let publication =
        json!({"published_by": "UBND tỉnh", "document_number": "107/QĐ-UBND", "published_on": "2022-12-19", "values": values});
    let published = office.act(&at("publication"), 4, publication.clone()).await.expect(200).body;
    assert_eq!((&published["state"], &published["publication"]["values"][2]["value"]), (&json!("published"), &json!(79.9)));
    let results = office.get(&at("results")).await.expect(200).body;
    // 700 of 880 are 79.545… %.
    assert_eq!((&results["whole"]["value"], &results["whole"]["published"]), (&json!(79.55), &json!({"value": 81.25, "difference": 1.7})));
    assert_eq!(results["factors"][0]["published"], json!({"value": 83.33, "difference": 0.0}));
    assert_eq!((&results["factors"][1]["published"], &results["fields"][0]["published"]["difference"]), (&Value::Null, &json!(-0.1)));
    let again = json!({"document_number": "108/QĐ-UBND", "published_on": "2022-12-20", "values": [{"value": 82}]});
    let again = office.act(&at("publication"), 5, again).await.expect(200).body;
    assert_eq!((again["publication"]["values"].as_array().unwrap().len(), &again["publication"]["published_by"]), (1, &Value::Null));
    let got = office.get(&format!("{SURVEYS}/hl-2022")).await.expect(200);
    assert_eq!((got.header("etag"), got.body["timeline"].as_array().unwrap().len()), (Some("\"6\""), 4));
    office.send("GET", &format!("{SURVEYS}/{}", got.body["id"].as_str().unwrap()), &[("if-none-match", "\"6\"")], None).await.expect(304);
}

#[tokio::test]
async fn the_index_is_a_sum_over_a_sum_with_its_interval() {
    let app = world().await;
    let office = app.office().await;
    let rows = json!([
        {"factor": "access", "question": "1", "very_satisfied": 100, "satisfied": 300, "neutral": 40, "dissatisfied": 30, "very_dissatisfied": 10},
        {"factor": "access", "question": "1", "field": "DT", "satisfied": 60, "neutral": 20},
        {"factor": "access", "question": "2", "field": "DT", "satisfied": 10, "very_satisfied": 10, "neutral": 80, "no_answer": 3},
        {"factor": "access", "question": "2", "field": "DN", "satisfied": 90, "neutral": 10},
        {"factor": "result", "satisfied": 9, "neutral": 1, "no_answer": 400},
        {"factor": "reception", "no_answer": 480}
    ]);
    put(&office, &wave("hl-2022", "2022", rows)).await.expect(201);
    let results = office.get(&format!("{SURVEYS}/hl-2022/results")).await.expect(200).body;
    let whole = &results["whole"];
    assert_eq!(
        (&whole["satisfied"], &whole["valid"], &whole["value"], &whole["no_answer"]),
        (&json!(519), &json!(690), &json!(75.22), &json!(883))
    );
    assert_eq!(
        whole["levels"],
        json!({"very_dissatisfied": 10, "dissatisfied": 30, "neutral": 131, "satisfied": 409, "very_satisfied": 110})
    );
    assert_eq!(whole["interval"], json!({"from": 71.86, "to": 78.29}));
    assert_eq!((&results["response_rate"], &results["minimum"], &whole["previous"]), (&json!(96.0), &json!(30), &Value::Null));
    // The best first; what nobody answered last and without a place.
    let factors: Vec<_> = results["factors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["key"].as_str().unwrap(), f["rank"].as_i64(), f["value"].as_f64(), f["too_few_answers"].as_bool().unwrap()))
        .collect();
    assert_eq!(factors, [("result", Some(1), Some(90.0), true), ("access", Some(2), Some(75.0), false), ("reception", None, None, true)]);
    assert_eq!((&results["factors"][2]["interval"], &results["factors"][0]["name"]), (&Value::Null, &json!("Chỉ số result")));
    let fields: Vec<_> = results["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["key"].as_str().unwrap(), f["satisfied"].as_i64().unwrap(), f["valid"].as_i64().unwrap()))
        .collect();
    assert_eq!(fields, [("DN", 90, 100), ("DT", 80, 180)]);
    // The list tells the same.
    let listed = office.get(&format!("{SURVEYS}?kpi=access&state=open&q=hai+long")).await.expect(200).body["items"][0].clone();
    assert_eq!((&listed["satisfied"], &listed["valid"], &listed["value"]), (&json!(519), &json!(690), &json!(75.22)));
    assert_eq!(office.get(&format!("{SURVEYS}?kpi=officials")).await.expect(200).body["items"], json!([]));

    let table = office
        .send("GET", &format!("{SURVEYS}/hl-2022/results"), &[("accept", "text/csv"), ("accept-language", "en")], None)
        .await
        .expect(200);
    assert!(table.header("content-disposition").unwrap().contains("survey-results.csv"));
    let lines: Vec<&str> = table.text.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("Part,Code,Name,Very dissatisfied"), "{}", lines[0]);
    assert_eq!((lines.len(), lines[1]), (7, "Whole,,,10,30,131,409,110,883,690,519,75.22,71.86,78.29,,,,,"));
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let book = office.send("GET", &format!("{SURVEYS}/hl-2022/results"), &[("accept", xlsx)], None).await.expect(200);
    assert_eq!(book.header("content-type"), Some(xlsx));
    office.send("GET", &format!("{SURVEYS}/hl-2022/results"), &[("accept", "application/pdf")], None).await.expect(406);
}

#[tokio::test]
async fn a_wave_is_compared_with_the_one_before() {
    let app = world().await;
    let office = app.office().await;
    put(
        &office,
        &wave("hl-2021", "2021", json!([row("access", None, 300, 100), row("result", None, 380, 100), row("officials", None, 20, 9)])),
    )
    .await
    .expect(201);
    let mut next = wave(
        "hl-2022",
        "2022",
        json!([row("access", None, 440, 40), row("result", None, 384, 96), row("officials", None, 1, 300), row("reception", None, 9, 1)]),
    );
    next["follows"] = json!("hl-2021");
    put(&office, &next).await.expect(201);
    let results = office.get(&format!("{SURVEYS}/hl-2022/results")).await.expect(200).body;
    assert_eq!(results["compared_with"], json!({"survey": "hl-2021", "period": "2021", "state": "open", "same_method": true}));
    let of = |key: &str| results["factors"].as_array().unwrap().iter().find(|f| f["key"] == key).unwrap()["previous"].clone();
    let access = of("access");
    assert_eq!(
        (&access["change"], &access["value"], &access["difference"], &access["intervals_overlap"]),
        (&json!("rose"), &json!(75.0), &json!(16.67), &json!(false))
    );
    assert!(access["z"].as_f64().unwrap() > 6.0 && access["text"].as_str().unwrap().contains("16.67"), "{access}");
    assert_eq!(
        (&of("result")["change"], &of("result")["difference"], &of("result")["intervals_overlap"]),
        (&json!("no_clear_change"), &json!(0.83), &json!(true))
    );
    assert_eq!((&of("officials")["change"], &of("reception")["change"]), (&json!("too_few_answers"), &json!("not_comparable")));
    let whole = &results["whole"]["previous"];
    assert_eq!((&whole["change"], &whole["valid"], &whole["satisfied"]), (&json!("fell"), &json!(909), &json!(700)));
    let english = office.send("GET", &format!("{SURVEYS}/hl-2022/results"), &[("accept-language", "en")], None).await.expect(200).body;
    assert!(english["whole"]["previous"]["text"].as_str().unwrap().starts_with("Down by"), "{english}");

    // Only an earlier wave of the same department is a wave before; and it stays so.
    let mut other = wave("hl-dn", "2020", json!([]));
    other["department"] = json!("DN");
    put(&office, &other).await.expect(201);
    for (follows, fault) in [("hl-dn", "bad_survey"), ("hl-2022", "dates_backwards"), ("gone", "unknown_code")] {
        let mut third = wave("hl-2022b", "2022H1", json!([]));
        third["follows"] = json!(follows);
        let refused = put(&office, &third).await.expect(422);
        assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/follows"], vec![fault]), "{follows}");
    }
    let moved =
        office.json("PUT", &format!("{SURVEYS}/hl-2021"), &[("if-match", "*")], &wave("hl-2021", "2023", json!([]))).await.expect(422);
    assert_eq!(moved.pointers(), ["/fieldwork_from", "/evidence/0/issued_on", "/period"]);
    let mut away = wave("hl-2021", "2021", json!([]));
    away["department"] = json!("DN");
    assert_eq!(office.json("PUT", &format!("{SURVEYS}/hl-2021"), &[("if-match", "*")], &away).await.expect(422).fault_codes(), ["in_use"]);
    let mut own = wave("hl-2021", "2021", json!([]));
    own["follows"] = json!("hl-2021");
    assert_eq!(
        office.json("PUT", &format!("{SURVEYS}/hl-2021"), &[("if-match", "*")], &own).await.expect(422).fault_codes(),
        ["unknown_code"]
    );
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let app = world().await;
    let office = app.office().await;
    let before = counts(&app).await;
    let mut bad = wave(
        "hl-2022",
        "2022",
        json!([
            row("access", None, 481, 0),
            row("access", Some("XX"), 1, 0),
            row("nothing", None, 1, 0),
            row("result", None, 1, 0),
            row("result", None, 2, 0),
            row("officials", Some("DT"), 300, 0),
            row("officials", Some("DN"), 181, 0)
        ]),
    );
    bad["department"] = json!("GONE");
    (bad["sample_size"], bad["respondents"], bad["population"]) = (json!(470), json!(480), json!(460));
    bad["fieldwork_to"] = json!("2022-10-01");
    bad["feeds"] = json!([{"kpi": "on_time_rate"}]);
    let refused = put(&office, &bad).await.expect(422);
    assert_eq!(
        refused.pointers(),
        [
            "/department",
            "/sample_size",
            "/respondents",
            "/fieldwork_to",
            "/feeds/0/kpi",
            "/answers/0",
            "/answers/1/field",
            "/answers/2/factor",
            "/answers/4",
            "/answers/6"
        ],
        "{}",
        refused.text
    );
    assert_eq!(refused.fault_codes()[5], "answers_exceed_sample");
    let mut shape = wave("hl-2022", "2022", json!([{"factor": "access", "satisfied": -1, "neutral": 1.5, "more": 1}]));
    shape["sample_size"] = json!("nhiều");
    let refused = put(&office, &shape).await.expect(400);
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/answers/0/more", "/answers/0/neutral", "/answers/0/satisfied", "/sample_size"], "{}", refused.text);
    office.put(&format!("{SURVEYS}/another"), wave("hl-2022", "2022", json!([]))).await.expect(422);
    assert_eq!(counts(&app).await, before);

    // What is lacking when it is closed.
    let empty = json!({"code": "hl-2022", "name": "Khảo sát", "department": "SKHDT", "period": "2022",
        "method": {"name": "Phiếu", "mode": "online", "scale": "three_point"}, "sample_size": 10});
    put(&office, &empty).await.expect(201);
    let before = counts(&app).await;
    let at = |act: &str| format!("{SURVEYS}/hl-2022/{act}");
    let lacking = office.act(&at("closure"), 1, json!({})).await.expect(422);
    assert_eq!(lacking.pointers(), ["/respondents", "/fieldwork_from", "/fieldwork_to", "/conductor", "/evidence", "/answers"]);
    assert_eq!(office.post(&at("closure"), json!({})).await.expect(428).code(), "precondition_required");
    office.act(&at("closure"), 3, json!({})).await.expect(412);
    assert_eq!(counts(&app).await, before);

    // What cannot have been published.
    let full = wave("hl-2021", "2021", json!([row("access", Some("DT"), 40, 1)]));
    put(&office, &full).await.expect(201);
    office.act(&format!("{SURVEYS}/hl-2021/closure"), 1, json!({})).await.expect(200);
    let before = counts(&app).await;
    let wrong = json!({"document_number": " ", "published_on": "2021-11-01", "values": [{"value": 80}, {"value": 81}, {"factor": "result", "field": "DN", "value": 1}]});
    let refused = office.act(&format!("{SURVEYS}/hl-2021/publication"), 2, wrong).await.expect(422);
    assert_eq!(
        refused.pointers(),
        ["/document_number", "/published_on", "/values/1", "/values/2/field", "/values/2/factor", "/values/2/field"]
    );
    for value in [json!(100.01), json!(80.125), json!(-1)] {
        let wrong = json!({"document_number": "1", "published_on": "2021-12-01", "values": [{"value": value}]});
        office.act(&format!("{SURVEYS}/hl-2021/publication"), 2, wrong).await.expect(400);
    }
    // A correction is held to what a wave is held to when it is put and closed.
    let mut wrong = full.clone();
    (wrong["respondents"], wrong["conductor"]) = (json!(501), Value::Null);
    let refused = office.act(&format!("{SURVEYS}/hl-2021/correction"), 2, json!({"reason": "", "survey": wrong})).await.expect(422);
    assert_eq!(refused.pointers(), ["/reason", "/survey/respondents", "/survey/conductor"]);
    assert_eq!(counts(&app).await, before);
}

/// Whoever writes past the server is held to the same.
#[tokio::test]
async fn the_database_takes_no_more_answers_than_responses() {
    let app = world().await;
    put(&app.office().await, &wave("hl-2022", "2022", answers())).await.expect(201);
    for (statement, constraint) in [
        ("UPDATE survey_answers SET satisfied = 401, neutral = 80 WHERE n = 1", "survey_answer_sum_check"),
        ("UPDATE surveys SET respondents = 479", "survey_answer_sum_check"),
        ("UPDATE surveys SET respondents = 501", "survey_sizes_check"),
        ("UPDATE surveys SET population = 499", "survey_sizes_check"),
        ("UPDATE survey_answers SET neutral = -1", "survey_answer_neutral_check"),
        ("UPDATE survey_answers SET respondents = 9999", "survey_answer_survey_fkey"),
        ("UPDATE surveys SET state = 'closed'", "survey_closed_check"),
        ("UPDATE surveys SET fieldwork_to = '2022-01-01'", "survey_fieldwork_check"),
    ] {
        let error = sqlx::query(statement).execute(&app.pool).await.unwrap_err();
        assert_eq!(error.as_database_error().and_then(|e| e.constraint()), Some(constraint), "{statement}: {error}");
    }
}

#[tokio::test]
async fn answers_are_loaded_into_an_open_wave() {
    let app = world().await;
    let office = app.office().await;
    put(&office, &wave("hl-2022", "2022", answers())).await.expect(201);
    let bulk = format!("{SURVEYS}/hl-2022/answers/bulk");
    let csv =
        "factor,field,question,satisfied,very_satisfied,neutral,no_answer\naccess,,,390,20,60,5\nresult,DT,,30,,10,\nofficials,,1,7,8,9,\n";
    let before = counts(&app).await;
    let dry = office.send("POST", &format!("{bulk}?dry_run=true"), &[("content-type", "text/csv")], Some(csv.into())).await.expect(200);
    assert_eq!(
        (&dry.body["summary"]["created"], &dry.body["summary"]["updated"], counts(&app).await),
        (&json!(2), &json!(1), before.clone())
    );
    let done = office.send("POST", &format!("{bulk}?return=all"), &[("content-type", "text/csv")], Some(csv.into())).await.expect(200).body;
    let codes: Vec<_> =
        done["results"].as_array().unwrap().iter().map(|r| (r["code"].as_str().unwrap(), r["status"].as_str().unwrap())).collect();
    assert_eq!(codes, [("access", "updated"), ("result/DT", "created"), ("officials//1", "created")]);
    let now = office.get(&format!("{SURVEYS}/hl-2022")).await.expect(200).body;
    let places: Vec<_> =
        now["answers"].as_array().unwrap().iter().map(|a| format!("{}/{}", a["factor"].as_str().unwrap(), a["satisfied"])).collect();
    assert_eq!(
        (places, &now["version"]),
        (["access/390", "access/80", "result/300", "result/30", "officials/7"].map(str::to_owned).to_vec(), &json!(2))
    );
    let after = counts(&app).await;
    assert_eq!((after[1], after[5], after[6]), (before[1] + 2, before[5] + 1, before[6] + 1));
    let same = office.send("POST", &bulk, &[("content-type", "text/csv")], Some(csv.into())).await.expect(200).body;
    assert_eq!((&same["summary"]["unchanged"], counts(&app).await), (&json!(3), after.clone()));

    // Refused rows are told, and are told of what stands there.
    let bad = [
        row("access", None, 430, 60),
        row("access", Some("DN"), 400, 0),
        row("result", Some("DT"), 301, 0),
        row("nothing", None, 1, 0),
        row("officials", None, 1, 0),
    ];
    let refused = office.load(&bulk, &bad).await.expect(422).body;
    let told: Vec<_> = refused["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_i64().unwrap(), r["errors"][0]["code"].as_str().unwrap(), r["errors"][0]["pointer"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (0, "answers_exceed_sample", ""),
            (1, "bad_survey", ""),
            (2, "bad_survey", ""),
            (3, "unknown_code", "/factor"),
            (4, "bad_survey", "/question")
        ],
        "{refused}"
    );
    // A whole that is less than its fields is the row's fault.
    let less = office.load(&bulk, &[row("access", None, 79, 100)]).await.expect(422).body;
    assert_eq!((&less["results"][0]["errors"][0]["code"], counts(&app).await), (&json!("bad_survey"), after));
    let some = office.load(&format!("{bulk}?mode=best_effort"), &[bad[3].clone(), row("result", None, 301, 100)]).await.expect(207).body;
    assert_eq!((&some["summary"]["rejected"], &some["summary"]["updated"]), (&json!(1), &json!(1)));
    let only_new = office.load(&format!("{bulk}?strategy=create"), &[row("result", None, 302, 100)]).await.expect(422).body;
    assert_eq!(only_new["results"][0]["errors"][0]["pointer"], "/factor");
    office.load(&format!("{SURVEYS}/gone/answers/bulk"), &[]).await.expect(404);
    let key = [("idempotency-key", "k"), ("content-type", "application/json")];
    let body = serde_json::to_vec(&json!([row("result", None, 310, 90)])).unwrap();
    office.send("POST", &bulk, &key, Some(body.clone())).await.expect(200);
    assert_eq!(office.send("POST", &bulk, &key, Some(body)).await.expect(200).header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn who_sees_and_writes_surveys() {
    let app = world().await;
    let office = app.office().await;
    let mut own = wave("hl-dkkd", "2022", answers());
    own["department"] = json!("DKKD");
    put(&office, &own).await.expect(201);
    put(&office, &wave("hl-so", "2022", answers())).await.expect(201);
    let (head, other) = (app.actor(Role::Head, Some("DKKD")).await, app.actor(Role::Head, Some("DN")).await);
    let seen = head.get(SURVEYS).await.expect(200).body;
    assert_eq!((seen["items"].as_array().unwrap().len(), &seen["items"][0]["code"]), (1, &json!("hl-dkkd")));
    assert_eq!(head.get(&format!("{SURVEYS}/hl-dkkd")).await.expect(200).body["allowed_acts"], json!([]));
    head.get(&format!("{SURVEYS}/hl-so/results")).await.expect(404);
    other.get(&format!("{SURVEYS}/hl-dkkd")).await.expect(404);
    head.act(&format!("{SURVEYS}/hl-dkkd/closure"), 1, json!({})).await.expect(403);
    assert_eq!(app.actor(Role::Auditor, None).await.get(SURVEYS).await.expect(200).body["items"].as_array().unwrap().len(), 2);
    app.admin().await.get(SURVEYS).await.expect(403);

    // A machine of a department writes what is about it, and learns of nothing else.
    let machine = app.actor(Role::Integration, Some("DKKD")).await;
    let mut changed = own.clone();
    changed["name"] = json!("Khảo sát tại quầy");
    machine.json("PUT", &format!("{SURVEYS}/hl-dkkd"), &[("if-match", "\"1\"")], &changed).await.expect(200);
    machine.json("PUT", &format!("{SURVEYS}/hl-so"), &[("if-match", "\"1\"")], &wave("hl-so", "2022", json!([]))).await.expect(404);
    let foreign = put(&machine, &wave("hl-moi", "2022", answers())).await.expect(422);
    assert_eq!((foreign.pointers(), foreign.fault_codes()), (vec!["/department"], vec!["not_permitted"]));
    let mut follower = own.clone();
    (follower["code"], follower["period"], follower["follows"]) = (json!("hl-dkkd-2"), json!("2023-01"), json!("hl-so"));
    assert_eq!(put(&machine, &follower).await.expect(422).fault_codes(), ["unknown_code"]);
}

#[tokio::test]
async fn closed_waves_give_indicators_their_figures() {
    let app = world().await;
    let office = app.office().await;
    put(&office, &wave("hl-2022", "2022", answers())).await.expect(201);
    let db = &app.shared.background;
    let kpis = ["satisfaction_index", "investment", "result"].map(str::to_owned);
    let periods = ["2022".to_owned()];
    assert!(surveys::figures(db, &Reach::All, &kpis, None, &periods).await.unwrap().is_empty(), "an open wave feeds nothing");
    office.act(&format!("{SURVEYS}/hl-2022/closure"), 1, json!({})).await.expect(200);
    let told = async |kpis: &[String]| -> Vec<(String, Option<String>, i64, i64, bool)> {
        let found = surveys::figures(db, &Reach::All, kpis, None, &periods).await.unwrap();
        found.into_iter().map(|f| (f.kpi, f.field, f.numerator, f.denominator, f.provisional)).collect()
    };
    let figure = |kpi: &str, field: Option<&str>, n, d, provisional| (kpi.to_owned(), field.map(str::to_owned), n, d, provisional);
    let expected = |provisional| {
        vec![
            figure("satisfaction_index", None, 700, 880, provisional),
            figure("satisfaction_index", Some("DT"), 80, 100, provisional),
            figure("investment", Some("DT"), 80, 100, provisional),
            figure("result", None, 300, 400, provisional),
        ]
    };
    assert_eq!(told(&kpis).await, expected(true));
    let publication = json!({"document_number": "1/QĐ", "published_on": "2022-12-20", "values": [{"value": 80}]});
    office.act(&format!("{SURVEYS}/hl-2022/publication"), 2, publication).await.expect(200);
    assert_eq!(told(&kpis).await, expected(false));
    assert_eq!(told(&kpis[2..]).await.len(), 1);
    let first = surveys::figures(db, &Reach::All, &kpis, None, &periods).await.unwrap().swap_remove(1);
    assert_eq!((first.department.as_str(), first.survey.as_str(), first.field_name.as_deref()), ("SKHDT", "hl-2022", Some("Lĩnh vực DT")));
    assert!(surveys::figures(db, &Reach::All, &kpis, None, &["2021".to_owned()]).await.unwrap().is_empty());
    let nowhere = Reach::Departments(vec![]);
    assert!(surveys::figures(db, &nowhere, &kpis, None, &periods).await.unwrap().is_empty());
    assert!(surveys::figures(db, &Reach::All, &kpis, Some(&[uuid::Uuid::now_v7()]), &periods).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_closed_wave_is_the_figure_of_its_indicator() {
    let app = world().await;
    let office = app.office().await;
    put(&office, &wave("hl-2022", "2022", answers())).await.expect(201);
    let figure = async |query: &str| {
        let body = office.get(&format!("/api/v1/kpi-results?period=2022&department=SKHDT&{query}")).await.expect(200).body;
        body["items"][0].clone()
    };
    assert_eq!(figure("kpi=satisfaction_index").await["reason"], "no_measurement");
    office.act(&format!("{SURVEYS}/hl-2022/closure"), 1, json!({})).await.expect(200);
    let counted = figure("kpi=satisfaction_index").await;
    assert_eq!(
        (&counted["numerator"], &counted["denominator"], &counted["value"], &counted["provisional"], &counted["published"]),
        (&json!(700.0), &json!(880.0), &json!(79.55), &json!(true), &Value::Null)
    );
    let of_field = figure("kpi=investment&field=DT").await;
    assert_eq!((&of_field["value"], &of_field["field"]), (&json!(80.0), &json!("DT")));

    // What was recorded is what was published: it stands beside and changes nothing.
    let published =
        json!({"value": 81.25, "evidence": [{"document_number": "107/QĐ-UBND", "issued_on": "2022-12-19", "title": "Công bố"}]});
    office.put("/api/v1/kpis/satisfaction_index/measurements/SKHDT/2022", published).await.expect(201);
    let beside = figure("kpi=satisfaction_index").await;
    assert_eq!(
        (&beside["value"], &beside["published"]["value"], &beside["published"]["difference"]),
        (&json!(79.55), &json!(81.25), &json!(-1.7))
    );
    let behind = office.get("/api/v1/kpi-results/satisfaction_index/contributors?period=2022&department=SKHDT&count=exact").await;
    let behind = behind.expect(200).body;
    assert_eq!(
        (&behind["page"]["total"], &behind["items"][0]["kind"], &behind["items"][0]["code"]),
        (&json!(1), &json!("survey"), &json!("hl-2022"))
    );
    office.get(behind["items"][0]["link"].as_str().unwrap()).await.expect(200);
}
