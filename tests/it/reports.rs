use dunghen::auth::Role;
use serde_json::{Map, Value, json};

use crate::figures::{row, with_rows};
use crate::harness::{Actor, App};

fn data(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Three departments, two procedures, and dossiers as acts would leave them, written straight into their tables.
async fn with_dossiers() -> App {
    let app = App::start().await;
    let admin = app.admin().await;
    let division = |code: &str| json!({"code": code, "name": code, "kind": "division", "parent": "SO"});
    let departments = json!([{"code": "SO", "name": "Sở", "kind": "agency"}, division("A"), division("B")]);
    admin.post("/api/v1/departments/bulk", departments).await.expect(200);
    let procedure = |code: &str, field: &str, department: &str| {
        json!({"code": code, "name": code, "field": {"code": field, "name": format!("Lĩnh vực {field}")}, "department": department,
            "limit": {"value": 10, "unit": "working_day"}})
    };
    let procedures = json!([procedure("P1", "F1", "A"), procedure("P2", "F2", "B")]);
    admin.post("/api/v1/procedures/bulk", procedures).await.expect(200);
    let sql = "
        INSERT INTO dossiers (id, code, source_system, procedure_id, receiving_department_id, resolving_department_id, channel, submitted_at,
            accepted_at, limit_value, limit_unit, supplement_policy, same_day_cutoff, status, decision, finished_at, voided_at,
            first_due_on, due_on, timeliness, facts_hash, search, received_at)
        SELECT gen_random_uuid(), d.code, 't', p.id, so.id, p.department_id, d.channel, d.accepted, d.accepted, 10, 'working_day', 'pause', '15:00',
               d.status, d.decision, d.finished, d.voided, d.due, CASE d.code WHEN 'waiting' THEN '2022-04-15' ELSE d.due END, d.timeliness, '', '', d.accepted
          FROM (VALUES
            ('on_time',   'P1', 'online', '2022-03-01T08:00+07'::timestamptz, 'resolved',  'resolved',  '2022-03-10T08:00+07'::timestamptz, NULL::timestamptz, '2022-03-15'::date, 'early'),
            ('late',      'P1', 'direct', '2022-03-01T08:00+07', 'resolved',  'resolved',  '2022-03-20T23:59:59+07', NULL, '2022-03-15', 'late'),
            ('withdrawn', 'P1', 'direct', '2022-03-01T08:00+07', 'withdrawn', 'withdrawn', '2022-03-30T08:00+07', NULL, '2022-03-15', 'late'),
            ('not_taken', 'P2', 'postal', '2022-03-02T08:00+07', 'not_accepted', 'not_accepted', '2022-03-03T08:00+07', NULL, '2022-03-16', 'early'),
            ('voided',    'P2', 'online', '2022-03-02T08:00+07', 'voided', 'resolved', '2022-03-20T08:00+07', '2022-05-05T00:00+07', '2022-03-16', 'not_applicable'),
            ('forgotten', 'P2', 'online', '2022-03-02T08:00+07', 'voided', NULL, NULL, NULL, '2022-03-16', 'not_applicable'),
            ('waiting',   'P2', 'online', '2022-03-02T08:00+07', 'processing', NULL, NULL, NULL, '2022-03-16', NULL))
            AS d(code, procedure, channel, accepted, status, decision, finished, voided, due, timeliness)
          JOIN procedures p ON p.code = d.procedure JOIN departments so ON so.code = 'SO';
        INSERT INTO dossier_pauses (dossier_id, kind, n, from_at, to_at, due_before, due_after)
        SELECT id, 'supplement', 1, '2022-03-10T08:00+07'::timestamptz, '2022-04-11T08:00+07'::timestamptz, '2022-03-16'::date, '2022-04-15'::date FROM dossiers WHERE code = 'waiting';
        INSERT INTO dossier_apologies (dossier_id, n, sent_at, new_due_on)
        SELECT id, 1, '2022-04-20T00:00+07'::timestamptz, '2022-05-01'::date FROM dossiers WHERE code = 'waiting'
        UNION ALL SELECT id, 1, '2022-03-15T08:00+07', NULL FROM dossiers WHERE code = 'late'
        UNION ALL SELECT id, 2, '2022-03-21T00:00+07', '2022-03-25' FROM dossiers WHERE code = 'late';";
    sqlx::raw_sql(sql).execute(&app.pool).await.unwrap();
    app
}

#[tokio::test]
async fn a_report_is_judged_by_what_had_happened_by_its_end() {
    let app = with_dossiers().await;
    let office = app.office().await;
    let outcomes = async |as_of: &str| {
        let path = format!("/api/v1/reports/dossier-outcomes?from=2022-03-01&to=2022-03-31&as_of={as_of}");
        office.get(&path).await.expect(200).body["total"]["outcomes"].clone()
    };
    assert_eq!(outcomes("2022-02-28").await, json!({}));
    assert_eq!(outcomes("2022-03-02").await, json!({"in_progress": 6}));
    assert_eq!(outcomes("2022-03-09").await, json!({"in_progress": 5, "refused": 1}));
    assert_eq!(outcomes("2022-03-10").await, json!({"on_time": 1, "in_progress": 3, "refused": 1, "supplement_requested": 1}));
    // An apology without a new date is none; one sent after the finish does not count either.
    let march_19 = json!({"on_time": 1, "overdue": 3, "refused": 1, "supplement_requested": 1});
    assert_eq!(outcomes("2022-03-19").await, march_19);
    let march_31 = json!({"on_time": 1, "late_without_apology": 2, "withdrawn": 1, "refused": 1, "supplement_requested": 1});
    assert_eq!(outcomes("2022-03-31").await, march_31);
    let running = json!({"on_time": 1, "late_without_apology": 2, "withdrawn": 1, "refused": 1, "in_progress": 1});
    assert_eq!(outcomes("2022-04-15").await, running);
    let overdue = json!({"on_time": 1, "late_without_apology": 2, "withdrawn": 1, "refused": 1, "overdue": 1});
    assert_eq!(outcomes("2022-04-19").await, overdue);
    let apologised = json!({"on_time": 1, "late_without_apology": 2, "withdrawn": 1, "refused": 1, "overdue_with_apology": 1});
    assert_eq!(outcomes("2022-04-20").await, apologised);
    // Voided on 5 May at 0:00: the day before still counts it.
    assert_eq!(outcomes("2022-05-04").await, apologised);
    let voided = json!({"on_time": 1, "late_without_apology": 1, "withdrawn": 1, "refused": 1, "overdue_with_apology": 1});
    assert_eq!(outcomes("2022-05-05").await, voided);
}

#[tokio::test]
async fn the_columns_of_ii06a_always_add_up() {
    let app = with_dossiers().await;
    let office = app.office().await;
    let report = async |from: &str, to: &str, group: &str| {
        let path = format!("/api/v1/reports/dossier-results?from={from}&to={to}&group_by={group}");
        let body = office.get(&path).await.expect(200).body;
        let columns = ["received_total", "resolved_total", "open_total"];
        for counts in body["rows"].as_array().unwrap().iter().chain([&body["total"]]) {
            let n = columns.map(|c| counts[c].as_i64().unwrap());
            assert_eq!(n[0], n[1] + n[2], "{body}");
        }
        body
    };
    let total = report("2022-03-01", "2022-03-19", "none").await["total"].clone();
    assert_eq!((&total["received_online"], &total["received_direct_postal"], &total["carried_over"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!((&total["resolved_early"], &total["open_in_time"], &total["open_overdue"]), (&json!(2), &json!(1), &json!(3)));
    let total = report("2022-03-20", "2022-03-31", "none").await["total"].clone();
    assert_eq!((&total["carried_over"], &total["resolved_late"], &total["resolved_on_time"]), (&json!(4), &json!(2), &json!(1)));
    for (from, to) in
        [("2022-03-10", "2022-03-10"), ("2022-04-01", "2022-05-04"), ("2022-03-01", "2022-05-05"), ("2023-01-01", "2023-12-31")]
    {
        for group in ["none", "department", "field", "procedure"] {
            report(from, to, group).await;
        }
    }
    let rows = report("2023-01-01", "2023-12-31", "field").await["rows"].clone();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["key"], &rows[0]["name"]), (1, &json!("F2"), &json!("Lĩnh vực F2")));
}

#[tokio::test]
async fn a_report_is_cut_by_department_field_and_procedure_within_sight() {
    let app = with_dossiers().await;
    let office = app.office().await;
    let received = |body: &Value| body["total"]["received_total"].as_i64().unwrap();
    let path = "/api/v1/reports/dossier-results?period=2022&period_set=calendar";
    let cases =
        [("", 5), ("&department=A", 3), ("&department=SO", 0), ("&department=SO&scope=subtree", 5), ("&field=F2", 2), ("&procedure=P1", 3)];
    for (cut, n) in cases {
        assert_eq!(received(&office.get(&format!("{path}{cut}")).await.expect(200).body), n, "{cut}");
    }
    let head = app.actor(Role::Head, Some("B")).await;
    assert_eq!(received(&head.get(path).await.expect(200).body), 2);
    let rows = head.get(&format!("{path}&group_by=department")).await.expect(200).body["rows"].clone();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["key"]), (1, &json!("B")));
    for query in ["department=A", "department=SO&scope=subtree", "department=NO"] {
        assert_eq!(head.get(&format!("{path}&{query}")).await.expect(422).pointers(), ["department"], "{query}");
    }
    let all = office.get(&format!("{path}&department=X&field=X&procedure=X")).await.expect(422);
    assert_eq!(all.pointers(), ["department", "procedure", "field"]);
    app.admin().await.get(path).await.expect(403);
    app.nobody().get(path).await.expect(401);
    let kpi = |item: &Value| (item["numerator"].clone(), item["denominator"].clone(), item["value"].clone());
    let results = "/api/v1/kpi-results?kpi=on_time_rate,apology_coverage,supplement_rate,refusal_rate&period=2022-03";
    let items = office.get(results).await.expect(200).body["items"].clone();
    let expected = [(2, 4, 50.0), (0, 2, 0.0), (1, 6, 16.67), (1, 4, 25.0)].map(|(n, d, v)| (json!(n), json!(d), json!(v)));
    assert_eq!(items.as_array().unwrap().iter().map(kpi).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_report_names_its_faults_and_comes_in_three_forms() {
    let app = with_dossiers().await;
    let office = app.office().await;
    for report in ["dossier-results", "dossier-outcomes"] {
        let path = format!("/api/v1/reports/{report}");
        let cases = [
            ("", vec!["period"]),
            ("period=2022-13", vec!["period"]),
            ("period=2022,2023", vec!["period"]),
            ("period=2022&from=2022-01-01&to=2022-02-01", vec!["period"]),
            ("from=2022-02-01&to=2022-01-01", vec!["to"]),
            ("period=2022&group_by=colour&period_set=x&limit=5", vec!["period_set", "group_by", "limit"]),
        ];
        for (query, pointers) in cases {
            assert_eq!(office.get(&format!("{path}?{query}")).await.expect(400).pointers(), pointers, "{query}");
        }
        let path = format!("{path}?period=2022-04&group_by=department");
        let body = office.get(&path).await.expect(200).body;
        assert_eq!((&body["from"], &body["to"], &body["as_of"]), (&json!("2022-03-15"), &json!("2022-04-14"), &json!("2022-04-14")));
        let csv = office.send("GET", &path, &[("accept", "text/csv")], None).await.expect(200);
        assert!(csv.text.starts_with("\u{feff}Mã,Tên,") && csv.text.contains("\r\n,Tổng cộng,"), "{}", csv.text);
        assert!(csv.header("content-disposition").unwrap().contains(report));
        let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        let xlsx = office.send("GET", &path, &[("accept", sheet)], None).await.expect(200);
        assert!(xlsx.text.starts_with("PK"));
        office.send("GET", &path, &[("accept", "application/pdf")], None).await.expect(406);
    }
}

#[tokio::test]
async fn the_worked_examples_give_the_expected_figures() {
    let app = App::start().await.with_examples().await;
    let office = app.office().await;
    let rows: Vec<Value> = data("dossiers.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    for (code, value) in [("on_time_rate", 99), ("online_rate", 55)] {
        let path = format!("/api/v1/kpis/{code}");
        let kpi = office.get(&path).await.expect(200).body;
        let body = json!({"code": code, "name": kpi["name"], "unit": "percent", "direction": "higher_is_better", "source": "computed",
            "formula": code, "targets": [{"authority": "plan", "period": "2022", "comparator": ">=", "value": value}]});
        office.json("PUT", &path, &[("if-match", "\"1\"")], &body).await.expect(200);
    }
    let expected: Value = serde_json::from_str(&data("expected.json")).unwrap();
    let query = |e: &Value| {
        let text = |name: &str| e[name].as_str().unwrap().to_owned();
        format!("period={}&period_set={}&group_by={}", text("period"), text("period_set"), text("group_by"))
    };
    let asked = ["from", "to", "as_of", "rows", "total"];
    for e in expected["ii06a"].as_array().unwrap() {
        let got = office.get(&format!("/api/v1/reports/dossier-results?{}", query(e))).await.expect(200).body;
        asked.iter().for_each(|name| assert_eq!(got[name], e[name], "{} {name}", query(e)));
    }
    for e in expected["outcomes"].as_array().unwrap() {
        let as_of = e["as_of"].as_str().unwrap();
        let got = office.get(&format!("/api/v1/reports/dossier-outcomes?{}&as_of={as_of}", query(e))).await.expect(200).body;
        asked.iter().for_each(|name| assert_eq!(got[name], e[name], "{} {as_of} {name}", query(e)));
    }
    for e in expected["indicators"].as_array().unwrap() {
        let (codes, grouped): (Vec<&String>, bool) = (e["total"].as_object().unwrap().keys().collect(), e["group_by"] != "none");
        let codes: Vec<&str> = codes.into_iter().map(String::as_str).collect();
        let got = office.get(&format!("/api/v1/kpi-results?kpi={}&{}", codes.join(","), query(e))).await.expect(200).body;
        let mut found: Map<String, Value> = Map::new();
        for item in got["items"].as_array().unwrap() {
            let row = item["key"].as_str().unwrap_or("");
            found.entry(row).or_insert_with(|| json!({}))[item["kpi"].as_str().unwrap()] = item.clone();
        }
        let none = vec![("".to_owned(), &e["total"])];
        let wanted = if grouped {
            e["rows"].as_array().unwrap().iter().map(|row| (row["key"].as_str().unwrap().to_owned(), row)).collect()
        } else {
            none
        };
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted.iter().map(|(key, _)| key).collect::<Vec<_>>(), "{}", query(e));
        for (key, row) in wanted {
            for (code, figures) in row.as_object().unwrap().iter().filter(|(_, v)| v.is_object()) {
                for (name, value) in figures.as_object().unwrap() {
                    assert_eq!(&found[&key][code][name], value, "{} {key} {code} {name}", query(e));
                }
            }
        }
    }
}

/// Open in time, and open and overdue, by the end of a day.
async fn open(who: &Actor, to: &str) -> [i64; 2] {
    let report = who.get(&format!("/api/v1/reports/dossier-results?from=2022-06-01&to={to}")).await.expect(200).body;
    ["open_in_time", "open_overdue"].map(|column| report["total"][column].as_i64().unwrap())
}

#[tokio::test]
async fn a_corrected_procedure_makes_an_open_dossier_due_in_reports_when_its_detail_says() {
    let app = with_rows(&[row("corrected", json!({}))]).await;
    let office = app.office().await;
    assert_eq!(open(&office, "2022-06-20").await, [0, 1]);
    // Twenty working days instead of three; what was promised first stays on record.
    office.load("/api/v1/dossiers/bulk", &[row("corrected", json!({"procedure": "1.009493"}))]).await.expect(200);
    let detail = office.get("/api/v1/dossiers/by-code/corrected").await.expect(200).body;
    assert_eq!(
        (&detail["first_due_on"], &detail["due_on"], &detail["timeliness"]),
        (&json!("2022-06-09"), &json!("2022-07-04"), &json!("in_time"))
    );
    assert_eq!((open(&office, "2022-06-20").await, open(&office, "2022-07-05").await), ([1, 0], [0, 1]));
    let late = office.get("/api/v1/reports/overdue-reasons?from=2022-06-01&to=2022-06-20").await.expect(200).body;
    assert_eq!(late["total"]["total"], 0);
    // While the clock stands the date before the pause is the one in force.
    let waiting =
        json!({"procedure": "1.009493", "supplements": [{"requested_at": "2022-06-13T09:00:00+07:00", "document_no": "1", "reason": "x"}]});
    office.load("/api/v1/dossiers/bulk", &[row("corrected", waiting)]).await.expect(200);
    assert_eq!((open(&office, "2022-06-20").await, open(&office, "2022-07-05").await), ([1, 0], [1, 0]));
}

#[tokio::test]
async fn a_pause_entered_after_a_revision_but_dated_before_it_moves_the_due_date_in_reports_too() {
    let app = App::at("2022-06-08T10:00:00+07:00").await.with_examples().await;
    let (office, counter, head) = (app.office().await, app.one_stop().await, app.actor(Role::Head, Some("DKKD")).await);
    let act = async |who: &Actor, dossier: &Value, act: &str, body: Value| {
        let path = format!("/api/v1/dossiers/{}/{act}", dossier["id"].as_str().unwrap());
        who.act(&path, dossier["version"].as_i64().unwrap(), body).await.expect(200).body
    };
    let new = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true,
        "occurred_at": "2022-06-06T09:00:00+07:00", "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
    let dossier = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    act(&head, &dossier, "processing", json!({"occurred_at": "2022-06-06T10:00:00+07:00"})).await;
    // The 9th is taken out: the revision on the 8th moves the due date from there to the 10th.
    let off = json!({"kind": "day_off", "name": "Nghỉ tránh bão"});
    app.admin().await.put("/api/v1/calendars/vn/days/2022-06-09", off).await.expect(201);
    office.act("/api/v1/calendars/vn/revisions", 2, json!({})).await.expect(201);
    let here = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    let revised = head.get(&here).await.expect(200).body;
    assert_eq!(revised["due_on"], "2022-06-10");
    // Only now it is entered that papers were asked for on the 7th and came on the 8th, before the revision: a day more.
    let notice = json!({"reason": "Thiếu điều lệ", "document_no": "12/TB", "occurred_at": "2022-06-07T09:00:00+07:00"});
    let asked = act(&head, &revised, "supplement-requests", notice).await;
    let came = json!({"occurred_at": "2022-06-08T09:00:00+07:00"});
    let dossier = act(&counter, &asked, "supplement-requests/1/fulfilment", came).await;
    assert_eq!(dossier["due_on"], "2022-06-13");
    assert_eq!((open(&office, "2022-06-11").await, open(&office, "2022-06-13").await), ([1, 0], [1, 0]));
    assert_eq!(open(&office, "2022-06-14").await, [0, 1]);
}
