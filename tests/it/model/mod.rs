//! Acts in any order, done over HTTP and in a model of the rules that shares nothing with the server: both must tell the
//! same after every one of them.
//!
//! `DUNGHEN_MODEL_SEED=7 DUNGHEN_MODEL_RUNS=500 cargo test --test it model::` plays other and more stories. A story that
//! fails is made shorter before it is told, with its seed.

mod clock;
mod history;
mod office;
pub mod story;

use chrono::{NaiveDateTime, TimeDelta};
use dunghen::auth::{Role, TokenGrant, tokens};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, Answer, App};
use clock::{Calendar, Promise};
use office::{Asked, Dossier, Expected, allowed, instant};
use story::{Dice, Story};

const DEPARTMENTS: [&str; 4] = ["DKKD", "DN", "KTDN", "THQH"];

/// Where the stories are played: one server with a clock that stands.
struct Stage {
    app: App,
    /// Someone who may do everything at the counter and in every division.
    who: Actor,
    calendar: Calendar,
    now: NaiveDateTime,
    procedures: Vec<Value>,
}

/// A dossier whose story was played to its end.
struct Played<'a> {
    model: Dossier<'a>,
    detail: Value,
    /// The receipt as it was sent.
    received: Value,
    /// Reasons and numbers as they were given, by act.
    given: Vec<Asked>,
}

fn same(found: &Value, expected: &Value, about: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{about}: the server has {found}, the model {expected}")) }
}

fn local(text: &Value) -> NaiveDateTime {
    chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap().naive_local()
}

