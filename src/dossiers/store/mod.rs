//! Every query on dossiers; each select starts from what the actor may see.

mod list;
pub mod purge;
mod read;
mod save;
pub mod work;

pub use list::{Filter, Listed, Sort, chosen, list, list_statement};
pub use read::{PauseRow, Row, find, find_statement, lock};
pub use save::{align_last_move, code_exists, insert, update, update_closed};

use sea_orm::{DbBackend, Statement};

pub fn sql(text: impl Into<String>, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}
