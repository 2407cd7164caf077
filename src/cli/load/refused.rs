//! The file of refused rows: as they came, with what is wrong with them, ready to be mended and loaded again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use serde_json::Value;

use super::spool::Input;
use crate::http::bulk::{ERROR_COLUMNS, guarded};

pub struct RefusedFile {
    out: BufWriter<File>,
    csv: bool,
}

impl RefusedFile {
    /// Goes on at this place of a file begun before; or begins anew, under these headers when it is to be CSV.
    pub fn open(path: &Path, go_on_at: Option<u64>, headers: Option<&[String]>) -> io::Result<RefusedFile> {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.set_len(go_on_at.unwrap_or(0))?;
        file.seek(io::SeekFrom::End(0))?;
        let mut out = RefusedFile { out: BufWriter::new(file), csv: headers.is_some() };
        if let (None, Some(headers)) = (go_on_at, headers) {
            // The mark tells spreadsheets that this is UTF-8.
            out.out.write_all(b"\xef\xbb\xbf")?;
            out.record(headers.iter().cloned().chain(ERROR_COLUMNS.map(str::to_owned)))?;
        }
        Ok(out)
    }

    fn record(&mut self, cells: impl Iterator<Item = String>) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut self.out);
        writer.write_record(cells.map(guarded)).map_err(io::Error::other)?;
        writer.flush()
    }

    pub fn write(&mut self, input: Input, faults: &[Value]) -> io::Result<()> {
        let [codes, detail] = told(faults);
        if self.csv {
            let cells = input.cells.unwrap_or_default();
            return self.record(cells.into_iter().chain([codes, detail]));
        }
        match serde_json::from_slice(&input.json) {
            Ok(Value::Object(mut row)) => {
                row.extend(ERROR_COLUMNS.iter().map(|name| (*name).to_owned()).zip([codes.into(), detail.into()]));
                serde_json::to_writer(&mut self.out, &row)?;
            }
            // What is no object has no room for more.
            _ => self.out.write_all(&input.json)?,
        }
        self.out.write_all(b"\n")
    }

    /// Puts it all on the disk; the length so far.
    pub fn keep(&mut self) -> io::Result<u64> {
        self.out.flush()?;
        self.out.get_ref().sync_data()?;
        self.out.stream_position()
    }
}

/// The codes, and what they mean here.
fn told(faults: &[Value]) -> [String; 2] {
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let codes: Vec<String> = faults.iter().map(|f| text(f, "code")).collect();
    let detail: Vec<String> = faults.iter().map(|f| format!("{}: {}", text(f, "pointer"), text(f, "detail"))).collect();
    [codes.join(" "), detail.join(" | ")]
}
