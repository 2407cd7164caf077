//! The demonstration: plan 1186 with all that belongs to it, loaded over HTTP like any script would. Loading it again
//! changes nothing.

mod data;

use serde_json::{Value, json};

use super::Failure;
use super::progress::Progress;
use crate::client::bulk::{Format, Options, Summary};
use crate::client::{Client, ClientError, Put};

pub use data::{ADMIN, ADMIN_NAME, DEFAULT_PASSWORD, history, password, users};

/// Number of dossiers in the demonstration.
pub const DOSSIERS: usize = 360;

const LANG: &str = "en";

/// What one part of the demonstration came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
}

impl Part {
    fn of(name: &'static str, summary: Summary) -> Part {
        Part { name, created: summary.created, changed: summary.updated, unchanged: summary.unchanged }
    }

    fn count(&mut self, put: Put) {
        match put {
            Put::Created => self.created += 1,
            Put::Changed => self.changed += 1,
            Put::Unchanged => self.unchanged += 1,
        }
    }

    fn all(self) -> u64 {
        self.created + self.changed + self.unchanged
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>5} {:<24}", self.all(), self.name)?;
        match (self.created, self.changed, self.unchanged) {
            (0, 0, _) => f.write_str("nothing new"),
            (created, 0, 0) => write!(f, "{created} created"),
            (created, changed, unchanged) => write!(f, "{created} created, {changed} changed, {unchanged} as they were"),
        }
    }
}

/// What a load of the demonstration came to.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub parts: Vec<Part>,
    /// Users of the same name that are no demo users: left alone.
    pub left_alone: Vec<String>,
}

impl Loaded {
    pub fn changed_nothing(&self) -> bool {
        self.parts.iter().all(|part| part.created + part.changed == 0)
    }
}

/// Loads the demonstration: what concerns the organisation as this administrator, the rest as the demo user `office`.
///
/// # Errors
/// No server, no sign-in, a server that takes no demo data, or any other refusal.
pub async fn load(base: &str, admin: &str, admin_password: &str, demo_password: &str, progress: &Progress) -> Result<Loaded, ClientError> {
    let mut loaded = Loaded::default();
    let client = Client::sign_in(base, admin, admin_password, LANG).await?;
    let rows = may_be_loaded(&client, demo_password, &mut loaded).await?;

    rows_of(&client, &mut loaded, progress, "departments", data::departments()).await?;
    rows_of(&client, &mut loaded, progress, "procedures", data::procedures()).await?;
    rows_of(&client, &mut loaded, progress, "users", rows).await?;

    let client = Client::sign_in(base, "office", demo_password, LANG).await?;
    let plan = data::plan();
    let plans = vec![(format!("/api/v1/plans/{}", text(&plan, "code")), plan)];
    puts(&client, &mut loaded, progress, "plan", plans).await?;
    progress.now("reporting duties");
    let taken = client.post("/api/v1/duties/imports", &json!({"plan": data::plan()["code"]})).await?;
    let number = |name: &str| taken[name].as_array().map_or(0, |codes| codes.len() as u64);
    let part = Part { name: "reporting duties", created: number("created"), changed: 0, unchanged: number("existing") };
    told(&mut loaded, progress, part);
    let kpis = data::kpis().into_iter().map(|kpi| (format!("/api/v1/kpis/{}", text(&kpi, "code")), kpi)).collect();
    puts(&client, &mut loaded, progress, "indicators and targets", kpis).await?;
    let measurements = data::measurements().into_iter().map(|m| {
        let path = format!("/api/v1/kpis/{}/measurements/{}/{}", text(&m, "kpi"), text(&m, "department"), text(&m, "period"));
        (path, m["measurement"].clone())
    });
    puts(&client, &mut loaded, progress, "measurements", measurements.collect()).await?;
    surveys(&client, &mut loaded, progress).await?;

    rows_of(&client, &mut loaded, progress, "documents", data::documents()).await?;

    progress.now("dossiers");
    let body = reqwest::Body::wrap_stream(history().into_body());
    let outcome = client.bulk("dossiers", &Options::default(), None, Format::Ndjson, body).await?;
    refuse("dossiers", &outcome)?;
    told(&mut loaded, progress, Part::of("dossiers", outcome.summary));
    progress.end();
    Ok(loaded)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// The users to load, once it is clear that this server takes them. Someone else's user of the same name is left alone.
async fn may_be_loaded(client: &Client, demo_password: &str, loaded: &mut Loaded) -> Result<Vec<Value>, ClientError> {
    let mut rows = users();
    for row in &mut rows {
        row["demo"] = json!(true);
        row["password"] = json!(demo_password);
    }
    let probe = json!([{"username": "demo.probe", "display_name": "-", "demo": true}]);
    let dry = Options { dry_run: true, ..Options::default() };
    let answer = client.bulk("users", &dry, None, Format::Json, probe.to_string()).await?;
    if answer.refused().any(|row| row["errors"][0]["pointer"] == "/demo") {
        return Err(ClientError::Unexpected(format!("{} takes no demo data (demo.allowed = false)", client.base())));
    }
    let others = others(client).await?;
    let kept = rows.into_iter().filter(|row| {
        let taken = others.iter().any(|name| name == text(row, "username"));
        if taken {
            loaded.left_alone.push(text(row, "username").to_owned());
        }
        !taken
    });
    let kept: Vec<Value> = kept.collect();
    if loaded.left_alone.iter().any(|name| name == "office") {
        return Err(ClientError::Unexpected(
            "there is a user “office” who is no demo user; the demonstration is for a server of its own".into(),
        ));
    }
    Ok(kept)
}

/// The users who are no demo users.
async fn others(client: &Client) -> Result<Vec<String>, ClientError> {
    let (mut names, mut path) = (Vec::new(), "/api/v1/users?limit=500".to_owned());
    loop {
        let page = client.get(&path).await?;
        let users = page["items"].as_array().into_iter().flatten().filter(|user| user["demo"] != true);
        names.extend(users.map(|user| text(user, "username").to_owned()));
        match page["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/users?limit=500&cursor={cursor}"),
            None => return Ok(names),
        }
    }
}

