//! What nobody should send, sent to every documented operation: an answer with a known code, never the server's fault, and
//! nothing changed.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dunghen::auth::{Role, Span};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::access::{Relation, Sample, World, table};
use crate::contract::{Operation, check_problem};
use crate::harness::{Actor, Answer, App};

/// A fingerprint of every row of every table.
async fn contents(app: &App) -> BTreeMap<String, String> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let sql = format!("SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t");
        all.insert(table, sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.pool).await.unwrap());
    }
    all
}

/// The world, each operation with a good sample and someone who may do it, and what the database holds.
struct Ground {
    world: World,
    all: Vec<(Operation, Sample, Actor)>,
    before: BTreeMap<String, String>,
}

impl Ground {
    async fn new() -> Ground {
        Ground::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut dunghen::config::Settings)) -> Ground {
        let world = World::with(change).await;
        let mut actors: BTreeMap<&str, Actor> = BTreeMap::new();
        let mut all = Vec::new();
        for (operation, sample) in table(world.place(Relation::Own)) {
            let Some(permission) = operation.permission else {
                all.push((operation, sample, world.app.nobody()));
                continue;
            };
            let far = |role: &&Role| permission.span(**role) == Some(Span::All);
            let role = Role::ALL.iter().find(far).or_else(|| Role::ALL.iter().find(|r| permission.span(**r).is_some())).unwrap();
            if !actors.contains_key(role.name()) {
                actors.insert(role.name(), world.actor(*role, true).await);
            }
            let actor = actors[role.name()].clone();
            let sample = world.own_job(&actor, &sample).await;
            all.push((operation, sample, actor));
        }
        // Signing out would silence all later requests; a form is no JSON (`clients` tries what is wrong with it).
        all.retain(|(operation, ..)| !["delete_session", "create_token"].contains(&operation.id.as_str()));
        // So is a table or a file; the tests of what takes them try what is wrong with those.
        let takes_json =
            |operation: &Operation| operation.bodies().is_empty() || operation.bodies().iter().any(|media| media.contains("json"));
        all.retain(|(operation, ..)| takes_json(operation));
        let before = contents(&world.app).await;
        Ground { world, all, before }
    }

    async fn unchanged(&self) {
        let after = contents(&self.world.app).await;
        let changed: Vec<_> = self.before.iter().filter(|(table, rows)| after.get(*table) != Some(rows)).collect();
        assert!(changed.is_empty(), "bad input changed {changed:?}");
    }

    fn with_bodies(&self) -> impl Iterator<Item = &(Operation, Sample, Actor)> {
        self.all.iter().filter(|(operation, ..)| !operation.bodies().is_empty())
    }
}

fn is_bulk(operation: &Operation) -> bool {
    operation.path.ends_with("/bulk")
}

