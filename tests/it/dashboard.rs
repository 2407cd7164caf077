//! The dashboard: its figures are those of the reports, of everyone's own sight, as of the last act; and its page, in a browser.

use dunghen::auth::Role;
use dunghen::cli::demo::{self, DEFAULT_PASSWORD};
use dunghen::cli::progress::Progress;
use dunghen::identity;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::examples::loaded;
use crate::harness::{Actor, App};

async fn body(who: &Actor, path: &str) -> Value {
    who.get(&format!("/api/v1/{path}")).await.expect(200).body
}

fn list<'a>(value: &'a Value, member: &str) -> &'a Vec<Value> {
    value[member].as_array().unwrap_or_else(|| panic!("{member}: {value}"))
}

/// Every address in the answer.
fn links(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, inner)| match inner.as_str().filter(|_| name.ends_with("href")) {
                Some(link) => vec![link.to_owned()],
                None => links(inner),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(links).collect(),
        _ => Vec::new(),
    }
}

/// Whether a member of an indicator is that of a result.
fn same(kpi: &Value, result: &Value, about: &str) {
    for member in ["numerator", "denominator", "value", "reason", "target", "comparator", "met", "status", "field"] {
        assert_eq!(kpi[member], result[member], "{about}: {member} of {result}");
    }
}

/// Holds a dashboard against the reports on the same.
async fn agrees(who: &Actor, query: &str, narrowed: &str) {
    let board = body(who, &format!("dashboard?{query}{narrowed}")).await;
    // By default a department is meant with those below it.
    let narrowed = if narrowed.is_empty() { String::new() } else { format!("{narrowed}&scope=subtree") };
    let about = format!("{query}{narrowed}");
    let results = body(who, &format!("kpi-results?{query}{narrowed}")).await;
    let kpis = list(&board, "kpis");
    assert_eq!(kpis.len(), list(&results, "items").len(), "{about}");
    let of = |items: &Value, code: &Value, period: &Value| {
        list(items, "items")
            .iter()
            .find(|r| r["kpi"] == *code && r["period"] == *period)
            .unwrap_or_else(|| panic!("{about}: {code} {period}"))
            .clone()
    };
    let set = board["period"]["period_set"].as_str().unwrap();
    let months: Vec<&str> = list(&kpis[0], "course").iter().map(|p| p["period"].as_str().unwrap()).collect();
    assert_eq!(months.len(), 12);
    let others = [&board["period"]["previous"], &board["period"]["year_before"]].map(|p| p.as_str().unwrap());
    let periods = [months.clone(), others.to_vec()].concat().join(",");
    let course = body(who, &format!("kpi-results?period={periods}&period_set={set}{narrowed}")).await;
    for kpi in kpis {
        same(kpi, &of(&results, &kpi["kpi"], &board["period"]["code"]), &format!("{about} {}", kpi["kpi"]));
        for point in list(kpi, "course").iter().filter(|_| kpi["source"] == "computed") {
            assert_eq!(point["value"], of(&course, &kpi["kpi"], &point["period"])["value"], "{about} {} {}", kpi["kpi"], point["period"]);
        }
        for member in ["previous", "year_before"] {
            let then = &of(&course, &kpi["kpi"], &board["period"][member])["value"];
            let known = !then.is_null() && !kpi["value"].is_null();
            assert_eq!(kpi[member].is_null(), !known, "{about} {} {member}", kpi["kpi"]);
            assert!(!known || kpi[member]["value"] == *then, "{about} {} {member}", kpi["kpi"]);
        }
    }
    let (from, to) = (board["period"]["from"].as_str().unwrap(), board["period"]["to"].as_str().unwrap());
    let as_of = board["period"]["as_of"].as_str().unwrap();
    let days = format!("from={from}&to={to}&group_by=department{narrowed}");
    let report = body(who, &format!("reports/dossier-results?{days}")).await;
    let dossiers = &board["dossiers"];
    assert_eq!(dossiers["results"], report["total"], "{about}");
    let rows = list(dossiers, "departments");
    assert_eq!(rows.len(), list(&report, "rows").len(), "{about}");
    for (row, expected) in rows.iter().zip(list(&report, "rows")) {
        assert_eq!((&row["key"], &row["name"]), (&expected["key"], &expected["name"]));
        for (member, count) in row["results"].as_object().unwrap() {
            assert_eq!(count, &expected[member], "{about} {} {member}", row["key"]);
        }
    }
    let outcomes = body(who, &format!("reports/dossier-outcomes?{days}&as_of={as_of}")).await;
    assert_eq!(
        (&dossiers["outcomes"], &dossiers["timeliness"]),
        (&outcomes["total"]["outcomes"], &outcomes["total"]["timeliness"]),
        "{about}"
    );
    for expected in list(&outcomes, "rows") {
        let row = rows.iter().find(|row| row["key"] == expected["key"]).unwrap();
        assert_eq!((&row["outcomes"], &row["timeliness"]), (&expected["outcomes"], &expected["timeliness"]), "{about}");
    }
    for month in list(dossiers, "months") {
        let code = month["key"].as_str().unwrap();
        let report = body(who, &format!("reports/dossier-outcomes?period={code}&period_set={set}&as_of={as_of}{narrowed}")).await;
        assert_eq!(
            (&month["outcomes"], &month["timeliness"]),
            (&report["total"]["outcomes"], &report["total"]["timeliness"]),
            "{about} {code}"
        );
    }
    let findings = body(who, &format!("reports/findings?from={from}&to={to}&group_by=kind&as_of={as_of}{narrowed}")).await;
    assert_eq!(dossiers["with_findings"], findings["total"]["dossiers"], "{about}");
    let told: Value = list(dossiers, "findings").iter().map(|f| (f["kind"].as_str().unwrap().to_owned(), f["count"].clone())).collect();
    assert_eq!(told, findings["total"]["findings"], "{about}");
}

