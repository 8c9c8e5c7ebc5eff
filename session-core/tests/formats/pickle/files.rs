//! The pickles in cachelib's files, behind the four bytes of their end of life.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::codec::pickle::decode;
use rocket_session_state_core::codec::{Format, Record};
use rocket_session_state_core::value::Value;
use serde_json::Value as Json;

use crate::vectors::{check, load, same};

fn bytes(vector: &Json, field: &str) -> Vec<u8> {
    STANDARD.decode(vector[field].as_str().unwrap()).unwrap()
}

fn decoded(pickle: &[u8]) -> Result<Value, String> {
    decode(pickle).map_err(|error| error.to_string())
}

#[test]
fn cachelibs_pickles_are_read() {
    check("cachelib_file", |vector| {
        let (header, pickle) =
            bytes(vector, "file").split_first_chunk::<4>().map(|(a, b)| (*a, b.to_vec())).unwrap();
        assert_eq!(Some(u64::from(u32::from_le_bytes(header))), vector["expiry"].as_u64());
        assert_eq!(pickle, bytes(vector, "pickle"));
        same(&decoded(&pickle)?, &vector["loaded"])?;
        match decoded(&bytes(vector, "count_file")[4..])? {
            Value::Int(1) => Ok(()),
            other => Err(format!("counted {other:?}")),
        }
    });
}

#[test]
fn what_cachelib_can_not_read_is_refused() {
    check("cachelib_file_decode", |vector| {
        let file = bytes(vector, "file");
        let Some((header, pickle)) = file.split_first_chunk::<4>() else { return Ok(()) };
        let expiry = f64::from(u32::from_le_bytes(*header));
        let expired = expiry != 0.0 && expiry < vector["now"].as_f64().unwrap();
        match (vector["result"].as_str().unwrap(), decoded(pickle)) {
            ("loaded", value) => same(&value?, &vector["loaded"]),
            ("new_session", Ok(_)) if !expired => Err("was not refused".to_owned()),
            _ => Ok(()),
        }
    });
}

/// A record of a file, as a session would read it.
fn record(file: &[u8]) -> Result<Option<Record>, String> {
    let Some((_, pickle)) = file.split_first_chunk::<4>() else { return Ok(None) };
    Record::read(Format::Pickle, pickle.to_vec().into()).map_err(|error| error.to_string())
}

#[test]
fn cachelibs_records_are_read_and_written() {
    check("cachelib_file", |vector| {
        let record = record(&bytes(vector, "file"))?.ok_or("missing")?;
        same(&load(&record).map_err(|error| error.to_string())?, &vector["loaded"])?;
        let entries: Vec<_> = record.entries().collect();
        same(&decoded(&Format::Pickle.join(&entries))?, &vector["loaded"])
    });
}

#[test]
fn records_in_files_load_as_in_flask_session() {
    check("cachelib_file_decode", |vector| {
        match (vector["result"].as_str().unwrap(), record(&bytes(vector, "file"))) {
            ("loaded", record) => {
                let record = record?.ok_or("missing")?;
                same(&load(&record).map_err(|error| error.to_string())?, &vector["loaded"])
            }
            // That it is over is for the store to see.
            ("new_session", Ok(Some(_))) if vector["note"].as_str().unwrap().contains("second past") => {
                Ok(())
            }
            ("new_session", Ok(Some(_))) => Err("was not refused".to_owned()),
            _ => Ok(()),
        }
    });
}
