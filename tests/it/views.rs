//! `fields` and `expand`: every list and detail has them, and nobody sees by them what he would not see without.

use std::collections::BTreeMap;

use dunghen::auth::{Role, Span};
use serde_json::{Value, json};

use crate::access::{FORM, Relation, World, table};
use crate::contract::{Operation, complaints, document, followed, operations, validator};
use crate::harness::{Actor, App, department};

/// Lists and details that are always whole, each with its reason.
const WHOLE: [(&str, &str); 3] = [
    ("get_dossier_register", "a book with a prescribed form, also as a table"),
    ("get_report_snapshot", "what was sent, with its checksum; the list leaves the figures out"),
    ("list_job_results", "the answer of a load, whose rows `return` chooses"),
];

fn names<'a>(operation: &'a Operation, parameter: &str) -> Vec<&'a str> {
    let all = operation.spec["parameters"].as_array().into_iter().flatten();
    let values = all.filter(|p| p["name"] == parameter).flat_map(|p| p["schema"]["items"]["enum"].as_array().into_iter().flatten());
    values.map(|v| v.as_str().unwrap()).collect()
}

fn and(path: &str, more: &str) -> String {
    format!("{path}{}{more}", if path.contains('?') { "&" } else { "?" })
}

fn views(body: &Value) -> Vec<&Value> {
    body["items"].as_array().map_or_else(|| vec![body], |items| items.iter().collect())
}

#[test]
fn every_list_and_every_detail_has_fields() {
    let document = document();
    for operation in operations().iter().filter(|o| o.method == "GET" && o.permission.is_some()) {
        let view = followed(&document, &operation.spec["responses"]["200"]["content"]["application/json"]["schema"]);
        let versioned =
            view["properties"].get("version").is_some() && view["properties"].get("code").or(view["properties"].get("id")).is_some();
        let expected = operation.parameters("query").contains(&"cursor") || operation.answers("304") || versioned;
        let whole = WHOLE.iter().any(|(id, _)| *id == operation.id);
        assert_eq!(operation.parameters("query").contains(&"fields"), expected && !whole, "{}", operation.id);
    }
}