#[tokio::test]
async fn its_figures_are_those_of_the_reports() {
    let app = loaded().await;
    let (office, one_stop) = (app.office().await, app.one_stop().await);
    // What comes later is not known earlier: some were voided, and some transferred.
    let finished = body(&office, "dossiers?finished_from=2022-05-01&finished_to=2022-06-30&limit=6").await;
    let open = body(&office, "dossiers?timeliness=in_time,overdue&department=DKKD&limit=4").await;
    let act = async |dossier: &Value, act: &str, what: Value| {
        let path = format!("/api/v1/dossiers/{}/{act}", dossier["id"].as_str().unwrap());
        one_stop.act(&path, dossier["version"].as_i64().unwrap(), what).await
    };
    for (dossier, at) in
        list(&finished, "items").iter().zip(["2022-07-05", "2022-08-10", "2022-09-20", "2022-10-14", "2022-11-15", "2022-12-30"])
    {
        act(dossier, "void", json!({"reason": "Nhập trùng", "occurred_at": format!("{at}T09:00:00+07:00")})).await.expect(200);
    }
    let mut moved = 0;
    for dossier in list(&open, "items") {
        let what = json!({"department": "DN", "reason": "Thuộc thẩm quyền của phòng khác", "occurred_at": "2022-12-29T09:00:00+07:00"});
        moved += usize::from(act(dossier, "transfer", what).await.status == 200);
    }
    assert!(moved > 0);
    let target = json!({"code": "on_time_rate", "name": "Đúng hạn", "unit": "percent", "direction": "higher_is_better", "source": "computed",
        "formula": "on_time_rate", "targets": [{"authority": "kh", "period": "2022", "comparator": ">=", "value": 60}]});
    let version = office.get("/api/v1/kpis/on_time_rate").await.expect(200).body["version"].as_i64().unwrap();
    office.json("PUT", "/api/v1/kpis/on_time_rate", &[("if-match", &format!("\"{version}\""))], &target).await.expect(200);

    for query in [
        "period=2022",
        "period=2022&period_set=administrative",
        "period=2022H2",
        "period=2022Q3&period_set=administrative",
        "period=2022-09",
        "period=2022-9M",
    ] {
        agrees(&office, query, "").await;
    }
    for department in ["DKKD", "DN"] {
        agrees(&office, "period=2022", &format!("&department={department}")).await;
        agrees(&office, "period=2022-12", &format!("&department={department}")).await;
    }
    // Everyone sees his own.
    let head = app.actor(Role::Head, Some("DKKD")).await;
    agrees(&head, "period=2022", "").await;
    let (own, all) = (body(&head, "dashboard?period=2022").await, body(&office, "dashboard?period=2022&department=DKKD").await);
    assert_eq!(own["dossiers"]["results"], all["dossiers"]["results"]);
    let first = &list(&own, "kpis")[0];
    assert_eq!((&first["kpi"], &first["target"], &first["comparator"]), (&json!("on_time_rate"), &json!(60.0), &json!(">=")));
    head.get("/api/v1/dashboard?period=2022&department=DN").await.expect(422);
    app.admin().await.get("/api/v1/dashboard?period=2022").await.expect(403);
    app.nobody().get("/api/v1/dashboard").await.expect(401);
}

