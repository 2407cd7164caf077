//! The briefing as a workbook: a sheet for each part, each a table with its heading frozen, days and numbers as such.

use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatAlign, Table, TableColumn, TableStyle, Workbook, Worksheet, XlsxError};

use super::page::{standing, words};
use super::wire::{Briefing, BriefingExplanation, BriefingRow};
use crate::http::{Day, Lang};
use crate::text::Text;

enum Cell {
    Text(String),
    Count(i64),
    Number(f64),
    Day(NaiveDate),
    Empty,
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

fn some(value: Option<&String>) -> Cell {
    value.map_or(Cell::Empty, |value| text(value))
}

fn day(day: Option<Day>) -> Cell {
    day.map_or(Cell::Empty, |day| Cell::Day(day.0))
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Cell::Number)
}

struct Book {
    book: Workbook,
    lang: Lang,
    sheets: u32,
}

/// A column: what it is called in both languages, and how wide it is.
type Column = (&'static str, &'static str, f64);

impl Book {
    /// # Errors
    /// What the writer of spreadsheets refuses.
    fn sheet(&mut self, (vi, en): (&'static str, &'static str), columns: &[Column], rows: Vec<Vec<Cell>>) -> Result<(), XlsxError> {
        self.sheets += 1;
        let lang = self.lang;
        let pick = |vi: &'static str, en: &'static str| lang.pick(Text::new(vi, en));
        let sheet = self.book.add_worksheet();
        sheet.set_name(pick(vi, en))?;
        sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
        sheet.set_footer("&C&P/&N");
        sheet.set_freeze_panes(1, 0)?;
        for (i, (_, _, width)) in columns.iter().enumerate() {
            sheet.set_column_width(i as u16, *width)?;
        }
        let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter);
        let titles: Vec<TableColumn> =
            columns.iter().map(|(vi, en, _)| TableColumn::new().set_header(pick(vi, en)).set_header_format(&head)).collect();
        // A table has a row at least.
        let last = u32::try_from(rows.len()).unwrap_or(u32::MAX).max(1);
        let table = Table::new().set_name(format!("Giao_ban_{}", self.sheets)).set_columns(&titles).set_style(TableStyle::Medium2);
        sheet.add_table(0, 0, last, columns.len() as u16 - 1, &table)?;
        write(sheet, rows)
    }
}

fn write(sheet: &mut Worksheet, rows: Vec<Vec<Cell>>) -> Result<(), XlsxError> {
    let plain = Format::new().set_align(FormatAlign::Top);
    let wrapped = plain.clone().set_text_wrap();
    let (whole, two) = (plain.clone().set_num_format("#,##0"), plain.clone().set_num_format("#,##0.00"));
    let date = plain.clone().set_num_format("dd/mm/yyyy").set_align(FormatAlign::Center);
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Text(text) => drop(sheet.write_string_with_format(row, column, text, &wrapped)?),
                Cell::Count(n) => drop(sheet.write_number_with_format(row, column, n as f64, &whole)?),
                Cell::Number(x) => drop(sheet.write_number_with_format(row, column, x, &two)?),
                Cell::Day(day) => drop(sheet.write_datetime_with_format(row, column, day, &date)?),
                Cell::Empty => {}
            }
        }
    }
    Ok(())
}

/// What every sheet with explanations ends with.
const EXPLAINED: [Column; 5] = [
    ("Giải trình", "Explanation", 22.0),
    ("Nguyên nhân", "Cause", 40.0),
    ("Giải pháp", "Remedy", 40.0),
    ("Hạn khắc phục", "Remedied by", 13.0),
    ("Người chịu trách nhiệm", "Responsible", 20.0),
];

fn explained(told: Option<&BriefingExplanation>) -> Vec<Cell> {
    let Some(told) = told else { return (0..EXPLAINED.len()).map(|_| Cell::Empty).collect() };
    let state = words::owed_state(told.state);
    vec![text(state), some(told.cause.as_ref()), some(told.remedy.as_ref()), day(told.remedy_due_on), some(told.responsible.as_ref())]
}

fn columns(own: &[Column]) -> Vec<Column> {
    own.iter().chain(&EXPLAINED).copied().collect()
}