/// The detail in the form of [`Dossier::seen`].
fn seen(detail: &Value) -> Value {
    let list = |name: &str, members: &[&str]| -> Vec<Value> {
        let all = detail[name].as_array().unwrap().iter();
        all.map(|entry| members.iter().map(|m| entry[*m].clone()).collect()).collect()
    };
    let mut seen = json!({
        "supplements": list("supplements", &["requested_at", "fulfilled_at", "due_before", "due_after"]),
        "fee_requests": list("fee_requests", &["requested_at", "paid_at", "due_before", "due_after"]),
        "suspensions": list("suspensions", &["from", "to", "due_before", "due_after"]),
        "apologies": detail["apologies"].as_array().unwrap().iter().map(|a| a["sent_at"].clone()).collect::<Vec<_>>(),
        "consultations":
            list("consultations", &["agency", "sent_at", "document_no", "answer_due_on", "reminders", "answered_at", "escalated_at"]),
    });
    for name in [
        "status",
        "outcome",
        "timeliness",
        "resolving_department",
        "due_on",
        "due_at",
        "due_before",
        "first_due_on",
        "finished_at",
        "finished_on",
        "accepted_at",
        "submitted_at",
        "version",
        "findings",
    ] {
        seen[name] = detail[name].clone();
    }
    let mut acts: Vec<&str> = detail["allowed_acts"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    acts.sort_unstable();
    seen["allowed_acts"] = json!(acts);
    seen
}

fn agree(detail: &Value, model: &Dossier) -> Result<(), String> {
    let (found, expected) = (seen(detail), model.seen());
    expected.as_object().unwrap().iter().try_for_each(|(name, value)| same(&found[name], value, name))
}

impl Stage {
    async fn at(now: &str) -> Stage {
        let app = App::at(now).await.with_examples().await;
        let procedure = |code: &str, value: u8, unit: &str, policy: &str, cutoff: &str| {
            json!({"code": code, "name": code, "field": {"code": "DKDN", "name": "Thành lập và hoạt động của doanh nghiệp"}, "department": "DKKD",
                "limit": {"value": value, "unit": unit}, "supplement_policy": policy, "same_day_cutoff": cutoff})
        };
        let own = json!([
            procedure("9.1", 2, "calendar_day", "restart", "15:00"),
            procedure("9.2", 0, "working_day", "restart", "16:30"),
            procedure("9.3", 13, "working_hour", "pause", "15:00"),
        ]);
        app.admin().await.post("/api/v1/procedures/bulk", own.clone()).await.expect(200);
        let mut procedures: Vec<Value> = serde_json::from_str(include_str!("../../data/procedures.json")).unwrap();
        procedures.extend(own.as_array().unwrap().iter().cloned());
        let mut who = app.one_stop().await;
        let heads = DEPARTMENTS.iter().map(|d| TokenGrant { role: Role::Head, department: Some((*d).to_owned()) });
        let grants = heads.chain([TokenGrant { role: Role::OneStop, department: None }]).collect();
        let id = sqlx::query_scalar("SELECT id FROM users WHERE username = $1").bind(&who.username).fetch_one(&app.pool).await.unwrap();
        who.token = Some(tokens::issue(&app.shared, id, &who.username, Uuid::now_v7(), grants).unwrap().0);
        Stage { app, who, calendar: Calendar::vn(), now: local(&json!(now)), procedures }
    }

    /// Plays a story; what was done is told in `log` also when the two disagree.
    async fn play(&self, story: &Story, log: &mut Vec<String>) -> Result<Played<'_>, String> {
        let mut dice = Dice(story.receipt);
        // Where a supplement starts the limit anew there is most to get wrong.
        let anew: Vec<Value> = self.procedures.iter().filter(|p| p["supplement_policy"] == "restart").cloned().collect();
        let procedure = if dice.chance(40) { dice.one_of(&anew) } else { dice.one_of(&self.procedures) };
        let favourites = story::favourites(&mut dice);
        let at = self.now - TimeDelta::days(1 + dice.below(60));
        let at = story::on_edge(&mut dice, at);
        let submitted = at - TimeDelta::minutes(dice.below(3) * dice.below(2) * 700);
        let (accept, digitised) = (dice.chance(60), dice.one_of(&[None, Some(true), Some(false)]));
        let receipt = json!({"procedure": procedure["code"], "receiving_department": "MC", "channel": dice.one_of(&["direct", "online", "postal"]),
            "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}, "submitted_at": instant(submitted), "occurred_at": instant(at),
            "accept": accept, "digitised": digitised});
        log.push(format!("{receipt} under {}", procedure["limit"]));
        let received = self.who.post("/api/v1/dossiers", receipt.clone()).await;
        if received.status != 201 {
            return Err(received.text);
        }
        let mut model = Dossier {
            calendar: &self.calendar,
            promise: Promise::of(&procedure),
            today: self.now.date(),
            state: if accept { "accepted" } else { "submitted" },
            department: procedure["department"].as_str().unwrap().to_owned(),
            digitised,
            submitted,
            accepted: accept.then_some(at),
            completions: Vec::new(),
            waits: Vec::new(),
            apologies: Vec::new(),
            consultations: Vec::new(),
            finished: None,
            voided: None,
            done: vec![("submission", submitted)],
            version: 1,
        };
        model.done.extend(accept.then_some(("acceptance", at)));
        let mut detail = received.body;
        agree(&detail, &model)?;
        let mut given = Vec::new();
        let mut shown = vec![(at, detail.clone())];
        for step in &story.steps {
            let asked = story::next(*step, &favourites, &model, self.now, &DEPARTMENTS);
            let expected = model.expect(&asked, self.now, &DEPARTMENTS);
            log.push(format!("{} {} → {expected:?}", asked.path(), asked.body()));
            let path = format!("/api/v1/dossiers/{}/{}", detail["id"].as_str().unwrap(), asked.path());
            let rehearsed = if step % 4 == 0 {
                let rehearsed = self.who.act(&format!("{path}?dry_run=true"), model.version, asked.body()).await;
                self.unchanged(&detail).await?;
                Some(rehearsed)
            } else {
                None
            };
            let answer = self.who.act(&path, model.version, asked.body()).await;
            answered(&answer, &expected, &asked, &model)?;
            if let Some(rehearsed) = rehearsed {
                rehearsed_alike(&rehearsed, &answer)?;
            }
            if expected == Expected::Done {
                model.perform(&asked);
                detail = answer.body;
                agree(&detail, &model)?;
                shown.push((asked.at, detail.clone()));
                given.push(asked);
            } else {
                self.unchanged(&detail).await?;
            }
        }
        self.unchanged(&detail).await?;
        self.look_back(&model, &detail, &shown, &mut dice).await?;
        Ok(Played { model, detail, received: receipt, given })
    }

    async fn unchanged(&self, detail: &Value) -> Result<(), String> {
        let found = self.who.get(&format!("/api/v1/dossiers/{}", detail["id"].as_str().unwrap())).await;
        same(&found.body, detail, "the dossier as it was left")
    }

    /// Timeline, clock as of the past, audit lines and events.
    async fn look_back(
        &self,
        model: &Dossier<'_>,
        detail: &Value,
        shown: &[(NaiveDateTime, Value)],
        dice: &mut Dice,
    ) -> Result<(), String> {
        let id = detail["id"].as_str().unwrap();
        let timeline = self.who.get(&format!("/api/v1/dossiers/{id}/timeline")).await.body;
        let told = timeline["items"].as_array().unwrap().iter().map(|e| json!([e["act"], e["at"]])).collect();
        let name = |act: &str| match act {
            "completion-requests" | "supplement-requests" | "fee-requests" | "suspensions" | "consultations" => {
                act[..act.len() - 1].to_owned()
            }
            "apologies" => "apology".to_owned(),
            same => same.to_owned(),
        };
        same(&Value::Array(told), &model.done.iter().map(|(act, at)| json!([name(act), instant(*at)])).collect(), "the timeline")?;

        let first = self.now - TimeDelta::days(70);
        let mut moments: Vec<NaiveDateTime> = (0..3).map(|_| first + TimeDelta::minutes(dice.below(70 * 24 * 60))).collect();
        moments.extend((0..2).map(|_| dice.one_of(shown).0));
        for moment in moments {
            let path = format!("/api/v1/dossiers/{id}/clock?as_of={}", instant(moment).replace('+', "%2B"));
            let clock = self.who.get(&path).await;
            let Some(reading) = model.reading(moment) else {
                same(&json!([clock.status, clock.pointers()]), &json!([422, ["/accepted_at"]]), &path)?;
                continue;
            };
            let expected = json!({"first_due_on": reading.first.map(|d| d.on), "due_on": reading.due.map(|d| d.on),
                "due_at": reading.due.and_then(|d| d.at).map(instant), "due_before": reading.before,
                "state": if reading.paused { "paused" } else { "running" }});
            expected.as_object().unwrap().iter().try_for_each(|(m, value)| same(&clock.body[m], value, &format!("{m} of {path}")))?;
            // What the detail said then, unless something else happened at the same instant.
            if let Some((_, then)) = shown.iter().rfind(|(at, _)| *at <= moment) {
                for member in ["due_on", "due_at", "due_before", "first_due_on"] {
                    same(&clock.body[member], &then[member], &format!("{member} of {path}, and the detail then"))?;
                }
            }
        }
        for table in ["audit_events", "outbox_events"] {
            let text = format!("SELECT count(*) FROM {table} WHERE subject_id = $1::uuid");
            let lines: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(text)).bind(id).fetch_one(&self.app.pool).await.unwrap();
            same(&json!(lines), &json!(model.version), table)?;
        }
        Ok(())
    }

    /// Leaves out of a story what it fails without.
    async fn shorter(&self, mut story: Story) -> Story {
        let mut i = 0;
        while i < story.steps.len() {
            let mut less = story.clone();
            less.steps.remove(i);
            if self.play(&less, &mut Vec::new()).await.is_err() { story = less } else { i += 1 }
        }
        story
    }
}

