//! The rules of the house, read from the source itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dunghen::error::Code;

struct Source {
    /// From `src/` on: `dossiers/clock/mod.rs`.
    path: String,
    /// All of it.
    text: String,
    /// Without comments and without what is compiled for tests only.
    code: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    assert!(paths.len() > 50, "{}", paths.len());
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        // Modules of tests lie in files of their own or at the end of a file.
        let test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let body = if test { "" } else { text.split("#[cfg(test)]").next().unwrap_or_default() };
        Source { code: without_comments(body), path, text }
    };
    paths.iter().map(read).collect()
}

fn without_comments(text: &str) -> String {
    let line = |line: &str| -> String {
        // A `//` inside a string is the beginning of a URL.
        let cut = line
            .match_indices("//")
            .map(|(at, _)| at)
            .find(|at| line[..*at].matches('"').count().is_multiple_of(2) && !line[..*at].ends_with(':'));
        cut.map_or(line, |at| &line[..at]).to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// Files that decide: they never wait, never read a clock, never see the web or the database.
fn is_pure(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(name, "rules.rs" | "deeds.rs" | "decide.rs" | "decimal.rs" | "period.rs")
        || path.starts_with("dossiers/clock/")
        || path.starts_with("kpi/expression/")
        || path.contains("/rules/")
        || matches!(
            path,
            "calendar/model.rs"
                | "calendar/rules.rs"
                | "calendar/layers.rs"
                | "dossiers/model.rs"
                | "procedures/model.rs"
                | "rule_sets/model.rs"
        )
}

#[test]
fn a_rule_never_waits_and_never_reads_a_clock() {
    let sources = sources();
    let pure: Vec<_> = sources.iter().filter(|s| is_pure(&s.path)).collect();
    assert!(pure.len() > 12, "{}", pure.len());
    let mut found = Vec::new();
    for source in pure {
        for word in ["async ", ".await", "sea_orm", "sqlx", "actix_web", "tokio", "Utc::now", "Local::now", "SystemTime", "Instant::now"] {
            if source.code.contains(word) {
                found.push(format!("{}: {word}", source.path));
            }
        }
    }
    none(found, "rules are pure");
}

#[test]
fn every_problem_code_is_used() {
    let sources = sources();
    let table = sources.iter().find(|s| s.path == "error.rs").unwrap();
    let variants: Vec<&str> = Code::ALL
        .iter()
        .map(|code| {
            let at = table.text.find(&format!(" \"{}\" ", code.name())).unwrap();
            table.text[..at].rsplit(char::is_whitespace).next().unwrap()
        })
        .collect();
    let used = |variant: &str| {
        let name = format!("Code::{variant}");
        let whole =
            |text: &str| text.match_indices(&name).any(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_alphanumeric()));
        sources.iter().any(|s| whole(&s.code))
    };
    none(variants.iter().filter(|v| !used(v)).map(|v| (*v).to_owned()).collect(), "problem codes that nothing answers with");
}

/// Where SQL may stand: a slice's store, and what serves the whole house.
fn may_query(path: &str) -> bool {
    path.ends_with("/store.rs")
        || path.contains("/store/")
        || ["db/", "audit/"].iter().any(|folder| path.starts_with(folder))
        || matches!(
            path,
            "dossiers/history/changes.rs"
                | "dossiers/history/stage.rs"
                | "dossiers/history/load.rs"
                | "dossiers/history/existing.rs"
                | "http/retry.rs"
                | "auth/mod.rs"
        )
}

/// Whether a string in the code is a statement: a verb of SQL in capitals at its beginning, or after a space with its partner.
fn queries(code: &str) -> bool {
    let starts = |verb: &str| ["\"", "(", "\n", " "].iter().any(|before| code.contains(&format!("{before}{verb} ")));
    (starts("SELECT") && (code.contains(" FROM ") || code.contains("\nFROM ") || code.contains("\"SELECT ")))
        || starts("INSERT INTO")
        || (starts("UPDATE") && code.contains(" SET "))
        || starts("DELETE FROM")
        || code.contains("COPY ") && code.contains(" FROM STDIN")
}

#[test]
fn queries_stand_in_stores_only() {
    assert!(queries("sql(\"SELECT 1\")") && queries("\"UPDATE t SET a = 1\"") && queries("let s = \"DELETE FROM t\";"));
    assert!(!queries("select the UPDATE of it") && !queries("let setting = \"SET\";"));
    let sources = sources();
    assert!(sources.iter().any(|s| queries(&s.code) && may_query(&s.path)));
    let found = sources.iter().filter(|s| queries(&s.code) && !may_query(&s.path)).map(|s| s.path.clone());
    none(found.collect(), "SQL outside the stores");
}

/// Files that may be longer than 400 lines, each with its reason.
const LONG: &[(&str, &str)] = &[];

#[test]
fn files_are_short() {
    let long = |s: &&Source| s.text.lines().count() > 400;
    let sources = sources();
    let found = sources.iter().filter(long).filter(|s| LONG.iter().all(|(path, _)| *path != s.path));
    none(found.map(|s| format!("{}: {} lines", s.path, s.text.lines().count())).collect(), "files of more than 400 lines");
    let stale = LONG.iter().filter(|(path, _)| !sources.iter().any(|s| s.path == *path && long(&s)));
    none(stale.map(|(path, _)| (*path).to_owned()).collect(), "no longer long: take it off the list");
}

#[test]
fn nothing_panics_on_purpose() {
    let mut found = Vec::new();
    for source in sources() {
        for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!(", "process::exit("] {
            // In a constant it would not compile.
            let constant = |line: &&str| line.contains("panic!(\"seven hours are an offset\")");
            for line in source.code.lines().filter(|l| l.contains(word) && !constant(l)) {
                found.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    none(found, "what can go wrong is an error");
}

#[test]
fn a_module_with_parts_is_a_folder_with_mod_rs() {
    let paths: BTreeSet<String> = sources().into_iter().map(|s| s.path).collect();
    let beside = |path: &&String| {
        let folder = format!("{}/", path.trim_end_matches(".rs"));
        // `rules.rs` may keep its tests in `rules/tests.rs`.
        paths.iter().any(|p| p.starts_with(&folder) && *p != format!("{folder}tests.rs"))
    };
    let found = paths.iter().filter(|p| !p.ends_with("/mod.rs")).filter(beside);
    none(found.cloned().collect(), "name.rs beside name/: make it name/mod.rs");
}

/// Two types under one name in the contract would silently be one.
#[test]
fn names_in_the_contract_are_unique() {
    let mut at: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        let mut derives = false;
        let mut renamed = None;
        for line in source.code.lines().map(str::trim) {
            if line.starts_with("#[derive(") {
                (derives, renamed) = (line.contains("ToSchema"), None);
            }
            if let Some(rest) = line.split("schema(as = ").nth(1) {
                renamed = rest.split([',', ')']).next().map(str::to_owned);
            }
            let name = ["pub struct ", "pub enum ", "pub(super) struct ", "struct "].iter().find_map(|w| line.strip_prefix(w));
            if let Some(name) = name {
                let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                if derives && !name.is_empty() {
                    at.entry(renamed.take().unwrap_or(name.to_owned())).or_default().push(source.path.clone());
                }
                (derives, renamed) = (false, None);
            }
        }
    }
    assert!(at.len() > 40, "{}", at.len());
    none(at.iter().filter(|(_, paths)| paths.len() > 1).map(|(name, paths)| format!("{name}: {paths:?}")).collect(), "the same name twice");
}

/// The arrows between slices: who may use whom, always through the other's `mod.rs`.
const ARROWS: &[(&str, &[&str])] = &[
    // Roles are held in departments.
    ("identity", &["departments", "jobs"]),
    // Their secrets are kept, and wrong ones counted, like passwords.
    ("clients", &["departments", "identity"]),
    ("departments", &["jobs"]),
    ("calendar", &["departments"]),
    ("rule_sets", &[]),
    ("procedures", &["departments", "calendar", "jobs"]),
    ("dossiers", &["departments", "calendar", "jobs", "procedures", "rule_sets"]),
    ("documents", &["departments", "calendar", "jobs"]),
    ("plans", &["departments", "calendar", "jobs"]),
    // Indicators are computed over the periods and slices of the reports; some count tasks, judged by the day, criteria that rose or fell, or
    // the answers of surveys.
    ("kpi", &["calendar", "criteria", "departments", "jobs", "plans", "reports", "surveys"]),
    // Reads the tables of all slices by views of its own; counts by the calendars and calls findings by their names.
    ("reports", &["calendar", "dossiers"]),
    // Tells what is to be seen to, from the tables of all slices; what is owed comes from the explanations.
    ("reminders", &["calendar", "departments", "duties", "explanations", "reports"]),
    ("obstacles", &["calendar", "departments"]),
    // What is owed follows from figures, tasks and dossiers; a finding is called by its name.
    ("explanations", &["calendar", "departments", "dossiers", "kpi", "reports"]),
    // Plans set duties; periods have the codes of the reports.
    ("duties", &["calendar", "departments", "plans", "reports"]),
    // A wave speaks for a department and a period.
    ("surveys", &["calendar", "departments", "reports"]),
    // Departments are in charge of criteria; what is in the future is told by the day.
    ("criteria", &["calendar", "departments"]),
    // Counted over the periods and slices of the reports, by views of theirs.
    ("quality", &["calendar", "reports"]),
    // Puts together what all of them tell of a month; a decision becomes a task, and may decide an obstacle.
    ("briefing", &["calendar", "departments", "duties", "explanations", "kpi", "obstacles", "plans", "reports"]),
    // Removes what is past its time, whosesoever it was.
    ("upkeep", &["dossiers", "jobs"]),
    // Holds what slices do in the background; each brings its own work.
    ("jobs", &[]),
    // Reads the lists of all slices.
    (
        "exports",
        &[
            "briefing",
            "calendar",
            "clients",
            "criteria",
            "departments",
            "documents",
            "dossiers",
            "duties",
            "explanations",
            "identity",
            "jobs",
            "kpi",
            "obstacles",
            "plans",
            "procedures",
            "reports",
            "rule_sets",
            "surveys",
        ],
    ),
    // Shows what others count, and how much waits of what.
    ("dashboard", &["calendar", "departments", "duties", "kpi", "plans", "reminders", "reports"]),
    // Speaks to a server over HTTP like anyone outside: it knows nothing of the inside, and no slice knows it.
    ("client", &[]),
];

/// What everyone may use, and what it may use in turn.
const GROUND: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("error", &["text"]),
    ("telemetry", &["config"]),
    ("config", &[]),
    ("db", &["config"]),
    ("http", &["app", "audit", "auth", "calendar", "config", "db", "error", "metrics", "openapi", "text"]),
    ("metrics", &["openapi"]),
    ("auth", &["app", "config", "error", "http"]),
    ("audit", &["http"]),
    ("mail", &["config"]),
    ("vault", &["auth", "config"]),
    ("openapi", &["app", "auth", "db", "error", "http", "text"]),
];

/// What puts all together and may use everything.
const TOP: &[&str] = &["app", "cli", "lib", "main"];

#[test]
fn slices_use_each_other_one_way_and_through_the_door() {
    let ground: BTreeSet<&str> = GROUND.iter().map(|(name, _)| *name).collect();
    let mut found = BTreeSet::new();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for source in sources() {
        let from = source.path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if TOP.contains(&from.as_str()) {
            continue;
        }
        let slice = ARROWS.iter().find(|(name, _)| *name == from);
        let may = slice.or(GROUND.iter().find(|(name, _)| *name == from));
        let Some((_, may)) = may else {
            found.insert(format!("{from} is in no table of house.rs"));
            continue;
        };
        for path in paths_used(&source.code) {
            let to = path.split("::").next().unwrap_or_default().to_owned();
            if to == from {
                continue;
            }
            let common = slice.is_some() && (ground.contains(to.as_str()) || to == "app" || to == "page_of");
            if !common && !may.contains(&to.as_str()) {
                found.insert(format!("{}: crate::{path}", source.path));
            }
            used.insert((from.clone(), to));
        }
    }
    none(found.into_iter().collect(), "an arrow that is not in the table");
    let declared = ARROWS.iter().chain(GROUND).flat_map(|(from, to)| to.iter().map(|t| ((*from).to_owned(), (*t).to_owned())));
    let unused: Vec<String> = declared.filter(|arrow| !used.contains(arrow)).map(|(from, to)| format!("{from} → {to}")).collect();
    none(unused, "arrows that nobody uses: take them off the table");
    // No circle among slices.
    let reaches = |from: &str, to: &str| {
        let (mut seen, mut queue) = (BTreeSet::new(), vec![from]);
        while let Some(at) = queue.pop() {
            for next in ARROWS.iter().filter(|(name, _)| *name == at).flat_map(|(_, to)| to.iter().copied()) {
                if seen.insert(next) {
                    queue.push(next);
                }
            }
        }
        seen.contains(to)
    };
    none(ARROWS.iter().filter(|(name, _)| reaches(name, name)).map(|(name, _)| (*name).to_owned()).collect(), "slices in a circle");
}

/// Every `crate::…` path of a file, with the groups of `use` taken apart one level deep: `crate::{a, b::c}` gives `a`, `b::c`.
fn paths_used(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c == '$' || c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '}' if depth == 0 => break,
                    ',' if depth == 0 => all.push(std::mem::take(&mut item)),
                    _ => {
                        depth += i32::from(c == '{') - i32::from(c == '}');
                        item.push(c);
                    }
                }
            }
            all.push(item);
        } else {
            all.push(rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect());
        }
    }
    all.into_iter().map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
}

