//! What has served its time goes, and nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use dunghen::app::Clock;
use dunghen::upkeep;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use crate::harness::{App, department};

const NOON: &str = "2022-06-20T05:00:00Z";

fn sum(swept: &[(&'static str, u64)], table: &str) -> u64 {
    swept.iter().filter(|(t, _)| *t == table).map(|(_, rows)| rows).sum()
}

#[tokio::test]
async fn kept_answers_go_after_seven_days() {
    let now: DateTime<Utc> = NOON.parse().unwrap();
    let app = App::with(Clock(Some(now)), |s| s.upkeep.batch = 2).await;
    let admin = app.admin().await;
    for code in ["A", "B", "C", "D", "E"] {
        admin.json("PUT", &format!("/api/v1/departments/{code}"), &[("idempotency-key", code)], &department(code)).await.expect(201);
    }
    let again = async || admin.json("PUT", "/api/v1/departments/A", &[("idempotency-key", "A")], &department("A")).await.expect(201);
    assert_eq!(sum(&upkeep::sweep(&app.shared, now + TimeDelta::days(7), now).await.unwrap(), "idempotency_keys"), 0);
    assert_eq!(again().await.header("idempotency-replayed"), Some("true"));
    // One is in the hands of another server that keeps house, or of a request that uses it.
    let mut other = PgConnection::connect(secrecy::ExposeSecret::expose_secret(&app.shared.settings.database.url)).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("SELECT 1 FROM idempotency_keys WHERE key = 'C' FOR UPDATE").await.unwrap();
    let later = now + TimeDelta::days(7) + TimeDelta::seconds(1);
    let (one, two) = tokio::join!(upkeep::sweep(&app.shared, later, now), upkeep::sweep(&app.shared, later, now));
    assert_eq!(sum(&one.unwrap(), "idempotency_keys") + sum(&two.unwrap(), "idempotency_keys"), 4);
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(sum(&upkeep::sweep(&app.shared, later, now).await.unwrap(), "idempotency_keys"), 1);
    assert_eq!((app.count("idempotency_keys").await, app.count("departments").await), (0, 5));
    let figures = app.nobody().get("/metrics").await.text;
    assert!(figures.contains("dunghen_swept_rows_total{table=\"idempotency_keys\"} 5"), "{figures}");
}

#[tokio::test]
async fn sessions_go_after_their_end_and_counts_of_failures_after_a_day() {
    let app = App::start().await;
    let admin = app.admin().await;
    let (password, nobody) = ("một mật khẩu dài", app.nobody());
    admin
        .put("/api/v1/users/lan", json!({"username": "lan", "display_name": "Lan", "password": password, "grants": [{"role": "auditor"}]}))
        .await
        .expect(201);
    let sign_in = async |password: &str| nobody.post("/api/v1/auth/sessions", json!({"username": "lan", "password": password})).await;
    let live = sign_in(password).await.expect(201).body;
    for _ in 0..3 {
        let session = sign_in(password).await.expect(201).body;
        let lan = crate::harness::Actor { token: session["access_token"].as_str().map(str::to_owned), ..nobody.clone() };
        lan.send("DELETE", "/api/v1/auth/sessions/current", &[], None).await.expect(204);
    }
    sign_in("sai mật khẩu").await.expect(401);
    let now = Utc::now();
    let at = async |days: i64| upkeep::sweep(&app.shared, now, now + TimeDelta::days(days)).await.unwrap();
    let early = upkeep::sweep(&app.shared, now, now + TimeDelta::hours(23)).await.unwrap();
    assert_eq!((sum(&early, "sessions"), sum(&early, "sign_in_throttles")), (0, 0));
    let week = at(8).await;
    // The user and the address.
    assert_eq!((sum(&week, "sessions"), sum(&week, "sign_in_throttles")), (3, 2));
    // The session that goes on can still be refreshed.
    nobody.post("/api/v1/auth/sessions/refresh", json!({"refresh_token": live["refresh_token"]})).await.expect(200);
    assert_eq!((app.count("sessions").await, app.count("refresh_tokens").await), (1, 2));
    assert_eq!(sum(&at(36).await, "sessions"), 0);
    assert_eq!(sum(&at(38).await, "sessions"), 1);
    assert_eq!((app.count("refresh_tokens").await, app.count("users WHERE username = 'lan'").await), (0, 1));
}
