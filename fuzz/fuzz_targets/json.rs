#![no_main]

use libfuzzer_sys::fuzz_target;
use rocket_session_state_core::codec::Format;
use session_fuzz::check_record;

fuzz_target!(|bytes: &[u8]| check_record(Format::Json, bytes));
