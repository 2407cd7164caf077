//! Machines: their secrets, their tokens, and how far these go.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use dunghen::app::Clock;
use serde_json::{Value, json};

use crate::access::FORM;
use crate::harness::{Actor, Answer, App};

fn client(scopes: &[&str], departments: &[&str]) -> Value {
    json!({"client_id": "motcua", "name": "Phần mềm một cửa", "scopes": scopes, "departments": departments})
}

async fn new_secret(admin: &Actor, version: i64) -> String {
    let made = admin.act("/api/v1/clients/motcua/secrets", version, json!({})).await.expect(201);
    made.body["client_secret"].as_str().unwrap().to_owned()
}

async fn ask(app: &App, headers: &[(&str, &str)], form: &str) -> Answer {
    let headers = [&[("content-type", FORM)], headers].concat();
    app.nobody().send("POST", "/oauth/token", &headers, Some(form.as_bytes().to_vec())).await
}

async fn token(app: &App, secret: &str, scope: &str) -> Answer {
    ask(app, &[], &format!("grant_type=client_credentials&client_id=motcua&client_secret={secret}{scope}")).await
}

async fn machine(app: &App, secret: &str) -> Actor {
    let token = token(app, secret, "").await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    Actor { token: Some(token), ..app.nobody() }
}

fn history(code: &str, department: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "resolving_department": department, "channel": "online",
        "accepted_at": "2022-04-19T08:30:00+07:00", "applicant": {"kind": "citizen", "name": "Trần B"}})
}

#[tokio::test]
async fn a_client_is_put_changed_and_left_alone() {
    let app = App::start().await.with_examples().await;
    let admin = app.admin().await;
    let path = "/api/v1/clients/motcua";
    let bad = json!({"client_id": "Motcua", "name": " ", "scopes": ["dossier:read", "department:write"], "departments": ["DKKD", "X"]});
    let answer = admin.put("/api/v1/clients/Motcua", bad).await.expect(422);
    assert_eq!(answer.pointers(), ["/client_id", "/name", "/scopes/1", "/departments/1"]);
    admin.put(path, json!({"client_id": "other", "name": "x", "scopes": []})).await.expect(422);
    assert_eq!(app.count("clients").await, 0);
    let dry = admin.put(&format!("{path}?dry_run=true"), client(&["dossier:read"], &[])).await.expect(201);
    assert_eq!((dry.header("dry-run"), app.count("clients").await), (Some("true"), 0));

    let made = admin.put(path, client(&["dossier:read", "dossier:load"], &["DKKD"])).await.expect(201);
    assert_eq!((made.header("etag"), made.header("location")), (Some("\"1\""), Some(path)));
    assert_eq!((&made.body["scopes"], &made.body["secrets"]), (&json!(["dossier:load", "dossier:read"]), &json!([])));
    let same = admin.put(path, client(&["dossier:load", "dossier:read"], &["DKKD"])).await.expect(200);
    assert_eq!(same.header("unchanged"), Some("true"));
    admin.put(path, client(&["dossier:read"], &[])).await.expect(428);
    let changed = admin.json("PUT", path, &[("if-match", "\"1\"")], &client(&["dossier:read"], &[])).await.expect(200);
    assert_eq!((changed.header("etag"), &changed.body["departments"]), (Some("\"2\""), &json!([])));
    admin.json("PUT", path, &[("if-match", "\"1\"")], &client(&[], &[])).await.expect(412);
    admin.send("GET", path, &[("if-none-match", "\"2\"")], None).await.expect(304);
    let id = changed.body["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/api/v1/clients/{id}")).await.expect(200).body, changed.body);
    assert_eq!(admin.get("/api/v1/clients?active=true").await.expect(200).body["items"], json!([changed.body]));
    assert_eq!(admin.get("/api/v1/clients?active=false").await.expect(200).body["items"], json!([]));
    assert_eq!((app.count("audit_events WHERE subject_type = 'client'").await, app.count("client_departments").await), (2, 0));
}

