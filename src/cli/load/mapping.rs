//! Which column of a table is which member, and what its cells mean: by the headers alone, or by a mapping in TOML.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::format::{Item, StrftimeItems};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cell::{Cell, Reading};
use super::contract::{Holds, Resource, nearest};
use crate::http::Lang;
use crate::http::bulk::{ERROR_COLUMNS, came_back, unguarded};
use crate::http::values::nfc;
use crate::text::Text;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    ignore: BTreeSet<String>,
    columns: BTreeMap<String, String>,
    constants: BTreeMap<String, Value>,
    values: BTreeMap<String, HashMap<String, Value>>,
    formats: BTreeMap<String, String>,
}

impl Mapping {
    /// # Errors
    /// A file that cannot be read, or is no mapping; with the place.
    pub fn read(path: &Path) -> Result<Mapping, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mapping: Mapping = toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        let plain = |text: &str| nfc(text.trim());
        Ok(Mapping {
            ignore: mapping.ignore.iter().map(|name| plain(name)).collect(),
            columns: mapping.columns.into_iter().map(|(name, member)| (plain(&name), member)).collect(),
            values: mapping
                .values
                .into_iter()
                .map(|(member, values)| (member, values.into_iter().map(|(text, value)| (plain(&text), value)).collect()))
                .collect(),
            ..mapping
        })
    }
}

#[derive(Debug)]
struct Column {
    at: usize,
    header: String,
    member: String,
    reading: Reading,
}

/// How the records of a table become rows.
#[derive(Debug)]
pub struct Columns {
    /// The headers, but for those that say why a row was refused.
    pub headers: Vec<String>,
    /// Where those stand, of so many.
    own: Vec<usize>,
    width: usize,
    came_back: bool,
    columns: Vec<Column>,
    constants: Vec<(String, Value)>,
}

