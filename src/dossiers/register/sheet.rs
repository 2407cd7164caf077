//! The register as a spreadsheet to print: A4 across, with title and headings on every page.

use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use super::wire::{COLUMNS, Cell, RegisterForm};
use crate::http::Lang;

/// Row of the column headings; the titles stand above it.
const HEAD: u32 = 5;

pub struct Sheet {
    book: Workbook,
    lang: Lang,
    next: u32,
    text: Format,
    day: Format,
    number: Format,
}

impl Sheet {
    /// Rows are written to a file on disk as they come.
    pub fn new(form: &RegisterForm, (from, to): (NaiveDate, NaiveDate), lang: Lang) -> Result<Sheet, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name("Sổ theo dõi hồ sơ")?;
        sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_repeat_rows(HEAD, HEAD)?;
        sheet.set_footer("&CTrang &P/&N");
        sheet.set_freeze_panes(HEAD + 1, 2)?;
        for (i, column) in COLUMNS.iter().enumerate() {
            sheet.set_column_width(i as u16, f64::from(column.width))?;
        }
        let plain = Format::new().set_font_name("Times New Roman").set_font_size(11);
        let bold = plain.clone().set_bold();
        let title = bold.clone().set_font_size(14).set_align(FormatAlign::CenterAcross);
        let across = plain.clone().set_italic().set_align(FormatAlign::CenterAcross);
        sheet.write_string_with_format(0, 0, "TÊN CƠ QUAN, ĐƠN VỊ: ……………………………………", &bold)?;
        if let (Some(number), Some(source)) = (&form.number, &form.source) {
            sheet.write_string_with_format(1, 0, format!("Mẫu số {number} (ban hành kèm theo {source})"), &plain.clone().set_italic())?;
        }
        let days = format!("Từ ngày {} đến ngày {}", from.format("%d/%m/%Y"), to.format("%d/%m/%Y"));
        for (row, text, format) in [(2, form.title.to_uppercase(), &title), (3, days, &across)] {
            sheet.write_string_with_format(row, 0, text, format)?;
            // Centred across these empty cells, which merging would do less well for sorting and filtering.
            for column in 1..COLUMNS.len() {
                sheet.write_blank(row, column as u16, format)?;
            }
        }
        let cell = plain.set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
        let head = cell.clone().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter);
        for (i, column) in COLUMNS.iter().enumerate() {
            sheet.write_string_with_format(HEAD, i as u16, if lang == Lang::En { column.en } else { column.vi }, &head)?;
        }
        Ok(Sheet {
            book,
            lang,
            next: HEAD + 1,
            day: cell.clone().set_num_format("dd/mm/yyyy"),
            number: cell.clone().set_align(FormatAlign::Center),
            text: cell.set_text_wrap(),
        })
    }

    pub fn row(&mut self, cells: Vec<Cell>) -> Result<(), XlsxError> {
        let sheet = self.book.worksheet_from_index(0)?;
        for (i, cell) in cells.into_iter().enumerate() {
            let (row, column) = (self.next, i as u16);
            match cell {
                Cell::Count(n) => sheet.write_number_with_format(row, column, n as f64, &self.number)?,
                Cell::Text(text) => sheet.write_string_with_format(row, column, text, &self.text)?,
                Cell::Word(text) => sheet.write_string_with_format(row, column, self.lang.pick(text), &self.text)?,
                Cell::Day(day) => sheet.write_datetime_with_format(row, column, day, &self.day)?,
                Cell::Empty => sheet.write_blank(row, column, &self.text)?,
            };
        }
        self.next += 1;
        Ok(())
    }

    pub fn finish(mut self) -> Result<Vec<u8>, XlsxError> {
        self.book.save_to_buffer()
    }
}
