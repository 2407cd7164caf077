//! The program itself as a client: `dunghen load` against a running server.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use dunghen::identity;
use serde_json::{Value, json};

use crate::harness::{App, department};

const PASSWORD: &str = "mật khẩu của kiểm thử";

struct Files(PathBuf);

impl Files {
    fn new() -> Files {
        let folder = std::env::temp_dir().join(format!("dunghen-load-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        Files(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the program; its status, standard output and standard error.
async fn run(args: &[&str], password: Option<&str>, input: Option<&str>) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dunghen"));
    command.args(args).env_remove("DUNGHEN_PASSWORD").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(password) = password {
        command.env("DUNGHEN_PASSWORD", password);
    }
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let input = input.map(str::to_owned);
    let run = move || -> Output {
        let mut child = command.spawn().unwrap();
        if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
            pipe.write_all(text.as_bytes()).unwrap();
        }
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

async fn app() -> (App, Files) {
    let app = App::start().await;
    identity::create_admin(&app.shared.background, "root", "Root", PASSWORD).await.unwrap();
    (app, Files::new())
}

#[tokio::test]
async fn a_compressed_file_is_loaded_and_counted() {
    let (app, files) = app().await;
    let rows: String = ["A", "B", "C"].map(|code| format!("{}\n", department(code))).concat();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(rows.as_bytes()).unwrap();
    let file = files.write("d.ndjson.gz", &gz.finish().unwrap());
    let dry = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--dry-run"];
    let (status, out, err) = run(&dry, Some(PASSWORD), None).await;
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("dry run"), "{out}");
    assert_eq!(app.count("departments").await, 0);

    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root"];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("3  created"), "{out}");
    assert_eq!(app.count("departments").await, 3);
    let (status, out, _) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("3  unchanged"), "{out}");

    let strict = [&args[..], &["--strategy", "create"]].concat();
    let (status, _, err) = run(&strict, Some(PASSWORD), None).await;
    assert!(status == 1 && err.contains("row 1 A: /code exists"), "{err}");
    assert_eq!(std::fs::read_dir(&files.0).unwrap().count(), 1, "no state is left");
    // From standard input, with the format said; and a CSV file by its name.
    let piped = ["load", "departments", "-", "--format", "ndjson", "--url", &app.base, "--as", "root"];
    let (status, out, err) = run(&piped, Some(PASSWORD), Some(&department("D").to_string())).await;
    assert!(status == 0 && out.contains("1  created"), "{out}{err}");
    let csv = files.write("e.csv", "code,name,kind\nE,Phòng E,division\n".as_bytes());
    let (status, out, err) = run(&["load", "departments", &csv, "--url", &app.base, "--as", "root"], Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("1  created"), "{out}{err}");
}

#[tokio::test]
async fn refused_rows_are_written_down_and_give_status_1() {
    let (app, files) = app().await;
    let rows = [
        department("A"),
        json!({"code": "B", "name": "B", "kind": "castle"}),
        json!({"code": "C", "name": "C", "kind": "unit", "parent": "X"}),
    ];
    let file = files.write("d.json", json!(rows).to_string().as_bytes());
    let errors = files.path("refused.ndjson");
    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--errors", &errors, "--mode", "atomic"];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert_eq!(status, 1, "{out}{err}");
    assert!(out.contains("Nothing was written") && out.contains("2  refused"), "{out}");
    assert_eq!(app.count("departments").await, 0);
    let kept: Vec<Value> = std::fs::read_to_string(&errors).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let told: Vec<_> = kept.iter().map(|r| (r["code"].as_str().unwrap(), r["error_codes"].as_str().unwrap())).collect();
    assert_eq!(told, [("B", "not_in_list"), ("C", "unknown_code")]);
    assert!(kept[0]["kind"] == "castle" && kept[1]["error_detail"].as_str().unwrap().starts_with("/parent: "), "{kept:?}");

    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--json", "--errors", &errors];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert_eq!(status, 1, "{out}{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["received"], &told["created"], &told["rejected"]), (&json!(3), &json!(1), &json!(2)), "{out}");
    assert_eq!(app.count("departments").await, 1);
    // Mended, the file of refused rows is loaded as it is.
    let mended = std::fs::read_to_string(&errors).unwrap().replace("castle", "unit").replace("\"X\"", "\"A\"");
    let mended = files.write("mended.ndjson", mended.as_bytes());
    let (status, out, err) = run(&["load", "departments", &mended, "--url", &app.base, "--as", "root"], Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("2  created"), "{out}{err}");

    let broken = files.write("x.ndjson", b"{\"code\":\n");
    let (status, _, err) = run(&["load", "departments", &broken, "--url", &app.base, "--as", "root"], Some(PASSWORD), None).await;
    assert!(status == 1 && err.contains("malformed_body"), "{err}");
}

#[tokio::test]
async fn wrong_usage_and_no_connection_give_status_2() {
    let (app, files) = app().await;
    let file = files.write("d.json", b"[]");
    let at = |resource: &'static str, file: &str, url: &str, user: &str| -> Vec<String> {
        ["load", resource, file, "--url", url, "--as", user].map(str::to_owned).to_vec()
    };
    let nowhere = "http://127.0.0.1:9".to_owned();
    let missing = files.path("none.json");
    let nameless = files.write("rows.txt", b"");
    let cases = [
        (at("departments", &file, &app.base, "root"), None, "DUNGHEN_PASSWORD"),
        (at("departments", &file, &app.base, "root"), Some("sai mật khẩu"), "invalid_credentials"),
        (at("departments", &file, &nowhere, "root"), Some(PASSWORD), "no answer from"),
        (at("departments", &missing, &app.base, "root"), Some(PASSWORD), "none.json"),
        (at("departments", &nameless, &app.base, "root"), Some(PASSWORD), "--format"),
        (at("departments", &files.write("no.xlsx", b"PK"), &app.base, "root"), Some(PASSWORD), "no workbook"),
        (at("castles", &file, &app.base, "root"), Some(PASSWORD), "castles"),
        (at("procedure", &file, &app.base, "root"), Some(PASSWORD), "did you mean procedures?"),
        (at("dossiers", &files.write("h.json", b"[{}]"), &app.base, "root"), Some(PASSWORD), "forbidden"),
    ];
    for (args, password, words) in cases {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (status, out, err) = run(&args, password, None).await;
        assert!(status == 2 && err.contains(words), "{args:?}: {status}\n{out}{err}");
    }
    let (status, out, _) = run(&["load", "--help"], None, None).await;
    assert!(status == 0 && out.contains("Exit status"), "{out}");
}