#[tokio::test]
async fn only_the_members_that_were_asked_for_are_answered() {
    let world = World::new().await;
    let document = document();
    let mut seen = 0;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let fields = names(&operation, "fields");
        let Some(permission) = operation.permission.filter(|_| !fields.is_empty()) else { continue };
        seen += 1;
        let role = Role::ALL.iter().find(|r| permission.span(**r) == Some(Span::All)).unwrap();
        let actor = world.actor(*role, true).await;
        let sample = world.own_job(&actor, &sample).await;
        let whole = actor.get(&sample.path).await.expect(200);
        // Nothing moved by the revision of the sample.
        assert!(!views(&whole.body).is_empty() || operation.id == "list_calendar_revision_moves", "{}", operation.id);
        let schema = validator(&document, &operation.spec["responses"]["200"]["content"]["application/json"]["schema"]);
        for asked in [
            vec![fields[0]],
            vec![fields[fields.len() - 1]],
            vec![fields[1], fields[(fields.len() / 2 + 1) % fields.len()]],
            fields.clone(),
        ] {
            let path = and(&sample.path, &format!("fields={}", asked.join(",")));
            let part = actor.get(&path).await.expect(200);
            assert_eq!(complaints(&schema, &part.body), [""; 0], "{path}");
            assert_eq!((part.header("etag"), &part.body["page"]["limit"]), (whole.header("etag"), &whole.body["page"]["limit"]), "{path}");
            let cut: Vec<Value> = views(&whole.body)
                .into_iter()
                .map(|view| {
                    let kept = |name: &&String| ["id", "code"].contains(&name.as_str()) || asked.contains(&name.as_str());
                    view.as_object().unwrap().iter().filter(|(name, _)| kept(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
                })
                .collect();
            assert_eq!(views(&part.body), cut.iter().collect::<Vec<_>>(), "{path}");
        }
        if operation.answers("304") {
            let tag = whole.header("etag").unwrap().to_owned();
            let (cut, again) = (and(&sample.path, "fields=version"), [("if-none-match", tag.as_str())]);
            let cut = if fields.contains(&"version") { cut } else { and(&sample.path, &format!("fields={}", fields[0])) };
            let plain = actor.send("GET", &sample.path, &again, None).await;
            assert_eq!(actor.send("GET", &cut, &again, None).await.status, plain.status, "{cut}");
        }
        let near = fields.iter().find(|f| f.len() > 3).unwrap();
        let wrong = actor.get(&and(&sample.path, &format!("fields={}x,{near},{near}", near))).await.expect(400);
        assert_eq!((wrong.code(), wrong.pointers()), ("invalid_parameter", vec!["fields", "fields"]), "{}", operation.id);
        assert!(wrong.body["errors"][0]["detail"].as_str().unwrap().contains(&format!("“{near}”?")), "{}", wrong.text);
    }
    assert!(seen >= 20, "{seen}");
}

/// Where a caller gets by himself what a code stands for.
async fn by_itself(actor: &Actor, schema: &str, code: &str, known: &mut BTreeMap<String, Value>) -> Value {
    let path = match schema {
        "DepartmentView" => format!("/api/v1/departments/{code}"),
        "ProcedureView" => format!("/api/v1/procedures/{code}"),
        "CalendarView" => format!("/api/v1/calendars/{code}"),
        "RuleSetView" => format!("/api/v1/rule-sets/{code}"),
        "KpiView" => format!("/api/v1/kpis/{code}"),
        "PlanSummary" => "/api/v1/plans".to_owned(),
        other => panic!("where is a {other}?"),
    };
    if !known.contains_key(&path) {
        let answer = actor.get(&path).await;
        known.insert(path.clone(), if answer.status == 200 { answer.body } else { Value::Null });
    }
    let found = &known[&path];
    let items = found["items"].as_array();
    items.map_or_else(|| found.clone(), |items| items.iter().find(|p| p["code"] == code).cloned().unwrap_or_default())
}

#[tokio::test]
async fn what_is_expanded_is_what_the_callers_own_request_shows() {
    let world = World::new().await;
    let document = document();
    let mut shown = 0;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let relations = names(&operation, "expand");
        let Some(permission) = operation.permission.filter(|_| !relations.is_empty()) else { continue };
        let parameters = operation.spec["parameters"].as_array().unwrap();
        let leads_to = &parameters.iter().find(|p| p["name"] == "expand").unwrap()["x-expands"];
        let schema = validator(&document, &operation.spec["responses"]["200"]["content"]["application/json"]["schema"]);
        for role in Role::ALL.iter().filter(|r| permission.span(**r).is_some()) {
            let actor = world.actor(*role, true).await;
            let about = format!("{} by {}", operation.id, role.name());
            let plain = actor.get(&sample.path).await;
            let expanded = actor.get(&and(&sample.path, &format!("expand={}", relations.join(",")))).await;
            assert_eq!(expanded.status, plain.status, "{about}: {}", expanded.text);
            if plain.status != 200 {
                continue;
            }
            assert_eq!(complaints(&schema, &expanded.body), [""; 0], "{about}");
            let mut known = BTreeMap::new();
            for (view, before) in views(&expanded.body).into_iter().zip(views(&plain.body)) {
                let mut rest = view.clone();
                let all = rest.as_object_mut().unwrap().remove("expanded").unwrap_or_else(|| panic!("{about}: {view}"));
                assert_eq!((&rest, all.as_object().unwrap().len()), (before, relations.len()), "{about}");
                for relation in &relations {
                    let to = leads_to[*relation].as_str().or(leads_to[*relation][0].as_str()).unwrap();
                    let list = all[*relation].as_array().cloned().unwrap_or_else(|| vec![all[*relation].clone()]);
                    for object in list.iter().filter(|o| !o.is_null()) {
                        shown += 1;
                        let own = by_itself(&actor, to, object["code"].as_str().unwrap(), &mut known).await;
                        assert_eq!(object, &own, "{about}: {relation}");
                    }
                    let member = view.get(*relation).or_else(|| view["dossier"].get(*relation));
                    if let Some(code) = member.and_then(Value::as_str) {
                        let own = by_itself(&actor, to, code, &mut known).await;
                        assert_eq!(all[*relation], own, "{about}: {relation}");
                    }
                }
            }
            // What is expanded may change without the thing itself.
            if let Some(tag) = expanded.header("etag") {
                assert_eq!(Some(tag), plain.header("etag"), "{about}");
                let path = and(&sample.path, &format!("expand={}", relations[0]));
                actor.send("GET", &path, &[("if-none-match", tag)], None).await.expect(200);
            }
        }
    }
    assert!(shown > 200, "{shown}");
}

