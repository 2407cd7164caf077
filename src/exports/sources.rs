//! The lists that can be exported: one line each.

use std::sync::OnceLock;

use crate::http::export::Source;
use crate::{
    briefing, calendar, clients, criteria, departments, documents, dossiers, duties, explanations, identity, kpi, obstacles, plans,
    procedures, reports, rule_sets, surveys,
};

pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        vec![
            calendar::exported(),
            calendar::exported_days(),
            dossiers::exported_revisions(),
            dossiers::exported_moves(),
            clients::exported(),
            criteria::exported(),
            briefing::exported(),
            departments::exported(),
            documents::exported(),
            documents::exported_kinds(),
            dossiers::exported(),
            dossiers::exported_register(),
            dossiers::exported_work(),
            dossiers::exported_gaps(),
            dossiers::exported_reservations(),
            duties::exported(),
            duties::exported_occurrences(),
            duties::exported_hand_ins(),
            explanations::exported(),
            kpi::exported(),
            kpi::exported_versions(),
            kpi::exported_targets(),
            kpi::exported_measurements(),
            kpi::exported_measurement_versions(),
            kpi::exported_submissions(),
            kpi::exported_contributors(),
            obstacles::exported(),
            plans::exported(),
            plans::exported_versions(),
            plans::exported_tasks(),
            procedures::exported(),
            reports::exported_snapshots(),
            rule_sets::exported(),
            surveys::exported(),
            identity::exported(),
        ]
    })
}

pub fn source(resource: &str) -> Option<&'static Source> {
    sources().iter().find(|s| s.resource == resource)
}