impl Columns {
    /// # Errors
    /// Everything that is wrong with the headers and the mapping.
    pub fn plan(sent: &[String], mapping: Mapping, resource: &Resource) -> Result<Columns, Vec<String>> {
        let names: Vec<String> = sent.iter().map(|h| nfc(h.trim())).collect();
        let came_back = came_back(&names);
        let own: Vec<usize> = (0..names.len()).filter(|at| !came_back || !ERROR_COLUMNS.contains(&names[*at].as_str())).collect();
        let mut faults = Vec::new();
        let mut of: BTreeMap<String, (usize, String)> = BTreeMap::new();
        let Mapping { ignore, columns: mapped, constants, mut values, mut formats } = mapping;
        for &at in &own {
            let header = &names[at];
            if header.is_empty() || (ignore.contains(header) && !mapped.contains_key(header)) {
                continue;
            }
            let member = mapped.get(header).unwrap_or(header);
            if !resource.members.contains_key(member) {
                let told =
                    if mapped.contains_key(header) { format!("column “{header}”: {member}") } else { format!("column “{header}”") };
                faults.push(format!("{told} is no member of {}{}", resource.name, like(resource.nearest(member))));
            } else if let Some((_, other)) = of.get(member) {
                faults.push(format!("columns “{other}” and “{header}” are both {member}"));
            } else {
                of.insert(member.clone(), (at, header.clone()));
            }
        }
        for header in mapped.keys().chain(&ignore).filter(|h| !names.contains(h)) {
            faults.push(format!(
                "the mapping names a column “{header}”, which is not there{}",
                like(nearest(header, names.iter().map(String::as_str)))
            ));
        }
        for member in constants.keys() {
            if !resource.members.contains_key(member) {
                faults.push(format!("[constants] {member} is no member of {}{}", resource.name, like(resource.nearest(member))));
            } else if let Some((_, header)) = of.get(member) {
                faults.push(format!("{member} is a constant, and column “{header}”, too"));
            }
        }
        for (table, member) in values.keys().map(|m| ("values", m)).chain(formats.keys().map(|m| ("formats", m))) {
            if !of.contains_key(member) {
                faults.push(format!(
                    "[{table}] {member}: no column gives this member{}",
                    like(nearest(member, of.keys().map(String::as_str)))
                ));
            }
        }
        for (member, format) in &formats {
            if !matches!(resource.members.get(member), None | Some(Holds::Day | Holds::Instant)) {
                faults.push(format!("[formats] {member} is no date"));
            }
            if StrftimeItems::new(format).any(|item| item == Item::Error) {
                faults.push(format!("[formats] {member}: “{format}” is no format of dates"));
            }
        }
        let given: BTreeSet<&str> = of.keys().chain(constants.keys()).map(String::as_str).collect();
        for member in &given {
            if let Some(outer) = member.match_indices('.').map(|(at, _)| &member[..at]).find(|outer| given.contains(outer)) {
                faults.push(format!("{outer} is given as a whole, and {member}, too"));
            }
        }
        if of.is_empty() && faults.is_empty() {
            faults.push("there are no columns".to_owned());
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let holds = |member: &str| resource.members.get(member).copied().unwrap_or(Holds::Text);
        let columns = of.into_iter().map(|(member, (at, header))| {
            let reading =
                Reading { holds: holds(&member), values: values.remove(&member).unwrap_or_default(), format: formats.remove(&member) };
            Column { at, header, member, reading }
        });
        let mut columns: Vec<Column> = columns.collect();
        columns.sort_by_key(|column| column.at);
        let headers = own.iter().map(|at| sent[*at].clone()).collect();
        Ok(Columns { headers, own, width: sent.len(), came_back, columns, constants: constants.into_iter().collect() })
    }

    /// Cells of a record.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What the reader of a spreadsheet was shielded from is taken off again.
    pub fn take(&self, cells: Vec<Cell>) -> Vec<Cell> {
        if !self.came_back {
            return cells;
        }
        cells.into_iter().map(|cell| if let Cell::Text(text) = cell { Cell::Text(unguarded(text)) } else { cell }).collect()
    }

    /// The cells as they came.
    pub fn shown(&self, cells: &[Cell]) -> Vec<String> {
        self.own.iter().map(|at| cells.get(*at).map(Cell::shown).unwrap_or_default()).collect()
    }

    /// The row, and what cannot be made of its cells.
    pub fn row(&self, cells: &[Cell], lang: Lang) -> (Map<String, Value>, Vec<Value>) {
        let mut row = Map::new();
        let mut faults = Vec::new();
        for (member, value) in &self.constants {
            put(&mut row, member, value.clone());
        }
        for column in &self.columns {
            let cell = cells.get(column.at).unwrap_or(&Cell::Empty);
            let told = match cell {
                Cell::Broken(error) => Text::new(
                    format!("Cột “{}”: ô bị lỗi {error}.", column.header),
                    format!("Column “{}”: the cell is broken, {error}.", column.header),
                ),
                cell => match column.reading.value(cell) {
                    Ok(None) => continue,
                    Ok(Some(value)) => {
                        put(&mut row, &column.member, value);
                        continue;
                    }
                    Err(doubtful) => Text::new(
                        format!("Cột “{}”: số {} có thể đã mất chữ số; hãy định dạng ô là văn bản.", column.header, doubtful.0),
                        format!("Column “{}”: the number {} may have lost digits; make the cell text.", column.header, doubtful.0),
                    ),
                },
            };
            let pointer = format!("/{}", column.member.replace('.', "/"));
            faults.push(json!({"code": "wrong_format", "pointer": pointer, "detail": lang.pick(told)}));
        }
        (row, faults)
    }
}

fn like(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

fn put(row: &mut Map<String, Value>, member: &str, value: Value) {
    match member.split_once('.') {
        None => {
            row.insert(member.to_owned(), value);
        }
        Some((outer, inner)) => {
            if let Value::Object(object) = row.entry(outer).or_insert_with(|| Value::Object(Map::new())) {
                put(object, inner, value);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn resource() -> Resource {
        let members = [
            ("code", Holds::Text),
            ("channel", Holds::Text),
            ("applicant", Holds::Json),
            ("applicant.name", Holds::Text),
            ("accepted_at", Holds::Instant),
        ];
        Resource { name: "dossiers".into(), members: members.into_iter().map(|(m, h)| (m.to_owned(), h)).collect() }
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn a_record_becomes_a_row() {
        let mapping = toml::from_str(
            "ignore = ['STT']\n[columns]\n'Số' = 'code'\n'Tên' = 'applicant.name'\n'Nhận' = 'accepted_at'\n'Kênh' = 'channel'\n\
             [constants]\n'applicant.kind' = 'citizen'\n[values.channel]\n'Mạng' = 'online'\n[formats]\naccepted_at = '%d/%m/%Y'",
        );
        let mut resource = resource();
        resource.members.insert("applicant.kind".into(), Holds::Text);
        let header = names(&["STT", "Số", "Tên", "Nhận", "Kênh", "error_codes", "error_detail"]);
        let columns = Columns::plan(&header, mapping.unwrap(), &resource).unwrap();
        assert_eq!(columns.headers, ["STT", "Số", "Tên", "Nhận", "Kênh"]);
        let cells = ["1", "A1", "'=B", "19/04/2022", "Mạng", "x", "y"].map(|c| Cell::Text(c.into())).to_vec();
        let cells = columns.take(cells);
        let (row, faults) = columns.row(&cells, Lang::En);
        let expected = json!({"code": "A1", "applicant": {"kind": "citizen", "name": "=B"}, "channel": "online",
            "accepted_at": "2022-04-19T00:00:00+07:00"});
        assert_eq!((Value::Object(row), faults), (expected, vec![]));
        assert_eq!(columns.shown(&cells), ["1", "A1", "=B", "19/04/2022", "Mạng"]);
        let (row, faults) = columns.row(&[Cell::Empty, Cell::Number(0.25, None), Cell::Broken("#REF!".into())], Lang::En);
        assert_eq!(row.len(), 1);
        let told: Vec<_> = faults.iter().map(|f| f["pointer"].as_str().unwrap()).collect();
        assert_eq!(told, ["/code", "/applicant/name"]);
    }

    #[test]
    fn all_faults_of_a_mapping_come_at_once() {
        let mapping = toml::from_str(
            "ignore = ['Nothing']\n[columns]\n'Số' = 'cod'\n'Kenh' = 'channel'\n[constants]\ncode = 'A'\n[values.chanel]\na = 'b'\n\
             [formats]\nchannel = '%Q'",
        );
        let header = names(&["Số", "Kênh", "code", "applicant", "applicant.name"]);
        let faults = Columns::plan(&header, mapping.unwrap(), &resource()).unwrap_err().join("\n");
        for word in [
            "column “Số”: cod is no member of dossiers; did you mean code?",
            "column “Kênh” is no member",
            "a column “Kenh”, which is not there; did you mean Kênh?",
            "a column “Nothing”, which is not there",
            "code is a constant, and column “code”, too",
            "[values] chanel: no column",
            "[formats] channel is no date",
            "“%Q” is no format",
            "applicant is given as a whole, and applicant.name, too",
        ] {
            assert!(faults.contains(word), "{word}\n{faults}");
        }
        assert!(toml::from_str::<Mapping>("colums = {}").is_err());
    }
}