fn answered(answer: &Answer, expected: &Expected, asked: &Asked, model: &Dossier) -> Result<(), String> {
    let status = match expected {
        Expected::Done => 200,
        Expected::NotAllowed => 409,
        Expected::NoSuchRequest => 404,
        Expected::Broken(_) => 422,
    };
    if answer.status != status {
        return Err(format!("answered {} {}", answer.status, answer.text));
    }
    if *expected == Expected::NotAllowed {
        let mut acts: Vec<&str> = answer.body["allowed"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        acts.sort_unstable();
        same(&json!([answer.body["from"], answer.body["requested"], acts]), &json!([model.state, asked.act, allowed(model.state)]), "409")?;
    }
    if let Expected::Broken(faults) = expected {
        let mut found: Vec<_> = answer.fault_codes().into_iter().zip(answer.pointers()).collect();
        found.sort_unstable();
        same(&json!(found), &json!(faults), "422")?;
    }
    Ok(())
}

/// A dry run answers what the real run answers.
fn rehearsed_alike(rehearsed: &Answer, answer: &Answer) -> Result<(), String> {
    let plain = |answer: &Answer| {
        let mut body = answer.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.retain(|name, _| name != "request_id" && name != "instance");
        }
        json!([answer.status, body])
    };
    same(&plain(rehearsed), &plain(answer), "the dry run")?;
    same(&json!(rehearsed.header("dry-run")), &json!((answer.status == 200).then_some("true")), "the header of the dry run")
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

async fn play_all(now: &str, first_seed: u64) {
    let stage = Stage::at(now).await;
    let (seed, runs) = (setting("DUNGHEN_MODEL_SEED", first_seed), setting("DUNGHEN_MODEL_RUNS", 60));
    let mut played = Vec::new();
    for i in 0..runs {
        let story = Story::by(seed + i);
        match stage.play(&story, &mut Vec::new()).await {
            Ok(one) => played.push(one),
            Err(error) => {
                let (less, mut log) = (stage.shorter(story).await, Vec::new());
                let last = stage.play(&less, &mut log).await.err();
                panic!("seed {}: {error}\nshortened: {last:?}\n{}", seed + i, log.join("\n"));
            }
        }
    }
    // Stories that go nowhere would prove nothing.
    let done: i64 = played.iter().map(|one| one.model.version).sum();
    assert!(runs < 10 || u64::try_from(done).unwrap() > 4 * runs, "{done} acts in {runs} stories");
    history::told_as_rows(&stage, &played).await;
    history::listed(&stage, &played).await;
}

/// Tết, its week off, and the turn of the year.
#[tokio::test]
async fn acts_in_any_order_around_tet() {
    play_all("2022-02-14T10:20:00+07:00", 1186).await;
}

/// Holidays with a Saturday that works for a Monday.
#[tokio::test]
async fn acts_in_any_order_around_a_make_up_saturday() {
    play_all("2024-05-09T16:40:00+07:00", 4831).await;
}