fn and(path: &str, query: &str) -> String {
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

/// Sends a sample with another path.
async fn at(actor: &Actor, operation: &Operation, sample: &Sample, path: &str) -> Answer {
    match &sample.body {
        Some(body) => actor.json(&operation.method, path, &[("if-match", "*")], body).await,
        None => actor.send(&operation.method, path, &[("if-match", "*"), ("accept-language", "en")], None).await,
    }
}

/// Sends a sample with other bytes as its body.
async fn bytes(actor: &Actor, operation: &Operation, sample: &Sample, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut all = vec![("if-match", "*"), ("accept-language", "en")];
    all.extend_from_slice(headers);
    actor.send(&operation.method, &sample.path, &all, Some(body)).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[track_caller]
fn refused(operation: &Operation, answer: &Answer, statuses: &[u16], about: &str) {
    check_problem(answer, about);
    assert!(operation.answers(&answer.status.to_string()), "{about}: {} is not documented: {}", answer.status, answer.text);
    assert!(statuses.contains(&answer.status), "{about}: {} {}", answer.status, answer.text);
}

#[tokio::test]
async fn queries_that_nobody_should_send() {
    let ground = Ground::new().await;
    for (operation, sample, actor) in &ground.all {
        // Machines ask for their health with whatever query their makers like.
        if !operation.answers("400") {
            continue;
        }
        for query in ["nonsense=1", "nonsense", "%00=1", "Limit=5", "=", "%ff%fe=%80", "limit[]=1"] {
            let about = format!("{} with {query}", operation.id);
            let answer = at(actor, operation, sample, &and(&sample.path, query)).await;
            refused(operation, &answer, &[400], &about);
            assert_eq!(answer.code(), "unknown_parameter", "{about}");
            assert!(answer.fault_codes().contains(&"unknown_parameter"), "{about}: {}", answer.text);
        }
        let base = sample.path.split('?').next().unwrap();
        for parameter in operation.parameters("query") {
            // The other parameters of the sample stay: some come in pairs.
            let kept: Vec<&str> =
                sample.path.split_once('?').map(|(_, q)| q).unwrap_or_default().split('&').filter(|p| !p.is_empty()).collect();
            let others: Vec<&str> = kept.iter().copied().filter(|p| p.split('=').next() != Some(parameter)).collect();
            let ask = |value: &str| format!("{base}?{}", [others.clone(), vec![&*format!("{parameter}={value}")]].concat().join("&"));
            for value in ["%00", "a%00b", &"x".repeat(2001), &format!("x&{parameter}=y")] {
                let about = format!("{} with {parameter}={value:.20}", operation.id);
                let answer = at(actor, operation, sample, &ask(value)).await;
                refused(operation, &answer, &[400], &about);
                assert!(answer.pointers().contains(&parameter), "{about}: {}", answer.text);
            }
            let safe = operation.method == "GET" || others.contains(&"dry_run=true");
            if !safe {
                continue;
            }
            for value in ["", "-1", "%F0%28%8C", "99999999999999999999", "1e400", "%27%22%3B--", "9999-99-99", ",,,", "%E2%80%AE", "NaN"] {
                let about = format!("{} with {parameter}={value}", operation.id);
                let answer = at(actor, operation, sample, &ask(value)).await;
                if answer.status >= 400 {
                    refused(operation, &answer, &[400, 404, 422], &about);
                }
            }
        }
    }
    ground.unchanged().await;
}

#[tokio::test]
async fn limits_and_cursors_that_were_never_given() {
    let ground = Ground::new().await;
    let mut lists = 0;
    for (operation, sample, actor) in &ground.all {
        if !operation.parameters("query").contains(&"cursor") {
            continue;
        }
        lists += 1;
        for limit in ["0", "501", "-1", "x", "", "1.5", "+", "99999999999", "0x10", "%00"] {
            let about = format!("{} with limit={limit}", operation.id);
            let answer = actor.get(&and(&sample.path, &format!("limit={limit}"))).await;
            refused(operation, &answer, &[400], &about);
            assert_eq!((answer.code(), answer.pointers()), ("invalid_parameter", vec!["limit"]), "{about}");
        }
        for limit in ["1", "500"] {
            actor.get(&and(&sample.path, &format!("limit={limit}"))).await.expect(200);
        }
        // What a cursor is bound to is no secret, so that any key can be put behind it.
        let query = sample.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let binding = dunghen::http::json::digest(query.as_bytes());
        let forged = |key: &str| URL_SAFE_NO_PAD.encode([&binding[..8], key.as_bytes()].concat());
        let id = uuid::Uuid::nil();
        let mut cursors: Vec<String> = ["", "x", "%%%", "AAAA", "AAAAAAAAAAA", "====", "%F0%9F%98%80"].map(str::to_owned).into();
        cursors.push(URL_SAFE_NO_PAD.encode("12345678\"x\""));
        cursors.push("A".repeat(2001));
        let garbage = cursors.len();
        for key in [
            "",
            "null",
            "1",
            "{}",
            "[]",
            "[1,2,3,4]",
            "\"\\u0000\"",
            "[\"\\u0000\",\"\\u0000\",\"\\u0000\"]",
            "[\"\\u0000\",1]",
            "[\"kh\",99999999999999999999]",
            "[\"kh\",1e400]",
            "\"9999-99-99\"",
            "\"+262142-01-01\"",
            "[[[[[[[[",
            "\"\\ud800\"",
        ] {
            cursors.push(forged(key));
        }
        cursors.push(forged(&format!("[\"+262142-01-01T00:00:00Z\",\"{id}\"]")));
        cursors.push(forged(&format!("[\"-262143-01-01T00:00:00Z\",\"{id}\"]")));
        cursors.push(forged(&format!("[\"2022-01-01T00:00:00Z\",\"{id}\",1]")));
        for (i, cursor) in cursors.iter().enumerate() {
            let about = format!("{} with cursor {cursor:.60}", operation.id);
            let answer = actor.get(&and(&sample.path, &format!("cursor={cursor}"))).await;
            // A key that could be one is taken for one: it shows nothing that the list would not show.
            if i >= garbage && answer.status == 200 {
                continue;
            }
            refused(operation, &answer, &[400], &about);
            assert!(["cursor_mismatch", "invalid_parameter"].contains(&answer.code()), "{about}: {}", answer.text);
        }
    }
    assert!(lists >= 8, "{lists}");
    ground.unchanged().await;
}

#[tokio::test]
async fn paths_that_name_nothing() {
    let ground = Ground::new().await;
    let words = [
        "%00",
        "a%00b",
        "%FF%FE",
        "not-a-uuid",
        "00000000-0000-0000-0000-000000000000",
        "00000000000000000000000000000000",
        "%7B00000000-0000-0000-0000-000000000000%7D",
        "-1",
        "0",
        "32768",
        "99999999999999999999",
        "1e3",
        "%20",
        "%F0%9F%98%80",
        "..%2F..%2Fetc%2Fpasswd",
        "%27%20OR%201=1--",
        "%25s%25n",
        &"x".repeat(300),
        &"%C4%91".repeat(2000),
    ];
    for (operation, sample, actor) in &ground.all {
        let pattern: Vec<&str> = operation.path.split('/').collect();
        let (path, query) = sample.path.split_once('?').unwrap_or((&sample.path, ""));
        let good: Vec<&str> = path.split('/').collect();
        for (i, _) in pattern.iter().enumerate().filter(|(_, segment)| segment.starts_with('{')) {
            for word in words {
                let mut segments = good.clone();
                segments[i] = word;
                let path = format!("{}?{query}", segments.join("/"));
                let about = format!("{} at {path:.120}", operation.id);
                let answer = at(actor, operation, sample, &path).await;
                // A body that names another key than the path breaks a rule.
                let statuses: &[u16] = if operation.method == "PUT" { &[400, 404, 422] } else { &[400, 404] };
                refused(operation, &answer, statuses, &about);
                let id = operation.spec["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|p| pattern[i] == format!("{{{}}}", p["name"].as_str().unwrap()));
                if id.unwrap()["schema"]["format"] == "uuid" {
                    assert_eq!(answer.status, 404, "{about}: {}", answer.text);
                }
            }
        }
    }
    ground.unchanged().await;
}

/// A pointer to every place of a value, the root left out.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, inner) in members {
        let place = format!("{at}/{name}");
        places(inner, &place, found);
        found.push(place);
    }
}

/// The value as text with raw JSON at a place, which need not be JSON that a value could hold.
fn with_raw(value: &Value, place: &str, raw: &str) -> Vec<u8> {
    let mut changed = value.clone();
    *changed.pointer_mut(place).unwrap() = json!("@here@");
    changed.to_string().replace("\"@here@\"", raw).into_bytes()
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

#[tokio::test]
async fn bodies_with_one_thing_wrong() {
    let ground = Ground::new().await;
    let raws = [
        "{\"x\":1}",
        "[[]]",
        "true",
        "-1",
        "1.5",
        "1e400",
        "-1e400",
        "99999999999999999999",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\udc00x\"",
    ];
    let mut tries = 0;
    for (operation, sample, actor) in ground.with_bodies() {
        let body = sample.body.as_ref().unwrap();
        let mut all = Vec::new();
        places(body, "", &mut all);
        for place in &all {
            let old = body.pointer(place).unwrap();
            for raw in raws {
                tries += 1;
                let about = format!("{} with {place} = {raw}", operation.id);
                let answer = bytes(actor, operation, sample, &[JSON], with_raw(body, place, raw)).await;
                // Another value of the same kind may be right.
                let new: Option<Value> = serde_json::from_str(raw).ok();
                let wrong = new.as_ref().is_none_or(|new| kind(new) != kind(old) || new.is_string());
                if answer.status < 400 && !wrong {
                    continue;
                }
                refused(operation, &answer, &[400, 422], &about);
                if new.is_none() {
                    // A list of rows tells the line; one row is read before it is known to be none.
                    assert_eq!(answer.code(), "malformed_body", "{about}: {}", answer.text);
                }
                if answer.code() == "invalid_body" {
                    let faults = answer.pointers();
                    assert!(!faults.is_empty(), "{about}: {}", answer.text);
                    let related = |p: &str| place.starts_with(p) || p.starts_with(place.as_str());
                    assert!(faults.iter().all(|p| related(p)), "{about}: faults elsewhere: {}", answer.text);
                }
            }
        }
        // A member too many, a member too few.
        let objects = all.iter().map(String::as_str).chain([""]).filter(|p| body.pointer(p).unwrap().is_object());
        for place in objects {
            let mut more = body.clone();
            more.pointer_mut(place).unwrap()["xyzzy"] = json!(1);
            let about = format!("{} with {place}/xyzzy", operation.id);
            let answer = bytes(actor, operation, sample, &[JSON], more.to_string().into()).await;
            refused(operation, &answer, &[400, 422], &about);
            if !is_bulk(operation) {
                assert_eq!((answer.code(), answer.pointers()), ("invalid_body", vec![&*format!("{place}/xyzzy")]), "{about}");
            }
            for name in body.pointer(place).unwrap().as_object().unwrap().keys() {
                let mut less = body.clone();
                less.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(name);
                let answer = bytes(actor, operation, sample, &[JSON], less.to_string().into()).await;
                if answer.status >= 400 {
                    refused(operation, &answer, &[400, 409, 422], &format!("{} without {place}/{name}", operation.id));
                }
            }
        }
    }
    assert!(tries > 1500, "{tries}");
    ground.unchanged().await;
}

#[tokio::test]
async fn bodies_that_are_none() {
    let ground = Ground::new().await;
    for (operation, sample, actor) in ground.with_bodies() {
        let good = sample.body.as_ref().unwrap().to_string().into_bytes();
        let deep = |open: &str, n: usize| open.repeat(n).into_bytes();
        let cut = good[..good.len() - 1].to_vec();
        for (name, body) in [
            ("nothing", Vec::new()),
            ("blanks", b" \n\t".to_vec()),
            ("half of it", good[..good.len() / 2].to_vec()),
            ("all but the end", cut),
            ("more than it", [&good[..], b"}"].concat()),
            ("deep lists", deep("[", 10_000)),
            ("deep objects", deep("{\"a\":", 10_000)),
            ("deep in a member", [&b"{\"code\":"[..], &deep("[", 10_000)].concat()),
            ("bytes", vec![0xff, 0xfe, 0x00, 0x80]),
            ("a byte order mark of UTF-16", vec![0xff, 0xfe, b'{', 0, b'}', 0]),
            ("NUL", vec![0]),
            ("a word", b"hello".to_vec()),
            ("bad UTF-8 in a text", b"{\"code\":\"\xc3\x28\"}".to_vec()),
            ("null", b"null".to_vec()),
            ("a number", b"1e400".to_vec()),
            ("a text", b"\"x\"".to_vec()),
        ] {
            let about = format!("{} with {name}", operation.id);
            let answer = bytes(actor, operation, sample, &[JSON], body).await;
            if is_bulk(operation) && answer.status == 200 {
                assert_eq!(answer.body["summary"]["received"], 0, "{about}: {}", answer.text);
                continue;
            }
            refused(operation, &answer, &[400, 422], &about);
        }
        for media in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", "json", "application/json+x", ";;;"] {
            let about = format!("{} as {media:?}", operation.id);
            let answer = bytes(actor, operation, sample, &[("content-type", media)], good.clone()).await;
            refused(operation, &answer, &[415], &about);
        }
        refused(operation, &bytes(actor, operation, sample, &[], good.clone()).await, &[415], &format!("{} as nothing", operation.id));
        for encoding in ["gzip", "br", "deflate", "zstd"] {
            let about = format!("{} badly packed as {encoding}", operation.id);
            let answer = bytes(
                actor,
                operation,
                sample,
                &[JSON, ("content-encoding", encoding)],
                b"\x1f\x8b\x08garbage, not packed at all".to_vec(),
            )
            .await;
            refused(operation, &answer, &[400], &about);
        }
        if is_bulk(operation) {
            for (media, body) in [
                ("application/x-ndjson", &b"{\"code\":\"A\"}\n{\"code\":"[..]),
                ("application/x-ndjson", b"\x00\n\x00"),
                ("application/x-ndjson", b"[]\n1\nnull"),
                ("application/x-ndjson", b"\"x\"\n"),
                ("text/csv", b"code,name\n\"A"),
                ("text/csv", b"code\n\x00\n"),
                ("text/csv", b"code,code\nA,B\n"),
                ("text/csv", b"code,name\nA\n"),
                ("text/csv", b"code\n\xff\xfe\n"),
                ("text/csv", b"limit,code\n{,x\n"),
                ("text/csv", b",,,\n,,,x\n"),
            ] {
                let about = format!("{} with {:?} in {media}", operation.id, String::from_utf8_lossy(body));
                refused(operation, &bytes(actor, operation, sample, &[("content-type", media)], body.to_vec()).await, &[400, 422], &about);
            }
        }
    }
    ground.unchanged().await;
}

/// A request whose headers need not be text.
async fn with_header(actor: &Actor, operation: &Operation, sample: &Sample, name: &str, value: &[u8]) -> Answer {
    let url = format!("{}{}", actor.base, sample.path);
    let mut request = actor.http.request(operation.method.parse().unwrap(), url);
    if let Some(token) = actor.token.as_ref().filter(|_| name != "authorization") {
        request = request.bearer_auth(token);
    }
    if name != "if-match" {
        request = request.header("if-match", "*");
    }
    if let Some(body) = &sample.body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let response = request.header(name, reqwest::header::HeaderValue::from_bytes(value).unwrap()).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
}

#[tokio::test]
async fn headers_that_say_nothing() {
    let ground = Ground::new().await;
    for (operation, sample, actor) in &ground.all {
        // These two ask for a fresh body and leave a session behind.
        if operation.path.starts_with("/api/v1/auth/") {
            continue;
        }
        for (name, value) in [
            ("accept-language", &b";;;q=,*;q=nan,en;q=inf,\xff"[..]),
            ("accept-language", b"en;q=1;q=0, vi;q=-1, , en-"),
            ("accept-encoding", b"\xff, ,gzip;q=x"),
            ("x-request-id", b"\xff\x80"),
            ("user-agent", b"\xff"),
            ("cookie", b"a=\xff"),
            ("x-forwarded-for", b"\xff"),
            ("if-none-match", b"\"never\""),
        ] {
            let about = format!("{} with {name} {value:?}", operation.id);
            let answer = with_header(actor, operation, sample, name, value).await;
            assert!((200..300).contains(&answer.status), "{about}: {} {}", answer.status, answer.text);
        }
        let answer = with_header(actor, operation, sample, "authorization", b"Bearer \xff\xff").await;
        if operation.permission.is_some() {
            refused(operation, &answer, &[401], &format!("{} with a token of bytes", operation.id));
        }
        let answer = with_header(actor, operation, sample, "accept", b"\xff;q=x,;;").await;
        if answer.status >= 400 {
            refused(operation, &answer, &[406], &format!("{} with a broken Accept", operation.id));
        }
        if operation.parameters("header").contains(&"Idempotency-Key") {
            for key in [&b""[..], b"\"\"", b"  ", b"\xff", "x".repeat(256).as_bytes()] {
                let about = format!("{} with Idempotency-Key {key:.20?}", operation.id);
                let answer = with_header(actor, operation, sample, "idempotency-key", key).await;
                refused(operation, &answer, &[400], &about);
                assert_eq!(answer.code(), "invalid_header", "{about}");
            }
        }
        if operation.parameters("header").contains(&"If-Match") {
            for tag in [
                &b""[..],
                b"\"",
                b"x",
                b"1",
                b"W/\"1\"",
                b"\"999999999999999999999\"",
                b"\"-1\"",
                b",,,",
                b"\xff",
                "\"1".repeat(2000).as_bytes(),
            ] {
                let about = format!("{} with If-Match {tag:.20?}", operation.id);
                let answer = with_header(actor, operation, sample, "if-match", tag).await;
                let creates = ["NEW", "another", "reform_index", "/tasks/gv-"].iter().any(|key| sample.path.contains(key));
                if creates && answer.status == 201 {
                    continue;
                }
                refused(operation, &answer, &[400, 412, 428], &about);
            }
        }
    }
    ground.unchanged().await;
}

/// A dry run that is asked for in other letters is still a dry run.
#[tokio::test]
async fn a_dry_run_however_it_is_spelled() {
    let ground = Ground::new().await;
    for (operation, sample, actor) in ground.with_bodies().filter(|(_, s, _)| s.path.ends_with("?dry_run=true")) {
        for spelled in ["dry_run=%74rue", "%64ry_run=true"] {
            let path = sample.path.replace("dry_run=true", spelled);
            let answer = at(actor, operation, sample, &path).await;
            assert!((200..300).contains(&answer.status), "{}: {}", operation.id, answer.text);
            assert_eq!(answer.header("dry-run"), Some("true"), "{} with {spelled}", operation.id);
        }
        for wrong in ["dry_run=True", "dry_run=1", "dry_run=", "dry_run", "dry_run=true&dry_run=false"] {
            let path = sample.path.replace("dry_run=true", wrong);
            refused(operation, &at(actor, operation, sample, &path).await, &[400], &format!("{} with {wrong}", operation.id));
        }
    }
    ground.unchanged().await;
}

/// 200,000 blanks, packed.
const BLANKS: &str = "H4sIAJepBWsC/+3BMQEAAADCoCrrn9IM/kABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAK8BMWFiEEANAwA=";

#[tokio::test]
async fn bodies_that_are_too_large() {
    const MOST: usize = 1500;
    let ground = Ground::new_small(MOST).await;
    let packed = STANDARD.decode(BLANKS).unwrap();
    assert!(packed.len() < MOST);
    for (operation, sample, actor) in ground.with_bodies() {
        let about = format!("{} with too much", operation.id);
        for body in [b" ".repeat(MOST + 1), [&b"{\"code\":\""[..], &b"x".repeat(MOST), b"\"}"].concat()] {
            let answer = bytes(actor, operation, sample, &[JSON], body).await;
            refused(operation, &answer, &[413], &about);
            assert_eq!(answer.code(), "body_too_large", "{about}");
        }
        let answer = bytes(actor, operation, sample, &[JSON, ("content-encoding", "gzip")], packed.clone()).await;
        refused(operation, &answer, &[413], &format!("{about}, packed"));
    }
    ground.unchanged().await;
}

impl Ground {
    /// A server that takes no more than so many bytes; what it is made ready with is smaller.
    async fn new_small(most: usize) -> Ground {
        Ground::with(|settings| {
            settings.http.max_body_bytes = most;
            settings.http.max_bulk_bytes = most as u64;
        })
        .await
    }
}

/// What a server answers to a request that stops in the middle of its body.
async fn slow(base: &str, token: Option<&str>, operation: &Operation, sample: &Sample) -> String {
    let host = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let token = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: {host}\r\n{token}If-Match: *\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{{\"co",
        operation.method, sample.path
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    let read = async {
        while !String::from_utf8_lossy(&answer).contains("request_id") {
            match stream.read(&mut piece).await {
                Ok(n) if n > 0 => answer.extend_from_slice(&piece[..n]),
                _ => break,
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(8), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bodies_that_never_end() {
    let ground = Ground::with(|settings| settings.http.body_timeout_s = 1).await;
    let tries = ground.with_bodies().map(|(operation, sample, actor)| async {
        let answer = slow(&actor.base, actor.token.as_deref(), operation, sample).await;
        assert!(operation.answers("408"), "{}: 408 is not documented", operation.id);
        (operation.id.clone(), answer)
    });
    let answers = futures_util::future::join_all(tries).await;
    assert!(answers.len() > 15);
    for (id, answer) in answers {
        // Loads of history are bounded in number: those that wait find no room.
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(status, "408", "{id}: {answer}");
        assert!(answer.contains("\"code\":\"request_timeout\""), "{id}: {answer}");
        assert!(answer.to_lowercase().contains("content-type: application/problem+json"), "{id}: {answer}");
    }
    ground.unchanged().await;
}

/// The reader of JSON would take the members of an object from a list, too.
#[tokio::test]
async fn a_list_is_no_object() {
    let world = World::new().await;
    let (office, admin) = (world.app.office().await, world.app.admin().await);
    let before = contents(&world.app).await;
    let whole = office.post("/api/v1/calendars/vn/revisions", json!([null, null])).await.expect(400);
    assert_eq!((whole.code(), whole.fault_codes(), whole.pointers()), ("invalid_body", vec!["wrong_type"], vec![""]));
    let inner = json!({"value": 5, "evidence": [["2/BC", "2022-01-13", "Báo cáo", null]]});
    let inner = office.put("/api/v1/kpis/satisfaction/measurements/DKKD/2020", inner).await.expect(400);
    assert_eq!((inner.fault_codes(), inner.pointers()), (vec!["wrong_type"], vec!["/evidence/0"]));
    let row = admin.post("/api/v1/departments/bulk", json!([["X", "Phòng X", "unit"]])).await.expect(422);
    assert_eq!(row.body["results"][0]["errors"][0]["code"], "wrong_type", "{}", row.text);
    // However deep in a row, and in a cell of a table.
    let measured = json!([{"kpi": "satisfaction", "department": "DKKD", "period": "2020", "value": 5, "evidence": [["2/BC", "2022-01-13", "Báo cáo", null]]}]);
    let inner = office.post("/api/v1/kpi-measurements/bulk", measured).await.expect(422);
    let fault = &inner.body["results"][0]["errors"][0];
    assert_eq!((&fault["code"], &fault["pointer"]), (&json!("wrong_type"), &json!("/evidence/0")), "{}", inner.text);
    let history = json!([{"code": "H", "procedure": "P.DKKD", "receiving_department": "MC", "channel": {"online": null},
        "accepted_at": "2022-05-04T08:00:00+07:00", "applicant": ["citizen", "Trần Thị B"]}]);
    let inner = office.post("/api/v1/dossiers/bulk", history).await.expect(422);
    let pointers: Vec<&str> =
        inner.body["results"][0]["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/channel", "/applicant"], "{}", inner.text);
    let csv = "kpi,department,period,value,evidence\nsatisfaction,DKKD,2020,5,\"[[\"\"2/BC\"\",\"\"2022-01-13\"\",\"\"Báo cáo\"\",null]]\"";
    let headers = [("content-type", "text/csv")];
    let cell = office.send("POST", "/api/v1/kpi-measurements/bulk", &headers, Some(csv.as_bytes().to_vec())).await.expect(422);
    assert_eq!(cell.body["results"][0]["errors"][0]["pointer"], "/evidence/0", "{}", cell.text);
    assert_eq!(contents(&world.app).await, before);
}

/// The contract tells the years, and a whole number may have a point: what fits it is read, in a body and in a row.
#[tokio::test]
async fn years_are_told_and_whole_numbers_may_have_a_point() {
    let world = World::new().await;
    let (office, admin) = (world.app.office().await, world.app.admin().await);
    let before = contents(&world.app).await;
    let path = "/api/v1/kpis/satisfaction/measurements/DKKD/2020";
    for (day, code) in
        [("0717-11-19", "out_of_range"), ("2201-01-01", "out_of_range"), ("2022-13-01", "wrong_format"), ("mai", "wrong_format")]
    {
        let body = json!({"value": 5, "evidence": [{"document_number": "2/BC", "issued_on": day, "title": "Báo cáo"}]});
        let answer = office.put(path, body).await.expect(400);
        assert_eq!((answer.fault_codes(), answer.pointers()), (vec![code], vec!["/evidence/0/issued_on"]), "{day}: {}", answer.text);
    }
    let history = |at: &str| {
        json!([{"code": "H", "procedure": "P.DKKD", "receiving_department": "MC", "channel": "online", "accepted_at": at,
            "applicant": {"kind": "citizen", "name": "Trần Thị B"}}])
    };
    // In range where it was sent, and out of it where it would be told.
    for at in ["9133-12-26T08:23:11.84Z", "1899-12-31T23:00:00Z", "2200-12-31T20:00:00Z"] {
        let answer = office.post("/api/v1/dossiers/bulk", history(at)).await.expect(422);
        assert_eq!(answer.body["results"][0]["errors"].as_array().unwrap().len(), 1, "{at}: {}", answer.text);
    }
    let late = office.post("/api/v1/dossiers/bulk", history("9133-12-26T08:23:11.84Z")).await.expect(422);
    let fault = &late.body["results"][0]["errors"][0];
    assert_eq!((&fault["code"], &fault["pointer"]), (&json!("out_of_range"), &json!("/accepted_at")), "{}", late.text);
    assert_eq!(contents(&world.app).await, before);

    let row = |value: Value| {
        json!([{"code": "P.WHOLE", "name": "Thủ tục", "field": {"code": "DKDN", "name": "Doanh nghiệp"}, "department": "DKKD",
            "limit": {"value": value, "unit": "working_day"}}])
    };
    let half = admin.post("/api/v1/procedures/bulk", row(json!(2.5))).await.expect(422);
    let fault = &half.body["results"][0]["errors"][0];
    assert_eq!((&fault["code"], &fault["pointer"]), (&json!("wrong_type"), &json!("/limit/value")), "{}", half.text);
    admin.post("/api/v1/procedures/bulk", row(json!(3.0))).await.expect(200);
    let whole = admin.get("/api/v1/procedures/P.WHOLE").await.expect(200);
    assert_eq!(whole.body["limit"], json!({"value": 3, "unit": "working_day"}));
}

/// What a caller sent is repeated to him without a NUL, and a header is no longer than the contract says.
#[tokio::test]
async fn parameters_and_headers_are_no_worse_than_the_contract_says() {
    let world = World::new().await;
    let admin = world.app.admin().await;
    let told = admin.get("/api/v1/calendars/vn/revisions?%00=null&a%00b=1").await.expect(400);
    assert_eq!(told.pointers(), ["\u{fffd}", "a\u{fffd}b"]);
    assert!(!told.text.contains("\\u0000"), "{}", told.text);
    let row = json!([{"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"}]).to_string();
    let load = async |prefer: &str| {
        admin
            .send(
                "POST",
                "/api/v1/departments/bulk?dry_run=true",
                &[("prefer", prefer), ("content-type", "application/json")],
                Some(row.clone().into_bytes()),
            )
            .await
    };
    let refused = load(&"0".repeat(2001)).await.expect(400);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["prefer"], vec!["invalid_header"]));
    load("return=minimal").await.expect(200);
    let table = admin.send("POST", "/api/v1/departments/bulk", &[("content-type", "text/csv")], Some(b"co\0de,name\n".to_vec())).await;
    assert_eq!(table.expect(400).body["code"], "malformed_body");
    let twice =
        admin.send("POST", "/api/v1/departments/bulk", &[("content-type", "text/csv")], Some(b"code,name,code\na,b,c\n".to_vec())).await;
    assert_eq!(twice.expect(400).body["code"], "malformed_body");
    let line = br#"{"code":"A3","code":"A5","name":"A","kind":"unit"}"#.to_vec();
    let twice = admin.send("POST", "/api/v1/departments/bulk", &[("content-type", "application/x-ndjson")], Some(line)).await.expect(422);
    assert_eq!(twice.body["results"][0]["errors"][0]["code"], "wrong_format");
    let wrong = admin.put("/api/v1/departments/X", json!({"code": 7, "name": "X", "kind": "unit"})).await.expect(400);
    assert_eq!((wrong.pointers(), &wrong.body["errors"][0]["detail"]), (vec!["/code"], &json!("Wrong type; expected text.")));
    let dossier = "/api/v1/dossiers/00000000-0000-7000-8000-000000000000/clock";
    for as_of in ["0323-01-14T17:54:43Z", "0323-01-14", "2022-06"] {
        let refused = world.app.office().await.get(&format!("{dossier}?as_of={as_of}")).await.expect(400);
        assert_eq!(refused.pointers(), ["as_of"]);
    }
}
