//! A real browser, where the machine has one: pages are opened as a reader would open them, measured, and kept as pictures under
//! `target/pages`. It is spoken to over its debugging pipe, so that nothing but a Chromium is needed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pipe of commands is the standard input, that of answers the standard output, as the third and fourth descriptors.
const LAUNCH: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// A Chromium with one page.
pub struct Browser {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    /// What the page complained about: errors on its console, exceptions, what its policy forbids, what could not be loaded.
    pub complaints: Vec<String>,
    _child: Child,
    _profile: Profile,
}

/// The folder that the browser keeps its things in; it goes with it.
struct Profile(PathBuf);

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn find() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH")?;
    let found = || std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|place| place.is_file());
    named.or_else(found)
}

/// Where pictures are kept.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl Browser {
    /// None, and it is said so, where this machine has no Chromium.
    pub async fn open() -> Option<Browser> {
        let Some(program) = find() else {
            eprintln!("not looked at: there is no Chromium on this machine (CHROMIUM names one)");
            return None;
        };
        let profile = Profile(std::env::temp_dir().join(format!("dunghen-browser-{}", uuid::Uuid::now_v7().simple())));
        let mut child = Command::new("sh")
            .args(["-c", LAUNCH])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"])
            .args(["--no-proxy-server", "--disable-background-networking", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.0.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut browser = Browser { to, from, session: None, last: 0, complaints: Vec::new(), _child: child, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"})).await["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true})).await;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            browser.call(domain, json!({})).await;
        }
        browser.resize(1280, 900).await;
        Some(browser)
    }

    async fn next(&mut self) -> Value {
        let mut message = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.from.read_until(0, &mut message)).await;
        read.expect("the browser answers in time").unwrap();
        assert_eq!(message.pop(), Some(0), "the browser is gone");
        let message: Value = serde_json::from_slice(&message).unwrap();
        let told = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.complaints.push(told["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled") if told["type"] == "error" => self.complaints.push(told["args"].to_string()),
            Some("Log.entryAdded") if told["entry"]["level"] == "error" => self.complaints.push(told["entry"].to_string()),
            _ => {}
        }
        message
    }

    /// Does a command of the debugging protocol and gives its result.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.to.write_all(&bytes).await.unwrap();
        self.to.flush().await.unwrap();
        let id = json!(self.last);
        loop {
            let mut answer = self.next().await;
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }

    /// Makes the window so many CSS pixels wide and high.
    pub async fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Shows pages as they are printed, or as on a screen.
    pub async fn medium(&mut self, medium: &str) {
        self.call("Emulation.setEmulatedMedia", json!({"media": medium})).await;
    }

    /// Runs no script of any page from now on.
    pub async fn without_scripts(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    /// Headers that go with every request.
    pub async fn headers(&mut self, headers: Value) {
        self.call("Network.setExtraHTTPHeaders", json!({"headers": headers})).await;
    }

    /// Opens a page and waits until it and what it names are there.
    pub async fn goto(&mut self, url: &str) {
        let gone = self.call("Page.navigate", json!({"url": url})).await;
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        self.until("document.readyState === 'complete'").await;
    }

    /// What an expression comes to; a promise is waited for.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", asked).await;
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub async fn until(&mut self, expression: &str) {
        let begun = std::time::Instant::now();
        while self.evaluate(&format!("!!({expression})")).await != json!(true) {
            assert!(begun.elapsed() < PATIENCE, "never true: {expression}; complaints: {:?}", self.complaints);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What sticks out of the window to the left or right, or out of a box that cuts it off: tag, class and the first words. A box that
    /// scrolls by itself (`overflow-x: auto`) may be wider inside.
    pub async fn overflow(&mut self) -> Vec<String> {
        let found = self
            .evaluate(
                "(() => {
                    const wide = document.documentElement.clientWidth, found = [];
                    const scrolls = e => { for (let p = e.parentElement; p; p = p.parentElement)
                        if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX) && p !== document.documentElement) return true; return false; };
                    const name = (e, why) => `${why}: <${e.tagName.toLowerCase()} class='${e.getAttribute('class') ?? ''}'> ${e.textContent.trim().slice(0, 40)}`;
                    if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${wide}`);
                    for (const e of document.body.querySelectorAll('*')) {
                        const box = e.getBoundingClientRect(), style = getComputedStyle(e);
                        if (!box.width || style.visibility === 'hidden' || e.closest('[hidden]')) continue;
                        if ((box.right > wide + 1 || box.left < -1) && !scrolls(e)) found.push(name(e, 'out of the window'));
                        if (['hidden', 'clip'].includes(style.overflowX) && box.width > 2 && e.scrollWidth > e.clientWidth + 1 && !(e instanceof SVGElement)) found.push(name(e, 'cut off'));
                    }
                    return found;
                })()",
            )
            .await;
        found.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }

    /// Keeps a picture of the whole page, however long; `name` without its ending.
    pub async fn picture(&mut self, name: &str) -> PathBuf {
        let size = self.call("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let shot = self.call("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true, "clip": clip})).await;
        keep(name, "png", shot["data"].as_str().unwrap())
    }

    /// Prints the page by its own page size and keeps it; also how many sheets it takes.
    pub async fn print(&mut self, name: &str) -> (PathBuf, usize) {
        let printed = self.call("Page.printToPDF", json!({"preferCSSPageSize": true, "printBackground": true})).await;
        let place = keep(name, "pdf", printed["data"].as_str().unwrap());
        let bytes = std::fs::read(&place).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let sheets = text.match_indices("/Type /Page").filter(|(at, found)| !text[at + found.len()..].starts_with('s')).count();
        (place, sheets)
    }
}

fn keep(name: &str, extension: &str, base64: &str) -> PathBuf {
    let place = folder().join(format!("{name}.{extension}"));
    std::fs::write(&place, STANDARD.decode(base64).unwrap()).unwrap();
    place
}

#[tokio::test]
async fn what_sticks_out_is_noticed() {
    let Some(mut browser) = Browser::open().await else { return };
    let place = folder().join("overflow.html");
    let html = |width: u32| format!("<!doctype html><body style='margin:0'><p class='long' style='width:{width}px;margin:0'>Một dòng</p>");
    browser.resize(600, 400).await;
    for (width, parts) in [(600, 0), (601, 1), (900, 2)] {
        std::fs::write(&place, html(width)).unwrap();
        browser.goto(&format!("file://{}", place.display())).await;
        let found = browser.overflow().await;
        assert_eq!(found.len(), parts, "{found:?}");
    }
    let (_, sheets) = browser.print("overflow").await;
    assert_eq!(sheets, 1);
    assert!(browser.picture("overflow").await.metadata().unwrap().len() > 200);
    assert_eq!(browser.evaluate("document.querySelector('.long').textContent").await, "Một dòng");
    assert_eq!(browser.complaints, Vec::<String>::new());
}
