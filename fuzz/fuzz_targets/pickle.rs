#![no_main]

use libfuzzer_sys::fuzz_target;
use rocket_session_state_core::codec::{Format, pickle};
use rocket_session_state_core::value::Value;
use session_fuzz::{check_record, check_value};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = pickle::decode(bytes) {
        assert!(memory(&value) <= 64 * bytes.len() + (4 << 20), "more memory than documented");
        check_value(None, &value);
    }
    check_record(Format::Msgpack, bytes);
    check_record(Format::Json, bytes);
});

fn memory(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Str(text) | Value::BigInt(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(items) | Value::Tuple(items) => items.iter().map(memory).sum(),
            Value::Map(pairs) => pairs.iter().map(|(key, value)| memory(key) + memory(value)).sum(),
            _ => 0,
        }
}