#[tokio::test]
async fn a_machine_loads_with_its_secret() {
    let app = App::start().await.with_examples().await;
    let files = Files::new();
    let admin = app.admin().await;
    let body = json!({"client_id": "motcua", "name": "Phần mềm một cửa", "scopes": ["dossier:load"], "departments": []});
    admin.put("/api/v1/clients/motcua", body).await.expect(201);
    let made = admin.act("/api/v1/clients/motcua/secrets", 1, json!({})).await.expect(201);
    let row = json!({"code": "H-1", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
        "accepted_at": "2022-04-19T08:30:00+07:00", "applicant": {"kind": "citizen", "name": "Trần B"}});
    let file = files.write("h.ndjson", row.to_string().as_bytes());
    for (secret, expected, loaded) in [("sai", 2, 0), (made.body["client_secret"].as_str().unwrap(), 0, 1)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunghen"));
        command.args(["load", "dossiers", &file, "--url", &app.base, "--client", "motcua"]).env("DUNGHEN_CLIENT_SECRET", secret);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), app.count("dossiers").await), (Some(expected), loaded), "{told}");
        assert!(loaded == 1 || told.contains("invalid_client"), "{told}");
    }
    let both = ["load", "dossiers", &file, "--as", "root", "--client", "motcua"];
    assert_eq!(run(&both, None, None).await.0, 2);
}

