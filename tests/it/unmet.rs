//! Who answers for figures that do not meet their targets, whatever they are made of.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::explanations::plan;
use crate::harness::{Actor, App};

const OWED: &str = "/api/v1/explanations/owed";

/// One late task of DKKD and one of both divisions together, a document of each, one of them on paper; all due or issued in June.
async fn world() -> App {
    let app = App::at("2023-01-10T02:00:00Z").await;
    let (admin, office) = (app.admin().await, app.office().await);
    let departments = json!([
        {"code": "SKHDT", "name": "Sở", "kind": "agency"},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"},
        {"code": "CPTT", "name": "Các phòng", "kind": "collective", "parent": "SKHDT", "members": ["DKKD", "DN"]}
    ]);
    admin.post("/api/v1/departments/bulk", departments).await.expect(200);
    office.put("/api/v1/plans/kh", plan()).await.expect(201);
    for (department, sent) in [("DKKD", false), ("DN", true)] {
        let document = json!({"direction": "outgoing", "book": "CV", "number": department, "symbol": "SKHĐT", "kind": "cong-van",
            "issued_on": "2022-06-10", "summary": "V/v báo cáo", "department": department, "recipients": ["UBND tỉnh"],
            "sent_electronically": sent});
        office.put(&format!("/api/v1/documents/{department}"), document).await.expect(201);
    }
    app
}

/// Defines an indicator of the agency with a target for the year.
async fn define(office: &Actor, code: &str, made: Value, comparator: &str, value: f64) {
    let direction = if comparator == ">=" { "higher_is_better" } else { "lower_is_better" };
    let mut body = json!({"code": code, "name": format!("Chỉ tiêu {code}"), "unit": "percent", "direction": direction, "source": "computed",
        "targets": [{"authority": "kh", "department": "SKHDT", "period": "2022", "comparator": comparator, "value": value}]});
    body.as_object_mut().unwrap().extend(made.as_object().unwrap().clone());
    let defined = office.json("PUT", &format!("/api/v1/kpis/{code}"), &[("if-match", "*")], &body).await;
    assert!([200, 201].contains(&defined.status), "{}", defined.text);
}

fn recorded(value: f64) -> Value {
    json!({"value": value, "evidence": [{"document_number": "31/BC", "issued_on": "2023-01-05", "title": "Báo cáo"}]})
}

fn told(items: &Value) -> Vec<String> {
    let figures = items.as_array().unwrap().iter().filter(|i| i["kind"] == "kpi");
    let line = |i: &Value| format!("{} {} {}", i["department"].as_str().unwrap(), i["code"].as_str().unwrap(), i["facts"]["value"]);
    figures.map(line).collect()
}

async fn owed(actor: &Actor, query: &str) -> Vec<String> {
    told(&actor.get(&format!("{OWED}?{query}")).await.expect(200).body["items"])
}

#[tokio::test]
async fn figures_of_documents_tasks_and_expressions_are_answered_for_by_their_departments() {
    let app = world().await;
    let office = app.office().await;
    define(&office, "e_document_rate", json!({"formula": "e_document_rate"}), ">=", 100.0).await;
    define(&office, "task_on_time_rate", json!({"formula": "task_on_time_rate"}), ">=", 95.0).await;
    define(&office, "tasks_overdue_or_extended", json!({"unit": "count", "formula": "tasks_overdue_or_extended"}), "=", 0.0).await;
    define(&office, "half", json!({"expression": "e_document_rate / 2"}), ">=", 50.0).await;
    // A task of all is each member's; whoever has tasks of its own, too, answers for those.
    let all = [
        "DKKD e_document_rate 0.0",
        "DKKD half 0.0",
        "DKKD task_on_time_rate 0.0",
        "DKKD tasks_overdue_or_extended 1.0",
        "DN task_on_time_rate 0.0",
        "DN tasks_overdue_or_extended 1.0",
    ];
    assert_eq!(owed(&office, "period=2022-06").await, all);
    assert_eq!(owed(&office, "period=2022&period_set=calendar").await, all);
    assert_eq!(owed(&office, "period=2022-05").await, [""; 0]);
    // Whoever asks, a department owes the same.
    for code in ["DKKD", "DN"] {
        let head = app.actor(Role::Head, Some(code)).await;
        let own: Vec<&str> = all.iter().copied().filter(|line| line.starts_with(&format!("{code} "))).collect();
        assert_eq!(owed(&head, "period=2022-06").await, own);
        assert_eq!(owed(&office, &format!("period=2022-06&department={code}")).await, own);
    }

    let briefing = office.get("/api/v1/reports/briefing?period=2022-06").await.expect(200).body;
    let items: Vec<&str> = briefing["unmet_targets"].as_array().unwrap().iter().map(|t| t["item"].as_str().unwrap()).collect();
    let expected: Vec<String> =
        all.iter().map(|line| line.split(' ').collect::<Vec<_>>()).map(|words| format!("kpi:{}/{}", words[1], words[0])).collect();
    assert_eq!(items, expected);
    let row =
        |code: &str| briefing["departments"].as_array().unwrap().iter().find(|r| r["department"] == code).unwrap()["unmet_targets"].clone();
    assert_eq!((row("DKKD"), row("DN"), &briefing["total"]["unmet_targets"]), (json!(4), json!(2), &json!(6)));

    let head = app.actor(Role::Head, Some("DN")).await;
    let explanation = |code: &str| {
        json!({"department": "DN", "period": "2022-06", "subjects": [{"kind": "kpi", "code": code}],
            "cause": "Thiếu người", "remedy": "Bố trí thêm người", "remedy_due_on": "2023-02-15", "responsible": "Trần Văn B"})
    };
    let refused = head.post("/api/v1/explanations", explanation("e_document_rate")).await.expect(422);
    assert_eq!(refused.pointers(), ["/subjects/0"]);
    head.post("/api/v1/explanations", explanation("task_on_time_rate")).await.expect(201);
    let state = office.get(&format!("{OWED}?period=2022-06&department=DN")).await.expect(200).body["items"].clone();
    let of = |code: &str| state.as_array().unwrap().iter().find(|i| i["code"] == code).unwrap()["state"].clone();
    assert_eq!((of("task_on_time_rate"), of("tasks_overdue_or_extended")), (json!("draft"), json!("owed")));
}

