//! The rows of a file, checked and waiting to be sent: one JSON object a line, in a file without a name.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;

use aws_lc_rs::digest;
use serde_json::{Value, json};

use crate::http::Lang;
use crate::http::values::nfc;
use crate::text::Text;

/// Where a chunk begins.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    row: u64,
    at: u64,
    cells_at: u64,
}

/// Takes in rows.
pub struct Writer {
    rows: BufWriter<File>,
    cells: Option<BufWriter<File>>,
    /// Where the next row begins.
    next: Mark,
    marks: Vec<Mark>,
    /// Rows and bytes of a chunk; none for all in one.
    most: Option<(u64, u64)>,
    keys: Vec<(u64, u64)>,
    withheld: BTreeMap<u64, Vec<Value>>,
    digest: digest::Context,
}

/// Rows that can be read by chunks.
pub struct Spool {
    rows: File,
    cells: Option<File>,
    /// One more than chunks: the last is the end.
    marks: Vec<Mark>,
    /// Rows that are not sent, by their index, with what is wrong with them.
    pub withheld: BTreeMap<u64, Vec<Value>>,
    /// Of all rows.
    pub digest: String,
    /// The headers of a table, when its cells are kept.
    pub headers: Option<Vec<String>>,
}

/// A row as it came.
pub struct Input {
    pub json: Vec<u8>,
    pub cells: Option<Vec<String>>,
}

/// Rows to send, and which they are.
#[derive(Debug, Default)]
pub struct Chunk {
    pub body: Vec<u8>,
    pub rows: Vec<u64>,
}

impl Writer {
    pub fn new(most: Option<(u64, u64)>, keep_cells: bool) -> io::Result<Writer> {
        let file = || tempfile::tempfile().map(|file| BufWriter::with_capacity(256 << 10, file));
        Ok(Writer {
            rows: file()?,
            cells: if keep_cells { Some(file()?) } else { None },
            next: Mark::default(),
            marks: vec![Mark::default()],
            most,
            keys: Vec::new(),
            withheld: BTreeMap::new(),
            digest: digest::Context::new(&digest::SHA256),
        })
    }

    /// A row: JSON without line breaks, its key, its cells, and what is wrong with it already.
    pub fn push(&mut self, json: &[u8], key: Option<&str>, cells: Option<&[String]>, faults: Vec<Value>) -> io::Result<()> {
        let (first, length) = (self.marks.last().copied().unwrap_or_default(), json.len() as u64 + 1);
        let full = |(rows, bytes): (u64, u64)| self.next.row - first.row >= rows || self.next.at + length - first.at > bytes;
        if self.next.row > first.row && self.most.is_some_and(full) {
            self.marks.push(self.next);
        }
        if let Some(key) = key {
            let mut hasher = DefaultHasher::new();
            nfc(key).hash(&mut hasher);
            self.keys.push((hasher.finish(), self.next.row));
        }
        if !faults.is_empty() {
            self.withheld.insert(self.next.row, faults);
        }
        self.rows.write_all(json)?;
        self.rows.write_all(b"\n")?;
        self.digest.update(json);
        self.digest.update(b"\n");
        self.next.row += 1;
        self.next.at += length;
        if let Some(out) = &mut self.cells {
            let line = serde_json::to_vec(cells.unwrap_or_default())?;
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            self.next.cells_at += line.len() as u64 + 1;
        }
        Ok(())
    }

