//! Bodies of the numbers' operations.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::http::{At, Day, Line, ResourceCode};

/// How many numbers a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSize(pub i32);

impl BlockSize {
    const MOST: i32 = 500;
}

impl<'de> Deserialize<'de> for BlockSize {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let count = i32::deserialize(d)?;
        if (1..=BlockSize::MOST).contains(&count) { Ok(BlockSize(count)) } else { Err(D::Error::custom("from 1 to 500")) }
    }
}

impl PartialSchema for BlockSize {
    fn schema() -> RefOr<Schema> {
        let count = ObjectBuilder::new().schema_type(Type::Integer).description(Some("How many numbers."));
        RefOr::T(Schema::Object(count.minimum(Some(1)).maximum(Some(BlockSize::MOST)).examples([serde_json::json!(20)]).build()))
    }
}
impl ToSchema for BlockSize {
    fn name() -> Cow<'static, str> {
        "BlockSize".into()
    }
}

/// A block of numbers to hold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNumberReservation, example = json!({"department": "MC", "day": "2022-06-20", "count": 20, "expires_at": "2022-06-20T17:30:00+07:00"}))]
pub struct NewReservation {
    /// Code of the one-stop counter that the numbers are for.
    pub department: ResourceCode,
    /// The day of the numbers, at most 31 days ahead; today by default. A past day is for what a paper register took in then.
    #[serde(default)]
    pub day: Option<Day>,
    pub count: BlockSize,
    /// Until when the counter may bring them along, at most 31 days; by default the end of the day, or one day when that is past.
    #[serde(default)]
    pub expires_at: Option<At>,
}

/// What has become of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NumberReservationState)]
pub enum ReservationState {
    /// Its counter may bring its numbers along.
    Open,
    Expired,
    Released,
}

/// A block of consecutive numbers held for a counter.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NumberReservation, example = json!({"id": "0198c5a0-0000-7000-8000-000000000009", "department": "MC", "agency": "H32.05", "day": "2022-06-20",
    "first": 1, "last": 20, "first_code": "H32.05-220620-0001", "last_code": "H32.05-220620-0020", "used": 3, "state": "open",
    "reserved_at": "2022-06-20T07:00:00+07:00", "reserved_by": "one_stop", "expires_at": "2022-06-20T17:30:00+07:00", "released_at": null, "version": 1}))]
pub struct ReservationView {
    pub id: Uuid,
    pub department: String,
    /// What the numbers begin with.
    pub agency: String,
    pub day: Day,
    pub first: i32,
    pub last: i32,
    pub first_code: String,
    pub last_code: String,
    /// How many of them dossiers have.
    pub used: i64,
    pub state: ReservationState,
    pub reserved_at: At,
    pub reserved_by: String,
    pub expires_at: At,
    pub released_at: Option<At>,
    pub version: i32,
}

crate::page_of!(
    /// A page of reservations.
    NumberReservationPage, ReservationView);

/// The unused numbers of a block are given up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NumberRelease, example = json!({"reason": "Đã có mạng trở lại"}))]
pub struct Release {
    /// For the record.
    #[serde(default)]
    pub reason: Option<Line>,
}

/// Why numbers are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoleReason {
    /// Held for a counter that may still bring them along.
    Reserved,
    /// Held for a counter that did not bring them along in time.
    ReservationExpired,
    /// Given up by the counter that they were held for.
    Released,
    /// A history that was loaded has later numbers of that day, but not these.
    Unexplained,
}

/// Consecutive numbers that no dossier has.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"first": 4, "last": 20, "first_code": "H32.05-220620-0004", "last_code": "H32.05-220620-0020", "reason": "reserved",
    "reservation": "0198c5a0-0000-7000-8000-000000000009", "until": "2022-06-20T17:30:00+07:00"}))]
pub struct NumberHole {
    pub first: i32,
    pub last: i32,
    pub first_code: String,
    pub last_code: String,
    pub reason: HoleReason,
    /// Id of the reservation that they were held by.
    pub reservation: Option<Uuid>,
    /// Until when they are, or were, held: the expiry or the release.
    pub until: Option<At>,
}

/// The numbers of an agency and day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"agency": "H32.05", "day": "2022-06-20", "last_number": 20, "used": 3, "voided": ["H32.05-220620-0002"], "holes": [{"first": 4, "last": 20,
    "first_code": "H32.05-220620-0004", "last_code": "H32.05-220620-0020", "reason": "reserved", "reservation": "0198c5a0-0000-7000-8000-000000000009",
    "until": "2022-06-20T17:30:00+07:00"}]}))]
pub struct NumberDay {
    pub agency: String,
    pub day: Day,
    /// The last number allotted or reserved.
    pub last_number: i32,
    /// How many dossiers have a number of that day, voided ones included.
    pub used: i64,
    /// Codes of voided dossiers: their numbers are used, and no hole.
    pub voided: Vec<String>,
    /// The rest, in order.
    pub holes: Vec<NumberHole>,
}

crate::page_of!(
    /// A page of days with their numbers.
    NumberDayPage, NumberDay);
