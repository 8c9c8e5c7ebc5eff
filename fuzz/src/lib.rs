//! Properties of anything that a client or a store may send: no panic, and more than that.

mod record;
mod signature;
mod typed;
mod value;

pub use record::check_record;
pub use signature::signed_by_flask;
pub use value::check_value;

use rocket_session_state_core::codec::Format;

/// Every format of a session.
const FORMATS: [Format; 3] = [Format::Msgpack, Format::Json, Format::TaggedJson];