/// # Errors
/// What the writer of spreadsheets refuses.
pub fn of(b: &Briefing, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Book { book: Workbook::new(), lang, sheets: 0 };
    figures(&mut book, b)?;
    trend(&mut book, b)?;
    tasks(&mut book, b)?;
    dossiers(&mut book, b)?;
    shortcomings(&mut book, b)?;
    meeting(&mut book, b)?;
    book.book.save_to_buffer()
}

fn figures(book: &mut Book, b: &Briefing) -> Result<(), XlsxError> {
    let titles = [
        ("Mã", "Code", 10.0),
        ("Đơn vị", "Department", 34.0),
        ("Nhiệm vụ", "Tasks", 10.0),
        ("Hoàn thành đúng hạn", "Done on time", 11.0),
        ("Hoàn thành quá hạn", "Done late", 11.0),
        ("Chờ xác nhận", "Handed in", 10.0),
        ("Bị trả lại", "Returned", 10.0),
        ("Chưa thực hiện", "Not started", 10.0),
        ("Đang thực hiện", "In progress", 10.0),
        ("Sắp đến hạn", "Due soon", 10.0),
        ("Nhiệm vụ quá hạn", "Tasks overdue", 10.0),
        ("Được gia hạn", "Extended", 10.0),
        ("Hồ sơ tiếp nhận", "Dossiers accepted", 10.0),
        ("Đúng hạn, trước hạn", "On time", 10.0),
        ("Trễ hạn, có xin lỗi", "Late with apology", 10.0),
        ("Trễ hạn, không xin lỗi", "Late without apology", 10.0),
        ("Đang quá hạn, đã xin lỗi", "Overdue with apology", 10.0),
        ("Đang quá hạn", "Overdue", 10.0),
        ("Đang giải quyết", "Being handled", 10.0),
        ("Chờ bổ sung", "Supplement requested", 10.0),
        ("Tạm dừng", "Suspended", 10.0),
        ("Rút", "Withdrawn", 10.0),
        ("Từ chối", "Refused", 10.0),
        ("Dừng giải quyết", "Terminated", 10.0),
        ("Hồ sơ xong trong kỳ", "Dossiers finished", 10.0),
        ("Trung vị ngày giải quyết", "Median of handling days", 10.0),
        ("Bách phân vị 90 ngày giải quyết", "90th percentile of handling days", 10.0),
        ("Trung vị ngày người dân chờ", "Median of elapsed days", 10.0),
        ("Hồ sơ quá hạn", "Late dossiers", 10.0),
        ("Tồn tại", "Findings", 10.0),
        ("Chỉ tiêu chưa đạt", "Unmet targets", 10.0),
    ];
    let row = |r: &BriefingRow| {
        let (t, o) = (&r.tasks, &r.outcomes);
        let tasks = [
            t.total,
            t.done_on_time,
            t.done_late,
            t.handed_in,
            t.returned,
            t.not_started,
            t.in_progress,
            t.due_soon,
            t.overdue,
            t.extended,
        ];
        let late = [o.late_with_apology, o.late_without_apology, o.overdue_with_apology, o.overdue];
        let rest = [o.in_progress, o.supplement_requested, o.suspended, o.withdrawn, o.refused, o.terminated];
        let mut cells = vec![some(r.department.as_ref()), text(&r.name)];
        cells.extend(tasks.map(Cell::Count));
        cells.extend([Cell::Count(r.accepted), Cell::Count(o.on_time)]);
        cells.extend(late.map(Cell::Count));
        cells.extend(rest.map(Cell::Count));
        cells.push(Cell::Count(r.finished));
        cells.extend([r.handling_days.median, r.handling_days.p90, r.elapsed_days.median].map(|n| n.map_or(Cell::Empty, Cell::Count)));
        cells.extend([r.late_dossiers, r.findings, r.unmet_targets].map(Cell::Count));
        cells
    };
    book.sheet(("Tổng hợp", "Summary"), &titles, b.departments.iter().chain([&b.total]).map(row).collect())
}

