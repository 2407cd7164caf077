//! What the documents say: the tour of the READMEs works by copy and paste, and what they name exists.

use std::collections::BTreeSet;
use std::path::Path;

use dunghen::app::Clock;
use dunghen::cli::demo::{self, ADMIN, ADMIN_NAME, DEFAULT_PASSWORD};
use dunghen::cli::progress::Progress;
use dunghen::identity;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::harness::{Actor, App};

const READMES: [&str; 2] = ["README.md", "README.vi.md"];
const DOCUMENTS: [&str; 7] =
    ["README.md", "README.vi.md", "CONTRIBUTING.md", "CHANGELOG.md", "src/README.md", "migration/README.md", "openapi/README.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced `sh` blocks between the marks of a tour.
fn tour(readme: &str, name: &str) -> Vec<String> {
    let text = read(readme);
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let inside = text.split_once(&begin).unwrap().1.split_once(&end).unwrap().0;
    inside.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

#[test]
fn both_readmes_give_the_same_tour_of_ten_calls() {
    let [english, vietnamese] = READMES.map(|readme| tour(readme, "tour"));
    assert_eq!(english, vietnamese);
    let calls: Vec<usize> = english.iter().map(|block| block.matches("curl ").count()).collect();
    assert_eq!(calls, [1; 10]);
}

/// What the indicators and the report of the tour count for the division that resolves its dossier.
async fn figures(who: &Actor) -> [i64; 4] {
    let kpis = who.get("/api/v1/kpi-results?kpi=on_time_rate,online_rate&period=2022&group_by=department").await.expect(200).body;
    let of = |kpi: &str, member: &str| {
        let item = kpis["items"].as_array().unwrap().iter().find(|i| i["kpi"] == kpi && i["department"] == "DKKD");
        item.and_then(|i| i[member].as_i64()).unwrap_or_else(|| panic!("no {member} of {kpi} in {kpis}"))
    };
    let report = who.get("/api/v1/reports/dossier-results?period=2022-05&group_by=department").await.expect(200).body;
    let row = report["rows"].as_array().unwrap().iter().find(|r| r["key"] == "DKKD").unwrap_or_else(|| panic!("no DKKD in {report}"));
    [
        of("on_time_rate", "numerator"),
        of("on_time_rate", "denominator"),
        of("online_rate", "numerator"),
        row["resolved_early"].as_i64().unwrap(),
    ]
}

/// A server with its demo, if there is a program to speak to it with.
async fn with_demo() -> Option<App> {
    with_demo_and("").await
}

/// The same, with a file that moves its clock.
async fn with_demo_and(clock: &str) -> Option<App> {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        eprintln!("not run: there is no curl on this machine");
        return None;
    }
    let app = App::with(Clock::default(), |settings| settings.clock.file = clock.to_owned()).await;
    identity::create_demo_admin(&app.shared.background, ADMIN, ADMIN_NAME, DEFAULT_PASSWORD).await.unwrap();
    demo::load(&app.base, ADMIN, DEFAULT_PASSWORD, DEFAULT_PASSWORD, &Progress::silent()).await.unwrap();
    Some(app)
}

/// What a tour prints.
async fn run(shell: &str, options: &[&str], app: &App, blocks: Vec<String>) -> String {
    run_in(root(), "", shell, options, app, blocks).await
}

/// What a tour prints that is played in a folder, with a file that moves the clock.
async fn run_in(folder: &Path, clock: &str, shell: &str, options: &[&str], app: &App, blocks: Vec<String>) -> String {
    let output = tokio::process::Command::new(shell)
        .args(options)
        .args(["-c", &blocks.concat()])
        .current_dir(folder)
        .env("API", &app.base)
        .env("CLOCK", clock)
        // A proxy of this machine has no part in it.
        .env("no_proxy", "127.0.0.1")
        .output()
        .await
        .unwrap();
    let (told, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{complaints}");
    told.into_owned()
}

#[tokio::test]
async fn the_tour_works_as_written() {
    let Some(app) = with_demo().await else { return };
    let office = app.office().await;
    let before = figures(&office).await;
    let told = run("bash", &["-eu", "-o", "pipefail"], &app, tour("README.md", "tour")).await;
    let lines: Vec<&str> = told.lines().map(|line| line.trim_start_matches('\u{feff}').trim_end()).collect();

    let tokens: Vec<_> = lines.iter().filter(|l| l.starts_with("eyJ")).collect();
    assert_eq!(tokens.len(), 2, "{told}");
    let number = lines[1].strip_prefix("\"code\":\"").and_then(|l| l.split('"').next()).unwrap();
    assert!(number.starts_with("H32.05-220419-"), "{number}");
    let state = |status: &str, outcome: &str, due: &str, version: u8| {
        format!(
            "\"code\":\"{number}\" \"status\":\"{status}\" \"outcome\":\"{outcome}\" \"due_on\":{due} \"first_due_on\":\"2022-04-22\" \"version\":{version}"
        )
    };
    let (first, second) = ("\"2022-04-22\"", "\"2022-04-28\"");
    assert_eq!(lines[1], state("accepted", "overdue", first, 1));
    assert_eq!(
        lines[3..7],
        [
            state("processing", "overdue", first, 2),
            state("awaiting_supplement", "supplement_requested", "null", 3),
            state("processing", "overdue", second, 4),
            state("resolved", "on_time", second, 5),
        ]
    );

    let late: Vec<_> = lines.iter().filter(|l| l.contains("\"outcome\":\"late_with")).collect();
    assert_eq!(late.len(), 5, "{told}");
    for line in late {
        let day = |name: &str| line.split_once(&format!("\"{name}\":\"")).map(|(_, rest)| rest.split('"').next().unwrap());
        // One that was finished while the clock stood has no due date in force.
        assert!(day("finished_on").is_some() && day("due_on") < day("finished_on"), "{line}");
    }

    // One dossier more: received online, resolved in time, in the report of May and in the year's indicators.
    let after = figures(&office).await;
    assert_eq!(after, before.map(|n| n + 1));
    let dossier = office.get(&format!("/api/v1/dossiers/by-code/{number}")).await.expect(200).body;
    assert_eq!((&dossier["outcome"], &dossier["timeliness"]), (&json!("on_time"), &json!("early")));
    let report = lines.iter().find(|l| l.starts_with("DKKD,")).unwrap();
    assert_eq!(report.split(',').nth(6), Some(after[3].to_string().as_str()), "{report}");
    let kpi = lines.iter().find(|l| l.starts_with("on_time_rate,2022,DKKD,")).unwrap();
    let cells: Vec<&str> = kpi.split(',').collect();
    let hundredths = (20_000 * after[0] + after[1]) / (2 * after[1]);
    let rate = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let status = if 100 * after[0] >= 99 * after[1] { "met" } else { "not_met" };
    assert_eq!(cells[6..12], [after[0].to_string().as_str(), after[1].to_string().as_str(), rate.as_str(), "≥", "99.00", status], "{kpi}");
    assert!(lines.iter().any(|l| l.starts_with("online_rate,2022,DKKD,")), "{told}");
}

#[test]
fn both_readmes_give_the_same_second_tour_each_in_its_language() {
    let [english, vietnamese] = READMES.map(|readme| tour(readme, "second tour"));
    assert_eq!(english[0].replace("SPEAK=en", "SPEAK=vi"), vietnamese[0]);
    assert_eq!((english[1..].to_vec(), english.len()), (vietnamese[1..].to_vec(), 9));
}

#[tokio::test]
async fn the_second_tour_works_as_written() {
    let Some(app) = with_demo().await else { return };
    let told = run("sh", &["-eu"], &app, tour("README.md", "second tour")).await;
    let lines: Vec<&str> = told.lines().collect();
    let state = |status: &str, outcome: &str, due: &str, findings: &[&str], version: u8| {
        let findings = json!(findings);
        format!("\"status\":\"{status}\" \"outcome\":\"{outcome}\" \"due_on\":{due} \"findings\":{findings} \"version\":{version}")
    };
    let (first, moved, second) = ("\"2022-04-29\"", "\"2022-05-10\"", "\"2022-05-23\"");
    let (remind, escalate, sorry) = ("consultation_reminder_due", "consultation_escalation_due", "apology_after_due");
    assert_eq!(
        lines[..10],
        [
            state("processing", "overdue", first, &[], 2),
            state("awaiting_supplement", "supplement_requested", "null", &[], 3),
            state("processing", "overdue", moved, &[], 4),
            state("processing", "overdue", moved, &[escalate, remind], 5),
            state("processing", "overdue", moved, &[escalate, remind], 6),
            state("processing", "overdue", moved, &[escalate], 7),
            state("processing", "overdue_with_apology", moved, &[sorry, escalate], 8),
            state("processing", "overdue_with_apology", moved, &[sorry], 9),
            state("processing", "overdue_with_apology", moved, &[sorry], 10),
            state("resolved", "late_with_apology", moved, &[sorry], 11),
        ]
    );
    let rest = lines[10..].iter().position(|line| line.starts_with("\"at\"")).unwrap() + 10;
    let (steps, timeline) = (&lines[10..rest], &lines[rest..lines.len() - 3]);
    assert_eq!(steps.iter().filter(|s| s.contains(": working day ")).count(), 10, "{told}");
    assert_eq!(steps[steps.len() - 4], "The due date moves from Friday 29 April 2022 to Tuesday 10 May 2022.");
    assert_eq!(steps.last(), Some(&"The papers are here (no. 1): the due date moved from 29/04/2022 to 10/05/2022."));
    assert_eq!((timeline.len(), timeline[11]), (12, "\"at\":\"2022-05-16T15:00:00+07:00\" \"act\":\"resolution\""));
    let refused = "\"code\":\"rule_broken\" \"code\":\"missing\" \"pointer\":\"/document_no\"";
    assert_eq!(
        lines[lines.len() - 3..],
        [state("processing", "overdue", second, &[], 2), refused.to_owned(), state("refused", "refused", second, &[], 3)]
    );
}

#[test]
fn both_readmes_give_the_same_third_tour() {
    let [english, vietnamese] = READMES.map(|readme| tour(readme, "third tour"));
    assert_eq!((&english, english.len()), (&vietnamese, 12));
}

/// Played with a clock that moves; its pages are looked at in a browser, and kept under `target/pages/year`.
#[tokio::test]
async fn the_third_tour_plays_the_year() {
    let folder = crate::browser::folder().join("year");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let clock = folder.join("clock");
    let Some(app) = with_demo_and(clock.to_str().unwrap()).await else { return };
    let told = run_in(&folder, clock.to_str().unwrap(), "sh", &["-eu"], &app, tour("README.md", "third tour")).await;
    let lines: Vec<&str> = told.lines().collect();
    let task = |code: &str, due: &str, state: &str| format!("\"code\":\"{code}\" \"due_on\":\"{due}\" \"state\":\"{state}\"");
    let (centre, letter) = ("kh-1186-skhdt-2022.II.1-1.3", "gv-4521-2022");
    assert_eq!(
        lines[..5],
        [
            task(centre, "2022-06-30", "in_progress") + " \"version\":3",
            task(letter, "2022-06-10", "in_progress") + " \"version\":1",
            r#""internal_due_on":"2022-05-24" "due_on":"2022-06-30" "state":"due_soon" "missing":["PCM"]"#.to_owned(),
            task(centre, "2022-08-31", "in_progress") + " \"version\":6",
            task("kh-1186-skhdt-2022.I.1-1.3", "2022-06-30", "done_on_time") + " \"version\":3",
        ]
    );
    for owed in [r#""kind":"task","code":"gv-4521-2022""#, r#""kind":"late_dossiers","code":"late_dossiers""#] {
        assert!(lines[5..].contains(&owed), "{told}");
    }
    for item in ["task:gv-4521-2022", "late_dossiers:DKKD", "kpi:on_time_rate/DKKD", "obstacle:VM-2022-0001"] {
        assert!(lines.contains(&format!("\"item\":\"{item}\"").as_str()), "{item}: {told}");
    }
    assert_eq!(
        lines[lines.len() - 8..],
        [
            "\"code\":\"KL-2022-0001\" \"due_on\":\"2022-07-05\" \"state\":\"standing\" \"task_state\":\"in_progress\" \"task_due_on\":\"2022-07-05\" \"version\":1".to_owned(),
            r#""code":"VM-2022-0001" "state":"decided""#.to_owned(),
            r#""internal_due_on":"2022-05-24" "due_on":"2022-06-30" "state":"sent_on_time" "missing":["PCM"] "sent_on":"2022-06-28""#.to_owned(),
            task(letter, "2022-06-10", "done_late"),
            r#""code":"KL-2022-0001" "task_state":"done_on_time""#.to_owned(),
            task(centre, "2022-08-31", "done_on_time"),
            r#""internal_due_on":null "due_on":"2022-12-14" "state":"sent_on_time" "missing":[] "sent_on":"2022-12-12""#.to_owned(),
            r#""done_on_time":3 "done_late":0 "extended":1 "late_or_extended":12"#.to_owned(),
        ]
    );
    // The clock goes by itself again, and the workbook is one.
    assert!(!clock.exists() && (chrono::Utc::now() - app.shared.now()).num_minutes() == 0);
    assert!(std::fs::read(folder.join("giao-ban-2022-06.xlsx")).unwrap().starts_with(b"PK"));
    let page = |name: &str| std::fs::read_to_string(folder.join(format!("{name}.html"))).unwrap();
    assert!(page("giao-ban-2022-06").contains("class=\"write\"") && page("giao-ban-2022-06-ket-luan").contains("KL-2022-0001"));
    let Some(mut browser) = Browser::open().await else { return };
    browser.without_scripts().await;
    for page in ["giao-ban-2022-06", "giao-ban-2022-06-ket-luan", "giao-ban-2022-12"] {
        let url = format!("file://{}/{page}.html", folder.display());
        for width in [794, 1280] {
            browser.medium("screen").await;
            browser.resize(width, 1123).await;
            browser.goto(&url).await;
            assert_eq!(browser.overflow().await, Vec::<String>::new(), "{page} at {width}");
            browser.picture(&format!("year/{page}-{width}")).await;
        }
        browser.medium("print").await;
        browser.resize(680, 1000).await;
        assert_eq!(browser.overflow().await, Vec::<String>::new(), "{page} on paper");
        let (_, sheets) = browser.print(&format!("year/{page}")).await;
        assert!((2..=20).contains(&sheets), "{page}: {sheets} sheets");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Pieces of a document in `backticks`, and the targets of its links.
fn named(text: &str) -> (Vec<&str>, Vec<&str>) {
    let prose: Vec<&str> = text.split("```").step_by(2).collect();
    let quoted = prose.iter().flat_map(|p| p.lines()).flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    let links = prose.iter().flat_map(|p| p.split("](").skip(1)).filter_map(|rest| rest.split(')').next()).collect();
    (quoted, links)
}

fn sources(folder: &str) -> String {
    let mut text = String::new();
    let mut queue = vec![root().join(folder)];
    while let Some(at) = queue.pop() {
        if at.is_dir() {
            queue.extend(std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()));
        } else if at.extension().is_some_and(|e| e == "rs") {
            text += &std::fs::read_to_string(at).unwrap_or_default();
        }
    }
    text
}

/// Whether `it::module::test` or `lib::module::…::test` is a test that exists.
fn is_a_test(name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let function = format!("fn {}(", parts[parts.len() - 1]);
    match parts[0] {
        "it" => [format!("tests/it/{}", parts[1]), format!("tests/it/{}.rs", parts[1])]
            .iter()
            .any(|place| root().join(place).exists() && sources(place).contains(&function)),
        _ => [format!("src/{}", parts[1]), format!("src/{}.rs", parts[1])]
            .iter()
            .any(|place| root().join(place).exists() && sources(place).contains(&function)),
    }
}

#[test]
fn what_the_documents_name_exists() {
    let makefile = read("Makefile");
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let here = root().join(document).parent().unwrap().to_owned();
        let (quoted, links) = named(&text);
        for link in links.into_iter().filter(|l| !l.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(document) } else { here.join(path) };
            let has_anchor = || {
                let text = std::fs::read_to_string(&target).unwrap_or_default();
                let mut headings = text.lines().filter(|l| l.starts_with('#')).map(|l| l.trim_start_matches('#').trim().to_lowercase());
                headings.any(|h| h.replace(' ', "-") == anchor)
            };
            if !target.exists() || (!anchor.is_empty() && !has_anchor()) {
                wrong.push(format!("{document}: link to {link}"));
            }
        }
        for word in quoted {
            let is_path = word.contains('/') && !word.contains(['<', '{', '*', ' ', '…']) && !word.starts_with('/');
            let test = word.strip_prefix("it::").or(word.strip_prefix("lib::")).filter(|rest| !rest.is_empty());
            let right = if let Some(target) = word.strip_prefix("make ") {
                makefile.contains(&format!("\n{target}:"))
            } else if test.is_some() {
                is_a_test(word)
            } else if is_path && ["src/", "tests/", "config/", "data/", "migration/", "openapi/", "../"].iter().any(|p| word.starts_with(p))
            {
                root().join(word).exists() || here.join(word).exists()
            } else {
                true
            };
            if !right {
                wrong.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_has_every_folder_and_the_glossary_every_word() {
    let text = read("src/README.md");
    let (quoted, _) = named(&text);
    let quoted: BTreeSet<&str> = quoted.into_iter().collect();
    let mut lacks = Vec::new();
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = if entry.path().is_dir() { format!("{name}/") } else { name };
        if name != "README.md" && !quoted.contains(name.as_str()) {
            lacks.push(name);
        }
    }
    let document = crate::contract::document();
    let lists = ["ApplicantKind", "Channel", "Finding", "LimitUnit", "Outcome", "Status", "SupplementPolicy", "Timeliness"];
    for list in lists {
        let words = document["components"]["schemas"][list]["enum"].as_array();
        let words = words.unwrap_or_else(|| panic!("the contract has no list {list}"));
        lacks.extend(words.iter().filter_map(Value::as_str).filter(|word| !quoted.contains(word)).map(str::to_owned));
    }
    assert!(lacks.is_empty(), "src/README.md does not name {lacks:?}");
}

/// What the production profile asks for is what the documents and the compose file give it.
#[test]
fn production_starts_as_the_documents_say() {
    let check = |variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dunghen"));
        command.arg("check-config").current_dir(root()).env_clear().env("DUNGHEN_ENV", "production").envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    let (started, asked) = check(&[]);
    let variables: Vec<&str> = asked.lines().filter_map(|line| line.split_once(": set ")).map(|(_, name)| name.trim()).collect();
    assert!(!started && variables.len() >= 3, "{asked}");
    for document in ["README.md", "README.vi.md", "docker-compose.yml"] {
        let text = read(document);
        let lacking: Vec<_> =
            variables.iter().filter(|name| !text.contains(&format!("{name}=")) && !text.contains(&format!("{name}: "))).collect();
        assert!(lacking.is_empty(), "{document} does not set {lacking:?}");
    }
    let given: Vec<(&str, &str)> = variables.iter().map(|name| (*name, "x")).collect();
    let (started, told) = check(&given);
    assert!(started, "{told}");
    // A secret of the compose file is given to the server, and .env.example says how to make it.
    let (compose, example) = (read("docker-compose.yml"), read(".env.example"));
    for (secret, variable) in [("signing_key", "SIGNING_KEY_FILE"), ("personal_data_key", "PERSONAL_DATA_KEY_FILE")] {
        assert!(compose.contains(&format!("/run/secrets/{secret}\n")) && compose.contains(&format!("    - {secret}\n")), "{secret}");
        assert!(compose.contains(&format!("${{{variable}:-")) && example.contains(&format!("\n{variable}=")), "{variable}");
    }
}
