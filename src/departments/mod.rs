//! Departments: the units of the organisation and the bodies outside it, as a tree with validity dates.
//! A department is never renamed in place by a successor: it ends (`valid_to`) and names who follows (`successor`).

mod acts;
mod routes;
mod rules;
mod store;
mod wire;

pub use routes::configure;
pub use store::{EXPANDED, Known, known, view_by_code};
pub use wire::NewDepartment;
