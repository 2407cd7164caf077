//! Nouns of the briefing: what an item is, how a month is cut, where a decision stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reports::period::PeriodSet;

/// What an item of a briefing is about; its key begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BriefingItemKind {
    /// `task:` and the code of a task.
    Task,
    /// `dossier:` and the code of a dossier.
    Dossier,
    /// `late_dossiers:` and the code of a department: all its late dossiers.
    LateDossiers,
    /// `finding:` and the kind of finding, `/`, the code of a department.
    Finding,
    /// `kpi:` and the code of an indicator, `/`, the code of a department, and `/` with the field of procedures where it is about one.
    Kpi,
    /// `obstacle:` and the code of an obstacle.
    Obstacle,
    /// `report:` and the code of a reporting duty, `/`, the period of the report.
    Report,
}

impl BriefingItemKind {
    pub const ALL: &[BriefingItemKind] = &[
        BriefingItemKind::Task,
        BriefingItemKind::Dossier,
        BriefingItemKind::LateDossiers,
        BriefingItemKind::Finding,
        BriefingItemKind::Kpi,
        BriefingItemKind::Obstacle,
        BriefingItemKind::Report,
    ];

    pub fn name(self) -> &'static str {
        ["task", "dossier", "late_dossiers", "finding", "kpi", "obstacle", "report"][self as usize]
    }

    /// The key of an item: what it is about, and the codes that name it.
    pub fn key(self, codes: &[&str]) -> String {
        format!("{}:{}", self.name(), codes.join("/"))
    }

    /// The kind and the rest of a key; `None` for what is no key.
    pub fn split(key: &str) -> Option<(BriefingItemKind, &str)> {
        let (name, rest) = key.split_once(':')?;
        let kind = BriefingItemKind::ALL.iter().find(|kind| kind.name() == name)?;
        (!rest.is_empty()).then_some((*kind, rest))
    }
}

/// How a month is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BriefingPeriodSet {
    /// A month runs from the 15th of the month before to the 14th.
    #[default]
    Administrative,
    Calendar,
}

impl BriefingPeriodSet {
    pub fn name(self) -> &'static str {
        ["administrative", "calendar"][self as usize]
    }

    pub fn set(self) -> PeriodSet {
        PeriodSet::named(self.name())
    }

    pub fn of(set: PeriodSet) -> BriefingPeriodSet {
        if set == PeriodSet::Calendar { BriefingPeriodSet::Calendar } else { BriefingPeriodSet::Administrative }
    }
}

/// Whether a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionState {
    Standing,
    Revoked,
}

/// What may be done with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionAct {
    Change,
    Revoke,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_its_kind() {
        for kind in BriefingItemKind::ALL {
            let key = kind.key(&["A.1", "B"]);
            assert_eq!(BriefingItemKind::split(&key), Some((*kind, "A.1/B")));
        }
        for none in ["", "task", "task:", "Task:a", "plan:a", ":a"] {
            assert_eq!(BriefingItemKind::split(none), None, "{none}");
        }
    }
}