    /// Ends the input; rows of the same key are withheld, `pointer` being the place of the key.
    pub fn end(mut self, pointer: &str, headers: Option<Vec<String>>, lang: Lang) -> io::Result<Spool> {
        if self.next.row > 0 {
            self.marks.push(self.next);
        }
        self.keys.sort_unstable();
        for same in self.keys.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            let numbers: Vec<String> = same.iter().take(10).map(|(_, row)| (row + 1).to_string()).collect();
            let numbers = numbers.join(", ") + if same.len() > 10 { ", …" } else { "" };
            let told = Text::new(format!("Các dòng trùng khóa: {numbers}."), format!("Rows of the same key: {numbers}."));
            let fault = json!({"code": "duplicate_in_payload", "pointer": pointer, "detail": lang.pick(told)});
            same.iter().for_each(|(_, row)| self.withheld.entry(*row).or_default().push(fault.clone()));
        }
        let told = |e: io::IntoInnerError<BufWriter<File>>| e.into_error();
        let digest = self.digest.finish();
        Ok(Spool {
            rows: self.rows.into_inner().map_err(told)?,
            cells: self.cells.map(|cells| cells.into_inner().map_err(told)).transpose()?,
            marks: self.marks,
            withheld: self.withheld,
            digest: hex(digest.as_ref()),
            headers,
        })
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl Spool {
    pub fn count(&self) -> u64 {
        self.marks.last().map_or(0, |end| end.row)
    }

    pub fn chunks(&self) -> usize {
        self.marks.len() - 1
    }

    /// The rows of a chunk, from and to.
    pub fn rows_of(&self, chunk: usize) -> (u64, u64) {
        (self.marks[chunk].row, self.marks[chunk + 1].row)
    }

    /// What is sent of a chunk.
    pub fn chunk(&self, n: usize) -> io::Result<Chunk> {
        let (from, to) = (self.marks[n], self.marks[n + 1]);
        let mut body = vec![0; usize::try_from(to.at - from.at).map_err(io::Error::other)?];
        self.rows.read_exact_at(&mut body, from.at)?;
        if self.withheld.range(from.row..to.row).next().is_none() {
            return Ok(Chunk { body, rows: (from.row..to.row).collect() });
        }
        let mut chunk = Chunk::default();
        for (row, line) in (from.row..).zip(body.split_inclusive(|b| *b == b'\n')) {
            if !self.withheld.contains_key(&row) {
                chunk.body.extend_from_slice(line);
                chunk.rows.push(row);
            }
        }
        Ok(chunk)
    }

    /// All rows, withheld or not, to be read from the beginning.
    pub fn all(&self) -> io::Result<(File, u64)> {
        use std::io::Seek;
        let mut file = self.rows.try_clone()?;
        file.rewind()?;
        Ok((file, self.marks.last().map_or(0, |end| end.at)))
    }

    /// Some rows of a chunk as they came; in order.
    pub fn inputs(&self, n: usize, wanted: &[u64]) -> io::Result<Vec<Input>> {
        let (from, to) = (self.marks[n], self.marks[n + 1]);
        let mut rows = BufReader::with_capacity(256 << 10, Region { file: &self.rows, at: from.at, end: to.at });
        let mut cells = self.cells.as_ref().map(|file| BufReader::new(Region { file, at: from.cells_at, end: to.cells_at }));
        let mut inputs = Vec::with_capacity(wanted.len());
        let mut wanted = wanted.iter().peekable();
        for row in from.row..to.row {
            if wanted.peek().is_none() {
                break;
            }
            let (mut json, mut line) = (Vec::new(), Vec::new());
            rows.read_until(b'\n', &mut json)?;
            if let Some(cells) = &mut cells {
                cells.read_until(b'\n', &mut line)?;
            }
            if wanted.next_if(|w| **w == row).is_some() {
                let cells = if line.is_empty() { None } else { Some(serde_json::from_slice(&line)?) };
                json.pop();
                inputs.push(Input { json, cells });
            }
        }
        Ok(inputs)
    }
}

/// A part of a file, without moving its place.
struct Region<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for Region<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut into[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn spool(most: Option<(u64, u64)>, keys: &[&str]) -> Spool {
        let mut writer = Writer::new(most, true).unwrap();
        for key in keys {
            let faults = if *key == "bad" { vec![json!({"code": "wrong_format"})] } else { vec![] };
            writer.push(format!("{{\"code\":\"{key}\"}}").as_bytes(), Some(key), Some(&[(*key).to_owned()]), faults).unwrap();
        }
        writer.end("/code", Some(vec!["code".into()]), Lang::En).unwrap()
    }

    #[test]
    fn rows_come_by_chunks_and_what_is_withheld_stays() {
        let s = spool(Some((2, 1 << 20)), &["a", "b", "c", "bad", "a"]);
        assert_eq!((s.count(), s.chunks(), s.rows_of(2)), (5, 3, (4, 5)));
        let sent: Vec<Vec<u64>> = (0..3).map(|n| s.chunk(n).unwrap().rows).collect();
        assert_eq!(sent, [vec![1], vec![2], vec![]]);
        assert_eq!(s.chunk(0).unwrap().body, b"{\"code\":\"b\"}\n");
        assert_eq!(s.withheld[&0][0]["detail"], "Rows of the same key: 1, 5.");
        let inputs = s.inputs(1, &[3]).unwrap();
        assert_eq!((inputs[0].json.as_slice(), inputs[0].cells.clone()), (&b"{\"code\":\"bad\"}"[..], Some(vec!["bad".to_owned()])));
    }

    #[test]
    fn chunks_have_their_size() {
        assert_eq!(spool(Some((100, 24)), &["a", "b", "c"]).chunks(), 3);
        assert_eq!(spool(Some((100, 26)), &["a", "b", "c"]).chunks(), 2);
        assert_eq!(spool(None, &["a", "b", "c"]).chunks(), 1);
        assert_eq!(spool(None, &[]).chunks(), 0);
        assert_ne!(spool(None, &["a"]).digest, spool(None, &["b"]).digest);
    }
}
