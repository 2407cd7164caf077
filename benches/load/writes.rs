//! Acts and receipts, each against `pgbench` running the very statements that the server runs for them: PostgreSQL's own log tells
//! which those are.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use dunghen::db::private::PrivateCluster;

use crate::baseline::psql;
use crate::wire::{Wire, seconds};

/// What `clients` make of requests of which each is sent once: answers a second, and how many were not as they should be.
pub fn spend(base: &str, requests: &[Vec<u8>], clients: usize, good: u16) -> (f64, u64) {
    let (next, done, bad) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut wire = Wire::open(base);
                while started.elapsed().as_secs() < seconds() {
                    let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    let status = wire.send(request);
                    done.fetch_add(1, Ordering::Relaxed);
                    if status != good && bad.fetch_add(1, Ordering::Relaxed) == 0 {
                        eprintln!("{status}: {}", String::from_utf8_lossy(&wire.body));
                    }
                }
            });
        }
    });
    (done.into_inner() as f64 / started.elapsed().as_secs_f64(), bad.into_inner())
}

/// The transactions that PostgreSQL runs while something is done, one statement after the other, with their values written in.
pub fn transactions(cluster: &PrivateCluster, run: impl FnOnce()) -> Vec<Vec<String>> {
    let settle = || std::thread::sleep(std::time::Duration::from_millis(500));
    let begin = std::fs::metadata(cluster.log_file()).unwrap().len();
    psql(cluster, &["ALTER SYSTEM SET log_min_duration_statement = 0", "SELECT pg_reload_conf()"]);
    settle();
    run();
    settle();
    psql(cluster, &["ALTER SYSTEM RESET log_min_duration_statement", "SELECT pg_reload_conf()"]);
    let mut log = std::fs::File::open(cluster.log_file()).unwrap();
    log.seek(SeekFrom::Start(begin)).unwrap();
    let mut text = Vec::new();
    log.read_to_end(&mut text).unwrap();
    told(&String::from_utf8_lossy(&text))
}

/// One entry of the log: the process it speaks of, and what it says.
fn entries(log: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in log.lines() {
        let head = line.split_once("] ").filter(|(head, _)| head.starts_with("20") && head.contains('['));
        match (head, entries.last_mut()) {
            (Some((head, rest)), _) => entries.push((head.rsplit('[').next().unwrap_or_default().to_owned(), rest.to_owned())),
            (None, Some((_, text))) => {
                text.push('\n');
                text.push_str(line.trim_start_matches('\t'));
            }
            (None, None) => {}
        }
    }
    entries
}

fn told(log: &str) -> Vec<Vec<String>> {
    let mut open: HashMap<String, Vec<String>> = HashMap::new();
    let (mut whole, mut waiting) = (Vec::new(), HashMap::<String, String>::new());
    for (process, text) in entries(log) {
        if let Some(values) = text.strip_prefix("DETAIL:  ").and_then(|d| d.to_lowercase().starts_with("parameters: ").then(|| &d[12..])) {
            if let (Some(statement), Some(run)) = (waiting.remove(&process), open.get_mut(&process)) {
                run.push(filled(&statement, &parameters(values)));
            }
            continue;
        }
        if let (Some(statement), Some(run)) = (waiting.remove(&process), open.get_mut(&process)) {
            run.push(statement);
        }
        let Some((_, what)) = text.strip_prefix("LOG:  duration: ").and_then(|t| t.split_once(" ms  ")) else { continue };
        let statement =
            what.strip_prefix("statement: ").or_else(|| what.strip_prefix("execute ").and_then(|s| Some(s.split_once(": ")?.1)));
        match statement.map(str::trim) {
            Some(s) if s.starts_with("BEGIN") => drop(open.insert(process, Vec::new())),
            Some("COMMIT") => whole.extend(open.remove(&process).filter(|run| !run.is_empty())),
            Some("ROLLBACK") => drop(open.remove(&process)),
            Some(s) => drop(waiting.insert(process, s.to_owned())),
            None => {}
        }
    }
    whole
}

/// `$1 = 'it''s', $2 = NULL` by number.
fn parameters(text: &str) -> HashMap<usize, String> {
    let (mut found, mut rest) = (HashMap::new(), text);
    while let Some(start) = rest.strip_prefix('$') {
        let Some((number, value)) = start.split_once(" = ") else { break };
        let end = match value.strip_prefix('\'') {
            None => value.find(',').unwrap_or(value.len()),
            Some(quoted) => {
                let bytes = quoted.as_bytes();
                let mut at = 0;
                while at < bytes.len() && (bytes[at] != b'\'' || bytes.get(at + 1) == Some(&b'\'')) {
                    at += if bytes[at] == b'\'' { 2 } else { 1 };
                }
                at + 2
            }
        };
        found.insert(number.parse().unwrap(), value[..end.min(value.len())].to_owned());
        rest = value[end.min(value.len())..].trim_start_matches(", ");
    }
    found
}

fn filled(statement: &str, values: &HashMap<usize, String>) -> String {
    let mut out = String::new();
    let mut rest = statement;
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(&rest[..at]);
        match rest[at + 1..at + 1 + digits].parse().ok().and_then(|n: usize| values.get(&n)) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..at + 1 + digits]),
        }
        rest = &rest[at + 1 + digits..];
    }
    out + rest
}