/// A register as a table, with the mapping that the README shows.
#[tokio::test]
async fn a_table_is_loaded_by_a_mapping_and_its_refused_rows_come_back() {
    let app = App::start().await.with_examples().await;
    let files = Files::new();
    identity::create_admin(&app.shared.background, "root", "Root", PASSWORD).await.unwrap();
    let admin = app.admin().await;
    let user = json!({"username": "vp", "display_name": "VP", "password": PASSWORD, "grants": [{"role": "office"}]});
    admin.post("/api/v1/users/bulk", json!([user])).await.expect(200);
    let procedure = json!({"code": "2.001610", "name": "Đăng ký thành lập doanh nghiệp tư nhân", "department": "DKKD",
        "field": {"code": "DN", "name": "Doanh nghiệp"}, "limit": {"value": 3, "unit": "working_day"}});
    admin.put("/api/v1/procedures/2.001610", procedure).await.expect(201);
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/data/examples/so-theo-doi");
    let map = format!("{examples}.toml");
    let table = std::fs::read_to_string(format!("{examples}.csv")).unwrap();
    let args = |file: &str, more: &[&str]| -> Vec<String> {
        ["load", "dossiers", file, "--url", &app.base, "--as", "vp", "--map", &map].iter().chain(more).map(|a| (*a).to_owned()).collect()
    };
    let load = async |args: Vec<String>| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(&args, Some(PASSWORD), None).await
    };
    let good = files.write("so.csv", table.as_bytes());
    let (status, out, err) = load(args(&good, &["--dry-run"])).await;
    assert!(status == 0 && out.contains("3  created") && app.count("dossiers").await == 0, "{out}{err}");
    let (status, out, err) = load(args(&good, &[])).await;
    assert!(status == 0 && out.contains("3  created"), "{out}{err}");
    let office = app.office().await;
    let list = office.get("/api/v1/dossiers?q=SO-2022-0002").await.expect(200);
    let id = list.body["items"][0]["id"].as_str().unwrap();
    let dossier = office.get(&format!("/api/v1/dossiers/{id}")).await.expect(200).body;
    assert_eq!(
        (
            &dossier["code"],
            &dossier["channel"],
            &dossier["applicant"]["name"],
            &dossier["accepted_at"],
            &dossier["supplements"][0]["reason"]
        ),
        (&json!("SO-2022-0002"), &json!("direct"), &json!("Trần Thị Bình"), &json!("2022-04-19T09:10:00+07:00"), &json!("Thiếu điều lệ"))
    );

    // As Vietnamese spreadsheets save it, under a title, with two bad rows and two of the same code.
    let bad = "STT;Số hồ sơ;Mã TTHC;Hình thức nộp;Người nộp;Loại người nộp;Ngày nhận;Ngày có kết quả;Kết quả;Số văn bản;Bổ sung\n\
        1;B-1;2.001199;Điện báo;A;Công dân;19/04/2022 08:30;;;;\n2;B-2;9.9;Trực tiếp;=B;Công dân;19/04/2022 08:30;;;;\n\
        3;B-3;2.001199;Trực tiếp;C;Công dân;19/04/2022 08:30;;;;\n4;B-4;2.001199;Trực tiếp;D;Công dân;19/04/2022 08:30;;;;\n\
        5;B-4;2.001199;Trực tiếp;D;Công dân;19/04/2022 08:30;;;;\n";
    let bad = files.write("bad.csv", [b"\xef\xbb\xbf", bad.as_bytes()].concat().as_slice());
    let errors = files.path("refused.csv");
    let (status, out, err) = load(args(&bad, &["--errors", &errors, "--chunk-rows", "2"])).await;
    assert!(status == 1 && out.contains("1  created") && out.contains("4  refused"), "{out}{err}");
    let refused = std::fs::read_to_string(&errors).unwrap();
    let codes: Vec<Vec<String>> = csv::Reader::from_reader(refused.trim_start_matches('\u{feff}').as_bytes())
        .records()
        .map(|r| r.unwrap())
        .map(|r| [1, 4, 11].map(|at| r[at].to_owned()).to_vec())
        .collect();
    let told: Vec<Vec<&str>> = codes.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
    let twice = "duplicate_in_payload";
    let expected = [["B-1", "A", "not_in_list"], ["B-2", "'=B", "unknown_code"], ["B-4", "D", twice], ["B-4", "D", twice]];
    assert_eq!(told, expected, "{refused}");
    let mended = refused.replace("Điện báo", "Trực tuyến").replace("9.9", "2.001199").replacen("B-4", "B-5", 1);
    let mended = files.write("mended.csv", mended.as_bytes());
    let (status, out, err) = load(args(&mended, &[])).await;
    assert!(status == 0 && out.contains("4  created"), "{out}{err}");
    let list = office.get("/api/v1/dossiers?q=B-2").await.expect(200);
    assert_eq!(list.body["items"][0]["applicant"]["name"], "=B", "{}", list.body);

    // All that is wrong with columns is told at once, with the nearest names.
    let odd = files.write("odd.csv", b"code,chanel,Proc,receiving_department\nX,online,1,MC\n");
    let args = ["load", "dossiers", &odd, "--url", &app.base, "--as", "vp"];
    let (status, _, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 1 && err.contains("“chanel” is no member of dossiers; did you mean channel?") && err.contains("“Proc”"), "{err}");
}