fn refuse(what: &str, outcome: &crate::client::bulk::Outcome) -> Result<(), ClientError> {
    let Some(row) = outcome.refused().next() else { return Ok(()) };
    let faults = crate::client::faults(&row["errors"]).join("; ");
    let (n, index) = (outcome.summary.rejected, &row["index"]);
    Err(ClientError::Unexpected(format!("{n} {what} were refused; row {index} {}: {faults}", text(row, "code"))))
}

async fn rows_of(
    client: &Client,
    loaded: &mut Loaded,
    progress: &Progress,
    resource: &'static str,
    rows: Vec<Value>,
) -> Result<(), ClientError> {
    progress.now(resource);
    let outcome = client.bulk(resource, &Options::default(), None, Format::Json, Value::Array(rows).to_string()).await?;
    refuse(resource, &outcome)?;
    told(loaded, progress, Part::of(resource, outcome.summary));
    Ok(())
}

async fn puts(
    client: &Client,
    loaded: &mut Loaded,
    progress: &Progress,
    name: &'static str,
    bodies: Vec<(String, Value)>,
) -> Result<(), ClientError> {
    progress.now(name);
    let mut part = Part { name, ..Part::default() };
    for (path, body) in bodies {
        part.count(client.put(&path, &body).await?);
    }
    told(loaded, progress, part);
    Ok(())
}

/// Waves are put, closed, and what was published of them is recorded; one that was closed before stays as it is.
async fn surveys(client: &Client, loaded: &mut Loaded, progress: &Progress) -> Result<(), ClientError> {
    progress.now("surveys");
    let mut part = Part { name: "surveys", ..Part::default() };
    for wave in data::surveys() {
        let path = format!("/api/v1/surveys/{}", text(&wave["survey"], "code"));
        part.count(client.put(&path, &wave["survey"]).await?);
        let mut state = client.get(&path).await?;
        if state["state"] == "open" {
            state = client.act(&format!("{path}/closure"), &json!({})).await?;
        }
        if state["state"] == "closed" && !wave["publication"].is_null() {
            client.act(&format!("{path}/publication"), &wave["publication"]).await?;
        }
    }
    told(loaded, progress, part);
    Ok(())
}

fn told(loaded: &mut Loaded, progress: &Progress, part: Part) {
    progress.advance(1);
    progress.say(&part.to_string());
    loaded.parts.push(part);
}

/// Parts of the demonstration.
pub const PARTS: u64 = 10;

/// Whether the demonstration was loaded here before: its plan is there, and dossiers are.
///
/// # Errors
/// No server; `invalid_credentials` when there is no demo user `office` with this password.
pub async fn is_loaded(base: &str, demo_password: &str) -> Result<bool, ClientError> {
    let client = Client::sign_in(base, "office", demo_password, LANG).await?;
    let plan = client.find(&format!("/api/v1/plans/{}", text(&data::plan(), "code"))).await?;
    let dossiers = client.get("/api/v1/dossiers?limit=1").await?;
    Ok(plan.is_some() && dossiers["items"].as_array().is_some_and(|items| !items.is_empty()))
}

/// Loads the demonstration unless it was loaded before.
///
/// # Errors
/// As [`load`].
pub async fn load_once(base: &str, progress: &Progress) -> Result<Option<Loaded>, ClientError> {
    let password = password();
    match is_loaded(base, &password).await {
        Ok(true) => return Ok(None),
        Ok(false) => {}
        Err(error) if error.is("invalid_credentials") => {}
        Err(error) => return Err(error),
    }
    match load(base, ADMIN, &password, &password, progress).await {
        Err(error) if error.is("invalid_credentials") => Err(ClientError::Unexpected(
            "the demo administrator “admin” cannot sign in: this database has users of its own, or another demo password \
             (DUNGHEN_DEMO_PASSWORD)"
                .into(),
        )),
        other => other.map(Some),
    }
}

/// `dunghen demo`.
///
/// # Errors
/// As [`load`].
pub async fn command(url: &str, user: &str) -> Result<(), Failure> {
    let demo_password = password();
    let admin_password = std::env::var("DUNGHEN_PASSWORD").unwrap_or_else(|_| demo_password.clone());
    let progress = Progress::steps(PARTS);
    let loaded = match load(url, user, &admin_password, &demo_password, &progress).await {
        Ok(loaded) => loaded,
        Err(error) => {
            progress.end();
            let hint = if error.is("invalid_credentials") { "\nset DUNGHEN_PASSWORD to the password of --user" } else { "" };
            return Err(format!("{error}{hint}").into());
        }
    };
    if !loaded.left_alone.is_empty() {
        println!("Not touched, since they are no demo users: {}", loaded.left_alone.join(", "));
    }
    println!(
        "{}",
        if loaded.changed_nothing() { "Everything was there already: nothing changed." } else { "The demonstration is loaded." }
    );
    print!("{}", data::sign_ins(url));
    Ok(())
}

/// The block that `dunghen serve --demo` ends with.
pub fn welcome(base: &str) -> String {
    data::sign_ins(base)
}
