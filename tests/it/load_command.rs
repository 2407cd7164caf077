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
    assert!(status == 1 && err.contains("exists"), "{err}");
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
    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--errors", &errors];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert_eq!(status, 1, "{out}{err}");
    assert!(out.contains("Nothing was written"), "{out}");
    assert_eq!(app.count("departments").await, 0);
    let kept: Vec<Value> = std::fs::read_to_string(&errors).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let told: Vec<_> = kept.iter().map(|r| (r["index"].as_u64().unwrap(), r["code"].as_str().unwrap(), &r["errors"][0]["code"])).collect();
    assert_eq!(told, [(1, "B", &json!("not_in_list")), (2, "C", &json!("unknown_code"))]);

    let table = files.path("refused.csv");
    let args = ["load", "departments", &file, "--url", &app.base, "--as", "root", "--mode", "best-effort", "--errors", &table];
    let (status, out, err) = run(&args, Some(PASSWORD), None).await;
    assert_eq!(status, 1, "{out}{err}");
    assert!(out.contains("1  created") && out.contains("2  refused"), "{out}");
    assert_eq!(app.count("departments").await, 1);
    let table = std::fs::read_to_string(&table).unwrap();
    assert!(table.starts_with("index,code,error,pointer,detail\n1,B,not_in_list,/kind,"), "{table}");

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
    let nameless = files.write("rows.xlsx", b"");
    let cases = [
        (at("departments", &file, &app.base, "root"), None, "DUNGHEN_PASSWORD"),
        (at("departments", &file, &app.base, "root"), Some("sai mật khẩu"), "invalid_credentials"),
        (at("departments", &file, &nowhere, "root"), Some(PASSWORD), "no answer from"),
        (at("departments", &missing, &app.base, "root"), Some(PASSWORD), "none.json"),
        (at("departments", &nameless, &app.base, "root"), Some(PASSWORD), "--format"),
        (at("castles", &file, &app.base, "root"), Some(PASSWORD), "castles"),
        (at("procedure", &file, &app.base, "root"), Some(PASSWORD), "did you mean procedures?"),
        (at("dossiers", &file, &app.base, "root"), Some(PASSWORD), "forbidden"),
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