#[tokio::test]
async fn what_is_measured_surveyed_or_counted_from_criteria_is_answered_for_by_whose_it_is() {
    let app = world().await;
    let office = app.office().await;
    define(&office, "satisfaction", json!({"source": "survey"}), ">=", 90.0).await;
    define(&office, "access", json!({"source": "survey"}), ">=", 0.0).await;
    define(&office, "recorded", json!({"source": "imported"}), ">=", 55.0).await;
    define(&office, "criteria_down", json!({"unit": "count", "formula": "criteria_down"}), "=", 0.0).await;
    define(&office, "e_document_rate", json!({"formula": "e_document_rate", "targets": []}), ">=", 0.0).await;
    // Of the agency as a whole: of two documents one was sent, one criterion fell.
    define(&office, "balance", json!({"unit": "point", "expression": "e_document_rate - criteria_down"}), ">=", 49.5).await;
    // Nobody has both of its own: the agency was measured, the divisions sent documents.
    define(&office, "measured", json!({"source": "imported"}), ">=", 0.0).await;
    define(&office, "sum", json!({"unit": "point", "expression": "measured + e_document_rate"}), ">=", 120.5).await;

    office.put("/api/v1/kpis/measured/measurements/SKHDT/2022", recorded(70.0)).await.expect(201);
    office.put("/api/v1/kpis/recorded/measurements/DN/2022", recorded(54.9)).await.expect(201);
    office.put("/api/v1/kpis/recorded/measurements/DKKD/2022", recorded(55.0)).await.expect(201);
    let answers = json!([{"factor": "access", "field": null, "satisfied": 300, "neutral": 100}]);
    let wave = json!({"code": "hl", "name": "Khảo sát", "department": "SKHDT", "period": "2022",
        "method": {"name": "Phát phiếu", "version": "1", "legal_basis": "Kế hoạch", "mode": "paper", "scale": "five_point"},
        "population": 4200, "sample_size": 500, "respondents": 400, "fieldwork_from": "2022-10-03", "fieldwork_to": "2022-11-15",
        "conductor": "Văn phòng", "evidence": [{"document_number": "3310/BC", "issued_on": "2022-12-08", "title": "Báo cáo"}],
        "feeds": [{"kpi": "satisfaction"}], "answers": answers});
    office.put("/api/v1/surveys/hl", wave).await.expect(201);
    office.act("/api/v1/surveys/hl/closure", 1, json!({})).await.expect(200);
    for (year, score) in [(2021, 2.0), (2022, 1.0)] {
        let criteria = json!([{"code": "1", "name": "Chỉ đạo", "max_points": 2, "kind": "points", "department": "DKKD"}]);
        let mut sheet = json!({"code": format!("par-{year}"), "name": "Chỉ số", "year": year, "department": "SKHDT",
            "decision": "2071/QĐ-UBND", "criteria": criteria});
        if year == 2022 {
            sheet["follows"] = json!("par-2021");
        }
        office.put(&format!("/api/v1/criteria-sheets/par-{year}"), sheet).await.expect(201);
        office.put(&format!("/api/v1/criteria-sheets/par-{year}/scores/1"), json!({"self_score": score})).await.expect(201);
    }
    let year = "period=2022&period_set=calendar";
    let all = ["DN recorded 54.9", "SKHDT balance 49.0", "SKHDT criteria_down 1.0", "SKHDT satisfaction 75.0", "SKHDT sum 120.0"];
    assert_eq!(owed(&office, year).await, all);
    // A head of a division owes only its own, and the division in charge of the criterion nothing: the target is the agency's.
    assert_eq!(owed(&app.actor(Role::Head, Some("DN")).await, year).await, ["DN recorded 54.9"]);
    assert_eq!(owed(&office, &format!("{year}&department=DKKD")).await, [""; 0]);
    assert_eq!(owed(&office, &format!("{year}&department=SKHDT")).await, all[1..]);
}