#[tokio::test]
async fn a_sheet_is_loaded_with_its_types() {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let (app, files) = app().await;
    let app = app.with_examples().await;
    let user = json!({"username": "vp", "display_name": "VP", "password": PASSWORD, "grants": [{"role": "office"}]});
    app.admin().await.post("/api/v1/users/bulk", json!([user])).await.expect(200);
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Trang bìa").unwrap();
    let sheet = book.add_worksheet().set_name("2022").unwrap();
    sheet.write_string(0, 0, "SỔ THEO DÕI HỒ SƠ").unwrap();
    let header = ["code", "procedure", "receiving_department", "channel", "applicant.kind", "applicant.name", "accepted_at", "digitised"];
    for (column, name) in header.iter().enumerate() {
        sheet.write_string(2, u16::try_from(column).unwrap(), *name).unwrap();
    }
    let (six, day) = (Format::new().set_num_format("0.000000"), Format::new().set_num_format("dd/mm/yyyy hh:mm"));
    let at = ExcelDateTime::from_ymd(2022, 4, 19).unwrap().and_hms(8, 30, 0).unwrap();
    // The second number has no digits that are known: 2.00199 may have been 2.001990.
    for (row, format) in [(3, &six), (4, &Format::new())] {
        sheet.write_number(row, 0, f64::from(row)).unwrap();
        sheet.write_number_with_format(row, 1, 2.001_199, format).unwrap();
        for (column, text) in [(2, "MC"), (3, "online"), (4, "citizen"), (5, "Trần B")] {
            sheet.write_string(row, column, text).unwrap();
        }
        sheet.write_datetime_with_format(row, 6, &at, &day).unwrap();
        sheet.write_boolean(row, 7, true).unwrap();
    }
    let file = files.write("so.xlsx", &book.save_to_buffer().unwrap());
    let errors = files.path("refused.csv");
    let args = ["load", "dossiers", &file, "--url", &app.base, "--as", "vp", "--sheet", "2022", "--header-row", "3", "--errors", &errors];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 1 && out.contains("1  created") && out.contains("1  refused"), "{out}{err}");
    let refused = std::fs::read_to_string(&errors).unwrap();
    assert!(refused.contains("\r\n4,2.001199,MC,online,citizen,Trần B,2022-04-19T08:30:00+07:00,true,wrong_format,"), "{refused}");
    let list = app.office().await.get("/api/v1/dossiers").await.expect(200);
    let dossier = &list.body["items"][0];
    assert_eq!((&dossier["code"], &dossier["accepted_at"]), (&json!("3"), &json!("2022-04-19T08:30:00+07:00")), "{dossier}");
    let (status, out, err) = run(&[&args[..11], &["--json"]].concat(), Some(PASSWORD), None).await;
    assert!(status == 1 && out.contains("\"unchanged\":1") && err.contains("“procedure”"), "{out}{err}");
    let args = ["load", "dossiers", &file, "--url", &app.base, "--as", "vp", "--sheet", "2023"];
    let (status, _, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 2 && err.contains("there is no sheet “2023”: Trang bìa, 2022"), "{err}");
}