fn trend(book: &mut Book, b: &Briefing) -> Result<(), XlsxError> {
    let titles = [
        ("Tháng", "Month", 12.0),
        ("Hồ sơ xong", "Dossiers finished", 12.0),
        ("Đúng hạn", "On time", 12.0),
        ("Tỷ lệ đúng hạn (%)", "On-time rate (%)", 14.0),
    ];
    let row =
        |m: &super::wire::BriefingMonth| vec![text(&m.period), Cell::Count(m.finished), Cell::Count(m.on_time), number(m.on_time_rate)];
    book.sheet(("12 tháng", "Twelve months"), &titles, b.trend.iter().map(row).collect())
}

fn tasks(book: &mut Book, b: &Briefing) -> Result<(), XlsxError> {
    let own = [
        ("Mã nhiệm vụ", "Task", 26.0),
        ("Nhiệm vụ", "Title", 50.0),
        ("Kỳ thực hiện", "Occurrence", 16.0),
        ("Chủ trì", "Lead", 16.0),
        ("Hạn ban đầu", "First due", 12.0),
        ("Hạn", "Due", 12.0),
        ("Hoàn thành", "Completed", 12.0),
        ("Tình trạng", "State", 20.0),
    ];
    let row = |t: &super::wire::BriefingTask| {
        let mut cells = vec![text(&t.task), text(&t.title), text(&t.occurrence), text(&t.lead.join(", "))];
        cells.extend([day(Some(t.first_due_on)), day(Some(t.due_on)), day(t.completed_on), text(words::task_state(t.state))]);
        cells.extend(explained(t.explanation.as_ref()));
        cells
    };
    book.sheet(("Nhiệm vụ quá hạn", "Late tasks"), &columns(&own), b.late_tasks.iter().map(row).collect())
}

fn dossiers(book: &mut Book, b: &Briefing) -> Result<(), XlsxError> {
    let lang = book.lang;
    let titles = [
        ("Mã hồ sơ", "Dossier", 22.0),
        ("Đơn vị", "Department", 12.0),
        ("Mã thủ tục", "Procedure", 14.0),
        ("Thủ tục", "Name of the procedure", 46.0),
        ("Tiếp nhận", "Accepted", 12.0),
        ("Hạn", "Due", 12.0),
        ("Xong", "Finished", 12.0),
        ("Trễ (ngày)", "Days late", 10.0),
        ("Nguyên nhân", "Cause", 30.0),
        ("Lý do nêu trong phiếu xin lỗi", "Reason given in the apology", 40.0),
        ("Xin lỗi kịp thời", "Apologised in time", 12.0),
        ("Hẹn lại", "New date", 12.0),
    ];
    let row = |d: &super::wire::BriefingDossier| {
        let mut cells = vec![text(&d.code), text(&d.department), text(&d.procedure), text(&d.procedure_name)];
        cells.extend([day(Some(d.accepted_on)), day(Some(d.due_on)), day(d.finished_on), Cell::Count(d.days_late)]);
        cells.extend([text(&lang.pick(d.cause.label())), some(d.reason.as_ref())]);
        cells.extend([if d.apologised { text("x") } else { Cell::Empty }, day(d.new_due_on)]);
        cells
    };
    book.sheet(("Hồ sơ quá hạn", "Late dossiers"), &titles, b.late_dossiers.items.iter().map(row).collect())?;
    let own = [("Mã", "Code", 10.0), ("Đơn vị", "Department", 34.0), ("Hồ sơ quá hạn", "Late dossiers", 12.0)];
    let row = |d: &super::wire::BriefingLateDepartment| {
        let mut cells = vec![text(&d.department), text(&d.name), Cell::Count(d.count)];
        cells.extend(explained(Some(&d.explanation)));
        cells
    };
    book.sheet(("Giải trình hồ sơ", "Dossiers explained"), &columns(&own), b.late_dossiers.departments.iter().map(row).collect())
}

