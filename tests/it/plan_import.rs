//! Plans read from tables.

use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App, department};

const PLAN: &str = "/api/v1/plans/kh-cchc-2023";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A made-up plan of a province: number, field, objective, task, output, lead, co-operation, time, money.
const HEADER: [&str; 9] = [
    "TT",
    "Mục tiêu",
    "Nhiệm vụ cụ thể",
    "Sản phẩm",
    "Cơ quan chủ trì",
    "Cơ quan phối hợp",
    "Thời gian hoàn thành",
    "Kinh phí (triệu đồng)",
    "Tiêu chí",
];
const FIELDS: &[(&str, &[[&str; 7]])] = &[
    (
        "CÔNG TÁC CHỈ ĐẠO ĐIỀU HÀNH",
        &[
            [
                "Ban hành kế hoạch cải cách hành chính năm 2023 của từng đơn vị",
                "Kế hoạch",
                "Sở Nội vụ",
                "Các sở, ban, ngành",
                "Trước 15/01/2023",
                "",
                "1.1",
            ],
            ["Báo cáo cải cách hành chính định kỳ", "Báo cáo", "SNV", "", "Hằng quý", "10", "1.2"],
            [
                "Kiểm tra công tác cải cách hành chính",
                "Kết luận kiểm tra",
                "Sở Nội vụ",
                "Văn phòng UBND tỉnh",
                "Từ tháng 3 đến tháng 9",
                "120",
                "1.3",
            ],
            ["Tuyên truyền cải cách hành chính", "Tin, bài", "Sở Thông tin và Truyền thông", "Sở Nội vụ", "Thường xuyên", "80", "1.4"],
        ],
    ),
    (
        "CẢI CÁCH THỂ CHẾ",
        &[
            ["Rà soát văn bản quy phạm pháp luật", "Quyết định công bố", "Sở Tư pháp", "Các sở, ban, ngành", "Quý IV/2023", "50", ""],
            ["Theo dõi thi hành pháp luật", "Báo cáo", "so tu phap", "", "Tháng 6, tháng 12", "", ""],
            ["Đã hoàn thiện quy chế phối hợp", "Quy chế", "Sở Tư pháp", "", "Đã ban hành Quyết định số 12/QĐ-UBND ngày 05/01/2023", "", ""],
        ],
    ),
    (
        "CẢI CÁCH THỦ TỤC HÀNH CHÍNH",
        &[
            [
                "Công bố thủ tục hành chính",
                "Quyết định",
                "Văn phòng UBND tỉnh",
                "Các sở, ban, ngành",
                "Sau khi bộ, ngành Trung ương công bố",
                "",
                "",
            ],
            ["Đơn giản hóa thủ tục hành chính", "Phương án", "Văn phòng UBND tỉnh", "", "Quý II/2023", "", ""],
            ["Đánh giá việc giải quyết thủ tục hành chính", "Báo cáo", "Văn phòng UBND tỉnh", "", "Ngày 25 hằng tháng", "", ""],
            ["Nâng cấp Bộ phận Một cửa", "Trụ sở", "Văn phòng UBND tỉnh; Sở Nội vụ", "", "6 tháng đầu năm", "900", ""],
        ],
    ),
    (
        "CẢI CÁCH TỔ CHỨC BỘ MÁY",
        &[
            ["Sắp xếp đơn vị sự nghiệp", "Đề án", "Sở Nội vụ", "Các sở, ban, ngành", "Trong năm", "", ""],
            ["Phân cấp quản lý", "Quyết định", "Sở Nội vụ", "Sở Tư pháp", "Quý III", "", ""],
            ["Giảm đầu mối", "Báo cáo", "Sở Nội vụ", "", "Trong năm 2023", "", ""],
        ],
    ),
    (
        "CẢI CÁCH CHẾ ĐỘ CÔNG VỤ",
        &[
            ["Bồi dưỡng công chức", "Lớp bồi dưỡng", "Sở Nội vụ", "", "Quý II, Quý III", "300", ""],
            ["Kiểm tra công vụ", "Kết luận", "Sở Nội vụ", "", "Thường xuyên", "", ""],
            ["Đề án vị trí việc làm", "Đề án", "Sở Nội vụ", "Các sở, ban, ngành", "Trước ngày 30/6/2023", "", ""],
        ],
    ),
    (
        "CẢI CÁCH TÀI CHÍNH CÔNG",
        &[
            ["Tự chủ tài chính", "Quyết định giao quyền tự chủ", "Sở Tài chính", "", "Quý I", "", ""],
            ["Giải ngân đầu tư công", "Tỷ lệ giải ngân từ 95%", "Sở Kế hoạch và Đầu tư", "Sở Tài chính", "Từ Quý I", "", ""],
            ["Quyết toán", "Báo cáo", "Sở Tài chính", "", "Chậm nhất ngày 31/10/2023", "", ""],
        ],
    ),
    (
        "XÂY DỰNG CHÍNH QUYỀN SỐ",
        &[
            ["Dịch vụ công trực tuyến toàn trình", "Danh mục", "Sở Thông tin và Truyền thông", "Văn phòng UBND tỉnh", "Tháng 5", "450", ""],
            ["Văn bản điện tử", "100% văn bản", "Sở Thông tin và Truyền thông", "", "Thường xuyên, liên tục", "", ""],
            ["Chữ ký số", "Chứng thư số", "Sở Thông tin và Truyền thông", "", "Hàng năm", "60", ""],
            [
                "Nền tảng dữ liệu",
                "Nền tảng",
                "Sở Thông tin và Truyền thông",
                "Sở Kế hoạch và Đầu tư, Sở Tài chính",
                "15/11/2023",
                "1200",
                "",
            ],
            ["Mạng truyền số liệu", "Mạng", "Sở Thông tin và Truyền thông", "", "Cả năm", "", ""],
        ],
    ),
];

