//! Objects of the classes that sessions know, as Python pickles them.

use rocket_session_state_core::codec::pickle::decode;
use serde_json::{Value as Json, json};

use crate::typed::to_typed;

/// `datetime.datetime(2024, 1, 2, 3, 4, 5, 678901` …
const STATE: &[u8] = b"\x07\xe8\x01\x02\x03\x04\x05\x0a\x5b\xf5";

fn read(pickle: &[u8]) -> Result<Json, String> {
    decode(pickle).map(|value| to_typed(&value)).map_err(|error| error.to_string())
}

/// A pickle of protocol 5 with names that are remembered, as Python's.
fn date_time(state: &[u8], zone: &[u8]) -> Vec<u8> {
    let class = b"\x80\x05\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\x0a";
    let end: &[u8] = if zone.is_empty() { b"\x94\x85\x94R\x94." } else { b"\x86\x94R\x94." };
    [class, state, zone, end].concat()
}

/// `timezone(timedelta(days, seconds))`; the module's name is the first that is remembered.
fn zone(days: &[u8], seconds: &[u8]) -> Vec<u8> {
    let classes = b"\x94h\0\x8c\x08timezone\x94\x93\x94h\0\x8c\x09timedelta\x94\x93\x94";
    [classes, days, seconds, b"K\0\x87\x94R\x94\x85\x94R\x94"].concat()
}

#[test]
fn dates_with_times_are_read_with_and_without_an_offset() {
    let utc = zone(b"K\0", b"K\0");
    let east = zone(b"K\0", b"M0*");
    let west = zone(b"J\xff\xff\xff\xff", b"J\x28\x04\x01\0");
    for (zone, expected) in [
        (&b""[..], "2024-01-02T03:04:05.678901"),
        (&utc, "2024-01-02T03:04:05.678901Z"),
        (&east, "2024-01-02T03:04:05.678901+03:00"),
        (&west, "2024-01-02T03:04:05.678901-05:30"),
    ] {
        assert_eq!(read(&date_time(STATE, zone)), Ok(json!({ "$datetime": expected })));
    }
    // `fold=1`, the second of two equal hours
    let folded = [&STATE[..2], b"\x81", &STATE[3..]].concat();
    assert_eq!(read(&date_time(&folded, &utc)), Ok(json!({ "$datetime": "2024-01-02T03:04:05.678901Z" })));
}

#[test]
fn dates_that_no_calendar_has_are_refused() {
    for state in [
        [0; 10],
        [0x07, 0xe8, 2, 30, 0, 0, 0, 0, 0, 0],
        [0x07, 0xe8, 1, 1, 24, 0, 0, 0, 0, 0],
        [0x07, 0xe8, 1, 1, 0, 0, 0, 0xff, 0xff, 0xff],
        [0xff; 10],
    ] {
        assert!(read(&date_time(&state, b"")).is_err(), "{state:?}");
    }
    // An hour before the year 1 in UTC.
    let first = [0, 1, 1, 1, 0, 0, 0, 0, 0, 0];
    assert!(read(&date_time(&first, &zone(b"K\0", b"M\x10\x0e"))).is_err());
    for zone in [zone(b"K\x01", b"K\0"), zone(b"K\0", b"\x8a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x7f")] {
        assert!(read(&date_time(STATE, &zone)).is_err(), "an offset of a day or more");
    }
}

#[test]
fn uuids_and_html_are_read() {
    let uuid =
        |state: &[u8]| [b"\x80\x05\x8c\x04uuid\x94\x8c\x04UUID\x94\x93\x94)\x81\x94", state, b"b."].concat();
    let id = json!({ "$uuid": "12345678-1234-5678-1234-567812345678" });
    let number = b"\x8a\x10xV4\x12xV4\x12xV4\x12xV4\x12";
    let int = [b"}\x94\x8c\x03int\x94", &number[..], b"s"].concat();
    assert_eq!(read(&uuid(&int)), Ok(id.clone()));
    // what is known of how it was made comes with it
    let safe = [b"}\x94(\x8c\x03int\x94", &number[..], b"\x8c\x07is_safe\x94K\0u"].concat();
    assert_eq!(read(&uuid(&safe)), Ok(id));
    // all bits set: more than 127
    let large = [&b"}\x8c\x03int\x8a\x11"[..], &[0xff; 16], b"\0s"].concat();
    assert_eq!(read(&uuid(&large)), Ok(json!({ "$uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff" })));
    for state in [&b"}"[..], b"N", b"}\x8c\x03intNs", b"}\x8c\x03intJ\xff\xff\xff\xffs", b"}\x8c\x01xK\x01s"]
    {
        assert!(read(&uuid(state)).is_err(), "{}", state.escape_ascii());
    }
    let html = b"\x80\x05\x8c\x0amarkupsafe\x94\x8c\x06Markup\x94\x93\x94\x8c\x03<b>\x94\x85\x94\x81\x94.";
    assert_eq!(read(html), Ok(json!({ "$markup": "<b>" })));
    // The name in protocols up to 3.
    assert_eq!(read(b"\x80\x03cmarkupsafe\nMarkup\nX\x01\0\0\0<\x85\x81."), Ok(json!({ "$markup": "<" })));
}

#[test]
fn what_is_only_a_part_of_a_value_is_none() {
    let class = b"cdatetime\ntimedelta\n";
    let delta = [&class[..], b"K\x01K\x02K\0\x87R"].concat();
    let zone = [b"cdatetime\ntimezone\n", &delta[..], b"\x85R"].concat();
    for (pickle, what) in [
        (class.to_vec(), "a class"),
        (delta.clone(), "a duration"),
        (zone.clone(), "a time zone"),
        (b"cuuid\nUUID\n)\x81".to_vec(), "a UUID without its number"),
        ([b"}\x8c\x01a", &delta[..], b"s"].concat(), "a duration"),
    ] {
        let error = read(&[&pickle[..], b"."].concat()).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}
