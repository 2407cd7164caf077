//! Measurements by the thousand: the queries of a load.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;
use uuid::Uuid;

use super::{Measured, measured, statement};
use crate::auth::Reach;
use crate::kpi::wire::{MeasurementView, NewMeasurement};

/// Where a measurement stands, by ids.
pub type At = (Uuid, Uuid, String, Option<String>);

/// Keeps other writers of these indicators and their measurements out until the transaction ends; in order, so that two loads
/// never wait for each other crosswise.
pub async fn lock_all(tx: &impl ConnectionTrait, kpis: &[Uuid]) -> Result<(), DbErr> {
    let text = "SELECT 1 FROM kpis WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    tx.execute_raw(statement(text, vec![kpis.to_vec().into()])).await.map(drop)
}

/// Every measurement of these indicators for these periods, by codes: indicator, department, period, field.
pub async fn standing(
    tx: &impl ConnectionTrait,
    kpis: &[Uuid],
    periods: Vec<String>,
) -> Result<HashMap<(String, String, String, Option<String>), MeasurementView>, DbErr> {
    let rest = "AND m.kpi_id = ANY($2) AND m.period = ANY($3)";
    let found = measured(tx, &Reach::All, rest, vec![kpis.to_vec().into(), periods.into()]).await?;
    let key = |m: Measured| ((m.view.kpi.clone(), m.view.department.clone(), m.view.period.clone(), m.view.field.clone()), m.view);
    Ok(found.into_iter().map(key).collect())
}

/// Creates or changes measurements.
pub async fn save_all(tx: &impl ConnectionTrait, rows: &[(At, &NewMeasurement)], now: DateTime<Utc>) -> Result<(), DbErr> {
    let exact = |value: Option<crate::kpi::decimal::Decimal>| value.map(|v| v.to_string());
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|((kpi, department, period, field), row)| {
            json!({"id": Uuid::now_v7(), "kpi": kpi, "department": department, "period": period, "field": field, "value": exact(row.value),
                "numerator": exact(row.numerator), "denominator": exact(row.denominator), "evidence": row.evidence, "note": row.note})
        })
        .collect();
    tx.execute_raw(statement(
        "INSERT INTO kpi_measurements (id, kpi_id, department_id, period, field_code, value, numerator, denominator, evidence, note,
             created_at, updated_at)
         SELECT r.id, r.kpi, r.department, r.period, r.field, r.value, r.numerator, r.denominator, r.evidence, r.note, $2, $2
           FROM jsonb_to_recordset($1) AS r(id uuid, kpi uuid, department uuid, period text, field text, value numeric, numerator numeric,
                denominator numeric, evidence jsonb, note text)
         ON CONFLICT ON CONSTRAINT kpi_measurement_key DO UPDATE SET value = excluded.value, numerator = excluded.numerator,
             denominator = excluded.denominator, evidence = excluded.evidence, note = excluded.note,
             version = kpi_measurements.version + 1, updated_at = excluded.updated_at",
        vec![serde_json::Value::from(rows).into(), now.into()],
    ))
    .await
    .map(drop)
}
