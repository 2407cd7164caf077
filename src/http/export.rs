//! A list as an export reads it: the same filter, order and items as over HTTP, on a snapshot that stays as it is.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::auth::{Actor, Permission, Reach};
use crate::error::{ApiError, Code};
use crate::http::query::{FromQuery, Seal};
use crate::http::{PageInfo, QueryReader};

/// What an export asks a list for.
pub struct Ask<'a> {
    pub db: &'a DatabaseTransaction,
    pub shared: &'a Shared,
    pub actor: &'a Actor,
    pub reach: Reach,
    pub now: DateTime<Utc>,
    /// The filter and where the page begins, as a query.
    pub query: String,
    /// What the path of the list names, where it names something.
    pub key: Option<String>,
}

impl Ask<'_> {
    /// The filter of the list.
    ///
    /// # Errors
    /// 400 with every fault.
    pub fn filter<F: FromQuery>(&self) -> Result<F, ApiError> {
        read(self.shared, &self.query)
    }
}

fn read<F: FromQuery>(shared: &Shared, query: &str) -> Result<F, ApiError> {
    let mut reader = QueryReader::new(query);
    reader.seal = Some(Seal { key: shared.keys.seal.clone(), path: "export".into() });
    reader.finish_with(F::read)
}

/// A page of a list.
pub struct Batch {
    pub items: Vec<Value>,
    pub next_cursor: Option<String>,
}

impl Batch {
    /// # Errors
    /// An item cannot be serialised, which is a defect.
    pub fn of<T: Serialize>((items, page): (Vec<T>, PageInfo)) -> Result<Batch, ApiError> {
        let items =
            items.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(|e| ApiError::new(Code::Internal).because(e))?;
        Ok(Batch { items, next_cursor: page.next_cursor })
    }
}

type Read = for<'a> fn(&'a Ask<'a>) -> BoxFuture<'a, Result<Batch, ApiError>>;

/// A list that can be exported.
pub struct Source {
    pub resource: &'static str,
    pub permission: Permission,
    /// The parameter that stands for what the path of the list names.
    pub key: Option<&'static str>,
    /// The item's name in the contract.
    pub item: String,
    check: fn(&Shared, &str) -> Result<(), ApiError>,
    pub page: Read,
}

impl Source {
    pub fn of<F: FromQuery, T: ToSchema>(resource: &'static str, permission: Permission, page: Read) -> Source {
        let check = |shared: &Shared, query: &str| read::<F>(shared, query).map(drop);
        Source { resource, permission, key: None, item: T::name().into_owned(), check, page }
    }

    /// The list of something that its path names.
    pub fn keyed(self, key: &'static str) -> Source {
        Source { key: Some(key), ..self }
    }

    /// Whether the list takes this filter.
    ///
    /// # Errors
    /// 400 with every fault.
    pub fn check(&self, shared: &Shared, query: &str) -> Result<(), ApiError> {
        (self.check)(shared, query)
    }

    /// The names of an item's members, in the order of the contract.
    ///
    /// # Errors
    /// The contract does not know the item, which is a defect.
    pub fn columns(&self) -> Result<Vec<String>, ApiError> {
        let names = crate::openapi::outline().members(&self.item);
        names.ok_or_else(|| ApiError::new(Code::Internal).because(format!("the contract has no members of {}", self.item)))
    }
}