fn workbook(change: impl FnOnce(&mut rust_xlsxwriter::Worksheet, u32)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Phụ lục").unwrap();
    sheet.merge_range(0, 0, 0, 8, "PHỤ LỤC NHIỆM VỤ CẢI CÁCH HÀNH CHÍNH NĂM 2023", &Format::new()).unwrap();
    for (column, header) in (0..).zip(HEADER) {
        sheet.write(2, column, header).unwrap();
        sheet.write(3, column, format!("({})", column + 1)).unwrap();
    }
    let mut row = 4;
    for (i, (field, tasks)) in FIELDS.iter().enumerate() {
        let roman = ["I", "II", "III", "IV", "V", "VI", "VII"][i];
        sheet.merge_range(row, 0, row, 8, &format!("{roman}. {field}"), &Format::new()).unwrap();
        row += 1;
        for (n, task) in (1_u32..).zip(*tasks) {
            sheet.write(row, 0, n).unwrap();
            sheet.write(row, 1, "Nâng cao hiệu lực, hiệu quả").unwrap();
            for (column, cell) in (2..).zip(task).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write(row, column, *cell).unwrap();
            }
            row += 1;
        }
    }
    change(sheet, row);
    book.save_to_buffer().unwrap()
}

async fn with_head() -> App {
    let app = App::at("2023-02-15T08:00:00+07:00").await;
    let names = [
        ("UBND", "Ủy ban nhân dân tỉnh"),
        ("SNV", "Sở Nội vụ"),
        ("STP", "Sở Tư pháp"),
        ("STC", "Sở Tài chính"),
        ("SKHDT", "Sở Kế hoạch và Đầu tư"),
        ("STTTT", "Sở Thông tin và Truyền thông"),
        ("VPUB", "Văn phòng UBND tỉnh"),
        ("CSN", "Các sở, ban, ngành"),
    ];
    let departments: Vec<Value> = names
        .iter()
        .map(|(code, name)| {
            let mut row = department(code);
            row["name"] = json!(name);
            row
        })
        .collect();
    app.admin().await.post("/api/v1/departments/bulk", json!(departments)).await.expect(200);
    let head = json!({"code": "kh-cchc-2023", "document_number": "312/KH-UBND", "document_type": "Kế hoạch", "title": "Cải cách hành chính năm 2023",
        "issuer": {"department": "UBND"}, "issued_on": "2023-01-10", "year": 2023, "period": {"from": "2023-01-01", "to": "2023-12-31"}});
    app.office().await.put(PLAN, head).await.expect(201);
    app
}

async fn import(actor: &Actor, query: &str, media: &str, version: i64, bytes: Vec<u8>) -> Answer {
    let tag = format!("\"{version}\"");
    actor.send("POST", &format!("{PLAN}/imports{query}"), &[("content-type", media), ("if-match", &tag)], Some(bytes)).await
}

