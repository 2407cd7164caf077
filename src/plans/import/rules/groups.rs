//! Headings of a table as a tree, by the style of their numbers. Pure.

use std::collections::HashSet;

use crate::http::values::fold;
use crate::http::{Line, Prose, ResourceCode};
use crate::plans::wire::NewGroup;

/// A number as it may stand in a code.
pub fn plain(number: &str) -> String {
    let kept: String = number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '-').collect();
    kept.trim_matches(['.', '-']).to_owned()
}

/// `II. Cải cách thủ tục` parted into its number and words.
pub fn number_of(text: &str) -> (String, String) {
    let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let bare = first.trim_end_matches(['.', ')', ':', '/']);
    let marked = bare.len() < first.len() || bare.chars().all(|c| c.is_ascii_digit() || c == '.');
    if marked && rank(bare).is_some() && !rest.is_empty() {
        (first.to_owned(), rest.trim().to_owned())
    } else {
        (String::new(), text.trim().to_owned())
    }
}

/// How high a heading with such a number stands: `A`, then `II`, then `1`, then `1.1`, then `a`.
fn rank(number: &str) -> Option<usize> {
    let bare = number.trim_end_matches(['.', ')', ':', '/']);
    let all = |test: fn(char) -> bool| !bare.is_empty() && bare.chars().all(test);
    if all(|c| matches!(c, 'I' | 'V' | 'X' | 'L')) {
        Some(1)
    } else if bare.len() == 1 && all(|c| c.is_ascii_uppercase()) {
        Some(0)
    } else if all(|c| c.is_ascii_digit() || c == '.') {
        Some(2 + bare.matches('.').count())
    } else if bare.len() == 1 && all(|c| c.is_ascii_lowercase()) {
        Some(9)
    } else {
        None
    }
}

/// The headings met so far.
pub struct Groups {
    old: Vec<NewGroup>,
    list: Vec<NewGroup>,
    /// The headings under which the next row stands, with how high each is.
    open: Vec<(usize, ResourceCode)>,
}

impl Groups {
    pub fn new(old: &[NewGroup]) -> Groups {
        Groups { old: old.to_vec(), list: Vec::new(), open: Vec::new() }
    }

    /// A heading on a row of its own.
    pub fn enter(&mut self, number: &str, words: &str) {
        // One without a number stands beside the last, or below those that have numbers.
        let rank = rank(number).unwrap_or(8);
        while self.open.last().is_some_and(|(open, _)| *open >= rank) {
            self.open.pop();
        }
        let parent = self.current();
        if let Some(code) = self.group(parent, number, words) {
            self.open.push((rank, code));
        }
    }

    /// A heading told beside each task.
    pub fn enter_flat(&mut self, number: &str, words: &str) {
        self.open.clear();
        if let Some(code) = self.group(None, number, words) {
            self.open.push((0, code));
        }
    }

    pub fn current(&self) -> Option<ResourceCode> {
        self.open.last().map(|(_, code)| code.clone())
    }

    /// The heading with these words at this place; it keeps the code it had.
    fn group(&mut self, parent: Option<ResourceCode>, number: &str, words: &str) -> Option<ResourceCode> {
        let same = |g: &&NewGroup| g.parent == parent && fold(g.title.as_str()) == fold(words);
        if let Some(known) = self.list.iter().find(same) {
            return Some(known.code.clone());
        }
        let earlier = self.old.iter().find(same).cloned();
        let number_as_printed = (!number.is_empty()).then(|| Line::cut(number));
        let group = match earlier {
            Some(group) => NewGroup { printed_number: number_as_printed, title: Prose::cut(words), ..group },
            None => {
                let code = self.code(parent.as_ref(), number)?;
                NewGroup { code, parent, printed_number: number_as_printed, title: Prose::cut(words), kpis: Vec::new() }
            }
        };
        let code = group.code.clone();
        self.list.push(group);
        Some(code)
    }

    fn code(&self, parent: Option<&ResourceCode>, number: &str) -> Option<ResourceCode> {
        let number = plain(number);
        let own = if number.is_empty() { format!("g{}", self.list.len() + 1) } else { number };
        let base: String = parent.map_or_else(|| own.clone(), |p| format!("{p}.{own}")).chars().take(40).collect();
        let taken = |code: &str| self.list.iter().chain(&self.old).any(|g| g.code.as_str() == code);
        let mut codes = std::iter::once(base.clone()).chain((2..=self.list.len() + self.old.len() + 2).map(|n| format!("{base}-{n}")));
        codes.find(|code| !taken(code)).and_then(|code| ResourceCode::parse(&code))
    }

    /// Those that have a task, or a heading that has one; what stands alone is no heading.
    pub fn used(self, groups: &HashSet<&str>) -> Vec<NewGroup> {
        let mut used: HashSet<String> = groups.iter().map(|g| (*g).to_owned()).collect();
        for group in self.list.iter().rev() {
            if let Some(parent) = group.parent.as_ref().filter(|_| used.contains(group.code.as_str())) {
                used.insert(parent.to_string());
            }
        }
        self.list.into_iter().filter(|g| used.contains(g.code.as_str())).collect()
    }
}