#[tokio::test]
async fn every_part_leads_to_what_it_is_made_of() {
    let app = loaded().await;
    let office = app.office().await;
    let board = body(&office, "dashboard").await;
    // By default the year that runs, by the calendar.
    assert_eq!(
        (&board["period"]["code"], &board["period"]["period_set"], &board["department"]),
        (&json!("2022"), &json!("calendar"), &json!(null))
    );
    let all = links(&board);
    assert!(all.len() > 40, "{}", all.len());
    for link in &all {
        office.get(link).await.expect(200);
    }
    let total = async |link: &str| {
        let counted = format!("{link}{}count=exact&limit=1", if link.contains('?') { "&" } else { "?" });
        office.get(&counted).await.expect(200).body["page"]["total"].clone()
    };
    for waiting in list(&board, "attention").iter().filter(|a| a["kind"].as_str().unwrap().starts_with("dossier_")) {
        assert_eq!(total(waiting["href"].as_str().unwrap()).await, waiting["count"], "{waiting}");
    }
    // The last day of the year is today: lists and reports see the same.
    for month in list(&board["dossiers"], "months") {
        let left_out = json!("voided");
        let link = month["href"].as_str().unwrap();
        let found = office.get(&format!("{link}&limit=200")).await.expect(200).body;
        let counted = list(&found, "items").iter().filter(|d| d["outcome"] != left_out && d["outcome"] != "not_accepted").count();
        assert_eq!(json!(counted), month["dossiers"], "{link}");
    }
}

#[tokio::test]
async fn an_act_is_seen_at_once() {
    let app = App::at("2022-06-20T10:00:00+07:00").await.with_examples().await;
    let (one_stop, director) = (app.one_stop().await, app.actor(Role::Director, None).await);
    let before = director.get("/api/v1/dashboard").await.expect(200);
    assert_eq!(before.header("cache-control"), Some("no-store"));
    assert_eq!((&before.body["period"]["to"], &before.body["period"]["as_of"]), (&json!("2022-12-31"), &json!("2022-06-20")));
    assert_eq!(before.body["dossiers"]["results"]["open_total"], 0);
    // How much is owed an explanation its own list works out.
    let waiting: Vec<_> = list(&before.body, "attention").iter().map(|a| (&a["kind"], &a["count"])).collect();
    assert_eq!(waiting, [(&json!("explanation_owed"), &json!(null))]);
    let dossier = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "online", "accept": true,
        "applicant": {"kind": "citizen", "name": "Nguyễn Thị Biển"}, "occurred_at": "2022-06-01T08:30:00+07:00"});
    one_stop.post("/api/v1/dossiers", dossier).await.expect(201);
    let after = body(&director, "dashboard").await;
    let results = &after["dossiers"]["results"];
    assert_eq!((&results["received_online"], &results["open_overdue"]), (&json!(1), &json!(1)));
    assert_eq!((&after["attention"][0]["kind"], &after["attention"][0]["count"]), (&json!("dossier_overdue"), &json!(1)));
    assert_eq!(after["dossiers"]["months"][5]["outcomes"], json!({"overdue": 1}));
    let shown = director.get("/api/v1/dashboard?department=DKKD").await.expect(200).body;
    assert_eq!((&shown["department"]["code"], &shown["department"]["with_below"]), (&json!("DKKD"), &json!(true)));
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_all_at_once() {
    let app = App::start().await;
    let office = app.office().await;
    let refused = office.get("/api/v1/dashboard?period=2022Q9&period_set=lunar&scope=self&colour=red").await.expect(400);
    assert_eq!(refused.pointers(), ["period", "period_set", "scope", "colour"]);
    let unknown = office.get("/api/v1/dashboard?department=NIRGENDS").await.expect(422);
    assert_eq!(unknown.pointers(), ["department"]);
    // The first year there is has none before it, and the last one has not begun.
    let first = body(&office, "dashboard?period=1901").await;
    assert_eq!((&first["period"]["previous"], &first["period"]["year_before"]), (&json!(null), &json!(null)));
    body(&office, "dashboard?period=2200&period_set=administrative").await;
}