#[tokio::test]
async fn two_secrets_are_good_at_a_time_and_none_is_kept() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.put("/api/v1/clients/motcua", client(&["dossier:read"], &[])).await.expect(201);
    admin.post("/api/v1/clients/motcua/secrets", json!({})).await.expect(428);
    admin.act("/api/v1/clients/motcua/secrets", 7, json!({})).await.expect(412);
    admin.act("/api/v1/clients/none/secrets", 1, json!({})).await.expect(404);
    let first = new_secret(&admin, 1).await;
    let headers = [("if-match", "\"2\""), ("idempotency-key", "k")];
    let made = admin.json("POST", "/api/v1/clients/motcua/secrets", &headers, &json!({})).await.expect(201);
    let second = made.body["client_secret"].as_str().unwrap().to_owned();
    let again = admin.json("POST", "/api/v1/clients/motcua/secrets", &headers, &json!({})).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body["client_secret"]), (Some("true"), &Value::Null));
    assert_eq!(again.body["id"], made.body["id"]);
    for secret in [&first, &second] {
        token(&app, secret, "").await.expect(200);
    }
    let reader = machine(&app, &second).await;
    let third = new_secret(&admin, 3).await;
    // The machine that is being switched over works on.
    reader.get("/api/v1/dossiers").await.expect(200);
    assert_eq!(token(&app, &first, "").await.expect(401).body["error"], "invalid_client");
    for secret in [&second, &third] {
        token(&app, secret, "").await.expect(200);
    }
    let view = admin.get("/api/v1/clients/motcua").await.expect(200);
    assert_eq!(view.body["secrets"].as_array().unwrap().len(), 2);
    // One that has leaked takes the others along, and the tokens that were got with them.
    let got = machine(&app, &third).await;
    got.get("/api/v1/dossiers").await.expect(200);
    admin.act("/api/v1/clients/motcua/secrets?dry_run=true", 4, json!({"keep_previous": false})).await.expect(201);
    got.get("/api/v1/dossiers").await.expect(200);
    let last = admin.act("/api/v1/clients/motcua/secrets", 4, json!({"keep_previous": false})).await.expect(201);
    let last = last.body["client_secret"].as_str().unwrap().to_owned();
    token(&app, &third, "").await.expect(401);
    assert_eq!(got.get("/api/v1/dossiers").await.expect(401).code(), "invalid_token");
    machine(&app, &last).await.get("/api/v1/dossiers").await.expect(200);
    let everything: String = sqlx::query_scalar(
        "SELECT (SELECT string_agg(s::text, '') FROM client_secrets s) || (SELECT string_agg(a::text, '') FROM audit_events a)
             || (SELECT string_agg(convert_from(body, 'UTF8'), '') FROM idempotency_keys) || (SELECT string_agg(o::text, '') FROM outbox_events o)",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    for secret in [first, second, third, last] {
        assert!(!view.text.contains(&secret) && !everything.contains(&secret));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_rfc_says() {
    let app = App::with(Clock::default(), |s| (s.auth.free_failures, s.auth.free_failures_per_address) = (100, 100)).await;
    let admin = app.admin().await;
    admin.put("/api/v1/clients/motcua", client(&["dossier:read", "dossier:load"], &[])).await.expect(201);
    let secret = new_secret(&admin, 1).await;
    let answer = token(&app, &secret, "").await.expect(200);
    assert_eq!((answer.header("cache-control"), answer.header("content-type")), (Some("no-store"), Some("application/json")));
    assert_eq!(
        (&answer.body["token_type"], &answer.body["expires_in"], &answer.body["scope"]),
        (&json!("Bearer"), &json!(900), &json!("dossier:load dossier:read"))
    );
    let parts: Vec<&str> = answer.body["access_token"].as_str().unwrap().split('.').collect();
    let part = |n: usize| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[n]).unwrap()).unwrap() };
    let key = app.nobody().get("/.well-known/jwks.json").await.expect(200).body["keys"][0].clone();
    assert_eq!((&part(0)["typ"], &part(0)["alg"], &part(0)["kid"]), (&json!("at+jwt"), &json!("EdDSA"), &key["kid"]));
    let claims = part(1);
    assert_eq!((&claims["client_id"], &claims["scope"]), (&json!("motcua"), &json!("dossier:load dossier:read")));
    assert_eq!(claims["grants"], json!([{"role": "integration", "department": null}]));
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 900 && claims["jti"].is_string());
    assert_eq!(token(&app, &secret, "&scope=dossier%3Aload").await.expect(200).body["scope"], "dossier:load");

    let basic = |name: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")));
    let (good, bad) = (basic("motcua", &secret), basic("motcua", "x"));
    ask(&app, &[("authorization", &good)], "grant_type=client_credentials").await.expect(200);
    ask(&app, &[("authorization", &good)], "grant_type=client_credentials&client_id=motcua").await.expect(200);
    let both = format!("client_id=motcua&client_secret={secret}");
    for (headers, form, status, error) in [
        (vec![], both.clone(), 400, "invalid_request"),
        (vec![], format!("{both}&grant_type="), 400, "invalid_request"),
        (vec![], format!("{both}&grant_type=client_credentials&grant_type=client_credentials"), 400, "invalid_request"),
        (vec![], format!("{both}&grant_type=password"), 400, "unsupported_grant_type"),
        (vec![], format!("{both}&grant_type=client_credentials&scope=department:write"), 400, "invalid_scope"),
        (vec![("authorization", good.as_str())], format!("{both}&grant_type=client_credentials"), 400, "invalid_request"),
        (vec![("authorization", good.as_str())], "grant_type=client_credentials&client_id=other".into(), 400, "invalid_request"),
        (vec![], "grant_type=client_credentials".into(), 401, "invalid_client"),
        (vec![], "grant_type=client_credentials&client_id=motcua&client_secret=x".into(), 401, "invalid_client"),
        (vec![], "grant_type=client_credentials&client_id=a%00b&client_secret=x".into(), 401, "invalid_client"),
        (vec![("authorization", bad.as_str())], "grant_type=client_credentials".into(), 401, "invalid_client"),
        (vec![("authorization", "Basic x")], "grant_type=client_credentials".into(), 401, "invalid_client"),
        (vec![("authorization", "Bearer x")], "grant_type=client_credentials".into(), 401, "invalid_client"),
    ] {
        let answer = ask(&app, &headers, &form).await;
        let about = format!("{headers:?} {form}: {}", answer.text);
        assert_eq!((answer.status, answer.body["error"].as_str()), (status, Some(error)), "{about}");
        assert_eq!(
            (answer.header("cache-control"), answer.header("content-type")),
            (Some("no-store"), Some("application/json")),
            "{about}"
        );
        let challenge = answer.header("www-authenticate").map(|h| h.starts_with("Basic"));
        assert_eq!(challenge, (status == 401 && !headers.is_empty()).then_some(true), "{about}");
        assert!(answer.body["error_description"].is_string());
    }
    app.nobody().post("/oauth/token", json!({"grant_type": "client_credentials"})).await.expect(415);
    app.nobody().get("/oauth/token").await.expect(405);
}

