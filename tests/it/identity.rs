use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dunghen::app::Clock;
use dunghen::auth::Role;
use serde_json::json;

use crate::harness::{Actor, App, department};

const PASSWORD: &str = "một mật khẩu dài";

async fn app_with_user() -> (App, Actor) {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.put("/api/v1/departments/DKKD", department("DKKD")).await.expect(201);
    let user =
        json!({"username": "lan", "display_name": "Lan", "password": PASSWORD, "grants": [{"role": "officer", "department": "DKKD"}]});
    admin.put("/api/v1/users/lan", user.clone()).await.expect(201);
    assert_eq!(admin.put("/api/v1/users/lan", user).await.expect(200).header("unchanged"), Some("true"));
    (app, admin)
}

fn with_token(nobody: &Actor, token: &str) -> Actor {
    Actor { token: Some(token.to_owned()), ..nobody.clone() }
}

#[tokio::test]
async fn signing_in_refreshing_and_signing_out() {
    let (app, _) = app_with_user().await;
    let nobody = app.nobody();
    let sign_in = json!({"username": "lan", "password": PASSWORD});
    let session = nobody.post("/api/v1/auth/sessions", sign_in.clone()).await.expect(201).body;
    assert_eq!((session["token_type"].as_str(), session["expires_in"].as_i64()), (Some("Bearer"), Some(900)));
    let lan = with_token(&nobody, session["access_token"].as_str().unwrap());
    let me = lan.get("/api/v1/me").await.expect(200).body;
    assert_eq!((me["username"].as_str(), &me["grants"]), (Some("lan"), &json!([{"role": "officer", "department": "DKKD"}])));

    let refresh = json!({"refresh_token": session["refresh_token"]});
    let second = nobody.post("/api/v1/auth/sessions/refresh", refresh.clone()).await.expect(200).body;
    nobody.post("/api/v1/auth/sessions/refresh", refresh).await.expect(401);
    // The token was used twice: the whole session is over, the new tokens with it.
    nobody.post("/api/v1/auth/sessions/refresh", json!({"refresh_token": second["refresh_token"]})).await.expect(401);
    lan.get("/api/v1/me").await.expect(401);

    let session = nobody.post("/api/v1/auth/sessions", sign_in).await.expect(201).body;
    let lan = with_token(&nobody, session["access_token"].as_str().unwrap());
    lan.send("DELETE", "/api/v1/auth/sessions/current", &[], None).await.expect(204);
    assert_eq!(lan.get("/api/v1/me").await.expect(401).code(), "invalid_token");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let (app, admin) = app_with_user().await;
    let nobody = app.nobody();
    for (username, password) in [("lan", "sai mật khẩu"), ("nobody", PASSWORD)] {
        let answer = nobody.post("/api/v1/auth/sessions", json!({"username": username, "password": password})).await.expect(401);
        assert_eq!(answer.code(), "invalid_credentials");
    }
    assert_eq!(
        nobody.post("/api/v1/auth/sessions", json!({"username": "a\u{0}", "password": "x"})).await.expect(400).fault_codes(),
        ["wrong_format"]
    );
    let off = json!({"username": "lan", "display_name": "Lan", "active": false});
    admin.json("PUT", "/api/v1/users/lan", &[("if-match", "\"1\"")], &off).await.expect(200);
    nobody.post("/api/v1/auth/sessions", json!({"username": "lan", "password": PASSWORD})).await.expect(401);
}

#[tokio::test]
async fn a_user_who_changes_is_signed_out() {
    let (app, admin) = app_with_user().await;
    let nobody = app.nobody();
    let session = nobody.post("/api/v1/auth/sessions", json!({"username": "lan", "password": PASSWORD})).await.expect(201).body;
    let lan = with_token(&nobody, session["access_token"].as_str().unwrap());
    lan.get("/api/v1/me").await.expect(200);
    let changed = json!({"username": "lan", "display_name": "Lan", "grants": []});
    admin.json("PUT", "/api/v1/users/lan", &[("if-match", "\"1\"")], &changed).await.expect(200);
    lan.get("/api/v1/me").await.expect(401);
    // The password stayed.
    nobody.post("/api/v1/auth/sessions", json!({"username": "lan", "password": PASSWORD})).await.expect(201);
}