fn shortcomings(book: &mut Book, b: &Briefing) -> Result<(), XlsxError> {
    let own = [("Mã", "Code", 10.0), ("Đơn vị", "Department", 34.0), ("Tồn tại", "Finding", 40.0), ("Số lượng", "Number", 10.0)];
    let row = |f: &super::wire::BriefingFinding| {
        let mut cells = vec![text(&f.department), text(&f.name), text(&f.label), Cell::Count(f.count)];
        cells.extend(explained(Some(&f.explanation)));
        cells
    };
    book.sheet(("Tồn tại", "Findings"), &columns(&own), b.findings.iter().map(row).collect())?;
    let own = [
        ("Mã", "Code", 10.0),
        ("Đơn vị", "Department", 34.0),
        ("Chỉ tiêu", "Indicator", 40.0),
        ("Lĩnh vực", "Field", 12.0),
        ("Kết quả", "Value", 10.0),
        ("So sánh", "Comparator", 9.0),
        ("Mục tiêu", "Target", 10.0),
    ];
    let row = |t: &super::wire::BriefingTarget| {
        let mut cells = vec![text(&t.department), text(&t.name), text(&t.title), some(t.field.as_ref()), number(t.value)];
        cells.extend([t.comparator.map_or(Cell::Empty, |c| text(words::comparator(c))), number(t.target)]);
        cells.extend(explained(Some(&t.explanation)));
        cells
    };
    book.sheet(("Chỉ tiêu chưa đạt", "Unmet targets"), &columns(&own), b.unmet_targets.iter().map(row).collect())
}

fn meeting(book: &mut Book, b: &Briefing) -> Result<(), XlsxError> {
    let titles = [
        ("Số", "Number", 14.0),
        ("Đơn vị", "Department", 12.0),
        ("Vướng mắc", "Obstacle", 40.0),
        ("Nội dung", "Description", 50.0),
        ("Đề xuất", "Proposal", 40.0),
        ("Ý kiến của Văn phòng", "Remark of the office", 40.0),
        ("Phản ánh ngày", "Raised", 12.0),
        ("Trình ngày", "Put to the director", 12.0),
    ];
    let row = |o: &super::wire::BriefingObstacle| {
        let mut cells = vec![text(&o.code), text(&o.department), text(&o.title), text(&o.description)];
        cells.extend([some(o.proposal.as_ref()), some(o.remark.as_ref()), day(Some(o.raised_on)), day(Some(o.escalated_on))]);
        cells
    };
    book.sheet(("Vướng mắc", "Obstacles"), &titles, b.obstacles.iter().map(row).collect())?;
    let titles = [
        ("Hạn", "Due", 12.0),
        ("Hạn nội bộ", "Due inside", 12.0),
        ("Mã", "Code", 30.0),
        ("Nội dung", "What", 60.0),
        ("Kỳ", "Period", 18.0),
        ("Đơn vị", "Departments", 24.0),
        ("Tình trạng", "State", 20.0),
    ];
    let tasks = b.next.tasks.iter().map(|t| {
        let state = text(words::task_state(t.state));
        vec![day(Some(t.due_on)), Cell::Empty, text(&t.task), text(&t.title), text(&t.occurrence), text(&t.lead.join(", ")), state]
    });
    let reports = b.next.reports.iter().map(|r| {
        let missing = text(&r.missing.join(", "));
        vec![day(Some(r.due_on)), day(r.internal_due_on), text(&r.duty), text(&r.what), text(&r.period), missing, Cell::Empty]
    });
    book.sheet(("Việc kỳ tới", "Next month"), &titles, tasks.chain(reports).collect())?;
    let titles = [
        ("Số", "Number", 14.0),
        ("Ngày họp", "Meeting", 12.0),
        ("Nội dung", "Text", 60.0),
        ("Về việc", "Item", 40.0),
        ("Chủ trì", "Lead", 16.0),
        ("Phối hợp", "Co-operate", 16.0),
        ("Hạn", "Due", 12.0),
        ("Văn bản", "Document", 18.0),
        ("Tình trạng", "State", 20.0),
    ];
    let row = |d: &super::wire::DecisionView| {
        let mut cells = vec![text(&d.code), day(Some(d.held_on)), text(&d.text), text(&d.item_title), text(&d.lead.join(", "))];
        let due = day(d.task_due_on.or(Some(d.due_on)));
        cells.extend([text(&d.coordinate.join(", ")), due, some(d.document_no.as_ref()), text(standing(d))]);
        cells
    };
    book.sheet(("Kết luận", "Decisions"), &titles, b.decisions.iter().map(row).collect())
}
