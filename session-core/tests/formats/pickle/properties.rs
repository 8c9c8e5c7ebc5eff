//! Properties of arbitrary pickles and arbitrary bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rocket_session_state_core::codec::pickle::decode;
use rocket_session_state_core::codec::{Format, Record};
use rocket_session_state_core::value::{MAX_DEPTH, Value};

/// The memory of a value and its levels.
fn extent(value: &Value) -> (usize, usize) {
    let (content, parts): (usize, Vec<&Value>) = match value {
        Value::Str(text) | Value::BigInt(text) => (text.len(), Vec::new()),
        Value::Bytes(bytes) => (bytes.len(), Vec::new()),
        Value::List(items) | Value::Tuple(items) => (0, items.iter().collect()),
        Value::Map(pairs) => (0, pairs.iter().flat_map(|(key, value)| [key, value]).collect()),
        _ => (0, Vec::new()),
    };
    let holds = matches!(value, Value::List(_) | Value::Tuple(_) | Value::Map(_));
    let inner: Vec<_> = parts.into_iter().map(extent).collect();
    let memory = size_of::<Value>() + content + inner.iter().map(|(memory, _)| memory).sum::<usize>();
    (memory, usize::from(holds) + inner.iter().map(|(_, levels)| *levels).max().unwrap_or(0))
}

fn does_no_harm(pickle: &[u8]) {
    if let Ok(value) = decode(pickle) {
        let (memory, levels) = extent(&value);
        assert!(memory <= 64 * pickle.len() + (4 << 20), "{memory} bytes of {}", pickle.len());
        assert!(levels <= MAX_DEPTH);
    }
    for format in [Format::Msgpack, Format::Json] {
        let _ = Record::read(format, pickle.to_vec().into());
    }
}

/// Pickles that make sense, but for lists that may contain themselves: every value may be remembered in one
/// of four places, and what is in a place may be anywhere.
fn program() -> impl Strategy<Value = Vec<u8>> {
    let data: [&[u8]; 8] =
        [b"N", b"K\x01", b"Va\n", b"\x8c\x01b", b"I01\n", b"C\x01\xff", b"\x8a\x01\x80", b"F1\n"];
    let leaf = prop_oneof![
        2 => select(data.to_vec()).prop_map(<[u8]>::to_vec),
        1 => (0..4_u8).prop_map(|place| vec![b'h', place]),
    ];
    let value = leaf.prop_recursive(8, 200, 6, |inner| {
        let key = select(vec![&b"Va\n"[..], b"K\x01", b"K\x01\x85"]);
        let pair = (key, inner.clone()).prop_map(|(key, value)| [key, value.as_slice()].concat());
        let between = |before: &'static [u8], after: &'static [u8]| {
            move |parts: Vec<Vec<u8>>| [before, parts.concat().as_slice(), after].concat()
        };
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(between(b"](", b"e")),
            vec(inner.clone(), 0..6).prop_map(between(b"(", b"l")),
            vec(inner.clone(), 0..6).prop_map(between(b"(", b"t")),
            vec(pair.clone(), 0..6).prop_map(between(b"}(", b"u")),
            vec(pair, 0..6).prop_map(between(b"(", b"d")),
            (0..4_u8, vec(inner.clone(), 0..6)).prop_map(|(place, items)| {
                let appended = items.into_iter().flat_map(|item| [item, b"a".to_vec()].concat());
                [b']', b'q', place].into_iter().chain(appended).collect()
            }),
            (0..4_u8, inner).prop_map(|(place, value)| [value, vec![b'q', place]].concat()),
        ]
    });
    value.prop_map(|value| [b"Nq\0Va\nq\x01)q\x02]q\x03", value.as_slice(), b"."].concat())
}

/// Pickles of a session in protocols 0, 2 and 5 with all that may be in it, to be damaged.
const WHOLE: [&[u8]; 3] = [
    b"(dp0\nVusername\np1\nVmo\\u6e38\np2\nsVcart\np3\n(lp4\nI1\naI01\naF2.5\na(VA\np5\nL5L\ntp6\nasVagain\np7\ng4\ns.",
    b"\x80\x02}q\0(X\x08\0\0\0usernameq\x01X\x04\0\0\0momoq\x02X\x04\0\0\0cartq\x03]q\x04(K\x01\x88G@\x04\0\0\0\0\0\0M\0\x01\x8a\x05\0\0\0\0\x01J\0\0\0\xffK\x01K\x02\x86q\x05eX\x05\0\0\0againq\x06h\x04u.",
    b"\x80\x05\x95E\0\0\0\0\0\0\0}\x94(\x8c\x08username\x94\x8c\x04momo\x94\x8c\x04cart\x94]\x94(K\x01\x89C\x02\0\xff\x94\x96\x01\0\0\0\0\0\0\0x\x94\x8f\x94(K\x01\x90e\x8c\x05again\x94h\x04u.",
];

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..4);
    (select(WHOLE.to_vec()), damage).prop_map(|(whole, damage)| {
        let mut pickle = whole.to_vec();
        for (index, byte, kind) in damage {
            let at = index.index(pickle.len());
            match kind {
                0 => pickle[at] = byte,
                1 => pickle.insert(at, byte),
                _ => drop(pickle.remove(at)),
            }
        }
        pickle
    })
}

#[test]
fn the_pickles_that_are_damaged_are_whole_before() {
    for whole in WHOLE {
        assert!(Record::read(Format::Msgpack, whole.into()).unwrap().is_some_and(|record| record.len() == 3));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..200)) {
        does_no_harm(&bytes);
    }

    #[test]
    fn arbitrary_programs_do_no_harm(program in program()) {
        does_no_harm(&program);
    }

    #[test]
    fn damaged_pickles_do_no_harm(pickle in damaged()) {
        does_no_harm(&pickle);
    }

    #[test]
    fn binary_integers_are_those_in_digits(bytes in vec(any::<u8>(), 0..16)) {
        let sign = if bytes.last().is_some_and(|byte| *byte > 0x7f) { 0xff } else { 0 };
        let mut whole = [sign; 16];
        whole[..bytes.len()].copy_from_slice(&bytes);
        let long = [&[0x8a, u8::try_from(bytes.len()).unwrap()], bytes.as_slice(), b"."].concat();
        prop_assert_eq!(decode(&long), Ok(Value::Int(i128::from_le_bytes(whole))));
    }
}
