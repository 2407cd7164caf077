//! Every example of a body in the contract is sent as it stands there: who copies it is not told that it has the wrong shape.

use dunghen::auth::{Role, Span};
use serde_json::{Value, json};

use crate::access::{FORM, HOME, Relation, Sample, World, table};
use crate::contract::{Operation, document, followed, operations};
use crate::harness::{Actor, Answer, App};

/// Examples that are refused by nature, with the status and why.
const REFUSED: &[(&str, u16, &str)] = &[
    ("refresh_session", 401, "a token is good once, and this one is cut short"),
    ("create_token", 401, "a secret is shown once, and this one is cut short"),
    ("create_explanation", 422, "what is owed follows from figures, which this office reaches"),
    ("put_explanation", 422, "what is owed follows from figures, which this office reaches"),
    ("correct_survey", 409, "the wave that it is about is open, and takes a put"),
    ("create_decision", 422, "the number of the obstacle follows from those before it"),
];

/// What a text cannot show: the first letters of a file stand for it.
fn is_shown(media: &str) -> bool {
    !media.starts_with("image/") && !media.contains("officedocument")
}

/// The examples of a body: of the media type, or of the schema, or a list of one of its item.
fn examples(document: &Value, content: &Value) -> Vec<Value> {
    let own = |holder: &Value| -> Vec<Value> {
        let several = holder["examples"].as_array().cloned().unwrap_or_default();
        holder.get("example").cloned().into_iter().chain(several).collect()
    };
    let schema = followed(document, &content["schema"]);
    let mut found = own(content);
    if found.is_empty() {
        found = own(schema);
    }
    if found.is_empty() && schema["items"].is_object() {
        found = own(followed(document, &schema["items"])).into_iter().map(|item| json!([item])).collect();
    }
    found
}

/// The examples of all bodies, with operation and media type.
fn all() -> Vec<(Operation, String, Value)> {
    let document = document();
    let mut all = Vec::new();
    for operation in operations() {
        for (media, content) in operation.spec["requestBody"]["content"].as_object().into_iter().flatten() {
            let found = examples(&document, content);
            assert!(!found.is_empty(), "{}: no example of {media}", operation.id);
            all.extend(found.into_iter().map(|example| (operation.clone(), media.clone(), example)));
        }
    }
    all
}

