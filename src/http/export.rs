//! A list as an export reads it: the same filter, order and items as over HTTP, on a snapshot that stays as it is.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::auth::{Permission, Reach};
use crate::error::{ApiError, Code};
use crate::http::query::{FromQuery, Seal};
use crate::http::{Call, PageInfo, QueryReader};

/// What an export asks a list for.
pub struct Ask<'a> {
    pub db: &'a DatabaseTransaction,
    pub shared: &'a Shared,
    /// Who asked for it, in which language, and when it was begun.
    pub call: &'a Call,
    pub reach: Reach,
    /// The filter and where the page begins, as a query.
    pub query: String,
    /// What the path of the list names, by the names of the source's keys.
    pub keys: &'a BTreeMap<String, String>,
}

impl Ask<'_> {
    /// The filter of the list.
    ///
    /// # Errors
    /// 400 with every fault.
    pub fn filter<F: FromQuery>(&self) -> Result<F, ApiError> {
        read(self.shared, &self.query)
    }

    /// What the path of the list names; nothing has the empty name.
    pub fn key(&self, name: &str) -> &str {
        self.keys.get(name).map_or("", String::as_str)
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

    /// All of a list that is answered at once.
    ///
    /// # Errors
    /// An item cannot be serialised, which is a defect.
    pub fn whole<T: Serialize>(items: Vec<T>) -> Result<Batch, ApiError> {
        Batch::of((items, PageInfo { limit: 0, next_cursor: None, total: None, total_kind: None }))
    }
}

type Read = for<'a> fn(&'a Ask<'a>) -> BoxFuture<'a, Result<Batch, ApiError>>;

/// A list that can be exported.
pub struct Source {
    pub resource: &'static str,
    pub permission: Permission,
    /// The members of the filter that stand for what the path of the list names.
    pub keys: &'static [&'static str],
    /// Whether the keys may be left out: there is a list of all, too.
    pub of_all: bool,
    /// Whether the list is answered at once: it has no pages.
    pub at_once: bool,
    /// The item's name in the contract.
    pub item: String,
    check: fn(&Shared, &str) -> Result<(), ApiError>,
    pub page: Read,
}

impl Source {
    pub fn of<F: FromQuery, T: ToSchema>(resource: &'static str, permission: Permission, page: Read) -> Source {
        let check = |shared: &Shared, query: &str| read::<F>(shared, query).map(drop);
        Source { resource, permission, keys: &[], of_all: false, at_once: false, item: T::name().into_owned(), check, page }
    }

    /// The list of something that its path names.
    pub fn keyed(self, keys: &'static [&'static str]) -> Source {
        Source { keys, ..self }
    }

    /// The list of all, unless the key is given.
    pub fn or_of_all(self) -> Source {
        Source { of_all: true, ..self }
    }

    /// A list without pages.
    pub fn at_once(self) -> Source {
        Source { at_once: true, ..self }
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
