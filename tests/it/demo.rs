//! The demonstration loads over HTTP, shows everything there is to show, and loading it again changes nothing.

use std::collections::BTreeSet;

use dunghen::app::Clock;
use dunghen::cli::demo::{self, DEFAULT_PASSWORD, Loaded};
use dunghen::cli::progress::Progress;
use dunghen::client::generate::history_rows;
use dunghen::client::{Client, ClientError};
use dunghen::identity;
use serde_json::Value;

use crate::harness::App;

const ROOT_PASSWORD: &str = "quản trị của kiểm thử";

async fn administrator(app: &App) {
    identity::create_admin(&app.shared.background, "root", "Root", ROOT_PASSWORD).await.unwrap();
}

async fn load(app: &App) -> Result<Loaded, ClientError> {
    demo::load(&app.base, "root", ROOT_PASSWORD, DEFAULT_PASSWORD, &Progress::silent()).await
}

async fn count_all(app: &App) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "audit_events",
        "dossiers",
        "departments",
        "procedures",
        "users",
        "plans",
        "tasks",
        "duties",
        "kpis",
        "kpi_measurements",
        "surveys",
        "survey_answers",
        "survey_steps",
        "documents",
    ] {
        counts.push(app.count(table).await);
    }
    counts
}

#[tokio::test]
async fn the_demonstration_shows_everything_and_loads_once() {
    let app = App::at("2022-12-31T20:00:00+07:00").await;
    administrator(&app).await;
    let loaded = load(&app).await.unwrap();
    assert!(loaded.left_alone.is_empty());
    assert_eq!(loaded.parts.len() as u64, demo::PARTS);
    assert_eq!(app.count("dossiers").await, demo::DOSSIERS as i64);

    let office = Client::sign_in(&app.base, "office", DEFAULT_PASSWORD, "en").await.unwrap();
    let tasks = office.get("/api/v1/tasks?plan=kh-1186-skhdt-2022&limit=100").await.unwrap();
    assert_eq!(tasks["items"].as_array().unwrap().len(), 24);
    assert_eq!(office.get("/api/v1/plans/kh-1186-skhdt-2022").await.unwrap()["document_number"], "1186/KH-SKHĐT");

    let due = office.get("/api/v1/duty-occurrences?due_from=2022-01-01&due_to=2022-12-31&plan=kh-1186-skhdt-2022").await.unwrap();
    let due: Vec<(&str, &str)> =
        due["items"].as_array().unwrap().iter().map(|o| (o["period"].as_str().unwrap(), o["due_on"].as_str().unwrap())).collect();
    for report in [("2022H1", "2022-06-30"), ("2022", "2022-12-14"), ("2022", "2022-12-30"), ("2022-06", "2022-06-30")] {
        assert!(due.contains(&report), "{report:?} is missing: {due:?}");
    }
    let owed = office.get("/api/v1/explanations/owed?period=2022").await.unwrap();
    let kinds: BTreeSet<&str> = owed["items"].as_array().unwrap().iter().map(|i| i["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["finding", "kpi", "late_dossiers", "task"]), "{owed}");

    // Of the dossiers accepted in the year, every outcome that one can have.
    let report = office.get("/api/v1/reports/dossier-outcomes?from=2022-01-01&to=2022-12-31").await.unwrap();
    let outcomes = &report["total"]["outcomes"];
    for outcome in [
        "on_time",
        "late_with_apology",
        "late_without_apology",
        "refused",
        "terminated",
        "withdrawn",
        "supplement_requested",
        "suspended",
        "overdue",
        "overdue_with_apology",
        "in_progress",
    ] {
        assert!(outcomes[outcome].as_i64().is_some_and(|n| n > 0), "{outcome} is missing: {outcomes}");
    }
    let seen: BTreeSet<String> =
        sqlx::query_scalar("SELECT DISTINCT status FROM dossiers").fetch_all(&app.pool).await.unwrap().into_iter().collect();
    for status in ["submitted", "not_accepted", "processing", "awaiting_supplement", "awaiting_fee", "suspended", "resolved", "returned"]
        .into_iter()
        .chain(["refused", "terminated", "withdrawn", "voided"])
    {
        assert!(seen.contains(status), "{status} is missing: {seen:?}");
    }

    let online = office.get("/api/v1/kpi-results?kpi=on_time_rate,online_rate,satisfaction_index&period=2022").await.unwrap();
    let value = |code: &str| online["items"].as_array().unwrap().iter().find(|i| i["kpi"] == code).unwrap()["value"].as_f64().unwrap();
    assert!((90.0..98.0).contains(&value("on_time_rate")), "{online}");
    assert!((55.0..70.0).contains(&value("online_rate")), "{online}");
    assert_eq!(value("satisfaction_index"), 86.4);
    let documents = office.get("/api/v1/kpi-results?kpi=e_document_rate,e_office_drafted_rate&period=2022").await.unwrap();
    for item in documents["items"].as_array().unwrap() {
        assert!((85.0..100.0).contains(&item["value"].as_f64().unwrap()), "{documents}");
    }

    // A wave with what was published beside it, compared with the year before; and the counter's own one, which a target is about.
    let waves = office.get("/api/v1/surveys?period=2022").await.unwrap();
    let states: Vec<(&str, &str)> =
        waves["items"].as_array().unwrap().iter().map(|w| (w["code"].as_str().unwrap(), w["state"].as_str().unwrap())).collect();
    assert_eq!(states, [("danh-gia-ho-so-2022", "closed"), ("sipas-2022", "published")]);
    let results = office.get("/api/v1/surveys/sipas-2022/results").await.unwrap();
    assert_eq!((results["factors"].as_array().unwrap().len(), &results["factors"][0]["key"]), (5, &"access_to_service".into()));
    assert_eq!(results["whole"]["published"]["value"], 86.4);
    assert!(results["whole"]["published"]["difference"].as_f64().unwrap().abs() < 1.0, "{results}");
    let changes: BTreeSet<&str> =
        results["factors"].as_array().unwrap().iter().map(|f| f["previous"]["change"].as_str().unwrap()).collect();
    assert_eq!(changes, BTreeSet::from(["no_clear_change", "rose"]), "{results}");
    let rated = office.get("/api/v1/surveys/danh-gia-ho-so-2022/results").await.unwrap();
    assert_eq!((&rated["whole"]["value"], rated["fields"].as_array().unwrap().len()), (&91.2.into(), 3));

    for user in demo::users() {
        let name = user["username"].as_str().unwrap();
        let someone = Client::sign_in(&app.base, name, DEFAULT_PASSWORD, "en").await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(someone.get("/api/v1/me").await.unwrap()["username"], name);
    }

    let before = count_all(&app).await;
    let again = load(&app).await.unwrap();
    assert!(again.changed_nothing(), "{:?}", again.parts);
    assert_eq!(count_all(&app).await, before);
    assert!(demo::is_loaded(&app.base, DEFAULT_PASSWORD).await.unwrap());
    assert!(demo::load_once(&app.base, &Progress::silent()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_database_without_users_gets_the_demo_administrator_and_someone_elses_is_left_alone() {
    let app = App::start().await;
    let db = &app.shared.background;
    assert!(identity::create_demo_admin(db, demo::ADMIN, demo::ADMIN_NAME, DEFAULT_PASSWORD).await.unwrap());
    assert!(!identity::create_demo_admin(db, demo::ADMIN, demo::ADMIN_NAME, DEFAULT_PASSWORD).await.unwrap());
    let loaded = demo::load_once(&app.base, &Progress::silent()).await.unwrap().unwrap();
    let users = loaded.parts.iter().find(|p| p.name == "users").unwrap();
    assert_eq!((users.unchanged, users.changed), (1, 0), "the administrator is there as the demonstration has it");

    let app = App::start().await;
    administrator(&app).await;
    identity::create_admin(&app.shared.background, "admin", "Chị Hai", "mật khẩu của chị Hai").await.unwrap();
    assert_eq!(load(&app).await.unwrap().left_alone, ["admin"]);
    assert!(Client::sign_in(&app.base, "admin", "mật khẩu của chị Hai", "en").await.is_ok());
    let error = Client::sign_in(&app.base, "admin", DEFAULT_PASSWORD, "en").await.err().unwrap();
    assert!(error.is("invalid_credentials"), "{error}");
}

#[tokio::test]
async fn a_server_without_demo_data_refuses_it_and_keeps_nothing() {
    let app = App::with(Clock::default(), |settings| settings.demo.allowed = false).await;
    administrator(&app).await;
    let error = load(&app).await.unwrap_err();
    assert!(error.to_string().contains("demo.allowed"), "{error}");
    assert_eq!((app.count("departments").await, app.count("users").await), (0, 1));

    let admin = app.admin().await;
    let user = serde_json::json!({"username": "lan", "display_name": "Lan", "demo": true});
    let answer = admin.put("/api/v1/users/lan", user.clone()).await.expect(422);
    assert_eq!((answer.pointers(), answer.fault_codes()), (vec!["/demo"], vec!["not_permitted"]));
    let answer = admin.load("/api/v1/users/bulk?mode=best_effort", &[user]).await.expect(207);
    assert_eq!(answer.body["results"][0]["errors"][0]["code"], "not_permitted");
}

#[tokio::test]
async fn every_made_up_row_is_accepted() {
    let app = App::start().await;
    administrator(&app).await;
    load(&app).await.unwrap();
    let day = |text: &str| text.parse().unwrap();
    let office = app.office().await;
    for (seed, from, to) in [(1, "2021-01-01", "2022-12-31"), (2, "2023-05-02", "2023-05-31"), (3, "2024-04-29", "2025-02-14")] {
        let rows: Vec<Value> = history_rows(seed, 3000, day(from), day(to)).map(|row| serde_json::from_str(&row).unwrap()).collect();
        assert_eq!(rows.len(), 3000);
        let answer = office.load("/api/v1/dossiers/bulk", &rows).await;
        assert_eq!(answer.status, 200, "{}", &answer.text[..answer.text.len().min(2000)]);
        assert_eq!(answer.body["summary"]["rejected"], 0);
    }
}