#[tokio::test]
async fn the_page_comes_with_a_policy_and_needs_no_token() {
    let app = App::start().await;
    let nobody = app.nobody();
    for (path, kind) in [("/dashboard", "text/html"), ("/dashboard/style.css", "text/css"), ("/dashboard/page.js", "text/javascript")] {
        let found = nobody.get(path).await.expect(200);
        assert!(found.header("content-type").unwrap().starts_with(kind), "{path}");
        let policy = found.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        let version = found.header("etag").unwrap();
        nobody.send("GET", path, &[("if-none-match", version)], None).await.expect(304);
    }
    nobody.send("POST", "/dashboard", &[], None).await.expect(405);
}

/// Signs in on the page and waits for the figures.
async fn sign_in(browser: &mut Browser, username: &str) {
    browser.until("!document.getElementById('sign-in').hidden").await;
    let fill = format!(
        "document.getElementById('username').value = '{username}'; document.getElementById('password').value = '{DEFAULT_PASSWORD}';
         document.querySelector('#sign-in button').click()"
    );
    browser.evaluate(&fill).await;
    browser.until(READY).await;
}

const READY: &str = "!document.getElementById('board').hidden && document.getElementById('figures').getAttribute('aria-busy') === 'false'
    && (document.querySelector('#kpis li') || document.querySelector('#kpis-other li')) && !document.getElementById('figures').hidden";