/// Many departments, for loads that take a while.
fn many(count: usize) -> String {
    (0..count).map(|n| format!("{}\n", department(&format!("D{n}")))).collect()
}

/// Starts a load and waits until some chunks are confirmed; ends it by a signal then.
async fn broken_off(args: &[&str], state: &str, after: u64, signal: &str) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dunghen"))
        .args(args)
        .env("DUNGHEN_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let confirmed = || {
        let state: Value = serde_json::from_slice(&std::fs::read(state).ok()?).ok()?;
        state["confirmed"].as_u64()
    };
    for _ in 0..20_000 {
        assert!(child.try_wait().unwrap().is_none(), "ended before it was broken off");
        if confirmed().is_some_and(|n| n >= after) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert!(confirmed().unwrap() >= after);
    status.code()
}

#[tokio::test]
async fn what_was_broken_off_goes_on_and_nothing_is_applied_twice() {
    let (app, files) = app().await;
    let rows = many(400) + "{\"code\":\"X\"}\n";
    let file = files.write("many.ndjson", rows.as_bytes());
    let (state, errors) = (format!("{file}.dunghen-load.json"), files.path("refused.ndjson"));
    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--chunk-rows", "4", "--errors", &errors];
    assert_eq!(broken_off(&args, &state, 3, "-INT").await, Some(130));
    assert_eq!(broken_off(&args, &state, 10, "-KILL").await, None);
    assert!(app.count("departments").await < 400);
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 1 && err.contains("going on at row"), "{out}{err}");
    // Every row was created once, and none found to be there already.
    for told in ["401  rows", "400  created", " 0  updated", " 0  unchanged", " 1  refused"] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    assert_eq!(app.count("departments").await, 400);
    let acts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_events WHERE subject_type = 'department'").fetch_one(&app.pool).await.unwrap();
    assert_eq!(acts, 400);
    assert!(!std::path::Path::new(&state).exists());
    assert_eq!(std::fs::read_to_string(&errors).unwrap().lines().count(), 1);
}

#[tokio::test]
async fn a_changed_file_is_begun_anew() {
    let (app, files) = app().await;
    let file = files.write("many.ndjson", many(400).as_bytes());
    let state = files.path("kept.json");
    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--chunk-rows", "4", "--state", &state];
    broken_off(&args, &state, 3, "-KILL").await;
    files.write("many.ndjson", many(20).as_bytes());
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 0 && err.contains("beginning anew") && out.contains("20  rows"), "{out}{err}");
    assert!(!std::path::Path::new(&state).exists());
}

/// Refused rows beyond those that a kept answer lists are asked for.
#[tokio::test]
async fn all_refused_rows_are_written_down() {
    let (app, files) = app().await;
    let rows: String = (0..1500).map(|n| format!("{{\"code\":\"R{n}\",\"name\":\"R\",\"kind\":\"castle\"}}\n")).collect();
    let file = files.write("bad.ndjson", (rows + &department("A").to_string()).as_bytes());
    let errors = files.path("refused.ndjson");
    for mode in ["best-effort", "atomic"] {
        let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--errors", &errors, "--mode", mode];
        let (status, out, err) = run(&args, Some(PASSWORD), None).await;
        assert!(status == 1 && out.contains("1500  refused") && !out.contains("not listed"), "{out}{err}");
        assert_eq!(std::fs::read_to_string(&errors).unwrap().lines().count(), 1500, "{mode}");
    }
}