/// Each transaction as a script of its own, run over and over: transactions a second.
pub fn replay(cluster: &PrivateCluster, dir: &Path, name: &str, transactions: &[Vec<String>], clients: usize) -> f64 {
    let mut command = Command::new(cluster.bin_dir().join("pgbench"));
    let threads = clients.min(2).to_string();
    command.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", &threads, "-T", &seconds().to_string()]);
    for (i, transaction) in transactions.iter().enumerate() {
        let file = dir.join(format!("{name}-{i}.sql"));
        let (set, run): (Vec<&String>, Vec<&String>) = transaction.iter().partition(|s| s.starts_with('\\') || s.contains(" \\gset "));
        let set: String = set.iter().map(|s| format!("{s}\n")).collect();
        let run: String = run.iter().map(|s| format!("{};\n", s.replace('\n', " "))).collect();
        std::fs::write(&file, format!("{set}BEGIN;\n{run}COMMIT;\n")).unwrap();
        command.arg("-f").arg(file);
    }
    let output = command.arg(cluster.url()).output().expect("pgbench (Debian: postgresql-client)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!errors.contains("ERROR"), "{errors}");
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")).and_then(|l| l.split(' ').next()).and_then(|t| t.parse().ok());
    tps.unwrap_or_else(|| panic!("pgbench: {text}{errors}"))
}

/// The identity and the code of the dossier that a transaction writes.
fn written(all: &str, how: &str) -> (String, String) {
    let row = all.find(how).map(|at| &all[at..]).expect("a transaction that writes a dossier");
    let member = |name: &str| {
        let mark = format!("\"{name}\": \"");
        let start = row.find(&mark).expect("a member of the row") + mark.len();
        row[start..start + row[start..].find('"').unwrap()].to_owned()
    };
    (member("id"), member("code"))
}

/// Keeps running dossiers under numbers from 1, for acts to be about: their ids. Those to which nothing has happened yet: what
/// an act writes of one fits them all.
pub fn subjects(cluster: &PrivateCluster) -> Vec<String> {
    let kept = psql(
        cluster,
        &[
            "DROP TABLE IF EXISTS subjects",
            "CREATE TABLE subjects AS SELECT row_number() OVER () AS n, d.id, d.code FROM dossiers d
              WHERE d.decision IS NULL AND d.status IN ('accepted', 'processing') AND d.due_on IS NOT NULL
                AND d.id NOT IN (SELECT dossier_id FROM dossier_apologies UNION ALL SELECT dossier_id FROM dossier_pauses
                        UNION ALL SELECT dossier_id FROM dossier_consultations) LIMIT 30000",
            "ALTER TABLE subjects ADD PRIMARY KEY (n)",
            "ANALYZE subjects",
            "SELECT id FROM subjects ORDER BY n",
        ],
    );
    kept.lines().map(str::to_owned).collect()
}

/// An apology to another dossier each time it runs, a random one of the subjects, and under a number that it has not: so each
/// run writes rows of its own, as those of the server do.
pub fn anywhere(transaction: &[String], subjects: usize) -> Vec<String> {
    let (id, code) = written(&transaction.join("\n"), "UPDATE dossiers ");
    let changes = [(id, ":subject_id".to_owned()), (code, ":subject_code".to_owned())];
    let numbered = [&changes[..], &[("\"n\": 1,".to_owned(), "'\"n\": ' || :m::text || ','".to_owned())]].concat();
    let mut lines = vec![
        format!("\\set k random(1, {subjects})"),
        "\\set m random(2, 32000)".to_owned(),
        "SELECT id, code FROM subjects WHERE n = :k \\gset subject_".to_owned(),
    ];
    lines.extend(transaction.iter().map(|statement| {
        let apology = statement.starts_with("INSERT INTO dossier_apologies ");
        rewritten(statement, if apology { &numbered } else { &changes })
    }));
    lines
}

/// Receipts made anew each time they run: identity, code and key of the transaction are varied by a random number.
pub fn varied(transaction: &[String]) -> Vec<String> {
    let all = transaction.join("\n");
    let (id, code) = written(&all, "INSERT INTO dossiers ");
    let key = &all[all.find("'bench-").expect("a key") + 1..];
    let key = key[..key.find('\'').unwrap()].to_owned();
    let changes = [
        (id[24..].to_owned(), "lpad(to_hex(:k::bigint), 12, '0')".to_owned()),
        (code.clone(), format!("'{}' || :k::text", &code[..code.len() - 4])),
        (key, "'bench-' || :k::text".to_owned()),
    ];
    let mut lines = vec!["\\set k random(1, 250000000000000)".to_owned()];
    lines.extend(transaction.iter().map(|statement| rewritten(statement, &changes)));
    lines
}

/// Every literal of the statement with something to vary becomes an expression of its type.
fn rewritten(statement: &str, changes: &[(String, String)]) -> String {
    let (mut out, mut rest) = (String::new(), statement);
    while let Some(start) = rest.find('\'') {
        let bytes = rest.as_bytes();
        let mut end = start + 1;
        while end < bytes.len() && (bytes[end] != b'\'' || bytes.get(end + 1) == Some(&b'\'')) {
            end += if bytes[end] == b'\'' { 2 } else { 1 };
        }
        let literal = &rest[start..=end.min(rest.len() - 1)];
        out.push_str(&rest[..start]);
        let concerned: Vec<_> = changes.iter().filter(|(old, _)| literal.contains(old.as_str())).collect();
        if concerned.is_empty() {
            out.push_str(literal);
        } else {
            let replaced = concerned.iter().fold(format!("{literal}::text"), |text, (old, new)| format!("replace({text}, '{old}', {new})"));
            let inside = literal.trim_matches('\'');
            let kind = if inside.starts_with(['{', '[']) {
                "jsonb"
            } else if inside.len() == 36 && inside.as_bytes()[8] == b'-' {
                "uuid"
            } else {
                "text"
            };
            out.push_str(&format!("({replaced})::{kind}"));
        }
        rest = &rest[end + 1..];
    }
    out + rest
}
