//! The lists that can be exported: one line each.

use std::sync::OnceLock;

use crate::http::export::Source;
use crate::{clients, departments, documents, dossiers, duties, explanations, identity, kpi, obstacles, plans, procedures};

pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        vec![
            clients::exported(),
            departments::exported(),
            documents::exported(),
            dossiers::exported(),
            duties::exported(),
            explanations::exported(),
            kpi::exported(),
            kpi::exported_measurements(),
            obstacles::exported(),
            plans::exported(),
            plans::exported_tasks(),
            procedures::exported(),
            identity::exported(),
        ]
    })
}

pub fn source(resource: &str) -> Option<&'static Source> {
    sources().iter().find(|s| s.resource == resource)
}
