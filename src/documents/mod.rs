//! The register of documents (sổ văn bản): what an agency sends out and what it receives, numbered book by book.
//!
//! **Who sees what.** An entry is seen by whose permission to read reaches its department: who drafted an outgoing document, who handles
//! an incoming one; those without a department yet only by who sees all. A document that is not `normal` (mật, tối mật, tuyệt mật) is seen
//! by fewer: its department, the clerk, the office and the director, and by machines whose scope says so. Lists, totals, details, loads
//! and voiding ask the same question (`store::Sight`); indicators only count.

mod acts;
mod load;
mod routes;
mod rules;
mod store;
mod wire;

pub use load::Rows;
pub use routes::{configure, exported, exported_kinds};
