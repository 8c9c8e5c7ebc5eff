//! Depth, length, digits and references: no pickle can exhaust the stack or the memory.

use std::iter;

use rocket_session_state_core::codec::pickle::decode;
use rocket_session_state_core::value::{MAX_DEPTH, Value};

use super::read;

/// The smallest stack that a request is likely to run on.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

/// A list within a list, as many as `levels`.
fn nested(levels: usize) -> Vec<u8> {
    [vec![b']'; levels], vec![b'a'; levels - 1], b".".to_vec()].concat()
}

/// Lists of which each holds the one before twice: 2^`levels` times the first.
fn doubled(levels: u8, first: &[u8]) -> Vec<u8> {
    let mut pickle = [first, b"q\0"].concat();
    for level in 0..levels {
        pickle.extend([b'0', b'(', b'h', level, b'h', level, b'l', b'q', level + 1]);
    }
    pickle.push(b'.');
    pickle
}

#[test]
fn values_are_read_up_to_the_documented_depth() {
    on_a_small_stack(|| {
        assert!(decode(&nested(MAX_DEPTH)).is_ok());
        for levels in [MAX_DEPTH + 1, 200_000] {
            assert!(read(&nested(levels)).unwrap_err().contains("nested more than 128"));
        }
        let tuples = [b"N".as_slice(), &[0x85; 200_000], b"."].concat();
        assert!(read(&tuples).unwrap_err().contains("nested more than 128"));
        // the way to the deepest level may lead through what was seen before on a shorter one
        let deepest = |levels: usize| {
            let shared = [b"(N".as_slice(), &vec![0x85; levels], b"q\0h\0"].concat();
            [shared, vec![0x85; MAX_DEPTH / 2], b"t.".to_vec()].concat()
        };
        assert!(decode(&deepest(MAX_DEPTH / 2 - 1)).is_ok());
        assert!(decode(&deepest(MAX_DEPTH / 2)).is_err());
    });
}

#[test]
fn references_to_references_do_not_fill_the_memory() {
    // 2^12 copies of one text and 2^13 lists: less than 4 MiB
    assert!(decode(&doubled(12, b"Vmomo\n")).is_ok());
    for levels in [20, 63, 64, 65, 127] {
        assert!(read(&doubled(levels, b"Vmomo\n")).unwrap_err().contains("too large for its pickle"));
    }
    let long = [b"V".as_slice(), &[b'x'; 100_000], b"\n"].concat();
    assert!(decode(&doubled(6, &long)).is_ok());
    assert!(read(&doubled(8, &long)).unwrap_err().contains("too large for its pickle"));
    let keys = (0..100).flat_map(|level| [b'0', b'h', level, b'h', level, 0x86, b'q', level + 1]);
    let keys: Vec<u8> = b"}Vmomo\nq\0".iter().copied().chain(keys).chain(*b"Ns.").collect();
    assert!(read(&keys).unwrap_err().contains("too large for its pickle"));
}

#[test]
fn a_long_list_without_references_is_never_too_large() {
    for item in [&b"N"[..], b"]", b"}", b")", b"K\x01", b"V\xff\n", b"\x8a\x00"] {
        let many = [b"](".as_slice(), &item.repeat(200_000), b"e."].concat();
        let Ok(Value::List(items)) = decode(&many) else { panic!("{} was refused", item.escape_ascii()) };
        assert_eq!(items.len(), 200_000);
    }
    let text = [b"V".as_slice(), &[0xff; 200_000], b"\n."].concat();
    assert!(decode(&text).is_ok());
}

#[test]
fn what_contains_itself_is_refused() {
    for pickle in [
        &b"]q\0h\0a."[..],
        b"]q\0]q\x01h\0a0h\x01a.",
        b"}q\0Va\nh\0s.",
        b"]q\0h\0\x85q\x01a.",
        b"](]q\0h\0aNe.",
    ] {
        let error = read(pickle).unwrap_err();
        assert!(error.contains("contains itself"), "{}: {error}", pickle.escape_ascii());
    }
    // a set's items and a dict's keys can't lead back to it
    assert!(read(b"\x8fq\0(h\0\x85\x90.").unwrap_err().contains("can't be a tuple"));
    // what only was on the way, and is not part of the value
    assert!(decode(b"]q\0h\0aN.").is_ok());
}

#[test]
fn a_length_beyond_the_end_is_refused_without_allocating_for_it() {
    let eight = b"\xff\xff\xff\xff\xff\xff\xff\x7f";
    for opcode in [0x8d, 0x8e, 0x95, 0x96] {
        let pickle = [&[opcode], eight.as_slice(), b"x."].concat();
        assert!(read(&pickle).unwrap_err().contains("the data ends"), "{opcode:x}");
    }
    for opcode in [b'X', b'B', b'T', 0x8b] {
        let pickle = [&[opcode], b"\xff\xff\xff\xff".as_slice(), b"x."].concat();
        assert!(read(&pickle).unwrap_err().contains("the data ends"), "{opcode:x}");
    }
    for opcode in [b'U', b'C', 0x8a, 0x8c] {
        assert!(read(&[opcode, 2, b'.']).unwrap_err().contains("the data ends"), "{opcode:x}");
    }
    // a place in the memo is a name, not a size
    assert!(decode(b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff.").is_ok());
}

#[test]
fn integers_end_where_python_ends() {
    let text = |digits: usize| [b"L-".to_vec(), vec![b'9'; digits], b"L\n.".to_vec()].concat();
    assert!(matches!(decode(&text(4300)), Ok(Value::BigInt(digits)) if digits.len() == 4301));
    assert!(read(&text(4301)).unwrap_err().contains("out of range"));
    // 2^(8 * bytes) - 1
    let binary = |bytes: u16| {
        let length = u32::from(bytes) + 1;
        let number = iter::repeat_n(0xff, bytes.into()).chain([0]);
        [0x8b].into_iter().chain(length.to_le_bytes()).chain(number).chain(*b".").collect::<Vec<u8>>()
    };
    assert!(matches!(decode(&binary(1785)), Ok(Value::BigInt(digits)) if digits.len() == 4299));
    for bytes in [1786, 2150, 2151, 60_000] {
        assert!(read(&binary(bytes)).unwrap_err().contains("out of range"), "{bytes}");
    }
}