/// Hashing waits for other hashes, and no request waits for it.
#[tokio::test]
async fn passwords_are_hashed_without_a_turn_and_only_where_it_is_of_use() {
    let app = App::with(Clock::default(), |s| s.database.connections_per_worker = 1).await;
    let admin = app.admin().await;
    admin.put("/api/v1/clients/motcua", json!({"client_id": "motcua", "name": "x", "scopes": []})).await.expect(201);
    let all = app.shared.settings.auth.password_checks as u32;
    let held = app.shared.password_gate.clone().try_acquire_many_owned(all).unwrap();
    let user = |name: &str, password: &str| json!({"username": name, "display_name": name, "password": password});
    let rows = json!([user("a", PASSWORD), user("b", PASSWORD)]);
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..3 {
            tokio::time::timeout(Duration::from_secs(2), admin.get("/api/v1/users")).await.expect("no turn").expect(200);
        }
        // Refused for its faults, not for the wait.
        let bad = json!([user("A", PASSWORD), user("c", "short"), user("d", PASSWORD), user("d", PASSWORD)]);
        let answer = tokio::time::timeout(Duration::from_secs(2), admin.post("/api/v1/users/bulk", bad)).await.expect("hashed");
        assert_eq!(answer.expect(422).body["summary"]["rejected"], 4);
        drop(held);
    };
    let (put, loaded, secret, ()) = tokio::join!(
        admin.put("/api/v1/users/lan", user("lan", PASSWORD)),
        admin.post("/api/v1/users/bulk", rows.clone()),
        admin.act("/api/v1/clients/motcua/secrets", 1, json!({})),
        others
    );
    put.expect(201);
    assert_eq!(loaded.expect(200).body["summary"]["created"], 2);
    secret.expect(201);
    for name in ["lan", "a", "b"] {
        app.nobody().post("/api/v1/auth/sessions", json!({"username": name, "password": PASSWORD})).await.expect(201);
    }
    assert_eq!(admin.post("/api/v1/users/bulk", rows).await.expect(200).body["summary"]["unchanged"], 2);
    let other = json!([user("a", "một mật khẩu khác"), user("b", PASSWORD)]);
    let summary = admin.post("/api/v1/users/bulk", other).await.expect(200).body["summary"].clone();
    assert_eq!((&summary["updated"], &summary["unchanged"]), (&json!(1), &json!(1)));
    app.nobody().post("/api/v1/auth/sessions", json!({"username": "a", "password": PASSWORD})).await.expect(401);
    // No view shows a password: that something changed is told, but not what.
    let stale = admin.json("PUT", "/api/v1/users/a", &[("if-match", "\"1\"")], &user("a", PASSWORD)).await.expect(412).body;
    assert_eq!((&stale["current_version"], &stale["changed_by"]), (&json!(2), &json!(admin.username)));
    assert_eq!((stale.get("changed_fields"), stale["changes"][0].get("fields")), (None, None), "{stale}");
    assert_eq!(stale["detail"], format!("The current version is 2, changed by {}. Load it again and retry.", admin.username));
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let app = App::start().await;
    let good = app.actor(Role::Auditor, None).await;
    good.get("/api/v1/me").await.expect(200);
    good.get("/api/v1/departments").await.expect(200);
    let token = good.token.clone().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let jwks = good.get("/.well-known/jwks.json").await.expect(200).body;
    let key = &jwks["keys"][0];
    assert_eq!((key["alg"].as_str(), key.get("d")), (Some("EdDSA"), None));

    let header = |alg: &str| URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "at+jwt", "kid": key["kid"]}).to_string());
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let signing = |header: String, claims: &serde_json::Value| {
        let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mac = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public), text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
    };
    let mut director = claims.clone();
    director["grants"] = json!([{"role": "director", "department": null}]);
    let forged = [
        format!("{}.{}.", header("none"), parts[1]),
        signing(header("HS256"), &claims),
        format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(director.to_string()), parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        "x".into(),
    ];
    for token in forged {
        let answer = with_token(&good, &token).get("/api/v1/departments").await.expect(401);
        let challenge = "Bearer realm=\"dunghen\", error=\"invalid_token\"";
        assert_eq!((answer.code(), answer.header("www-authenticate")), ("invalid_token", Some(challenge)));
    }
    // Signed by the right key, but not for this service, not yet or no longer.
    let sign = |claims: &serde_json::Value| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = Some("at+jwt".into());
        header.kid = Some(app.shared.keys.kid.clone());
        jsonwebtoken::encode(&header, claims, &app.shared.keys.encoding).unwrap()
    };
    for (claim, value) in
        [("aud", json!("other")), ("iss", json!("http://other")), ("exp", json!(1_000_000_000)), ("nbf", json!(9_000_000_000_i64))]
    {
        let mut wrong = claims.clone();
        wrong[claim] = value;
        with_token(&good, &sign(&wrong)).get("/api/v1/departments").await.expect(401);
    }
    with_token(&good, &sign(&claims)).get("/api/v1/departments").await.expect(200);
    app.nobody().get("/api/v1/departments").await.expect(401);
}

#[tokio::test]
async fn a_repeated_request_with_its_key_is_answered_again() {
    let app = App::start().await;
    let admin = app.admin().await;
    let key = [("idempotency-key", "k-1")];
    let path = "/api/v1/departments/A";
    let first = admin.json("PUT", path, &key, &department("A")).await.expect(201);
    let again = admin.json("PUT", path, &key, &department("A")).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    let other = json!({"code": "A", "name": "Khác", "kind": "unit"});
    assert_eq!(admin.json("PUT", path, &key, &other).await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(app.count("audit_events").await, 1);
}