#[tokio::test]
async fn wrong_secrets_lock_a_client_and_not_the_user_of_that_name() {
    let app = App::with(Clock::default(), |s| s.auth.free_failures = 2).await;
    let admin = app.admin().await;
    admin.put("/api/v1/clients/motcua", client(&[], &[])).await.expect(201);
    let secret = new_secret(&admin, 1).await;
    let user = json!({"username": "motcua", "display_name": "x", "password": "một mật khẩu dài"});
    admin.put("/api/v1/users/motcua", user).await.expect(201);
    for _ in 0..2 {
        token(&app, "x", "").await.expect(401);
    }
    let locked = token(&app, &secret, "").await.expect(429);
    assert_eq!((locked.code(), locked.header("retry-after")), ("sign_in_locked", Some("1")));
    assert_eq!(app.count("audit_events WHERE act = 'lock' AND subject_type = 'client'").await, 1);
    let session = json!({"username": "motcua", "password": "một mật khẩu dài"});
    app.nobody().post("/api/v1/auth/sessions", session).await.expect(201);
}

#[tokio::test]
async fn a_machine_goes_as_far_as_its_scopes_and_departments() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let admin = app.admin().await;
    admin.put("/api/v1/clients/motcua", client(&["dossier:load"], &["DKKD"])).await.expect(201);
    let secret = new_secret(&admin, 1).await;
    let loader = machine(&app, &secret).await;
    let me = loader.get("/api/v1/me").await.expect(200).body;
    assert_eq!(
        (&me["username"], &me["permissions"]),
        (&json!("client:motcua"), &json!(["self:read", "job:read", "job:cancel", "dossier:load"]))
    );
    assert_eq!(me["grants"], json!([{"role": "integration", "department": "DKKD"}]));
    let rows = [history("H-1", "DKKD"), history("H-2", "DN")];
    let loaded = loader.load("/api/v1/dossiers/bulk?mode=best_effort", &rows).await.expect(207);
    assert_eq!((&loaded.body["summary"]["created"], &loaded.body["results"][0]["code"]), (&json!(1), &json!("H-2")));
    let by: String = sqlx::query_scalar("SELECT actor FROM audit_events WHERE act = 'load'").fetch_one(&app.pool).await.unwrap();
    assert_eq!(by, "client:motcua");
    // What the role may do, but not this machine.
    for path in ["/api/v1/dossiers", "/api/v1/departments", "/api/v1/clients", "/api/v1/users"] {
        loader.get(path).await.expect(403);
    }
    loader.put("/api/v1/departments/X", crate::harness::department("X")).await.expect(403);

    // Other terms: the tokens given out under the old ones end at once.
    let change = async |version: i64, body: &Value| {
        admin.json("PUT", "/api/v1/clients/motcua", &[("if-match", &format!("\"{version}\""))], body).await.expect(200);
    };
    change(2, &client(&["dossier:load", "dossier:read"], &["DKKD"])).await;
    assert_eq!(loader.get("/api/v1/me").await.expect(401).code(), "invalid_token");
    let reader = machine(&app, &secret).await;
    assert_eq!(reader.get("/api/v1/dossiers").await.expect(200).body["items"].as_array().unwrap().len(), 1);
    change(3, &client(&["dossier:load", "dossier:read"], &[])).await;
    let everywhere = machine(&app, &secret).await;
    everywhere.load("/api/v1/dossiers/bulk", &[history("H-2", "DN")]).await.expect(200);
    assert_eq!(everywhere.get("/api/v1/dossiers").await.expect(200).body["items"].as_array().unwrap().len(), 2);
    let mut off = client(&["dossier:load", "dossier:read"], &[]);
    off["active"] = json!(false);
    change(4, &off).await;
    everywhere.get("/api/v1/dossiers").await.expect(401);
    token(&app, &secret, "").await.expect(401);
}

/// Another server changed the client: this one finds out by itself.
#[tokio::test]
async fn a_token_of_a_changed_client_ends_on_every_server() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.put("/api/v1/clients/motcua", client(&["dossier:read"], &[])).await.expect(201);
    let secret = new_secret(&admin, 1).await;
    let reader = machine(&app, &secret).await;
    reader.get("/api/v1/dossiers").await.expect(200);
    sqlx::query("UPDATE clients SET active = false").execute(&app.pool).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5200)).await;
    reader.get("/api/v1/dossiers").await.expect(401);
}