#[test]
fn paths_are_found_in_every_form() {
    let code = "use crate::error::{ApiError, Code};\nuse crate::{departments, procedures::{self, Known}};\nlet x = crate::http::At(y); $crate::page";
    assert_eq!(paths_used(code), ["error::", "departments", "procedures::{self, Known}", "http::At"]);
}

/// Within a slice: decisions know no bodies' transport and no queries; queries know no handlers.
#[test]
fn the_arrows_within_a_slice_point_one_way() {
    let mut found = Vec::new();
    let sources = sources();
    for source in &sources {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let never: &[&str] = match name {
            "model.rs" => &["super::store", "super::routes", "super::acts", "super::wire", "super::rules"],
            "rules.rs" => &["super::store", "super::routes", "super::acts"],
            "store.rs" => &["super::routes", "super::acts"],
            "wire.rs" => &["super::routes", "super::acts"],
            "acts.rs" => &["super::routes"],
            _ => continue,
        };
        // Rows become bodies in the one or in the other, but not in both.
        let twin = sources.iter().find(|s| name == "wire.rs" && s.path == source.path.replace("wire.rs", "store.rs"));
        if source.code.contains("super::store") && twin.is_some_and(|store| store.code.contains("super::wire")) {
            found.push(format!("{} and its store use each other", source.path));
        }
        for word in never.iter().filter(|word| source.code.contains(**word)) {
            found.push(format!("{}: {word}", source.path));
        }
    }
    none(found, "an arrow within a slice points backwards");
}
