//! Rows on their way through the database: packed, and sealed, since they may hold passwords and numbers of persons.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use uuid::Uuid;

use crate::error::{ApiError, Code};
use crate::vault::{Sealed, Vault};

fn broken(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::Internal).because(error)
}

/// Rows one after the other, each behind its length.
#[derive(Default)]
pub struct Bundle {
    bytes: Vec<u8>,
    pub rows: usize,
}

impl Bundle {
    pub fn push(&mut self, row: &[u8]) {
        // A row is at most a mebibyte.
        self.bytes.extend_from_slice(&(row.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(row);
        self.rows += 1;
    }

    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// # Errors
    /// It is larger than the cipher takes, which it cannot be.
    pub fn seal(&self, vault: &Vault, job: Uuid, first_row: u64) -> Result<Vec<u8>, ApiError> {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&self.bytes).map_err(broken)?;
        let packed = packer.finish().map_err(broken)?;
        Ok(vault.seal_bytes(&piece(job, first_row), &packed).map_err(broken)?.0)
    }
}

fn piece(job: Uuid, first_row: u64) -> String {
    format!("job {job} from {first_row}")
}

fn row(job: Uuid, index: u64) -> String {
    format!("job {job} row {index}")
}

/// The rows of a piece.
///
/// # Errors
/// The key is another one.
pub fn open(vault: &Vault, job: Uuid, first_row: u64, sealed: Vec<u8>) -> Result<Vec<Vec<u8>>, ApiError> {
    let packed = vault.open_bytes(&piece(job, first_row), &Sealed(sealed)).map_err(broken)?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed.as_slice()).read_to_end(&mut bytes).map_err(broken)?;
    let (mut rows, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (row, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(|| broken("a piece breaks off"))?;
        rows.push(row.to_vec());
        rest = after;
    }
    Ok(rows)
}

/// A single row, to be kept.
///
/// # Errors
/// As [`Bundle::seal`].
pub fn seal_row(vault: &Vault, job: Uuid, index: u64, bytes: &[u8]) -> Result<String, ApiError> {
    Ok(STANDARD.encode(vault.seal_bytes(&row(job, index), bytes).map_err(broken)?.0))
}

/// # Errors
/// The key is another one.
pub fn open_row(vault: &Vault, job: Uuid, index: u64, sealed: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    vault.open_bytes(&row(job, index), &Sealed(sealed)).map_err(broken)
}
