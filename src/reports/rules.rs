//! What figures are compared and condensed by. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

/// The smallest number that at least so many per cent do not exceed (nearest rank): always one that occurred. `counts` says how
/// often each number occurred.
pub fn nearest_rank(counts: &BTreeMap<i64, i64>, per_cent: i64) -> Option<i64> {
    let all: i64 = counts.values().sum();
    let mut seen = 0;
    counts.iter().find_map(|(number, n)| {
        seen += n;
        (seen * 100 >= all * per_cent).then_some(*number)
    })
}

/// One cell that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it is, as a JSON pointer in which rows go by their key instead of their place.
    pub path: String,
    /// Null where there was no such cell.
    pub frozen: Value,
    pub recomputed: Value,
}

/// Every cell in which two reports differ, by path.
pub fn differences(frozen: &Value, recomputed: &Value) -> Vec<Difference> {
    let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
    cells(frozen, String::new(), &mut was);
    cells(recomputed, String::new(), &mut is);
    let paths: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let cell = |of: &BTreeMap<String, Value>, path: &String| of.get(path).cloned().unwrap_or_default();
    let pair = |path: &String| Difference { path: path.clone(), frozen: cell(&was, path), recomputed: cell(&is, path) };
    paths.into_iter().map(pair).filter(|d| d.frozen != d.recomputed).collect()
}

fn cells(value: &Value, path: String, found: &mut BTreeMap<String, Value>) {
    let below = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| cells(inner, below(name), found)),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                cells(item, below(&key(item).unwrap_or_else(|| i.to_string())), found);
            }
        }
        cell => drop(found.insert(path, cell.clone())),
    }
}

/// What a row goes by, whatever place it stands in: its key, or its cause with the reason.
fn key(row: &Value) -> Option<String> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    text("key").map(str::to_owned).or_else(|| {
        let cause = text("cause")?;
        Some(text("reason").map_or_else(|| cause.to_owned(), |reason| format!("{cause}:{reason}")))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_percentile_is_a_number_that_occurred() {
        type Counts = &'static [(i64, i64)];
        let cases: [(Counts, i64, Option<i64>); 9] = [
            (&[], 50, None),
            (&[(3, 1)], 50, Some(3)),
            (&[(3, 1)], 90, Some(3)),
            (&[(1, 1), (2, 1)], 50, Some(1)),
            (&[(1, 1), (2, 1), (5, 1)], 50, Some(2)),
            (&[(0, 9), (8, 1)], 90, Some(0)),
            (&[(0, 8), (8, 2)], 90, Some(8)),
            (&[(0, 89), (7, 1), (8, 10)], 90, Some(7)),
            (&[(1, 0), (4, 2)], 50, Some(4)),
        ];
        for (counts, per_cent, expected) in cases {
            assert_eq!(nearest_rank(&counts.iter().copied().collect(), per_cent), expected, "{counts:?} {per_cent}");
        }
    }

    #[test]
    fn differences_are_told_cell_by_cell_wherever_rows_stand() {
        let frozen = json!({"to": "2022-04-14", "rows": [{"key": "A", "n": 1}, {"key": "B/1", "n": 2, "causes": [{"cause": "stated", "reason": "x", "n": 1}]}]});
        let now = json!({"to": "2022-04-14", "rows": [{"key": "0", "n": 5}, {"key": "B/1", "n": 3, "causes": []}, {"key": "A", "n": 1}]});
        let told: Vec<_> = differences(&frozen, &now).into_iter().map(|d| (d.path, d.frozen, d.recomputed)).collect();
        let expected = [
            ("/rows/0/key", json!(null), json!("0")),
            ("/rows/0/n", json!(null), json!(5)),
            ("/rows/B~11/causes/stated:x/cause", json!("stated"), json!(null)),
            ("/rows/B~11/causes/stated:x/n", json!(1), json!(null)),
            ("/rows/B~11/causes/stated:x/reason", json!("x"), json!(null)),
            ("/rows/B~11/n", json!(2), json!(3)),
        ];
        assert_eq!(told, expected.map(|(path, a, b)| (path.to_owned(), a, b)));
        assert_eq!(differences(&now, &now), []);
    }
}
