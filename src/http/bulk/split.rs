//! Cuts a body into rows while it arrives: NDJSON lines, elements of a JSON array, CSV records.

use crate::error::{ApiError, Code};

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Json,
    Ndjson,
    Csv,
}

/// One row as sent, and where it stands.
#[derive(Debug)]
pub struct RawRow<'a> {
    pub bytes: &'a [u8],
    /// From 1.
    pub line: u64,
    /// Of the row's first byte, from 0.
    pub offset: u64,
}

/// A row may not be larger than this, in bytes.
pub const MAX_ROW: usize = 1 << 20;

/// Feed it chunks; it hands out complete rows and keeps at most one unfinished row.
pub struct Splitter {
    format: Format,
    rest: Vec<u8>,
    line: u64,
    offset: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the `[` of an array.
    Start,
    Rows,
    /// After the `]`.
    End,
}

type Sink<'s> = dyn FnMut(RawRow<'_>) -> Result<(), ApiError> + 's;

impl Splitter {
    pub fn new(format: Format) -> Self {
        Splitter { format, rest: Vec::new(), line: 1, offset: 0, state: State::Start }
    }

    /// # Errors
    /// The sink's, and 400 for a body that is no array or has a row beyond [`MAX_ROW`].
    pub fn push(&mut self, chunk: &[u8], sink: &mut Sink<'_>) -> Result<(), ApiError> {
        self.rest.extend_from_slice(chunk);
        let rest = std::mem::take(&mut self.rest);
        let used = self.consume(&rest, false, sink)?;
        if rest.len() - used > MAX_ROW {
            return Err(self.broken("dòng quá dài", "the row is too long"));
        }
        self.rest.extend_from_slice(&rest[used..]);
        Ok(())
    }

    /// # Errors
    /// As [`Splitter::push`], and 400 when the body breaks off.
    pub fn finish(mut self, sink: &mut Sink<'_>) -> Result<(), ApiError> {
        let rest = std::mem::take(&mut self.rest);
        let used = self.consume(&rest, true, sink)?;
        let unfinished = !rest[used..].iter().all(u8::is_ascii_whitespace);
        if unfinished || (self.format == Format::Json && self.state != State::End) {
            return Err(self.broken("nội dung bị ngắt quãng", "the body breaks off"));
        }
        Ok(())
    }