/// Between program and server: takes away the first answers to loads.
async fn lossy(server: &str, losses: usize) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = server.trim_start_matches("http://").to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let left = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(losses));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, left) = (server.clone(), left.clone());
            tokio::spawn(async move {
                let (mut from, mut to) = client.into_split();
                let (mut back, mut forth) = tokio::net::TcpStream::connect(server).await.unwrap().into_split();
                let loads = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
                let seen = loads.clone();
                let asking = tokio::spawn(async move {
                    let mut bytes = vec![0; 64 << 10];
                    while let Ok(n @ 1..) = from.read(&mut bytes).await {
                        if bytes[..n].windows(5).any(|part| part == b"/bulk") {
                            seen.store(true, std::sync::atomic::Ordering::SeqCst);
                        }
                        if forth.write_all(&bytes[..n]).await.is_err() {
                            break;
                        }
                    }
                });
                let mut bytes = vec![0; 64 << 10];
                while let Ok(n @ 1..) = back.read(&mut bytes).await {
                    use std::sync::atomic::Ordering::SeqCst;
                    if loads.load(SeqCst) && left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok() {
                        break;
                    }
                    if to.write_all(&bytes[..n]).await.is_err() {
                        break;
                    }
                }
                asking.abort();
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let (app, files) = app().await;
    let url = lossy(&app.base, 2).await;
    let file = files.write("d.ndjson", many(30).as_bytes());
    let args = ["load", "departments", &file, "--url", &url, "--as", "root", "--chunk-rows", "10"];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("30  created") && out.contains(" 0  unchanged"), "{out}{err}");
    assert_eq!(err.matches("trying again").count(), 2, "{err}");
    // Who does not want to wait is told how far it came.
    let url = lossy(&app.base, 1000).await;
    let args = ["load", "departments", &file, "--url", &url, "--as", "root", "--retry-for", "1"];
    let (status, _, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 2 && err.contains("no answer from") && err.contains("0 rows are confirmed"), "{err}");
}

/// An answer that someone between program and server gives in its place.
fn canned(status: u16, code: &str, headers: &str) -> String {
    let body =
        json!({"type": format!("/docs/problems/{code}"), "title": code, "status": status, "code": code, "detail": code, "errors": []})
            .to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/problem+json\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Between program and server: the n-th load gets the n-th of these answers, where there is one, and does not reach the server. Keeps the
/// token that each load came with.
async fn scripted(server: &str, answers: Vec<Option<String>>) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = server.trim_start_matches("http://").to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tokens = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (kept, answers) = (tokens.clone(), std::sync::Arc::new(answers));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, answers, tokens) = (server.clone(), answers.clone(), tokens.clone());
            tokio::spawn(async move {
                let (mut from, to) = client.into_split();
                let to = std::sync::Arc::new(tokio::sync::Mutex::new(to));
                let (mut back, mut forth) = tokio::net::TcpStream::connect(server).await.unwrap().into_split();
                let answered = to.clone();
                let answering = tokio::spawn(async move {
                    let mut bytes = vec![0; 64 << 10];
                    while let Ok(n @ 1..) = back.read(&mut bytes).await {
                        if answered.lock().await.write_all(&bytes[..n]).await.is_err() {
                            break;
                        }
                    }
                });
                let (mut bytes, mut mute) = (vec![0; 64 << 10], false);
                while let Ok(n @ 1..) = from.read(&mut bytes).await {
                    let head = String::from_utf8_lossy(&bytes[..n]).into_owned();
                    if head.starts_with("POST /api/v1/departments/bulk") {
                        let token = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:")).unwrap_or_default();
                        let nth = {
                            let mut tokens = tokens.lock().unwrap();
                            tokens.push(token.to_owned());
                            tokens.len() - 1
                        };
                        if let Some(Some(answer)) = answers.get(nth) {
                            mute = true;
                            to.lock().await.write_all(answer.as_bytes()).await.unwrap();
                        }
                    }
                    if !mute && forth.write_all(&bytes[..n]).await.is_err() {
                        break;
                    }
                }
                answering.abort();
            });
        }
    });
    (format!("http://{address}"), kept)
}