#[tokio::test]
async fn a_spreadsheet_is_read_and_read_again_unchanged() {
    let app = with_head().await;
    let office = app.office().await;
    let bytes = workbook(|_, _| {});
    let dry = import(&office, "?dry_run=true", XLSX, 1, bytes.clone()).await.expect(200);
    assert_eq!(app.count("tasks").await, 0);
    let done = import(&office, "", XLSX, 1, bytes.clone()).await.expect(200);
    assert_eq!((&done.body["rows"], &done.body["header_row"], &done.body["sheet"]), (&dry.body["rows"], &json!(3), &json!("Phụ lục")));
    assert_eq!(done.body["summary"], json!({"received": 25, "created": 25, "updated": 0, "unchanged": 0, "removed": 0}));
    assert_eq!(done.body["columns"][8], json!({"header": "Tiêu chí", "field": null}));
    let same = import(&office, "", XLSX, 1, bytes.clone()).await.expect(200);
    assert_eq!((same.header("unchanged"), &same.body["summary"]["unchanged"]), (Some("true"), &json!(25)));
    assert_eq!(app.count("plan_versions").await, 2);

    let plan = office.get(PLAN).await.expect(200).body;
    assert_eq!(
        (plan["groups"].as_array().unwrap().len(), &plan["task_count"], &plan["versions"][1]["kind"]),
        (7, &json!(25), &json!("imported"))
    );
    let kinds: std::collections::BTreeSet<_> =
        done.body["rows"].as_array().unwrap().iter().map(|r| r["task"]["schedule"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 7, "every kind of schedule: {kinds:?}");
    let task = async |local: &str| office.get(&format!("/api/v1/tasks/kh-cchc-2023.{local}")).await.expect(200).body;
    let first = task("I-1").await;
    assert_eq!((&first["due_on"], &first["lead"], &first["coordinate"]), (&json!("2023-01-14"), &json!(["SNV"]), &json!(["CSN"])));
    assert_eq!((&first["objective"], &task("I-3").await["budget"]), (&json!("Nâng cao hiệu lực, hiệu quả"), &json!("120")));
    assert_eq!(task("VII-4").await["coordinate"], json!(["SKHDT", "STC"]));
    assert_eq!(task("II-3").await["state"], "done_on_time");
    assert_eq!(task("III-4").await["lead"], json!(["VPUB", "SNV"]));
    assert_eq!(office.get("/api/v1/plans?valid_on=2023-06-01&q=312").await.expect(200).body["items"][0]["task_count"], 25);
    assert_eq!(office.get("/api/v1/plans?valid_on=2024-06-01").await.expect(200).body["items"], json!([]));

    // With the column that was passed over, each task has a remark more; its code stays.
    let more = import(&office, "?columns=Ti%C3%AAu%20ch%C3%AD%3Dnotes", XLSX, 2, bytes).await.expect(200);
    assert_eq!(more.body["summary"]["updated"], 4);
    assert_eq!(task("I-3").await["notes"], json!(["1.3"]));
}

#[tokio::test]
async fn faults_come_by_row_and_column() {
    let app = with_head().await;
    let office = app.office().await;
    let csv = "\u{feff}STT;Nội dung/Nhiệm vụ;Kết quả/Sản phẩm;Tiến độ thực hiện;Chủ trì;Phối hợp\n\
        I;CẢI CÁCH;;;;\n1;Việc một;Báo cáo;Khi nào cũng được nhé;Sở Nội vu;\n2;;=1+1;Quý II;Sở Lạ;SNV\n3;Việc ba;;Lúc rỗi;SNV;SNV\n";
    let refused = import(&office, "", "text/csv", 1, csv.into()).await.expect(422);
    let mut found = refused.pointers();
    found.sort_unstable();
    let expected = ["/rows/4/lead", "/rows/4/outputs", "/rows/4/title", "/rows/5/coordinate", "/rows/5/lead", "/rows/5/schedule"];
    assert_eq!(found, expected, "{}", refused.text);
    assert!(refused.text.contains("cột E “Chủ trì”"), "{}", refused.text);
    assert_eq!((app.count("tasks").await, app.count("plan_versions").await), (0, 1));
    let named = import(&office, "?columns=a&departments=b&mapping=c", "text/csv", 1, csv.into()).await.expect(400);
    assert_eq!(named.pointers(), ["columns", "departments", "mapping"]);
    import(&office, "", "application/json", 1, csv.into()).await.expect(415);
    office.send("POST", &format!("{PLAN}/imports"), &[("content-type", XLSX)], Some(workbook(|_, _| {}))).await.expect(428);
}

#[tokio::test]
async fn hostile_files_are_refused() {
    let app = with_head().await;
    let office = app.office().await;
    import(&office, "", XLSX, 1, b"PK\x03\x04 no archive".to_vec()).await.expect(400);
    import(&office, "?sheet=Kh%C3%B4ng", XLSX, 1, workbook(|_, _| {})).await.expect(400);
    // A cell at the far end would be a table of seventeen thousand million cells.
    let far = workbook(|sheet, _| {
        sheet.write(1_048_575, 16_383, "x").unwrap();
    });
    import(&office, "", XLSX, 1, far).await.expect(413);
    let formula = workbook(|sheet, row| {
        sheet.write(row, 2, "Việc").unwrap();
        sheet.write_formula(row, 6, "=HYPERLINK(\"http://example.org\")").unwrap();
    });
    let refused = import(&office, "", XLSX, 1, formula).await.expect(422);
    assert!(refused.fault_codes().contains(&"wrong_format"), "{}", refused.text);
    // Much out of little.
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    bomb.start_file("xl/workbook.xml", zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated))
        .unwrap();
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..60 {
        std::io::Write::write_all(&mut bomb, &zeros).unwrap();
    }
    import(&office, "", XLSX, 1, bomb.finish().unwrap().into_inner()).await.expect(413);
    assert_eq!(app.count("plan_versions").await, 1);
}
