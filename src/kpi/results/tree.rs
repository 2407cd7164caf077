//! Which departments a figure is about. Pure.

use std::collections::HashMap;

use super::store::Unit;

/// A department by its code and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub code: String,
    pub name: String,
}

/// The departments right below one, and all that is below each.
pub struct Children {
    /// How deep in the tree they stand, from 1.
    pub depth: u8,
    pub list: Vec<Child>,
    /// Under which of them a department is; each is under itself.
    under: HashMap<String, String>,
}

impl Children {
    /// Those of a department that the caller `sees`.
    pub fn of_department(units: &[Unit], parent: &str, sees: impl Fn(&Unit) -> bool) -> Children {
        let mut children = Children { depth: 1, list: Vec::new(), under: HashMap::new() };
        for unit in units.iter().filter(|unit| sees(unit)) {
            let Some(place) = unit.chain.iter().position(|code| code == parent).filter(|place| *place > 0) else { continue };
            let child = &unit.chain[place - 1];
            children.under.insert(unit.code.clone(), child.clone());
            if place == 1 {
                children.depth = u8::try_from(unit.chain.len()).unwrap_or(u8::MAX);
                children.list.push(Child { code: unit.code.clone(), name: unit.name.clone() });
            }
        }
        children
    }

    /// Under which of them a department is.
    pub fn of(&self, department: &str) -> Option<&str> {
        self.under.get(department).map(String::as_str)
    }

    /// Every department under one of them.
    pub fn contains(&self, department: &str) -> bool {
        self.under.contains_key(department)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn unit(chain: &[&str]) -> Unit {
        Unit {
            id: uuid::Uuid::nil(),
            code: chain[0].to_owned(),
            name: format!("{} name", chain[0]),
            is_root: chain.len() == 1,
            chain: chain.iter().map(|code| (*code).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_below_a_child_is_under_it() {
        let units =
            [unit(&["S"]), unit(&["A", "S"]), unit(&["A1", "A", "S"]), unit(&["A11", "A1", "A", "S"]), unit(&["B", "S"]), unit(&["X"])];
        let children = Children::of_department(&units, "S", |_| true);
        assert_eq!(children.list.iter().map(|c| c.code.as_str()).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(
            (children.depth, children.of("A11"), children.of("B"), children.of("S"), children.of("X")),
            (2, Some("A"), Some("B"), None, None)
        );
        let below = Children::of_department(&units, "A", |_| true);
        assert_eq!((below.depth, below.list.len(), below.of("A11"), below.of("A")), (3, 1, Some("A1"), None));
        assert!(Children::of_department(&units, "S", |unit| unit.code != "B").list.iter().all(|c| c.code == "A"));
        assert!(!children.contains("S") && children.contains("A1"));
    }
}