#[tokio::test]
async fn the_page_shows_the_demo_year_and_opens_every_figure() {
    let app = App::at("2022-12-31T20:00:00+07:00").await;
    identity::create_admin(&app.shared.background, "root", "Root", "quản trị của kiểm thử").await.unwrap();
    demo::load(&app.base, "root", "quản trị của kiểm thử", DEFAULT_PASSWORD, &Progress::silent()).await.unwrap();
    let director = app.actor(Role::Director, None).await;
    let board = body(&director, "dashboard?period=2022").await;
    let aimed: Vec<&Value> = list(&board, "kpis").iter().filter(|k| !k["target"].is_null()).collect();
    assert_eq!(aimed.len(), 12, "the target figures of plan 1186");
    for kpi in &aimed {
        assert!(kpi["value"].is_number() && (kpi["status"] == "met" || kpi["status"] == "not_met"), "{kpi}");
    }
    let Some(mut browser) = Browser::open().await else { return };
    browser.goto(&format!("{}/dashboard", app.base)).await;
    assert_eq!(browser.evaluate("document.documentElement.lang").await, "vi");
    browser.until("!document.getElementById('sign-in').hidden").await;
    for width in [1280, 390] {
        browser.resize(width, 900).await;
        browser.picture(&format!("dashboard-sign-in-{width}")).await;
        assert_eq!(browser.overflow().await, Vec::<String>::new());
    }
    // Nothing entered, then a wrong password: told in words, and the form stays.
    browser.evaluate("document.querySelector('#sign-in button').click()").await;
    assert_eq!(browser.evaluate("document.getElementById('sign-in-fault').textContent").await, "Nhập tên đăng nhập và mật khẩu.");
    browser.evaluate("document.getElementById('username').value = 'director'; document.getElementById('password').value = 'sai'; document.querySelector('#sign-in button').click()").await;
    browser.until("/Sai|không đúng/.test(document.getElementById('sign-in-fault').textContent)").await;
    sign_in(&mut browser, "director").await;
    assert_eq!(browser.evaluate("document.querySelectorAll('#kpis li').length").await, 12);
    let told = browser.evaluate("[...document.querySelectorAll('#kpis .badge')].map(b => b.textContent.trim())").await;
    assert!(told.as_array().unwrap().iter().all(|badge| badge == "✓ Đạt" || badge == "✗ Chưa đạt"), "{told}");
    for width in [1280, 390] {
        browser.resize(width, 900).await;
        browser.picture(&format!("dashboard-{width}")).await;
        assert_eq!(browser.overflow().await, Vec::<String>::new(), "{width}");
    }
    // Whatever can be pressed has a name, and whatever is filled in a label.
    let nameless = "[...document.querySelectorAll('button, a, select, input')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length";
    assert_eq!(browser.evaluate(nameless).await, 0);
    // Every target figure opens what it is made of, over the whole window on a telephone; Escape closes it.
    for n in 0..12 {
        browser.evaluate(&format!("document.querySelectorAll('#kpis button')[{n}].click()")).await;
        browser.until("document.getElementById('drawer').open && !document.querySelector('#drawer [role=status]')?.textContent.includes('Đang tải') && document.querySelector('#drawer .source')").await;
        assert_eq!(browser.evaluate("document.querySelectorAll('#drawer .fault').length").await, 0, "{n}");
        if n == 0 {
            browser.picture("dashboard-figure-390").await;
            assert_eq!(browser.overflow().await, Vec::<String>::new());
        }
        for kind in ["keyDown", "keyUp"] {
            browser
                .call("Input.dispatchKeyEvent", json!({"type": kind, "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}))
                .await;
        }
        browser.until("!document.getElementById('drawer').open").await;
    }
    browser.resize(1280, 900).await;
    // A month opens its dossiers, and one of these what happened to it.
    browser
        .evaluate("document.querySelectorAll('#months a')[4].dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))")
        .await;
    browser.until("document.querySelectorAll('#drawer .scroll tbody .link').length >= 10").await;
    browser.picture("dashboard-month-1280").await;
    browser.evaluate("document.querySelector('#drawer .scroll tbody .link').click()").await;
    browser.until("document.querySelector('#drawer dl') && document.querySelectorAll('#drawer tbody tr').length >= 1").await;
    browser.picture("dashboard-dossier-1280").await;
    browser.evaluate("document.getElementById('drawer-close').click()").await;
    // Long lists come page by page.
    browser.evaluate("document.querySelector('#documents .link').click()").await;
    browser.until("document.querySelectorAll('#drawer .scroll tbody tr').length === 50").await;
    browser.evaluate("[...document.querySelectorAll('#drawer button')].find(b => b.textContent === 'Xem thêm').click()").await;
    browser.until("document.querySelectorAll('#drawer .scroll tbody tr').length === 100").await;
    browser.evaluate("document.getElementById('drawer-close').click()").await;
    // Another period and another language; both stay when the page is opened again.
    browser.evaluate("const part = document.getElementById('part'); part.value = 'Q2'; part.dispatchEvent(new Event('change'))").await;
    browser.until("document.getElementById('heading').textContent.includes('quý 2/2022')").await;
    browser.evaluate("document.getElementById('language').click()").await;
    browser.until("document.getElementById('heading').textContent.includes('quarter 2/2022')").await;
    let address = browser.evaluate("location.href").await.as_str().unwrap().to_owned();
    assert!(address.ends_with("/dashboard?period=2022Q2"), "{address}");
    browser.goto(&address).await;
    browser.until(READY).await;
    assert!(browser.evaluate("document.getElementById('heading').textContent").await.as_str().unwrap().contains("quarter 2/2022"));
    browser.medium("print").await;
    let (_, sheets) = browser.print("dashboard").await;
    assert!((1..=5).contains(&sheets), "{sheets}");
    browser.medium("screen").await;
    // An answer that is refused is told, and a session that has ended asks to sign in.
    browser.goto(&format!("{}/dashboard?department=NIRGENDS", app.base)).await;
    browser.until("document.getElementById('fault').textContent.length > 10").await;
    browser.evaluate("document.getElementById('sign-out').click()").await;
    browser.until("!document.getElementById('sign-in').hidden && document.getElementById('board').hidden").await;
    assert_eq!(browser.evaluate("sessionStorage.getItem('dunghen.session')").await, Value::Null);
    let complaints: Vec<&String> = browser.complaints.iter().filter(|c| !c.contains("Failed to load resource")).collect();
    assert_eq!(complaints, Vec::<&String>::new());
    browser.without_scripts().await;
    browser.goto(&format!("{}/dashboard", app.base)).await;
    let picture = browser.picture("dashboard-no-script").await;
    assert!(picture.metadata().unwrap().len() > 5_000);
}