    fn consume(&mut self, bytes: &[u8], last: bool, sink: &mut Sink<'_>) -> Result<usize, ApiError> {
        let mut used = 0;
        // A byte order mark in front of a CSV file is what spreadsheets write.
        if self.offset == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            used = 3;
            self.offset = 3;
        }
        while let Some((skip, length, take)) = self.next_row(&bytes[used..], last)? {
            let row = &bytes[used + skip..used + skip + length];
            self.advance(&bytes[used..used + skip]);
            if length > MAX_ROW {
                return Err(self.broken("dòng quá dài", "the row is too long"));
            }
            if !row.iter().all(u8::is_ascii_whitespace) {
                sink(RawRow { bytes: row, line: self.line, offset: self.offset })?;
            }
            self.advance(&bytes[used + skip..used + take]);
            used += take;
        }
        Ok(used)
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.line += bytes.iter().filter(|b| **b == b'\n').count() as u64;
        self.offset += bytes.len() as u64;
    }

    /// (bytes before the row, its length, bytes to pass over in all), or none while the row is unfinished.
    fn next_row(&mut self, bytes: &[u8], last: bool) -> Result<Option<(usize, usize, usize)>, ApiError> {
        match self.format {
            Format::Ndjson => Ok(match bytes.iter().position(|b| *b == b'\n') {
                Some(end) => Some((0, end, end + 1)),
                None if last && !bytes.is_empty() => Some((0, bytes.len(), bytes.len())),
                None => None,
            }),
            Format::Csv => {
                let mut quoted = false;
                let end = bytes.iter().position(|b| {
                    quoted ^= *b == b'"';
                    *b == b'\n' && !quoted
                });
                Ok(match end {
                    Some(end) => Some((0, end, end + 1)),
                    None if last && !bytes.is_empty() => Some((0, bytes.len(), bytes.len())),
                    None => None,
                })
            }
            Format::Json => self.next_element(bytes),
        }
    }

    fn next_element(&mut self, bytes: &[u8]) -> Result<Option<(usize, usize, usize)>, ApiError> {
        let blank = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_whitespace()).count() + from;
        let mut at = blank(0);
        if self.state == State::Start {
            match bytes.get(at) {
                None => return Ok(None),
                Some(b'[') => {
                    at = blank(at + 1);
                    match bytes.get(at) {
                        None => return Ok(None),
                        Some(b']') => {
                            self.state = State::End;
                            return Ok(Some((at, 0, at + 1)));
                        }
                        Some(_) => self.state = State::Rows,
                    }
                    return Ok(Some((at, 0, at)));
                }
                Some(_) => return Err(self.broken("phải là một mảng JSON", "an array is expected")),
            }
        }
        if self.state == State::End {
            return match bytes.get(at) {
                None => Ok(None),
                Some(_) => Err(self.broken("thừa nội dung sau mảng", "there is something after the array")),
            };
        }
        let (mut depth, mut string, mut escaped) = (0usize, false, false);
        for (i, b) in bytes[at..].iter().enumerate() {
            if string {
                match b {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => string = false,
                    _ => {}
                }
                continue;
            }
            match b {
                b'"' => string = true,
                b'[' | b'{' => depth += 1,
                b']' if depth == 0 => {
                    if i == 0 {
                        return Err(self.broken("thiếu phần tử", "an element is missing"));
                    }
                    self.state = State::End;
                    return Ok(Some((at, i, at + i + 1)));
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    if i == 0 {
                        return Err(self.broken("thiếu phần tử", "an element is missing"));
                    }
                    return Ok(Some((at, i, at + i + 1)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn broken(&self, vi: &str, en: &str) -> ApiError {
        malformed(self.line, self.offset, vi, en)
    }
}

/// 400 for a row that is no JSON or CSV, with its place.
pub fn malformed(line: u64, offset: u64, vi: &str, en: &str) -> ApiError {
    ApiError::new(Code::MalformedBody)
        .member("line", line)
        .member("offset", offset)
        .say(format!("Dòng {line}, vị trí byte {offset}: {vi}."), format!("Line {line}, byte offset {offset}: {en}."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows(format: Format, body: &[u8], chunk: usize) -> Result<Vec<(String, u64, u64)>, ApiError> {
        let mut out = Vec::new();
        let mut splitter = Splitter::new(format);
        let mut sink = |r: RawRow<'_>| {
            out.push((String::from_utf8(r.bytes.to_vec()).unwrap().trim().to_owned(), r.line, r.offset));
            Ok(())
        };
        for part in body.chunks(chunk) {
            splitter.push(part, &mut sink)?;
        }
        splitter.finish(&mut sink)?;
        Ok(out)
    }

    #[test]
    fn rows_are_the_same_however_the_body_is_cut() {
        let array = b" [ {\"a\":\"],[\\\"\"},\n {\"b\":[1,2]} , 3 ]\n";
        let lines = b"{\"a\":1}\n\n{\"b\":2}";
        let csv = b"\xef\xbb\xbfcode,x\nA,\"1\n2\"\nB,\"\"\"\"\n";
        for (format, body) in [(Format::Json, &array[..]), (Format::Ndjson, lines), (Format::Csv, csv)] {
            let whole = rows(format, body, usize::MAX).unwrap();
            for chunk in 4..body.len() {
                assert_eq!(rows(format, body, chunk).unwrap(), whole, "{format:?} {chunk}");
            }
        }
        let found = rows(Format::Json, array, 7).unwrap();
        assert_eq!(found.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["{\"a\":\"],[\\\"\"}", "{\"b\":[1,2]}", "3"]);
        assert_eq!((found[1].1, found[1].2), (2, 19));
        assert_eq!(rows(Format::Ndjson, lines, 3).unwrap()[1].1, 3);
        assert_eq!(rows(Format::Json, b"[]", 1).unwrap(), []);
    }

    #[test]
    fn broken_bodies_are_refused() {
        for body in ["{}", "[1,", "[1] x", "[1,,2]", "", "[,]"] {
            assert!(rows(Format::Json, body.as_bytes(), 2).is_err(), "{body}");
        }
    }
}
