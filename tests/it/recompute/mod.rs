//! After random histories and random acts every figure that the server tells is the one that counting from scratch gives: right after the
//! act, with nothing to wait for.
//!
//! `DUNGHEN_RECOMPUTE_SEED=7 DUNGHEN_RECOMPUTE_SIZE=400 cargo test --test it recompute::` tries other and more.

mod plain;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use dunghen::auth::{Role, TokenGrant, tokens};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, App};
use crate::model::story::Dice;
use plain::{Facts, Figures, OF_DOSSIERS, Rows};

const DEPARTMENTS: [&str; 6] = ["SKHDT", "DKKD", "DKKD1", "DN", "KTDN", "THQH"];

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(at: DateTime<Utc>) -> String {
    (at + TimeDelta::hours(7)).format("%FT%T+07:00").to_string()
}

/// The place where it all happens, and what time it is there.
struct World {
    app: App,
    now: DateTime<Utc>,
    dice: Dice,
    done: usize,
}

impl World {
    async fn at(now: &str, seed: u64) -> World {
        let app = App::at(now).await.with_examples().await;
        let tree = json!([
            {"code": "SKHDT", "name": "Sở Kế hoạch và Đầu tư", "kind": "agency"},
            {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
            {"code": "DKKD1", "name": "Tổ 1", "kind": "unit", "parent": "DKKD"},
            {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"},
            {"code": "KTDN", "name": "Phòng Kinh tế đối ngoại", "kind": "division", "parent": "SKHDT"}
        ]);
        app.admin().await.post("/api/v1/departments/bulk", tree).await.expect(200);
        for (code, unit) in [
            ("e_document_rate", "percent"),
            ("e_office_drafted_rate", "percent"),
            ("task_on_time_rate", "percent"),
            ("plan_completion_rate", "percent"),
            ("tasks_overdue_or_extended", "count"),
        ] {
            let body = json!({"code": code, "name": code, "unit": unit, "source": "computed", "formula": code,
                "direction": if unit == "count" { "lower_is_better" } else { "higher_is_better" }});
            app.office().await.put(&format!("/api/v1/kpis/{code}"), body).await.expect(201);
        }
        World { app, now: now.parse().unwrap(), dice: Dice(seed), done: 0 }
    }

    /// Someone at this server who may do everything that is done here.
    async fn doer(&self, app: &App) -> Actor {
        let mut who = app.one_stop().await;
        let heads = DEPARTMENTS.iter().map(|d| TokenGrant { role: Role::Head, department: Some((*d).to_owned()) });
        let all = [Role::OneStop, Role::Office, Role::Clerk, Role::Director].map(|role| TokenGrant { role, department: None });
        let id = sqlx::query_scalar("SELECT id FROM users WHERE username = $1").bind(&who.username).fetch_one(&app.pool).await.unwrap();
        who.token = Some(tokens::issue(&app.shared, id, &who.username, Uuid::now_v7(), heads.chain(all).collect()).unwrap().0);
        who
    }

    /// Some moment between two, in minutes.
    fn between(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        from + TimeDelta::minutes(self.dice.below((to - from).num_minutes().max(0) + 1))
    }

    /// A row of history under some procedure, from the last months.
    fn row(&mut self, n: i64) -> Value {
        let accepted = self.now - TimeDelta::minutes(self.dice.below(150 * 24 * 60));
        let mut at = accepted;
        let mut row = json!({"code": format!("LS-{n:04}"), "procedure": self.dice.one_of(&["2.001199", "2.002043", "1.010027", "2.002031", "2.000375", "1.009642", "1.009671", "1.009493"]),
            "receiving_department": "MC", "channel": self.dice.one_of(&["online", "direct", "postal"]), "digitised": true,
            "applicant": {"kind": "citizen", "name": "Trần B"}, "accepted_at": instant(accepted)});
        if self.dice.chance(60) {
            row["resolving_department"] = json!(self.dice.one_of(&DEPARTMENTS));
        }
        let mut step = |world: &mut World, days: i64| {
            at += TimeDelta::minutes(world.dice.below(days * 24 * 60));
            (at <= world.now).then(|| instant(at))
        };
        if self.dice.chance(35)
            && let Some(asked) = step(self, 8)
        {
            let fulfilled = if self.dice.chance(80) { step(self, 10) } else { None };
            let waiting = fulfilled.is_none();
            row["supplements"] = json!([{"requested_at": asked, "document_no": "2/TB", "reason": "Thiếu", "fulfilled_at": fulfilled}]);
            if waiting {
                return row;
            }
        }
        if self.dice.chance(25)
            && let Some(sent) = step(self, 15)
        {
            let new_due = self.dice.chance(80).then(|| date(&sent[..10]) + TimeDelta::days(5));
            row["apologies"] = json!([{"sent_at": sent, "reason": "Quá tải", "new_due_on": new_due, "document_no": "4/XL"}]);
        }
        if self.dice.chance(75)
            && let Some(finished) = step(self, 25)
        {
            let decision =
                self.dice.one_of(&["resolved", "resolved", "resolved", "refused", "withdrawn", "terminated", "voided", "not_accepted"]);
            row["decision"] = json!(decision);
            row["finished_at"] = json!(finished);
            row["decision_reason"] = json!("Lý do");
            row["decision_document_no"] = json!("9/TB");
        }
        row
    }

    /// An act that the dossier allows, at some moment after all that is known of it.
    async fn act(&mut self, who: &Actor, id: &str) {
        let path = format!("/api/v1/dossiers/{id}");
        let detail = who.get(&path).await.expect(200).body;
        let acts: Vec<String> = detail["allowed_acts"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect();
        if acts.is_empty() {
            return;
        }
        let mut act = self.dice.one_of(&acts);
        if ["void", "withdrawal"].contains(&act.as_str()) && self.dice.chance(70) {
            act = self.dice.one_of(&acts);
        }
        let mut last = DateTime::<Utc>::MIN_UTC;
        latest(&detail, self.now, &mut last);
        let at = if self.dice.chance(50) {
            last.max(self.now - TimeDelta::minutes(self.dice.below(3000)))
        } else {
            self.between(last, self.now)
        };
        let number = |list: &str| detail[list].as_array().map_or(1, |all| all.len().max(1));
        let name = match act.as_str() {
            "fulfilment" => format!("supplement-requests/{}/fulfilment", number("supplements")),
            "payment" => format!("fee-requests/{}/payment", number("fee_requests")),
            "suspension-end" => format!("suspensions/{}/end", number("suspensions")),
            "completion" => format!("completion-requests/{}/completion", number("completion_requests")),
            "consultation-answer" => format!("consultations/{}/answer", number("consultations")),
            act if act.starts_with("consultation-") => return,
            act => act.to_owned(),
        };
        let mut body = json!({"occurred_at": instant(at)});
        let mut give = |name: &str, value: Value| body[name] = value;
        match act.as_str() {
            "supplement-requests" | "refusal" => {
                give("reason", json!("Thiếu điều lệ"));
                give("document_no", json!("12/TB"));
            }
            "completion-requests" | "non-acceptance" | "withdrawal" | "void" => give("reason", json!("Lý do đã nêu")),
            "suspensions" => {
                give("reason", json!("Có tranh chấp"));
                give("legal_basis", json!("Điều 47"));
            }
            "termination" => {
                give("reason", json!("Lý do"));
                give("notice_no", json!("3/TB"));
            }
            "apologies" => {
                give("reason", json!("Quá tải"));
                give("new_due_on", json!((self.now + TimeDelta::days(20)).date_naive()));
            }
            "consultations" => give("agency", json!("Sở Xây dựng")),
            "transfer" => {
                give("department", json!(self.dice.one_of(&DEPARTMENTS)));
                give("reason", json!("Thuộc thẩm quyền của phòng khác"));
            }
            _ => {}
        }
        let answer = who.act(&format!("{path}/{name}"), detail["version"].as_i64().unwrap(), body).await;
        assert!([200, 404, 409, 422].contains(&answer.status), "{act}: {}", answer.text);
        self.done += usize::from(answer.status == 200);
    }

    async fn receive(&mut self, who: &Actor) {
        let at = self.now - TimeDelta::minutes(self.dice.below(40 * 24 * 60));
        let receipt = json!({"procedure": self.dice.one_of(&["2.001199", "1.009493"]), "receiving_department": "MC", "accept": self.dice.chance(85),
            "channel": self.dice.one_of(&["direct", "online"]), "applicant": {"kind": "citizen", "name": "Nguyễn A"}, "occurred_at": instant(at)});
        who.post("/api/v1/dossiers", receipt).await.expect(201);
        self.done += 1;
    }

    /// A document comes, changes or is voided.
    async fn register(&mut self, who: &Actor) {
        let n = self.dice.below(25);
        let path = format!("/api/v1/documents/vb-{n}");
        if self.dice.chance(15) {
            let answer = who.json("POST", &format!("{path}/void"), &[("if-match", "*")], &json!({"reason": "Nhập nhầm"})).await;
            self.done += usize::from(answer.status == 200 || answer.status == 201);
            return;
        }
        let issued = (self.now - TimeDelta::days(self.dice.below(80))).date_naive();
        let sent = self.dice.chance(60);
        let body = json!({"direction": "outgoing", "book": "CV", "number": n.to_string(), "kind": "cong-van", "issued_on": issued,
            "summary": "V/v hướng dẫn", "department": self.dice.one_of(&DEPARTMENTS), "sent_electronically": sent,
            "sent_at": if sent && self.dice.chance(70) { json!(instant(self.now - TimeDelta::minutes(self.dice.below(2000)))) } else { Value::Null },
            "secrecy": self.dice.one_of(&["normal", "normal", "normal", "confidential"]), "drafted_in_e_office": self.dice.chance(70),
            "approved_in_e_office": self.dice.chance(80)});
        let answer = who.json("PUT", &path, &[("if-match", "*")], &body).await;
        assert!([200, 201, 409, 422].contains(&answer.status), "{}", answer.text);
        self.done += usize::from(answer.status < 300);
    }

    /// Something is done about a task of the plan.
    async fn work(&mut self, who: &Actor) {
        let path = format!("/api/v1/tasks/kh.t{}", self.dice.below(TASKS));
        let today = (self.now + TimeDelta::hours(7)).date_naive();
        let on = today - TimeDelta::days(self.dice.below(60));
        let (act, body) = match self.dice.below(6) {
            0 => ("cancellation", json!({"reason": "Không còn phù hợp", "document_number": "9/QĐ"})),
            1 => ("not-applicable", json!({"reason": "Không phát sinh"})),
            2 => (
                "extension-requests",
                json!({"department": self.dice.one_of(&DEPARTMENTS), "reason": "Chờ ý kiến",
                "new_due_on": today + TimeDelta::days(self.dice.below(90))}),
            ),
            3 => ("extension-requests/1/approval", json!({})),
            _ => (
                "completion",
                json!({"completed_on": on, "summary": "Đã ban hành", "evidence": [{"document_number": "88/QĐ", "issued_on": on}]}),
            ),
        };
        let answer = who.json("POST", &format!("{path}/{act}"), &[("if-match", "*")], &body).await;
        assert!([200, 201, 403, 404, 409, 422].contains(&answer.status), "{act}: {}", answer.text);
        self.done += usize::from(answer.status < 300);
    }
}

const TASKS: i64 = 14;

/// A plan whose tasks are due all over the half year, some led by two departments.
fn plan(dice: &mut Dice) -> Value {
    let tasks: Vec<Value> = (0..TASKS)
        .map(|n| {
            let end = date("2022-03-15") + TimeDelta::days(dice.below(130));
            let mut lead = vec![dice.one_of(&DEPARTMENTS)];
            let second = dice.one_of(&DEPARTMENTS);
            if dice.chance(40) && second != lead[0] {
                lead.push(second);
            }
            json!({"local_code": format!("t{n}"), "group": "I", "title": format!("Việc {n}"), "lead": lead,
                "schedule": {"text": "Trong kỳ", "kind": "in", "start_on": "2022-03-01", "end_on": end}})
        })
        .collect();
    json!({"code": "kh", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch", "issuer": {"department": "SKHDT"},
        "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "groups": [{"code": "I", "title": "Một"}], "tasks": tasks})
}

/// The latest moment that stands anywhere in a detail, up to now.
fn latest(value: &Value, now: DateTime<Utc>, last: &mut DateTime<Utc>) {
    match value {
        Value::String(text) => {
            if let Some(at) = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()).filter(|at| *at <= now) {
                *last = (*last).max(at);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| latest(value, now, last)),
        Value::Object(members) => members.values().for_each(|value| latest(value, now, last)),
        _ => {}
    }
}

/// Counts other than zero, by row.
fn told(rows: &Value, of: impl Fn(&Value) -> Value) -> BTreeMap<String, BTreeMap<String, i64>> {
    let all = rows.as_array().unwrap().iter();
    let counts = |row: &Value| {
        let members = of(row);
        let members = members.as_object().unwrap().iter();
        members.filter_map(|(name, n)| Some((name.clone(), n.as_i64().filter(|n| *n > 0)?))).collect()
    };
    all.map(|row| (row["key"].as_str().unwrap_or("").to_owned(), counts(row))).collect()
}

fn plainly(rows: &Rows) -> BTreeMap<String, BTreeMap<String, i64>> {
    let counts = |row: &BTreeMap<&str, i64>| row.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    rows.iter().map(|(key, row)| (key.clone(), counts(row))).collect()
}

/// The figures of `kpi-results` in the form of the plain count.
async fn figures(who: &Actor, kpis: &[&str], query: &str) -> Figures {
    let body = who.get(&format!("/api/v1/kpi-results?kpi={}&{query}", kpis.join(","))).await.expect(200).body;
    let mut rows = Figures::new();
    for item in body["items"].as_array().unwrap() {
        let row = rows.entry(item["key"].as_str().unwrap_or("").to_owned()).or_default();
        let kpi = item["kpi"].as_str().unwrap().to_owned();
        match item["denominator"].as_i64() {
            Some(denominator) => {
                let numerator = item["numerator"].as_i64().unwrap();
                // Two decimals, half up, of a count over a count.
                let shown = (denominator > 0).then(|| (numerator * 20_000 + denominator) / (2 * denominator)).map(|n| n as f64 / 100.0);
                assert_eq!(item["value"].as_f64(), shown, "{item}");
                row.insert(format!("/{kpi}"), denominator);
                row.insert(kpi, numerator);
            }
            // Who leads no task has none that is late.
            None => drop(item["value"].as_f64().map(|count| row.insert(kpi, count as i64))),
        }
    }
    rows.into_iter().map(|(key, row)| (key, filled(row, kpis))).collect()
}

/// The same names in every row, and zero where nothing was counted.
fn filled(figures: BTreeMap<String, i64>, kpis: &[&str]) -> BTreeMap<String, i64> {
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    for kpi in kpis {
        if *kpi != "tasks_overdue_or_extended" {
            all.insert(format!("/{kpi}"), 0);
        }
        all.insert((*kpi).to_owned(), 0);
    }
    all.extend(figures);
    all
}

fn below(code: &str) -> BTreeSet<String> {
    let all: &[&str] = match code {
        "SKHDT" => &["SKHDT", "DKKD", "DKKD1", "DN", "KTDN"],
        "DKKD" => &["DKKD", "DKKD1"],
        own => return BTreeSet::from([own.to_owned()]),
    };
    all.iter().map(|code| (*code).to_owned()).collect()
}

fn sum(rows: &Figures, of: &BTreeSet<String>) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for (name, n) in rows.iter().filter(|(key, _)| of.contains(*key)).flat_map(|(_, row)| row) {
        *all.entry(name.clone()).or_default() += n;
    }
    all
}

const DOCUMENTS: [&str; 2] = ["e_document_rate", "e_office_drafted_rate"];
const OF_TASKS: [&str; 3] = ["task_on_time_rate", "plan_completion_rate", "tasks_overdue_or_extended"];

const PERIODS: [(&str, &str, &str, &str); 6] = [
    ("2022-04", "calendar", "2022-04-01", "2022-04-30"),
    ("2022-05", "administrative", "2022-04-15", "2022-05-14"),
    ("2022-06", "calendar", "2022-06-01", "2022-06-30"),
    ("2022Q2", "calendar", "2022-04-01", "2022-06-30"),
    ("2022H1", "administrative", "2021-12-15", "2022-06-14"),
    ("2022", "calendar", "2022-01-01", "2022-12-31"),
];

/// Everything that is told against everything counted.
async fn compare(who: &Actor, facts: &Facts, about: &str) {
    for (code, set, from, to) in PERIODS {
        let days = (date(from), date(to));
        let period = format!("period={code}&period_set={set}");
        let about = format!("{about}, {period}");
        for group in ["none", "department", "field", "procedure"] {
            let report = who.get(&format!("/api/v1/reports/dossier-results?{period}&group_by={group}")).await.expect(200).body;
            let rows = if group == "none" { json!([report["total"]]) } else { report["rows"].clone() };
            let columns = |row: &Value| row.clone();
            assert_eq!(told(&rows, columns), plainly(&facts.results(days, group)), "results by {group}, {about}");

            let found = figures(who, &OF_DOSSIERS, &format!("{period}&group_by={group}")).await;
            assert_eq!(found, named(facts.of_dossiers(days, group)), "indicators by {group}, {about}");
        }
        for end in [date(to), date("2022-05-20")] {
            let path = format!("/api/v1/reports/dossier-outcomes?{period}&group_by=department&as_of={end}");
            let report = who.get(&path).await.expect(200).body;
            let found = told(&report["rows"], |row| row["outcomes"].clone());
            assert_eq!(found, plainly(&facts.outcomes(days, end, "department")), "outcomes at {end}, {about}");
        }
        let by_department = facts.of_dossiers(days, "department");
        let all: Vec<&str> = OF_DOSSIERS.iter().chain(&DOCUMENTS).chain(&OF_TASKS).copied().collect();
        let everything = |of: Option<&BTreeSet<String>>| {
            let mut row = match of {
                Some(of) => sum(&by_department, of),
                None => facts.of_dossiers(days, "none").remove("").unwrap(),
            };
            row.extend(facts.of_documents(days, of));
            row.extend(facts.of_tasks(days, of));
            filled(row, &all)
        };
        assert_eq!(figures(who, &all, &period).await, Figures::from([(String::new(), everything(None))]), "all, {about}");
        for (department, scope) in [("DKKD", "self"), ("DKKD", "subtree"), ("SKHDT", "subtree"), ("SKHDT", "self")] {
            let of = if scope == "self" { BTreeSet::from([department.to_owned()]) } else { below(department) };
            let found = figures(who, &all, &format!("{period}&department={department}&scope={scope}")).await;
            assert_eq!(found, Figures::from([(String::new(), everything(Some(&of)))]), "{department} {scope}, {about}");
        }
        let children: Figures = ["DKKD", "DN", "KTDN"].iter().map(|c| ((*c).to_owned(), everything(Some(&below(c))))).collect();
        assert_eq!(figures(who, &all, &format!("{period}&department=SKHDT&scope=children")).await, children, "children, {about}");
    }
    for department in ["DKKD", "DN"] {
        let report = who.get(&format!("/api/v1/reports/outcomes-by-month?year=2022&period_set=calendar&department={department}")).await;
        for (n, row) in (1..).zip(report.expect(200).body["rows"].as_array().unwrap()) {
            assert_eq!(row["outcomes"], json!(facts.months(2022, department)[&n]), "month {n} of {department}, {about}");
        }
    }
}

/// All names in every row.
fn named(rows: Figures) -> Figures {
    rows.into_iter().map(|(key, row)| (key, filled(row, &OF_DOSSIERS))).collect()
}

#[tokio::test]
async fn every_figure_is_the_one_counted_from_scratch() {
    let (seed, size) = (setting("DUNGHEN_RECOMPUTE_SEED", 1186), i64::try_from(setting("DUNGHEN_RECOMPUTE_SIZE", 40)).unwrap());
    println!("DUNGHEN_RECOMPUTE_SEED={seed}");
    let mut world = World::at("2022-06-09T16:00:00+07:00", seed).await;
    let doer = world.doer(&world.app).await;
    let plan = plan(&mut world.dice);
    doer.put("/api/v1/plans/kh", plan).await.expect(201);
    let mut loaded = 0;
    for batch in 0..3 {
        let server = world.app.again_at(world.now).await;
        let who = world.doer(&server).await;
        // New rows, and some of the old ones once more, gone on since.
        let rows: Vec<Value> = (loaded..loaded + size).map(|n| world.row(n)).collect();
        loaded += size;
        let answer = who.load("/api/v1/dossiers/bulk?mode=best_effort", &rows).await;
        assert!([200, 207].contains(&answer.status), "{}", answer.text);
        assert!(answer.body["summary"]["created"].as_i64().unwrap() > size / 2, "{}", answer.text);
        for _ in 0..size / 6 {
            world.receive(&who).await;
        }
        let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM dossiers ORDER BY id").fetch_all(&world.app.pool).await.unwrap();
        for _ in 0..size {
            let id = world.dice.one_of(&ids).to_string();
            world.act(&who, &id).await;
        }
        for _ in 0..size / 3 {
            world.register(&who).await;
            world.work(&who).await;
        }
        let today = (world.now + TimeDelta::hours(7)).date_naive();
        let facts = plain::facts(&world.app.pool, today).await;
        compare(&who, &facts, &format!("seed {seed}, batch {batch}, {}", facts.size())).await;
        world.now += TimeDelta::minutes(13 * 24 * 60 + 17);
    }
    assert!(i64::try_from(world.done).unwrap() > size, "{} acts", world.done);
}
