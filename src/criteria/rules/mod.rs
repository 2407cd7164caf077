//! What a sheet and a score must fulfil, what points follow from a figure, and what rose or fell. Pure.

pub mod score;
pub mod sheet;
pub mod table;
pub mod tree;

#[cfg(test)]
mod tests;