#[tokio::test]
async fn who_is_signed_out_in_mid_load_signs_in_anew() {
    let (app, files) = app().await;
    let out_of = || Some(canned(401, "invalid_token", "WWW-Authenticate: Bearer realm=\"dunghen\"\r\n"));
    let (url, tokens) = scripted(&app.base, vec![None, out_of(), None, None]).await;
    let file = files.write("d.ndjson", many(30).as_bytes());
    let args = ["load", "departments", &file, "--url", &url, "--as", "root", "--chunk-rows", "10"];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("30  created") && out.contains(" 0  unchanged"), "{out}{err}");
    assert!(!err.contains("trying again"), "{err}");
    {
        // The same token until it was good no more, another one from then on.
        let tokens = tokens.lock().unwrap();
        assert!(tokens.len() == 4 && tokens[0] == tokens[1] && tokens[1] != tokens[2] && tokens[2] == tokens[3], "{}", tokens.len());
        assert!(tokens.iter().all(|token| token.len() > 40));
    }
    // Who is let in nowhere is told so, after one more try.
    let (url, tokens) = scripted(&app.base, (0..9).map(|_| out_of()).collect()).await;
    let args = ["load", "departments", &file, "--url", &url, "--as", "root"];
    let (status, _, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 2 && err.contains("invalid_token"), "{err}");
    assert_eq!(tokens.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn who_comes_too_often_or_in_an_overload_waits_as_long_as_it_is_told() {
    let (app, files) = app().await;
    let (often, full) = (canned(429, "too_many_requests", "Retry-After: 2\r\n"), canned(503, "overloaded", "Retry-After: 3\r\n"));
    let (url, _) = scripted(&app.base, vec![Some(often), None, Some(full), None, None]).await;
    let file = files.write("d.ndjson", many(30).as_bytes());
    let args = ["load", "departments", &file, "--url", &url, "--as", "root", "--chunk-rows", "10"];
    let began = std::time::Instant::now();
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("30  created") && out.contains(" 0  unchanged"), "{out}{err}");
    assert!(began.elapsed() >= std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    let told: Vec<&str> = err.lines().filter(|line| line.contains("trying again")).collect();
    assert!(matches!(told.as_slice(), [a, b] if a.contains("in 2 s") && b.contains("in 3 s")), "{err}");
    // Longer than someone would wait is an end, at once.
    let (url, _) = scripted(&app.base, vec![Some(canned(429, "too_many_requests", "Retry-After: 60\r\n"))]).await;
    let args = ["load", "departments", &file, "--url", &url, "--as", "root", "--retry-for", "5"];
    let (status, _, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 2 && err.contains("too_many_requests") && !err.contains("trying again"), "{err}");
}

/// A server that lets each caller ask a few times only: the load takes its time, and every row is applied.
#[tokio::test]
async fn a_load_goes_as_fast_as_the_server_lets_it() {
    let app = App::with(dunghen::app::Clock::default(), |s| {
        (s.limits.requests_per_s, s.limits.burst) = (2, 3);
    })
    .await;
    identity::create_admin(&app.shared.background, "root", "Root", PASSWORD).await.unwrap();
    let files = Files::new();
    let file = files.write("d.ndjson", many(40).as_bytes());
    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--chunk-rows", "5"];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert!(status == 0 && out.contains("40  created") && err.contains("trying again"), "{out}{err}");
}