/// What the examples speak of, beside the world of the samples.
async fn ground() -> World {
    let world = World::new().await;
    let (admin, office) = (world.app.admin().await, world.app.office().await);
    let unit = |code: &str, kind: &str| json!({"code": code, "name": format!("Đơn vị {code}"), "kind": kind, "parent": "SKHDT"});
    let units = json!([unit("UBND", "unit"), unit("SNV", "unit"), unit("VP", "division"), unit("CD", "unit")]);
    admin.post("/api/v1/departments/bulk", units).await.expect(200);
    for (id, _, example) in all().into_iter().map(|(o, media, example)| (o.id.clone(), media, example)) {
        match id.as_str() {
            "put_procedure" => {
                let mut other = example.clone();
                other["code"] = json!("2.001610");
                for procedure in [example, other] {
                    let path = format!("/api/v1/procedures/{}", procedure["code"].as_str().unwrap());
                    admin.put(&path, procedure).await.expect(201);
                }
            }
            "put_plan" => {
                let mut plan = example;
                for code in ["I.1-1.3", "II.1-1.3", "II.1-1.7"] {
                    let task = json!({"local_code": code, "group": "II", "title": "Việc", "lead": ["VP"], "schedule": {"text": "Thường xuyên", "kind": "ongoing"}});
                    plan["tasks"].as_array_mut().unwrap().push(task);
                }
                office.put("/api/v1/plans/kh-1186-skhdt-2022", plan).await.expect(201);
            }
            "create_session" => {
                let user = json!({"username": example["username"], "display_name": "Một cửa", "password": example["password"],
                    "grants": [{"role": "one_stop", "department": "MC"}]});
                admin.put("/api/v1/users/one_stop", user).await.expect(201);
            }
            _ => {}
        }
    }
    let target = json!({"authority": "kh-1186", "department": "SKHDT", "period": "2022H1", "comparator": ">=", "value": 85});
    for (code, targets) in [("satisfaction_index", json!([target])), ("access_to_service", json!([]))] {
        let kpi = json!({"code": code, "name": "Chỉ số hài lòng", "unit": "percent", "direction": "higher_is_better", "source": "survey", "targets": targets});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    let procedure = json!({"code": "P.DT", "name": "Thủ tục", "field": {"code": "DT", "name": "Đầu tư"}, "department": "VP"});
    admin.put("/api/v1/procedures/P.DT", procedure).await.expect(201);
    let wave = json!({"code": "hai-long-2022", "name": "Khảo sát", "department": "SKHDT", "period": "2022", "population": 4200, "sample_size": 600,
        "method": {"name": "Phát phiếu", "mode": "paper", "scale": "five_point"}, "respondents": 500, "fieldwork_from": "2022-02-01",
        "fieldwork_to": "2022-03-01", "conductor": "Văn phòng Sở"});
    office.put("/api/v1/surveys/hai-long-2022", wave).await.expect(201);
    let duty = json!({"code": "bc-ngoai", "what": "Báo cáo tháng", "from": ["DKKD"], "to": ["SNV", "UBND"], "valid_from": "2022-01-01",
        "schedule": {"text": "hằng tháng", "monthly": {"due": {"day": 25}}}});
    office.put("/api/v1/duties/bc-ngoai", duty).await.expect(201);
    let whole = json!({"summary": "Đã tổng hợp"});
    office.act("/api/v1/duties/bc-ngoai/occurrences/2022-05/consolidation", 0, whole).await.expect(200);
    world
}

/// Examples that speak of other things than the samples do.
const ELSEWHERE: &[(&str, &str)] = &[
    ("amend_plan", "/api/v1/plans/kh-1186-skhdt-2022/amendments?dry_run=true"),
    ("dispatch_report", "/api/v1/duties/bc-ngoai/occurrences/2022-05/dispatch?dry_run=true"),
    ("put_measurement", "/api/v1/kpis/satisfaction_index/measurements/SKHDT/2022?dry_run=true"),
    ("submit_figures", "/api/v1/submissions/SKHDT/2022H1/submission?dry_run=true"),
    ("load_survey_answers", "/api/v1/surveys/hai-long-2022/answers/bulk?dry_run=true"),
    ("correct_survey", "/api/v1/surveys/hai-long-2022/correction?dry_run=true"),
    ("report_progress", "/api/v1/tasks/kh-1186-skhdt-2022.I.1-1.3/progress-reports?dry_run=true"),
];

/// Where the sample goes; what is put goes to the code that stands in the example.
fn path(operation: &Operation, sample: &Sample, example: &Value) -> String {
    if let Some((_, elsewhere)) = ELSEWHERE.iter().find(|(id, _)| *id == operation.id) {
        return (*elsewhere).to_owned();
    }
    let code = ["code", "username", "client_id"].iter().find_map(|name| example[*name].as_str());
    match (operation.method.as_str(), code, sample.path.split_once('?')) {
        ("PUT", Some(code), Some((path, query))) => format!("{}/{code}?{query}", path.rsplit_once('/').unwrap().0),
        _ => sample.path.clone(),
    }
}

async fn send(actor: &Actor, operation: &Operation, path: &str, media: &str, example: &Value) -> Answer {
    let body = match (media, example) {
        (FORM, Value::Object(members)) => {
            let encoded = members.iter().map(|(name, value)| format!("{name}={}", dunghen::http::query::encode(value.as_str().unwrap())));
            encoded.collect::<Vec<_>>().join("&").into_bytes()
        }
        ("application/json", _) => serde_json::to_vec(example).unwrap(),
        (_, Value::String(text)) => text.as_bytes().to_vec(),
        other => panic!("{}: {other:?}", operation.id),
    };
    let headers = [("if-match", "*"), ("content-type", media), ("accept-language", "en")];
    actor.send(&operation.method, path, &headers, Some(body)).await
}

/// Someone who may, wherever that is possible.
async fn allowed(app: &App, operation: &Operation) -> Actor {
    let Some(permission) = operation.permission else { return app.nobody() };
    // The office sees most of what an example may name beside its own.
    let everywhere = [Role::Office].iter().chain(&Role::ALL).find(|r| permission.span(**r) == Some(Span::All));
    let role = *everywhere.or_else(|| Role::ALL.iter().find(|r| permission.span(**r).is_some())).unwrap();
    app.actor(role, Some(HOME)).await
}

#[tokio::test]
async fn every_example_of_a_body_is_taken() {
    let world = ground().await;
    let samples = table(world.place(Relation::Own));
    // Examples speak of days: each is taken on one of these two.
    let later = world.app.again_at("2023-02-01T02:00:00Z".parse().unwrap()).await;
    let (mut wrong, mut sent, mut met) = (Vec::new(), 0, Vec::new());
    for (operation, media, example) in all().into_iter().filter(|(_, media, _)| is_shown(media)) {
        let (_, sample) = samples.iter().find(|(o, _)| o.id == operation.id).unwrap();
        let path = path(&operation, sample, &example);
        let mut answer = send(&allowed(&world.app, &operation).await, &operation, &path, &media, &example).await;
        if answer.status == 422 {
            answer = send(&allowed(&later, &operation).await, &operation, &path, &media, &example).await;
        }
        let refused = REFUSED.iter().find(|(id, ..)| *id == operation.id);
        met.extend(refused.map(|(id, ..)| *id));
        let good = match refused {
            Some((_, status, _)) => answer.status == *status,
            None => (200..300).contains(&answer.status),
        };
        if !good {
            wrong.push(format!("{} {media}: {} {} {}", operation.id, answer.status, answer.text, example));
        }
        sent += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(sent > 90, "{sent}");
    // A shape that nobody can read and a fault of the server are never "by nature".
    assert!(REFUSED.iter().all(|(id, status, _)| ![400, 415].contains(status) && *status < 500 && met.contains(id)));
}