/// A machine that may read dossiers and nothing else learns nothing else.
#[tokio::test]
async fn a_machine_without_the_scope_sees_null() {
    let world = World::new().await;
    let admin = world.app.admin().await;
    let client = json!({"client_id": "reader", "name": "Phần mềm", "scopes": ["dossier:read"], "departments": ["DKKD"]});
    admin.put("/api/v1/clients/reader", client).await.expect(201);
    let secret =
        admin.act("/api/v1/clients/reader/secrets", 1, json!({})).await.expect(201).body["client_secret"].as_str().unwrap().to_owned();
    let form = format!("grant_type=client_credentials&client_id=reader&client_secret={secret}");
    let token = world.app.nobody().send("POST", "/oauth/token", &[("content-type", FORM)], Some(form.into_bytes())).await.expect(200);
    let machine = Actor { token: Some(token.body["access_token"].as_str().unwrap().to_owned()), ..world.app.nobody() };
    machine.get("/api/v1/procedures/P.DKKD").await.expect(403);
    let page = machine.get("/api/v1/dossiers?expand=procedure,resolving_department&fields=procedure").await.expect(200).body;
    assert!(!page["items"].as_array().unwrap().is_empty());
    for dossier in page["items"].as_array().unwrap() {
        assert_eq!(dossier["expanded"], json!({"procedure": null, "resolving_department": null}), "{dossier}");
    }
    let seen = world.app.office().await.get("/api/v1/dossiers?expand=procedure").await.expect(200).body;
    assert!(seen["items"][0]["expanded"]["procedure"]["name"].is_string(), "{seen}");
}

/// However long the page, a relation is asked for once; cursors go on whatever is shown of each row.
#[tokio::test]
async fn shapes_do_not_change_pages_and_names_are_closed() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut rows = vec![department("A")];
    rows.extend((0..30).map(|n| json!({"code": format!("B{n:02}"), "name": "Tổ", "kind": "unit", "parent": "A"})));
    admin.post("/api/v1/departments/bulk", json!(rows)).await.expect(200);
    let first = admin.get("/api/v1/departments?limit=10&fields=code").await.expect(200);
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap();
    let next = admin.get(&format!("/api/v1/departments?limit=10&expand=parent&cursor={cursor}")).await.expect(200).body;
    assert_eq!((&next["items"][0]["code"], &next["items"][9]["expanded"]["parent"]["code"]), (&json!("B09"), &json!("A")));
    assert!(first.header("link").unwrap().contains("fields=code"), "{:?}", first.headers);
    let wrong = admin.get("/api/v1/departments/A?expand=prent,parent,parent&fields=").await.expect(400);
    assert_eq!(wrong.pointers(), ["expand", "expand", "fields"]);
    let told = wrong.body["errors"][0]["detail"].as_str().unwrap();
    assert!(told.contains("“parent”") && told.contains("parent, successor, members"), "{told}");
}
